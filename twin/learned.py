"""What was learned, as a file that outlives a restart: one ``.npz`` without pickles, written beside and renamed.

Columns have a row for each thing, and things are found by id: what grew keeps what it knows. A file that cannot be
read, or is of another form, is left out with a line in the log.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

log = logging.getLogger(__name__)

Columns = Mapping[str, npt.NDArray[Any]]


def save(path: Path, ids: Sequence[str], columns: Columns, version: int, **numbers: int) -> None:
    """Write the rows of ``ids``, and ``numbers`` that are of no row; OSError where that cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    told = {name: np.array(number) for name, number in {"version": version, **numbers}.items()}
    everything: dict[str, Any] = {"ids": np.array(list(ids), np.str_), **told, **columns}
    with part.open("wb") as file:
        np.savez(file, **everything)
    part.replace(path)


def load(
    path: Path, ids: Sequence[str], columns: Columns, version: int, of: str, numbers: Sequence[str] = ()
) -> tuple[int, dict[str, int]]:
    """Fill in what the file knows of ``ids``: how many rows, and its ``numbers``; ``of`` says in the log what it is."""
    if not path.is_file():
        return 0, {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            theirs = {name: kept[name] for name in columns}
            told = {name: int(kept[name]) for name in ("version", *numbers)}
            known = kept["ids"].reshape(-1).tolist()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        log.warning("what was learned of %s (%s) cannot be read (%s): it is learned anew", of, path, error)
        return 0, {}
    wanted = {name: (len(known), *column.shape[1:]) for name, column in columns.items()}
    if told.pop("version") != version or any(theirs[name].shape != shape for name, shape in wanted.items()):
        log.warning("what was learned of %s (%s) is of another form: it is learned anew", of, path)
        return 0, {}
    rows = {one: row for row, one in enumerate(known)}
    pairs = [(here, rows[one]) for here, one in enumerate(ids) if one in rows]
    if not pairs:
        return 0, {}
    here, there = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
    for name, column in columns.items():
        column[here] = theirs[name][there]
    return len(pairs), told
