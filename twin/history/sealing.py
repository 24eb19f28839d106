"""Putting days away: a day's tables become one Parquet file, and what need not be kept any longer is dropped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from twin.history import layout, packed
from twin.history.calendar import DAY_MS
from twin.history.columns import Rows
from twin.history.contract import READINGS, ROLLUPS
from twin.history.layout import Kept, Sealed

if TYPE_CHECKING:
    from twin.history.duckdb_parquet import DuckDbStore

SEAL_AFTER_MS = DAY_MS
"""A day is put away so long after its end: so late may rows come without a file being written anew."""
MOST_DAYS = 4
"""Days put away at a time; whoever asks asks again."""
PIECE = 1_000_000


def seal(store: DuckDbStore, now: int) -> list[str]:
    """Put away what is over for long enough at ``now`` [ms], drop what need not be kept; what was done, in words."""
    done: list[str] = []
    with store.writing:
        for path in store.garbage:  # whoever read them has ended since
            path.unlink(missing_ok=True)
        store.garbage.clear()
        for day in _due(store, now)[:MOST_DAYS]:
            rows = sum(_put_away(store, kept, day, now) for kept in ("readings", "hours"))
            done.append(f"{layout.day_text(day)} put away: {rows} rows")
        done += _drop(store, now)
    return done


def _due(store: DuckDbStore, now: int) -> list[int]:
    """The days to be put away: old enough and rolled up; and those put away of which something came late."""
    readings, hours = store.days("readings"), store.days("hours")
    old = {day for day in readings.hot | readings.late | hours.hot | hours.late
           if (day + 1) * DAY_MS + SEAL_AFTER_MS <= now}  # fmt: skip
    waiting = {start // DAY_MS for start in store.query("SELECT DISTINCT start FROM dirty").column("start").to_pylist()}
    return sorted(
        day for day in old - waiting if (day + 1) * DAY_MS <= max(store.rolled_until, 0) or _rolled(store, day)
    )


def _rolled(store: DuckDbStore, day: int) -> bool:
    """Whether nothing came after the last roll-up of a day."""
    return store.first_time(store.rolled_until) is None or store.rolled_until >= (day + 1) * DAY_MS


def _put_away(store: DuckDbStore, kept: Kept, day: int, now: int) -> int:
    """Write the file of a day and let it take the place of its tables; how many rows it has."""
    days = store.days(kept)
    if day not in days.hot | days.late | set(days.sealed):
        return 0
    before = days.sealed.get(day)
    age = (now - day * DAY_MS) // DAY_MS - 1
    number = before.number + 1 if before else 1
    name = layout.file_name(kept, day, number)
    rows, first, last = _write(store, kept, day, store.folder / name, age)
    file = Sealed(name, rows, (store.folder / name).stat().st_size, first, last, number, age) if rows else None
    with store.transaction():
        for table in (layout.hot_table(kept, day), layout.late_table(kept, day)):
            store.execute(f"DROP TABLE IF EXISTS {table}")
        store.execute(f"DELETE FROM sealed WHERE kept = '{kept}' AND day = {day}")  # noqa: S608 # our own words
        if file is not None:
            told = ", ".join(str(getattr(file, key)) for key in Sealed.__slots__[1:])
            store.execute(f"INSERT INTO sealed VALUES ('{kept}', {day}, '{name}', {told})")  # noqa: S608
        store.set_days(kept, days.put_away(day, file))
    if before is not None:
        store.garbage.append(store.folder / before.name)
    return rows


def _write(store: DuckDbStore, kept: Kept, day: int, path: Path, age: int) -> tuple[int, int, int]:
    """Write the rows of a day that are still to be kept: how many, and the times of the first and the last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    number, first, last = 0, 2**62, 0
    schema = packed.PACKED_READINGS if kept == "readings" else packed.PACKED_ROLLUPS
    with packed.writer(part, schema) as file:
        for piece in _pieces(store, kept, day, age):
            time = piece.column("time" if kept == "readings" else "start").to_numpy()
            number, first, last = number + len(piece), min(first, int(time.min())), max(last, int(time.max()))
            ready = packed.packed_readings(Rows.of(piece)) if kept == "readings" else packed.packed_rollups(piece)
            file.write_table(ready, row_group_size=packed.ROW_GROUP)
    if not number:
        part.unlink()
        return 0, 0, 0
    _sync(part)
    part.replace(path)
    _sync(path.parent)
    return number, first, last


def _pieces(store: DuckDbStore, kept: Kept, day: int, age: int) -> Iterator[pa.Table]:
    """The rows of a day in the order of its file, in pieces none of which ends within a run of it."""
    days = store.days(kept)
    start, end = day * DAY_MS, (day + 1) * DAY_MS
    if kept == "readings":
        query, schema = store.readings_of_day(days, day, start, end), READINGS
        order = f"time // {packed.BLOCK_MS}, point, time"
    else:
        query, schema, order = store.hours_of_day(days, day), ROLLUPS, "point, start"
    without = _only_kept(store, kept, age)
    sql = f"SELECT {', '.join(schema.names)} FROM ({query}){without} ORDER BY {order}"  # noqa: S608 # our own names
    left = schema.empty_table()
    for piece in store.stream(sql, PIECE):
        every = pa.concat_tables([left, piece.cast(schema)])
        point = every.column("point").to_numpy()
        cut = int(np.searchsorted(point, point[-1]))
        if cut:
            yield every.slice(0, cut)
        left = every.slice(cut)
    if len(left):
        yield left


def _only_kept(store: DuckDbStore, kept: Kept, age: int) -> str:
    """The condition that leaves out what a day of that age [days] keeps nothing of."""
    if kept == "hours":
        return ""
    keys, facts = store.known_points(), store.known_facts()
    gone = [key for point, key in keys.items() if store.retention.readings_days(facts[point]) <= age]
    if not gone:
        return ""
    left = sorted(set(keys.values()) - set(gone))
    # a list of all points takes seconds to be read: the shorter one of the two
    told, which = (gone, "NOT IN") if len(gone) < len(left) else (left or [-1], "IN")
    return f" WHERE point {which} ({', '.join(map(str, told))})"


def _drop(store: DuckDbStore, now: int) -> list[str]:
    """Clear old files of what need not be kept any longer."""
    done: list[str] = []
    for day, file in sorted(store.days("readings").sealed.items()):
        age = (now - day * DAY_MS) // DAY_MS - 1
        if len(done) < MOST_DAYS and store.retention.due(age, file.trimmed):
            rows = _put_away(store, "readings", day, now)
            done.append(f"{layout.day_text(day)} cleared: {rows} of {file.rows} readings are kept longer")
    for day in sorted(store.days("hours").sealed):
        if (now - day * DAY_MS) // DAY_MS - 1 >= store.retention.hours and day not in store.days("hours").late:
            _forget_hours(store, day)
            done.append(f"{layout.day_text(day)} dropped: its hours need not be kept any longer")
    return done


def _forget_hours(store: DuckDbStore, day: int) -> None:
    days = store.days("hours")
    with store.transaction():
        store.execute(f"DELETE FROM sealed WHERE kept = 'hours' AND day = {day}")  # noqa: S608 # our own words
        store.execute(f"DELETE FROM rolled WHERE start >= {day * DAY_MS} AND start < {(day + 1) * DAY_MS}")  # noqa: S608
        store.set_days("hours", days.put_away(day, None))
    store.forget_rolled()
    store.garbage.append(store.folder / days.sealed[day].name)


def _sync(path: Path) -> None:
    """On the disk, not in a cache of it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
