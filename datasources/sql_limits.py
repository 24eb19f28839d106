"""What each kind of database is told before a query, so that it changes nothing and does not run for ever.

What a database cannot be told (SQL Server, and Oracle's time) is left to the rights of the account.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from datasources.contract import MisconfiguredError, SourceError

CONNECT_S = 10
_STEPS = 10_000
"""SQLite's instructions between two looks at the clock, about a tenth of a millisecond."""

_REFUSED = {"28000", "28P01", "1044", "1045", "18456"}
_WRITES = {"25006", "1792", "SQLITE_READONLY"}
_OVERRAN = {"57014", "3024", "1969", "SQLITE_INTERRUPT"}
_NO_SELECT = {"42601", "0A000"}
"""SQLSTATE, the numbers of MySQL, MariaDB and SQL Server, SQLite's names."""


def for_reading(url: sa.URL) -> sa.URL:
    """The address by which a database is opened; a file of SQLite only to be read, and never made."""
    if url.get_backend_name() != "sqlite":
        return url
    path = Path(url.database or "")
    if not path.is_file():
        raise MisconfiguredError(f"there is no database file {url.database}: check 'url'")
    return url.set(database=f"file:{quote(str(path))}", query={**url.query, "mode": "ro", "uri": "true"})


def arguments(url: sa.URL) -> dict[str, Any]:
    """What its driver is told, so that a host that answers nothing any more is noticed within 15 s."""
    driver = url.get_driver_name() if url.get_backend_name() != "sqlite" else ""
    if driver in ("psycopg", "psycopg2"):
        alive = {"keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000}
        return {"connect_timeout": CONNECT_S, **alive}
    return {"connect_timeout": CONNECT_S} if driver in ("pymysql", "mysqldb") else {}


def run_options(dialect: str) -> dict[str, Any]:
    """How the query itself is run. PostgreSQL reads it through a cursor of its own: that takes a single SELECT, so that
    no 'COMMIT; DELETE ...' ends the transaction that only reads, and hands over no more rows than are asked for.
    """
    return {"stream_results": True} if dialect == "postgresql" else {}


def limit(connection: sa.Connection, seconds: float) -> None:
    """Let the transaction that begins only read, and each statement of it run for ``seconds`` [s]."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        end = time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    for statement in statements(connection.dialect.name, seconds, getattr(connection.dialect, "is_mariadb", False)):
        connection.exec_driver_sql(statement)


def statements(dialect: str, seconds: float, mariadb: bool = False) -> list[str]:
    """What is said in SQL first."""
    milliseconds = max(1, round(seconds * 1000))
    if dialect == "postgresql":
        return ["SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {milliseconds}"]
    if dialect in ("mysql", "mariadb"):
        time_limit = f"max_statement_time = {seconds:g}" if mariadb else f"max_execution_time = {milliseconds}"
        return ["SET SESSION TRANSACTION READ ONLY", f"SET SESSION {time_limit}"]
    return {"sqlite": ["PRAGMA query_only = ON"], "oracle": ["SET TRANSACTION READ ONLY"]}.get(dialect, [])


def failure(error: sa.exc.DBAPIError, reason: str, seconds: float) -> SourceError:
    """What the database says, for an operator; ``reason`` is its own first line, without secrets."""
    origin: Any = error.orig
    told = (getattr(origin, name, None) for name in ("sqlstate", "pgcode", "sqlite_errorname"))
    code = str(next((row for row in told if row), None) or next(iter(getattr(origin, "args", ())), ""))
    if code in _OVERRAN:
        return SourceError(f"no answer within {seconds:g} s: the query was called off")
    if code in _WRITES:
        return MisconfiguredError(f"the query would change data, which is refused: it must be a SELECT ({reason})")
    if code in _REFUSED or _refused(origin, reason):
        return MisconfiguredError(f"the database refuses the sign-in: {reason}")
    if code in _NO_SELECT:
        return MisconfiguredError(f"the query cannot be run, it must be one SELECT: {reason}")
    if isinstance(error, sa.exc.ProgrammingError) or "no such" in reason or "syntax error" in reason:
        return MisconfiguredError(f"the query cannot be run: {reason}")
    return SourceError(f"the database: {reason}")


def _refused(origin: Any, reason: str) -> bool:
    """Whether a connection that failed was refused for good. libpq tells no SQLSTATE then, and the server's words are
    in its own language, but they always have two blanks after the colon of 'FATAL:  ...'.
    """
    if "authentication failed" in reason or "pg_hba.conf" in reason:
        return True
    failed = getattr(origin, "pgconn", None)
    if failed is None or getattr(origin, "sqlstate", None):
        return False
    told = ":  " in reason and "too many" not in reason
    return bool(failed.needs_password or (failed.used_password and told))
