"""What was learned, as a file: weeks of learning outlive a restart.

One ``.npz`` without pickles, written beside and renamed. Points are found by id: a campus that grew keeps what it
knows.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from twin.quality.hours import WEEK_H, Week
from twin.quality.profile import Profiles
from twin.quality.recent import Recent

log = logging.getLogger(__name__)

VERSION = 1
PROFILE = ("centre", "scatter", "weeks", "moved", "hours", "moved_hours", "zero_hours", "odd_zero_hours")
WEEK = ("mean", "low", "high")
RECENT = ("step",)


def save(path: Path, ids: Sequence[str], profiles: Profiles, week: Week, recent: Recent) -> None:
    """Write what was learned of the points ``ids``; OSError where that cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    owners = ((profiles, PROFILE), (week, WEEK), (recent, RECENT))
    columns = {name: getattr(owner, name) for owner, names in owners for name in names}
    with part.open("wb") as file:
        np.savez(file, version=np.array(VERSION), newest=np.array(week.newest), ids=np.array(list(ids)), **columns)
    part.replace(path)


def load(path: Path, ids: Sequence[str], profiles: Profiles, week: Week, recent: Recent) -> int:
    """Fill in what the file knows of the points ``ids``; the number of them. A file that cannot be read is left out."""
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            columns = {name: kept[name] for name in (*PROFILE, *WEEK, *RECENT)}
            version, newest, known = int(kept["version"]), int(kept["newest"]), kept["ids"].tolist()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        log.warning("what was learned of the points (%s) cannot be read (%s): it is learned anew", path, error)
        return 0
    right = all(len(column) == len(known) for column in columns.values())
    if version != VERSION or not right or columns["centre"].shape[1:] != (WEEK_H,):
        log.warning("what was learned of the points (%s) is of another form: it is learned anew", path)
        return 0
    rows = {point: row for row, point in enumerate(known)}
    pairs = [(here, rows[point]) for here, point in enumerate(ids) if point in rows]
    if not pairs:
        return 0
    here, there = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
    for owner, names in ((profiles, PROFILE), (week, WEEK), (recent, RECENT)):
        for name in names:
            column = getattr(owner, name)
            column[here] = columns[name][there]
    week.newest = newest
    return len(pairs)
