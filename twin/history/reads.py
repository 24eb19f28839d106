"""Every question to a historian, written once in ibis and compiled to the SQL of each engine.

The expressions name relations, ``readings_of``, ``rollups_of`` and so on, which each engine puts in front as it keeps
them (a table, or a union of tables and files). Points are told as what may stand in ``IN (...)``: keys, or a query of
them. Compiling takes some milliseconds: what has the same shape is compiled once, with marks where the numbers go.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa

from twin.history.contract import EVENTS, READINGS, ROLLUPS

Dialect = Literal["duckdb", "clickhouse", "postgres"]

READINGS_OF, ROLLUPS_OF, GROUPS_OF, EVENTS_OF = "readings_of", "rollups_of", "groups_of", "events_of"
_MARK = 7_770_000_000_000_000_000
_POINTS = 2_147_480_001
_LIMIT = 77_771
"""Numbers that stand for what is asked: times, keys of points, and how many. No time and no key is as great."""


def _ibis() -> Any:
    """ibis and its compilers take more than a second to load: with the first question, not with the program."""
    import ibis

    return ibis


def _relation(schema: Any, name: str) -> Any:
    ibis = _ibis()
    return ibis.table(
        ibis.schema([(field.name, str(field.type).replace("double", "float64")) for field in schema]), name
    )


def _mark(number: int) -> Any:
    return _ibis().literal(_MARK + number, "int64")


def _compiled(expression: Any, dialect: Dialect) -> str:
    return str(_ibis().to_sql(expression, dialect=dialect))


def _filled(sql: str, values: Sequence[int]) -> str:
    for number, value in enumerate(values):
        sql = sql.replace(str(_MARK + number), str(int(value)))
    return sql


def _of_points(sql: str, points: str | None) -> str:
    """Put the points where their mark stands."""
    return sql if points is None else sql.replace(str(_POINTS), points)


def _some(relation: Any) -> Any:
    return relation.filter(relation.point.isin([_POINTS]))


@lru_cache(maxsize=64)
def _newest(dialect: Dialect, some: bool) -> str:
    readings = _relation(READINGS, READINGS_OF)
    readings = readings.filter(readings.time >= _mark(0), readings.time <= _mark(1))
    readings = _some(readings) if some else readings
    newest = readings.group_by("point").agg(time=readings.time.max())
    found = readings.join(newest, ["point", "time"]).select(*READINGS.names)
    return _compiled(found.order_by("point"), dialect)


def newest(dialect: Dialect, points: str | None, start: int, until: int) -> str:
    """The newest reading of each point from ``start`` to ``until``, both included [ms]."""
    sql = _filled(_newest(dialect, points is not None), (start, until))
    return _of_points(sql, points)


@lru_cache(maxsize=64)
def _rows(dialect: Dialect, some: bool) -> str:
    readings = _relation(READINGS, READINGS_OF)
    readings = readings.filter(readings.time >= _mark(0), readings.time < _mark(1))
    readings = _some(readings) if some else readings
    return _compiled(readings.order_by("point", "time"), dialect)


def rows(dialect: Dialect, points: str | None, start: int, end: int) -> str:
    """The readings from ``start`` to before ``end`` [ms], by point and time."""
    sql = _filled(_rows(dialect, points is not None), (start, end))
    return _of_points(sql, points)


@lru_cache(maxsize=64)
def _counts(dialect: Dialect, some: bool) -> str:
    readings = _relation(READINGS, READINGS_OF)
    readings = readings.filter(readings.time >= _mark(0), readings.time < _mark(1))
    readings = _some(readings) if some else readings
    return _compiled(readings.group_by("point").agg(rows=readings.count()).order_by("point"), dialect)


def counts(dialect: Dialect, points: str | None, start: int, end: int) -> str:
    """How many readings each point has from ``start`` to before ``end`` [ms], by point."""
    sql = _filled(_counts(dialect, points is not None), (start, end))
    return _of_points(sql, points)


@lru_cache(maxsize=64)
def _rollups(dialect: Dialect, some: bool) -> str:
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    rollups = rollups.filter(rollups.start >= _mark(0), rollups.start < _mark(1))
    rollups = _some(rollups) if some else rollups
    return _compiled(rollups.order_by("point", "start"), dialect)


def rollups(dialect: Dialect, points: str | None, start: int, end: int) -> str:
    """The roll-ups that begin from ``start`` to before ``end`` [ms], by point and start."""
    sql = _filled(_rollups(dialect, points is not None), (start, end))
    return _of_points(sql, points)


@lru_cache(maxsize=16)
def _grouped(dialect: Dialect) -> str:
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    groups = _ibis().table({"point": "int32", "group": "int32"}, GROUPS_OF)
    rollups = rollups.filter(rollups.start >= _mark(0), rollups.start < _mark(1))
    both = rollups.join(groups, "point")
    summed = both.group_by("group", "start").agg(
        sum=both["mean"].sum(), have=both["mean"].count().cast("int32"), of=both.count().cast("int32")
    )
    return _compiled(summed.order_by("group", "start"), dialect)


def grouped(dialect: Dialect, start: int, end: int) -> str:
    """Sums of means over groups of points, by group and start."""
    return _filled(_grouped(dialect), (start, end))


@lru_cache(maxsize=16)
def _top(dialect: Dialect, lowest: bool) -> str:
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    rollups = _some(rollups.filter(rollups.start >= _mark(0), rollups.start < _mark(1)))
    rollups = rollups.filter(rollups.held > 0)
    weighted = (rollups["mean"] * rollups.held.cast("float64")).sum() / rollups.held.cast("float64").sum()
    means = rollups.group_by("point").agg(mean=weighted, high=rollups.high.max(), hours=rollups.count().cast("int32"))
    order = means["mean"].asc() if lowest else means["mean"].desc()
    return _compiled(means.order_by(order, "point").limit(_LIMIT), dialect)


def top(dialect: Dialect, points: str, start: int, end: int, n: int, *, lowest: bool) -> str:
    """The points with the highest (or lowest) means over their hours."""
    sql = _filled(_top(dialect, lowest), (start, end))
    return _of_points(sql, points).replace(str(_LIMIT), str(int(n)))


@lru_cache(maxsize=16)
def _beyond(dialect: Dialect, low: float, high: float) -> str:
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    rollups = _some(rollups.filter(rollups.start >= _mark(0), rollups.start < _mark(1)))
    rollups = rollups.filter(rollups.held > 0)
    out = (rollups["mean"] < low) | (rollups["mean"] > high)
    found = rollups.group_by("point").agg(
        hours=rollups.count().cast("int32"), out=out.cast("int32").sum().cast("int32")
    )
    return _compiled(found.order_by("point"), dialect)


def beyond(dialect: Dialect, points: str, start: int, end: int, low: float, high: float) -> str:
    """How many hours of each point are known, and of how many the mean lies outside of ``low`` to ``high``."""
    return _of_points(_filled(_beyond(dialect, low, high), (start, end)), points)


@lru_cache(maxsize=16)
def _sums(dialect: Dialect, some: bool) -> str:
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    rollups = rollups.filter(rollups.start >= _mark(0), rollups.start < _mark(1), rollups.held > 0)
    rollups = _some(rollups) if some else rollups
    held = rollups.held.cast("float64")
    found = rollups.group_by("point").agg(known=(rollups["mean"] * held).sum(), held=held.sum())
    return _compiled(found.order_by("point"), dialect)


def sums(dialect: Dialect, points: str | None, start: int, end: int) -> str:
    """What each point comes to over its roll-ups, by point; of all points without ``points``."""
    return _of_points(_filled(_sums(dialect, points is not None), (start, end)), points)


def spoke(dialect: Dialect, start: int, end: int, step: int) -> str:
    """How many points said anything in each step, by start."""
    readings = _relation(READINGS, READINGS_OF)
    readings = readings.filter(readings.time >= start, readings.time < end)
    begun = readings.mutate(start=readings.time - (readings.time - start) % step)
    found = begun.group_by("start").agg(points=begun.point.nunique().cast("float64"))
    return _compiled(found.order_by("start"), dialect)


def held(dialect: Dialect, start: int, end: int, step: int) -> str:
    """How many points were known in each step of at least an hour, by start."""
    rollups = _relation(ROLLUPS, ROLLUPS_OF)
    rollups = rollups.filter(rollups.start >= start, rollups.start < end)
    begun = rollups.mutate(begin=rollups.start - (rollups.start - start) % step)
    found = begun.group_by("begin").agg(points=begun.held.sum().cast("float64") / float(step))
    return _compiled(found.select(start="begin", points="points").order_by("start"), dialect)


def events(dialect: Dialect, start: int, end: int, kinds: Sequence[str]) -> str:
    """The events from ``start`` to before ``end`` [ms], oldest first, those of the same millisecond in the order in
    which they came; of all kinds without ``kinds``."""
    found = _relation(EVENTS.append(pa.field("number", pa.int64())), EVENTS_OF)
    found = found.filter(found.time >= start, found.time < end)
    found = found.filter(found.kind.isin(list(kinds))) if kinds else found
    return _compiled(found.order_by("time", "number"), dialect)


def with_relations(sql: str, relations: dict[str, str], dialect: Dialect) -> str:
    """The question with its relations in front."""
    # PostgreSQL would write a relation down that is named twice, every point of it
    begin = "AS NOT MATERIALIZED" if dialect == "postgres" else "AS"
    ahead = ", ".join(f"{name} {begin} ({text})" for name, text in relations.items())
    if sql.startswith("WITH "):
        return f"WITH {ahead}, {sql.removeprefix('WITH ')}"
    return f"WITH {ahead} {sql}"
