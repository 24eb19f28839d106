"""SQL databases through SQLAlchemy: queries of the operator, each polled at its own pace in a thread of its own.

A query gives rows of key, value and time; an address is ``query#key``. ``:watermark`` in a query is the largest value
that its watermark column has had, so that each poll brings only what is new. Nothing is ever committed, and a database
that can be told so refuses to write and calls off a query that runs too long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from datasources.backfill import REACH_H, Reach
from datasources.contract import Found, MisconfiguredError, SourceError, TargetReport
from datasources.fieldbus import AddressError, Pace, Session, Stream, TargetName, run, sort_points
from datasources.payload import ZoneName, epoch
from datasources.sql_limits import arguments, failure, for_reading, limit, run_options
from datasources.sql_postgresql import keep_odd_times
from twin.point import Point
from twin.reading import RawReading
from twin.secret import SecretError, SecretRef


def _url(text: str) -> str:
    try:
        url = sa.make_url(text)
    except ArgumentError:
        raise ValueError("write it as in postgresql+psycopg://reader@10.20.0.9/meters") from None
    if url.password is not None:
        raise ValueError("no password in the address: use 'password'")
    return text


class Query(BaseModel):
    """A query and the names of its columns.

    ``past`` is asked for what was missed in an outage: its columns are the same, and it has ``:since`` and ``:until``,
    written as ``past_times``: time (with its zone), local (of ``timezone``, without), text (the same as
    ``2026-03-01 12:00:00``), s or ms since 1970. ``start`` is the first ``:watermark``; ``watermark`` names its column,
    by default that of the time. Times without offset are of ``timezone``; with ``time: ''`` the moment of the poll
    counts. ``interval_s`` [s] is by default the shortest that its points ask; ``timeout_s`` [s] is for one poll.
    """

    model_config = ConfigDict(extra="forbid")
    sql: Annotated[str, Field(min_length=1)]
    key: str = "key"
    value: str = "value"
    time: str = "time"
    timezone: ZoneName = "UTC"
    past: str = ""
    past_times: Literal["time", "local", "text", "s", "ms"] = "time"
    start: int | float | str | None = None
    watermark: str = ""
    interval_s: Annotated[float, Field(ge=0.1, le=86400)] | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000

    @model_validator(mode="after")
    def _has_a_start(self) -> Query:
        if "watermark" in sa.text(self.sql)._bindparams:
            if self.start is None:
                raise ValueError("a query with :watermark needs 'start', its first value")
            if not (self.watermark or self.time):
                raise ValueError("a query with :watermark needs 'watermark' or 'time', the column it is taken from")
        if self.past:
            if not self.time:
                raise ValueError("a query with 'past' needs 'time': what was missed has times of its own")
            if missing := {"since", "until"} - set(sa.text(self.past)._bindparams):
                raise ValueError(
                    f"'past' has no :{sorted(missing)[0]}: it asks for a span, as in t >= :since and t < :until"
                )
        return self

    @property
    def moves(self) -> bool:
        """Whether the query asks only for what is new."""
        return self.start is not None and "watermark" in sa.text(self.sql)._bindparams


class Settings(BaseModel):
    """A database and the queries by name. ``batch_ms`` [ms] is how long readings are gathered; ``backfill_h`` [h] is
    how far back queries with ``past`` are asked after an outage."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, AfterValidator(_url)]
    password: SecretRef | None = None
    queries: Annotated[dict[TargetName, Query], Field(min_length=1)]
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50
    backfill_h: Reach = REACH_H

    @property
    def targets(self) -> dict[str, Query]:
        """The queries: each may fail by itself."""
        return self.queries


