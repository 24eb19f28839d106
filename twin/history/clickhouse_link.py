"""Two ways to talk to ClickHouse: a server over HTTP(S) (clickhouse-connect), and the same engine within this process
(chdb), which keeps its tables in a folder. Both answer and take Arrow streams.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from twin.history.contract import HistoryError, HistoryFullError

SETTINGS: dict[str, int] = {
    "final": 1,  # of rows with the same key the one that came last, in every question
    "do_not_merge_across_partitions_select_final": 1,  # rows with the same key are in the same partition
    "max_query_size": 64 * 2**20,  # the keys of 20,000 points are longer than 256 KiB
    "max_partitions_per_insert_block": 0,  # what comes after a long time without network is of many days
    "mutations_sync": 1,
    "output_format_arrow_string_as_string": 1,
}
CONNECT_S = 10
ANSWER_S = 120
"""How long a server may take to connect, and to answer [s]."""

_HINTS = {
    76: "another process has the folder, or it cannot be opened: one at a time may have it",
    81: "there is no such database on the server: have its administrator say 'CREATE DATABASE ...' (see "
    "docs/how-to/keep-history-elsewhere.md), or correct the url",
    159: "it took too long and was called off: ask for less, or see what else keeps the server busy",
    160: "it would take too long: ask for less, or see what else keeps the server busy",
    164: "the server or the account may only read: give the account rights to write",
    193: "the server refuses the sign-in: check the account and the password",
    194: "the server refuses the sign-in: check the account and the password",
    241: "the server has too little memory for it: ask for less, or give the server more",
    242: "the table may only be read for now: see the server's log",
    252: "too many parts wait to be merged: see whether the server's disk keeps up; it goes on by itself",
    497: "the account lacks a right: grant it (see docs/how-to/keep-history-elsewhere.md)",
    516: "the server refuses the sign-in: check the account and the password",
}
_FULL = {243, 432}
_CODE = re.compile(r"Code: (\d+)")
_NO_ROOM = re.compile(r"No space left|Disk quota|ENOSPC")


class Link(Protocol):
    """What the store needs of ClickHouse. Every call may come from any thread."""

    def ask(self, sql: str) -> bytes:
        """What ``sql`` answers, as an Arrow stream; empty where it answers nothing."""
        ...

    def put(self, table: str, rows: bytes) -> None:
        """Add rows, an Arrow stream, to a table."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Embedded:
    """ClickHouse within this process, its tables in ``folder``. A process can have one folder at a time."""

    def __init__(self, folder: Path, database: str = "campus_twin") -> None:
        try:
            from chdb import session
        except ImportError as error:
            raise HistoryError(
                "ClickHouse within the process needs the package chdb: pip install chdb, or name a server with 'url'"
            ) from error
        self._folder, self._database = folder, database
        self._new: Callable[[str], Any] = session.Session
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._session():
            pass

    def _open(self) -> Any:
        opened = self._new(str(self._folder))
        for name, value in SETTINGS.items():
            opened.query(f"SET {name} = {value}")
        opened.query(f"CREATE DATABASE IF NOT EXISTS {self._database}")
        opened.query(f"USE {self._database}")
        return opened

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """A session that nobody else uses: each answers one question at a time."""
        try:
            with self._lock:
                session = self._idle.pop() if self._idle else self._open()
            try:
                yield session
            finally:
                with self._lock:
                    self._idle.append(session)
        except RuntimeError as error:  # of which chdb's own error is one
            raise told(error, f"the history in {self._folder}") from error

    def ask(self, sql: str) -> bytes:
        """What ``sql`` answers, as an Arrow stream; empty where it answers nothing."""
        with self._session() as session:
            return bytes(session.query(sql, "ArrowStream").bytes())

    def put(self, table: str, rows: bytes) -> None:
        """Add rows, an Arrow stream, to a table."""
        with self._session() as session, session.send_insert(f"INSERT INTO {table}", "ArrowStream") as insert:
            insert.append(rows)
            insert.finish()

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()


class Server:
    """A ClickHouse server: ``url`` as in https://historian@ch.campus.example:8443/campus; ``?ca_cert=/path`` names the
    authority of a certificate of one's own. The first call signs in."""

    def __init__(self, url: str, password: str = "") -> None:
        try:
            from clickhouse_connect.driver.exceptions import Error
        except ImportError as error:
            raise HistoryError(
                "a history in ClickHouse needs the package clickhouse-connect: pip install 'campus-twin[clickhouse]'"
            ) from error
        self._arguments = _arguments(url) | {"password": password}
        self.name = f"the history on {self._arguments['host']}:{self._arguments['port']}"
        self._errors: type[Exception] = Error
        self._client: Any = None
        self._lock = threading.Lock()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                import clickhouse_connect

                self._client = clickhouse_connect.get_client(
                    **self._arguments, connect_timeout=CONNECT_S, send_receive_timeout=ANSWER_S, settings=SETTINGS,
                    autogenerate_session_id=False, client_name="campus-twin",
                )  # fmt: skip
            return self._client

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise told(error, self.name) from error

    def ask(self, sql: str) -> bytes:
        """What ``sql`` answers, as an Arrow stream; empty where it answers nothing."""
        with self._told():
            # an answer that has begun can not say that it failed: the server keeps it until it is whole
            return bytes(self._connected().raw_query(sql, fmt="ArrowStream", settings={"wait_end_of_query": 1}))

    def put(self, table: str, rows: bytes) -> None:
        """Add rows, an Arrow stream, to a table."""
        with self._told():
            self._connected().raw_insert(table, insert_block=rows, fmt="ArrowStream")

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None


def _arguments(url: str) -> dict[str, Any]:
    """The arguments of a connection."""
    found = urlsplit(url)
    secure = found.scheme == "https"
    return {
        "interface": found.scheme, "host": found.hostname or "localhost", "username": unquote(found.username or ""),
        "port": found.port or (8443 if secure else 8123), "database": found.path.strip("/") or "default",
        **dict(parse_qsl(found.query)),
    }  # fmt: skip


def told(error: Exception, what: str) -> HistoryError:
    """An error of ClickHouse as one of the historian: which history, what is wrong, what to do."""
    text = str(error)
    found = _CODE.search(text)
    code = int(found[1]) if found else 0
    first = next((line for line in text.splitlines() if "DB::Exception" in line), (text.splitlines() or [""])[0])[:500]
    if code in _FULL or _NO_ROOM.search(text):
        return HistoryFullError(f"{what}: there is no room left on its disk: make room, it goes on by itself ({first})")
    if not code:
        return HistoryError(f"{what} is not to be reached: see whether the server runs, and correct the url ({first})")
    hint = _HINTS.get(code, "ClickHouse refuses")
    return HistoryError(f"{what}: {hint} ({first})")
