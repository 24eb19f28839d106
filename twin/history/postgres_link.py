"""Connections of the historian to PostgreSQL: one that writes, and some that read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twin.history.contract import HistoryError, HistoryFullError

if TYPE_CHECKING:
    import psycopg

CONNECT_S = 10
ANSWER_S = 120
"""How long a server may take to connect, and to answer [s]."""
MOST = 8
"""Connections that read at the same time; who comes after them waits."""
LOCK = 1_129_472_340
"""The advisory lock that says that a process has the history of a schema."""

_GUIDE = "see docs/how-to/keep-history-elsewhere.md"
_SETTINGS = {
    "statement_timeout": f"{ANSWER_S}s",
    "idle_in_transaction_session_timeout": "10min",
    "jit": "off",  # compiling takes longer than the questions
    "max_parallel_workers_per_gather": "0",  # rows stay in their order in an array, and others have their share
    "timezone": "UTC",
    # a writer whose network is gone holds its lock no longer than this
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_HINTS = {
    "25006": f"the server or the account may only read: name the primary server, or let the account write ({_GUIDE})",
    "42501": f"the account lacks a right: grant it ({_GUIDE})",
    "55P03": "others use what is to be changed: it is tried again",
    "57014": f"it took longer than {ANSWER_S} s and was called off: ask for less, or see what keeps the server busy",
    "53200": "the server has too little memory for it: ask for less, or give the server more",
    "53300": "the server has no connection left: raise its max_connections, or end others",
}
_NO_ROOM = "53100"
_GONE = ("08", "57P")
_SIGN_IN = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "is not permitted to log in")


class Connections:
    """Connections to ``url`` as in postgresql://historian@10.20.0.9/campus, every one as new as it need be: one that
    the server has dropped is opened again."""

    def __init__(self, url: str, password: str = "") -> None:
        try:
            import psycopg
        except ImportError as error:
            raise HistoryError(
                "a history in PostgreSQL needs the package psycopg: pip install 'campus-twin[postgresql]'"
            ) from error
        self.error: type[psycopg.Error] = psycopg.Error
        self._connect = psycopg.connect
        self._url, self._password = url, password
        try:
            known = psycopg.conninfo.conninfo_to_dict(url)
        except self.error as error:
            raise HistoryError(
                "the url of the history: write it as in postgresql://historian@10.20.0.9/campus"
            ) from error
        self.name = f"the history on {known.get('host', 'localhost')}:{known.get('port', 5432)}"
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST)
        self._idle: list[psycopg.Connection[Any]] = []
        self._writer: psycopg.Connection[Any] | None = None
        self._closed = False

    def _open(self) -> psycopg.Connection[Any]:
        if self._closed:
            raise HistoryError(f"{self.name} is closed: open it again")
        more: dict[str, Any] = {"password": self._password} if self._password else {}
        try:
            connection = self._connect(
                self._url, autocommit=True, connect_timeout=CONNECT_S, application_name="campus-twin",
                keepalives_idle=30, tcp_user_timeout=15_000, **more,
            )  # fmt: skip
        except self.error as error:
            raise self.told(error) from error
        chosen = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
        connection.execute(f"SELECT {chosen}".encode())
        return connection

    def _lives(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the server still knows a connection that lay idle."""
        try:
            connection.execute(b"SELECT 1")
        except self.error:
            connection.close()
            return False
        return True

    @contextmanager
    def reader(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that nobody else uses."""
        with self._room:
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            connection = idle if idle is not None and self._lives(idle) else self._open()
            try:
                yield connection
            finally:
                with self._lock:
                    keep = not (self._closed or connection.closed)
                    if keep:
                        self._idle.append(connection)
                if not keep:
                    connection.close()

    def writer(self) -> psycopg.Connection[Any]:
        """The connection that writes. HistoryError where another process has one."""
        if self._writer is not None and self._lives(self._writer):
            return self._writer
        connection = self._open()
        mine = connection.execute(
            f"SELECT pg_try_advisory_lock({LOCK}, hashtext(current_schema()))".encode()
        ).fetchone()
        if mine != (True,):
            connection.close()
            raise HistoryError(
                f"{self.name} is in use by another process: one at a time may write it; end the other one (one whose "
                "network failed is forgotten within a minute), or give this one another database"
            )
        self._writer = connection
        return connection

    def told(self, error: psycopg.Error) -> HistoryError:
        """An error of PostgreSQL as one of the historian: which history, what is wrong, what to do."""
        state, text = error.sqlstate or "", str(error).strip().replace("\n", "; ")
        if state == _NO_ROOM:
            return HistoryFullError(
                f"{self.name}: there is no room left on its disk: make room, it goes on by itself ({text})"
            )
        if state in _HINTS:
            return HistoryError(f"{self.name}: {_HINTS[state]} ({text})")
        if any(word in text for word in _SIGN_IN):
            return HistoryError(f"{self.name} refuses the sign-in: check the account and the password ({text})")
        if "database" in text and "does not exist" in text:
            return HistoryError(
                f"{self.name}: there is no such database: create it ({_GUIDE}), or correct the url ({text})"
            )
        if not state or state.startswith(_GONE):
            return HistoryError(
                f"{self.name} is not to be reached: see whether the server runs, and correct the url; it is tried "
                f"again ({text})"
            )
        return HistoryError(f"{self.name}: PostgreSQL refuses ({text})")

    def close(self) -> None:
        """Let go of them; those in use are let go of when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in (*idle, *([self._writer] if self._writer else [])):
            connection.close()
        self._writer = None
