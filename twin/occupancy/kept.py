"""What the estimator learned, as a file: it outlives a restart. One ``.npz`` without pickles, spaces found by id."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.occupancy.errors import COLUMNS
from twin.occupancy.fusion import Fusion
from twin.occupancy.usual import HOURS

log = logging.getLogger(__name__)

VERSION = 1


def _columns(fusion: Fusion) -> dict[str, npt.NDArray[np.float64]]:
    """(spaces, ...) views of everything that is learned."""
    usual, air = fusion.usual, fusion.air
    return {
        "sums": fusion.errors.sums.T, "seen": usual.seen, "used": usual.used, "persons": usual.persons,
        "hours": usual.hours, "outdoor": air.outdoor, "air": air.air, "nights": air.nights, "drift": fusion.drift,
    }  # fmt: skip


def save(path: Path, ids: Sequence[str], fusion: Fusion) -> None:
    """Write what was learned of the spaces ``ids``; OSError where that cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        columns: dict[str, Any] = dict(_columns(fusion))
        np.savez(file, version=np.array(VERSION), ids=np.array(list(ids), np.str_), **columns)
    part.replace(path)


def load(path: Path, ids: Sequence[str], fusion: Fusion) -> int:
    """Fill in what the file knows of the spaces ``ids``; the number of them. A file that cannot be read is left out."""
    if not path.is_file():
        return 0
    ours = _columns(fusion)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            theirs = {name: kept[name] for name in ours}
            version, known = int(kept["version"]), kept["ids"].tolist()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        log.warning("what was learned of people (%s) cannot be read (%s): it is learned anew", path, error)
        return 0
    shapes = theirs["sums"].shape[1:] == (len(COLUMNS),) and theirs["seen"].shape[1:] == (HOURS,)
    if version != VERSION or not shapes or any(len(column) != len(known) for column in theirs.values()):
        log.warning("what was learned of people (%s) is of another form: it is learned anew", path)
        return 0
    rows = {space: row for row, space in enumerate(known)}
    pairs = [(here, rows[space]) for here, space in enumerate(ids) if space in rows]
    if not pairs:
        return 0
    here, there = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
    for name, column in ours.items():
        column[here] = theirs[name][there]
    fusion.errors.forget(0.0)
    return len(pairs)
