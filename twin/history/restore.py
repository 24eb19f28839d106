"""A backup into an empty history of any engine: every file is checked first; begun again after an interruption it goes
on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.history.backup import FORMAT, MANIFEST, POINTS, REASONS, digest, seal_of
from twin.history.columns import numbers
from twin.history.contract import EVENTS, READINGS, ROLLUPS, HistoryError, KeptPoint, Keys
from twin.history.store import SqlStore

MARK = "restoring.json"
"""A file in the folder of a history into which a backup is being put: so long it is nobody's."""
Manifest = dict[str, Any]
Say = Callable[[str], None]


def check(folder: Path) -> Manifest:
    """The manifest of a backup whose every file is what was written; HistoryError says what is not."""
    path = folder / MANIFEST
    if not path.is_file():
        raise HistoryError(f"{folder} is no whole backup: it has no {MANIFEST}; take another one")
    try:
        manifest = json.loads(path.read_text("utf-8"))
        version, seal = int(manifest["format"]), manifest["sha256"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise HistoryError(
            f"{path} cannot be read ({error}): it was changed or damaged; take another backup"
        ) from error
    if version > FORMAT:
        raise HistoryError(f"the backup {folder} has format {version}, this program reads {FORMAT}: update the program")
    if seal != seal_of(manifest):
        raise HistoryError(f"{path} is not what was written: it was changed or damaged; take another backup")
    for file in manifest["files"]:
        _check_file(folder, file)
    return manifest  # type: ignore[no-any-return]


def _check_file(folder: Path, file: dict[str, Any]) -> None:
    path = folder / file["name"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise HistoryError(f"the backup {folder} names a file outside of it: {file['name']}")
    if not path.is_file():
        raise HistoryError(f"the backup {folder} lacks {file['name']}: copy it again, or take another one")
    if path.stat().st_size != file["bytes"] or digest(path) != file["sha256"]:
        raise HistoryError(f"{path} is not what was written: it was changed or damaged; take another backup")


def begin(history: Path, manifest: Manifest, store: SqlStore) -> None:
    """Mark a history as being restored from this backup; HistoryError where it holds anything else."""
    mark = history / MARK
    if mark.is_file():
        if mark.read_text("utf-8") == manifest["sha256"]:
            return
        raise HistoryError(
            f"another backup was being put into {history}: restore that one again, or move the folder away first"
        )
    if store.watermark() or store.known_points() or store.span() is not None:
        raise HistoryError(
            f"{history} holds a history already, and a backup is not put over it: move that folder away first"
        )
    part = mark.with_suffix(".part")
    part.write_text(manifest["sha256"], "utf-8")
    part.replace(mark)


def restore(store: SqlStore, folder: Path, manifest: Manifest, now: int, say: Say = lambda text: None) -> None:
    """Put a backup that was checked into a store that is marked as being restored."""
    if manifest["timezone"] != store.calendar.zone.key:
        raise HistoryError(
            f"the backup is of a campus in {manifest['timezone']}, this one is in {store.calendar.zone.key}: hours and "
            "days would begin at other times; set 'timezone' in campus.yaml to that of the backup"
        )
    points, reasons = _names(store, folder)
    names = [file["name"] for file in manifest["files"]]
    pieces = _pieces(folder, names)
    batch = max(1, manifest["watermark"] - len(pieces))
    batches = {piece: batch + number for number, piece in enumerate(pieces)}
    days = sorted({name.partition("/")[2] for name in names if "/" in name})
    for day in days:
        for piece in [piece for piece in pieces if piece[0] == f"readings/{day}"]:
            if batches[piece] > store.watermark():
                rows = pq.ParquetFile(folder / piece[0]).read_row_group(piece[1])
                store.append(_keyed(rows.select(READINGS.names), points, reasons), batches[piece])
        if f"hours/{day}" in names:
            _hours(store, pq.read_table(folder / "hours" / day), points, reasons)
        for done in store.seal(now):
            say(done)
    store.keep_rollups("day", _keyed_rollups(pq.read_table(folder / "days.parquet"), points, reasons))
    if store.meta("days") < manifest["days_until"]:
        store.set_meta("days", manifest["days_until"])
    events = pq.read_table(folder / "events.parquet").select(EVENTS.names).cast(EVENTS)
    last = max(manifest["watermark"], batch + len(pieces))
    store.append(READINGS.empty_table(), last, events)


def finish(history: Path) -> None:
    """A history that was restored is whole."""
    (history / MARK).unlink(missing_ok=True)


def _names(store: SqlStore, folder: Path) -> tuple[Keys, Keys]:
    """The keys that the store gives to the points and reasons of a backup, by the keys that they have in it."""
    points = pq.read_table(folder / "points.parquet").cast(POINTS).to_pylist()
    given = store.keys([KeptPoint(row["id"], row["quantity"], row["hold_ms"] / 1000.0) for row in points])
    reasons = pq.read_table(folder / "reasons.parquet").cast(REASONS).to_pylist()
    told = store.reason_keys([tuple(row["words"]) for row in reasons])
    return _table_of([row["key"] for row in points], given), _table_of([row["key"] for row in reasons], told)


def _table_of(old: list[int], new: Keys) -> Keys:
    found = np.zeros(max(old, default=0) + 1, np.int32)
    found[old] = new
    return found


def _pieces(folder: Path, names: list[str]) -> list[tuple[str, int]]:
    """The row groups of the files of readings, in the order of time."""
    files = sorted(name for name in names if name.startswith("readings/"))
    return [(name, at) for name in files for at in range(pq.ParquetFile(folder / name).num_row_groups)]


def _keyed(table: pa.Table, points: Keys, reasons: Keys) -> pa.Table:
    columns = [table.column(name) for name in table.column_names]
    columns[0] = pa.array(points[numbers(table, "point")])
    columns[-1] = pa.array(reasons[numbers(table, "reason")])
    return pa.Table.from_arrays([*columns], schema=READINGS)


def _keyed_rollups(table: pa.Table, points: Keys, reasons: Keys) -> pa.Table:
    table = table.select(ROLLUPS.names)
    none = table.column("last_reason").is_null().to_numpy(zero_copy_only=False)
    told = {
        "point": pa.array(points[numbers(table, "point")]),
        "last_reason": pa.array(reasons[numbers(table, "last_reason")], mask=none),
    }
    return pa.Table.from_arrays([told.get(name, table.column(name)) for name in ROLLUPS.names], schema=ROLLUPS)


def _hours(store: SqlStore, hours: pa.Table, points: Keys, reasons: Keys) -> None:
    starts = np.setdiff1d(np.unique(numbers(hours, "start")), store.rolled_hours)
    if not starts.size:
        return  # they are there already
    store.keep_rollups("hour", _keyed_rollups(hours, points, reasons))
    store.note_rolled(starts)
    store.forget_rolled()
