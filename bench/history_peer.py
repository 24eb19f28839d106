"""PostgreSQL 15 with the same readings, as one would keep them there: one table, an index by point and time."""

from __future__ import annotations

import io
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv as csv

OPTIONS = ("-c", "shared_buffers=2GB", "-c", "work_mem=64MB", "-c", "maintenance_work_mem=512MB", "-c", "fsync=on",
           "-c", "max_wal_size=4GB", "-c", "wal_compression=on", "-c", "jit=off")  # fmt: skip
TABLE = """CREATE TABLE readings (point integer NOT NULL, time bigint NOT NULL, value double precision, delay integer,
quality smallint, flags smallint, reason integer)"""
HOUR = 3_600_000


class Peer:
    """A connection with the table in it."""

    def __init__(self, link: psycopg.Connection[tuple[object, ...]]) -> None:
        self.link = link
        self.link.execute(TABLE)
        # there from the start, as questions are asked all the time
        self.link.execute("CREATE INDEX ON readings (point, time)")
        self.link.execute("CREATE INDEX ON readings USING brin (time)")

    def copy(self, rows: pa.Table) -> float:
        """Rows in by COPY; how long the server took [s], without the time to write them as text."""
        out = io.BytesIO()
        csv.write_csv(rows, out, csv.WriteOptions(include_header=False))
        text = out.getbuffer()
        began = time.perf_counter()
        with self.link.cursor() as cursor, cursor.copy("COPY readings FROM STDIN (FORMAT csv)") as copy:
            for first in range(0, len(text), 1 << 20):
                copy.write(text[first : first + (1 << 20)])
        return time.perf_counter() - began

    def settle(self, points: int) -> None:
        """The list of points, and the statistics that the planner needs."""
        self.link.execute("CREATE TABLE points AS SELECT generate_series(0, %s) AS point", [points - 1])
        self.link.execute("VACUUM ANALYZE readings")
        self.link.execute("ANALYZE points")

    def size(self) -> int:
        """Table and indexes [bytes]."""
        found = self.link.execute("SELECT pg_total_relation_size('readings')").fetchone()
        assert found is not None
        return int(str(found[0]))

    def ask(self, sql: str, *values: object) -> int:
        """How many rows a question has."""
        return len(self.link.execute(sql, values).fetchall())

    def last(self) -> int:
        """The newest row of each point."""
        return self.ask("SELECT r.* FROM points p, LATERAL (SELECT * FROM readings r WHERE r.point = p.point "
                        "ORDER BY time DESC LIMIT 1) r")  # fmt: skip

    def instant(self, at: int) -> int:
        """The newest row of each point at an instant [ms]."""
        return self.ask("SELECT r.* FROM points p, LATERAL (SELECT * FROM readings r WHERE r.point = p.point "
                        "AND time <= %s ORDER BY time DESC LIMIT 1) r", at)  # fmt: skip

    def building(self, first: int, last: int, start: int, end: int) -> int:
        """The hourly sums of the points of a building."""
        return self.ask(
            "SELECT hour, sum(mean) FROM (SELECT point, time / 3600000 AS hour, avg(value) AS mean FROM readings "
            "WHERE point BETWEEN %s AND %s AND time >= %s AND time < %s GROUP BY 1, 2) m GROUP BY 1 ORDER BY 1",
            first, last, start, end,
        )  # fmt: skip

    def top(self, start: int, end: int) -> int:
        """The points with the highest means in an hour."""
        return self.ask("SELECT point, avg(value) FROM readings WHERE time >= %s AND time < %s GROUP BY 1 "
                        "ORDER BY 2 DESC LIMIT 20", start, end)  # fmt: skip

    def one(self, point: int, start: int, end: int) -> int:
        """The rows of a point."""
        return self.ask("SELECT time, value, quality FROM readings WHERE point = %s AND time >= %s AND time < %s "
                        "ORDER BY time", point, start, end)  # fmt: skip


@contextmanager
def postgresql() -> Iterator[Peer]:
    """A server of its own on loopback, gone when the block ends."""
    from tests.datasources.postgres import Server

    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    server = Server(programs[-1])
    try:
        server.start(OPTIONS)
        with server.owner("postgres") as link:
            yield Peer(link)
        server.end(signal.SIGQUIT)
    finally:
        server.remove()