class Database:
    """A database; a connection a poll, so that one that comes back is found again."""

    def __init__(self, settings: Settings) -> None:
        url = sa.make_url(settings.url)
        self._secret = ""
        if settings.password:
            try:
                self._secret = settings.password.reveal()
            except SecretError as error:
                raise MisconfiguredError(str(error)) from None
            url = url.set(password=self._secret)
        try:
            self._engine = sa.create_engine(
                for_reading(url), poolclass=NullPool, hide_parameters=True, connect_args=arguments(url)
            )
        except (SQLAlchemyError, ImportError) as error:
            hint = f"install it beside the twin, for PostgreSQL with 'pip install campus-twin[postgresql]' ({error})"
            raise MisconfiguredError(f"the driver of '{url.drivername}' cannot be used: {hint}") from None

    def rows(self, query: Query, watermark: Any) -> tuple[list[str], list[Sequence[Any]]]:
        """The columns and at most ``max_rows`` + 1 rows; blocks."""
        return self._ask(query, query.sql, {"watermark": watermark} if query.moves else {})

    def past(self, query: Query, since: float, until: float) -> tuple[list[str], list[Sequence[Any]]]:
        """The same of ``past`` from ``since`` to before ``until`` [s since epoch]; blocks."""
        return self._ask(query, query.past, {"since": _written(query, since), "until": _written(query, until)})

    def _ask(self, query: Query, sql: str, bound: dict[str, Any]) -> tuple[list[str], list[Sequence[Any]]]:
        try:
            with self._engine.connect() as connection:
                limit(connection, query.timeout_s)
                keep_odd_times(connection)
                options = run_options(connection.dialect.name)
                with connection.execute(sa.text(sql), bound, execution_options=options) as result:
                    if not result.returns_rows:
                        raise MisconfiguredError("the query gives no rows: it must be a SELECT")
                    return list(result.keys()), [tuple(row) for row in result.fetchmany(query.max_rows + 1)]
        except DBAPIError as error:
            reason = self._hidden(str(error.orig).strip().partition("\n")[0])
            raise failure(error, reason, query.timeout_s) from None
        except SQLAlchemyError as error:
            raise MisconfiguredError(f"the query cannot be run: {self._hidden(str(error))}") from None

    def _hidden(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Poll every query that has points, until closed."""
    wanted, mistakes = sort_points(points, settings.queries, _key)
    database = Database(settings)
    stream = Stream(settings.batch_ms / 1000)
    pool = ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="sql")
    sessions: dict[str, Session] = {
        name: Poll(name, settings.queries[name], row.interval_s, database, stream, pool).forever
        for name, row in wanted.items()
    }
    try:
        async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
            async for item in merged:
                yield item
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


async def backfill(
    settings: Settings, points: Sequence[Point], since: float, until: float
) -> AsyncIterator[list[RawReading]]:
    """What the queries with ``past`` have of their points from ``since`` to before ``until`` [s since epoch]; a span
    with more rows than ``max_rows`` is halved."""
    wanted, _ = sort_points(points, settings.queries, _key)
    database = Database(settings)
    for name, row in wanted.items():
        query = settings.queries[name]
        rows, spans = Rows(name, query), [(since, until)] if query.past else []
        while spans:
            first, last = spans.pop()
            columns, found = await asyncio.to_thread(database.past, query, first, last)
            if len(found) > query.max_rows:
                if last - first < 2.0:
                    raise SourceError(f"{name}: more than {query.max_rows} rows in a second: raise 'max_rows'")
                middle = (first + last) / 2
                spans += [(middle, last), (first, middle)]
                continue
            readings, _ = rows.readings(columns, found, time.time(), moves=False)
            yield [reading for reading in readings if reading.address in row.places]


def _written(query: Query, at: float) -> Any:
    if query.past_times in ("s", "ms"):
        return at if query.past_times == "s" else round(at * 1000)
    moment = datetime.fromtimestamp(at, ZoneInfo(query.timezone))
    if query.past_times == "time":
        return moment
    local = moment.replace(tzinfo=None)
    return local if query.past_times == "local" else local.isoformat(" ", "seconds")


def _key(text: str) -> str:
    if not text:
        raise AddressError("after the # stands the key, as the key column gives it")
    return text


class Poll:
    """One query, its watermark and the last time of each key."""

    def __init__(
        self, name: str, query: Query, interval_s: float, database: Database, stream: Stream, pool: ThreadPoolExecutor
    ) -> None:
        self._name = name
        self._query = query
        self._interval = query.interval_s or interval_s
        self._database = database
        self._stream = stream
        self._pool = pool
        self._watermark: Any = query.start
        self._asked: Future[tuple[list[str], list[Sequence[Any]]]] | None = None
        self._rows = Rows(name, query)

    async def forever(self) -> None:
        """Poll at the query's pace; a full answer is followed by the next at once."""
        pace = Pace(self._interval)
        while True:
            await pace.tick()
            while await self._once():
                pass

    async def _once(self) -> bool:
        """One poll; whether there is more."""
        query = self._query
        if self._asked is not None and not self._asked.done():
            raise SourceError("the last poll still runs: no other is begun")
        self._asked = self._pool.submit(self._database.rows, query, self._watermark)
        try:
            async with asyncio.timeout(query.timeout_s):
                columns, rows = await asyncio.shield(asyncio.wrap_future(self._asked))
        except TimeoutError:
            raise SourceError(f"no answer within {query.timeout_s:g} s") from None
        more = len(rows) > query.max_rows
        if more and not query.moves:
            raise MisconfiguredError(f"the query gives more than {query.max_rows} rows: ask only for what is new")
        readings, newest = self._rows.readings(columns, rows[: query.max_rows], time.time())
        if more and newest in (None, self._watermark):
            raise MisconfiguredError(f"more than {query.max_rows} rows have the same watermark: raise 'max_rows'")
        self._stream.live(self._name)
        self._stream.put(readings)
        if newest is not None and query.moves:
            self._watermark = newest
        return more


class Rows:
    """Turns rows into readings; remembers the last time of each key, which decides the hour that comes twice."""

    def __init__(self, name: str, query: Query) -> None:
        self._name = name
        self._query = query
        self._zone = ZoneInfo(query.timezone)
        self._last: dict[str, float] = {}

    def readings(
        self, columns: list[str], rows: Sequence[Sequence[Any]], now: float, *, moves: bool | None = None
    ) -> tuple[list[RawReading], Any]:
        """The readings, and the watermark of the last row that has one, where the query ``moves``. MisconfiguredError:
        a column is missing."""
        query = self._query
        moves = query.moves if moves is None else moves
        named = [query.key, query.value, *([query.time] if query.time else [])]
        mark = query.watermark or query.time
        for column in [*named, *([mark] if moves else [])]:
            if column not in columns:
                raise MisconfiguredError(f"the query has no column '{column}': it has {', '.join(columns)}")
        places = [columns.index(column) for column in named]
        marks = [row[columns.index(mark)] for row in rows] if moves else []
        found = [self._reading([row[place] for place in places], now) for row in rows]
        return found, next((value for value in reversed(marks) if value is not None), None)

    def _reading(self, row: list[Any], now: float) -> RawReading:
        if row[0] is None:
            return RawReading(f"{self._name}#", None, now, bad="its key is NULL")
        key = str(row[0])
        address = f"{self._name}#{key}"
        moment = None
        if len(row) > 2 and row[2] is not None:
            moment = self._moment(key, row[2])
            if moment is None:
                return RawReading(address, None, now, bad="its time cannot be read")
        value = float(row[1]) if isinstance(row[1], Decimal) else row[1]
        if value is not None and not isinstance(value, bool | int | float | str):
            return RawReading(address, None, now, moment, bad="not a single value")
        return RawReading(address, value, now, moment)

    def _moment(self, key: str, value: Any) -> float | None:
        """Seconds since the epoch. Of an hour that comes twice: the first that is not before the key's last time."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                return epoch(value, self._zone)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - its zone is given below
        if not isinstance(value, datetime):
            return epoch(float(value) if isinstance(value, Decimal) else value, self._zone)
        if value.tzinfo is not None:
            return value.timestamp()
        first, second = (value.replace(tzinfo=self._zone, fold=fold).timestamp() for fold in (0, 1))
        moment = second if first < self._last.get(key, first) <= second else first
        self._last[key] = max(moment, self._last.get(key, moment))
        return moment


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """The keys that each query gives, with the last value of each."""
    database = Database(settings)
    found: dict[str, Found] = {}
    for name, query in settings.queries.items():
        try:
            async with asyncio.timeout(seconds):
                columns, rows = await asyncio.to_thread(database.rows, query, query.start)
        except TimeoutError:
            raise SourceError(f"{name}: no answer within {seconds:g} s") from None
        for reading in Rows(name, query).readings(columns, rows, time.time())[0]:
            found[reading.address] = Found(reading.address, reading.value, name, reading.address.partition("#")[2])
    return list(found.values())
