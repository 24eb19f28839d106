"""A backup: the whole history as Parquet and JSON that any tool reads, as it was at one instant.

==================== ====================================================================================
``manifest.json``    format version, campus, zone, watermark, rows, and the SHA-256 of every other file
``points.parquet``   key, id, quantity, hold_ms [ms]: how long a value stands
``reasons.parquet``  key, words: sets of reasons
``readings/<day>``   a Parquet file a UTC day: ``READINGS``, by point and time
``hours/<day>``      the same of ``ROLLUPS`` by the hour
``days.parquet``     ``ROLLUPS`` by the local day
``events.parquet``   ``EVENTS``
==================== ====================================================================================

It is written into ``<folder>.part``, each file on the disk before the next, the manifest last, and then renamed: what
has the name is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.history import reads
from twin.history.calendar import DAY_MS
from twin.history.contract import EVENTS, READINGS, ROLLUPS, HistoryError, HistoryFullError
from twin.history.layout import day_text
from twin.history.pieces import Part, readings
from twin.history.store import LAST, SqlStore

FORMAT = 1
MANIFEST = "manifest.json"
POINTS = pa.schema([("key", pa.int32()), ("id", pa.string()), ("quantity", pa.string()), ("hold_ms", pa.int64())])
REASONS = pa.schema([("key", pa.int32()), ("words", pa.list_(pa.string()))])
MONTH_MS = 30 * DAY_MS
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself: ``created`` [ms], ``days_until`` [ms] up to where days are rolled up."""

    campus: str
    timezone: str
    created: int
    watermark: int
    days_until: int


def snapshot(store: SqlStore, campus: str, now: int) -> tuple[Head, Iterator[Part]]:
    """Everything that a store has at one instant, part by part; to be taken whole within ``store.writing``: until that
    is let go of, what comes waits in the journal."""
    store.roll(now)  # what came late is in the roll-ups then
    zone = store.calendar.zone.key
    return Head(campus, zone, now, store.watermark(), store.meta("days")), _parts(store)


def _parts(store: SqlStore) -> Iterator[Part]:
    facts, keys = store.known_facts(), store.known_points()
    names = sorted(keys, key=lambda name: keys[name])
    points = pa.table(
        {"key": [keys[n] for n in names], "id": names, "quantity": [facts[n].quantity for n in names],
         "hold_ms": [round(1000 * facts[n].hold_s) for n in names]}, schema=POINTS,
    )  # fmt: skip
    yield Part("points", POINTS, iter([points]))
    words = sorted(store.known_reasons().items())
    told = pa.table({"key": [key for key, _ in words], "words": [list(text) for _, text in words]}, schema=REASONS)
    yield Part("reasons", REASONS, iter([told]))
    span = store.span()
    every = np.array(sorted(keys.values()), np.int32)
    for day in range(span[0] // DAY_MS, span[1] // DAY_MS + 1) if span else ():
        start = day * DAY_MS
        first = store.first_time(start)
        if first is not None and first < start + DAY_MS:
            yield Part(f"readings/{day_text(day)}", READINGS, readings(store, every, start, start + DAY_MS))
    for day in np.unique(store.rolled_hours // DAY_MS).tolist():
        start = day * DAY_MS
        hours = store.rollups("hour", None, start, start + DAY_MS)
        yield Part(f"hours/{day_text(day)}", ROLLUPS, iter([hours]))
    yield Part("days", ROLLUPS, _days(store))
    yield Part("events", EVENTS, iter([store.events(0, LAST)]))


def _days(store: SqlStore) -> Iterator[pa.Table]:
    """The days, a month at a time: they are kept for ever."""
    relation = {reads.ROLLUPS_OF: store.rollups_of("day", 0, LAST)}
    sql = f"SELECT min(start) AS first FROM {reads.ROLLUPS_OF} HAVING count(*) > 0"  # noqa: S608 # our own name
    found = store.query(reads.with_relations(sql, relation, store.dialect)).column("first").to_pylist()
    until = store.meta("days")
    for first in range(int(found[0]), until, MONTH_MS) if found else ():
        yield store.rollups("day", None, first, min(first + MONTH_MS, until))


def write(folder: Path, head: Head, parts: Iterable[Part]) -> dict[str, Any]:
    """Write a backup as ``folder``, which must not be there; its manifest. HistoryError where that cannot be."""
    if folder.exists():
        raise HistoryError(f"{folder} is there already: name another folder, a backup is never overwritten")
    part = folder.with_name(folder.name + ".part")
    try:
        if part.exists():
            shutil.rmtree(part)  # one that did not come to its end
        part.mkdir(parents=True, mode=0o700)
        files = [_file(part, each) for each in parts]
        rows = {kind: sum(f["rows"] for f in files if f["name"].startswith(kind))
                for kind in ("readings", "hours", "days", "events", "points", "reasons")}  # fmt: skip
        manifest = {
            "format": FORMAT, "program": "campus-twin", "campus": head.campus, "timezone": head.timezone,
            "created": datetime.fromtimestamp(head.created / 1000, UTC).isoformat(), "watermark": head.watermark,
            "days_until": head.days_until, "rows": rows, "files": files,
        }  # fmt: skip
        manifest["sha256"] = seal_of(manifest)
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
        for each in (part / MANIFEST, *(path for path in part.rglob("*") if path.is_dir()), part):
            _sync(each)
        part.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        what = HistoryFullError if error.errno == 28 else HistoryError
        raise what(f"the backup {folder} cannot be written: {error.strerror or error}") from error
    return manifest


def _file(folder: Path, part: Part) -> dict[str, Any]:
    path = folder / f"{part.name}.parquet"
    path.parent.mkdir(exist_ok=True, mode=0o700)
    rows = 0
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for piece in part.pieces:
            rows += len(piece)
            writer.write_table(piece.cast(part.schema))
    _sync(path)
    return {"name": f"{part.name}.parquet", "rows": rows, "bytes": path.stat().st_size, "sha256": digest(path)}


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def seal_of(manifest: dict[str, Any]) -> str:
    """The SHA-256 of what a manifest says."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
