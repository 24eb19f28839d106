"""A real PostgreSQL on a free port of loopback, in a folder of its own, for the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.datasources.broker import free_port

OWNER, OWNER_PASSWORD = "owner", "of-the-owner"


def account() -> str | None:
    """Whom PostgreSQL runs as: it refuses root. None = as whoever runs the tests."""
    if os.getuid() != 0:
        return None
    known = {row.pw_name for row in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


class Server:
    """One cluster. ``programs`` is the folder of initdb and postgres; its superuser is OWNER."""

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self._programs = programs
        self._user = account()
        # pytest's own folders let no other account in.
        self._folder = Path(tempfile.mkdtemp(prefix="campus-twin-postgresql-"))
        self._log = self._folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        secret = self._folder / "secret"
        secret.write_text(OWNER_PASSWORD, encoding="utf-8")
        if self._user is not None:
            for path in (self._folder, secret):
                shutil.chown(path, self._user)
        self._run(
            "initdb", "-D", str(self._data), "-U", OWNER, "--pwfile", str(secret), "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _popen(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        more: dict[str, Any] = {}
        if self._user is not None:
            more = {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, cwd="/", env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                **more,
            )  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        process = self._popen(program, *arguments)
        assert process.wait(timeout=120) == 0, f"{program} failed:\n{self.log()}"

    def log(self) -> str:
        """What the server wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self, options: Sequence[str] = ()) -> None:
        """Start it (again, on the same port), and wait until it takes connections; ``options`` after our own."""
        self._process = self._popen(
            "postgres", "-D", str(self._data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=30",
            "-c", "timezone=America/New_York", "-c", "log_connections=on", "-c", "shared_buffers=16MB",
            *options,
        )  # fmt: skip
        end = time.monotonic() + 60
        while not self._listens():
            assert self._process.poll() is None, f"postgres ended at once:\n{self.log()}"
            assert time.monotonic() < end, f"postgres takes no connections:\n{self.log()}"
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            self.owner("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT breaks off what runs, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        self.end()
        shutil.rmtree(self._folder)

    def owner(self, database: str = "meters") -> psycopg.Connection[Any]:
        """A connection of the superuser; every statement counts at once."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=OWNER_PASSWORD, dbname=database, autocommit=True,
            connect_timeout=10,
        )  # fmt: skip

    def connections(self) -> int:
        """How many connections were begun so far, refused ones too."""
        return self.log().count("connection received")
