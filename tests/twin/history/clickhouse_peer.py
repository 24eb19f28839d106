"""ClickHouse's HTTP interface over the real engine (chdb) in a process of its own, for the tests: a server's wire,
SQL, errors and sign-in, as far as a client sees them. Run as a program it serves; ``Peer`` starts and ends it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.datasources.broker import free_port

USER, PASSWORD = "historian", "of-the-historian"
_RESERVED = {"query", "database", "default_format", "user", "password", "session_id", "query_id", "compress",
             "decompress", "client_protocol_version", "role", "quota_key", "session_timeout", "wait_end_of_query",
             "buffer_size", "enable_http_compression", "send_progress_in_http_headers",
             "http_headers_progress_interval_ms"}  # fmt: skip
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_INSERT = re.compile(rb"\s*INSERT\s+INTO\s+[^;]*?\s+FORMAT\s+\w+\s", re.IGNORECASE)
_STATUS = {60: 404, 81: 404, 164: 500, 516: 403}


class Peer:
    """The process, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        self._process = subprocess.Popen([sys.executable, "-m", __name__, str(self.port), str(self._folder)])
        end = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, "the peer ended at once"
            assert time.monotonic() < end, "the peer does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self.ask("SELECT 1") == b"1\n"
        except urllib.error.URLError:
            return False

    def ask(self, sql: str) -> bytes:
        """What it answers, as tab-separated text."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/", sql.encode(),
            {"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def url(self, database: str, user: str = USER) -> str:
        return f"http://{user}@127.0.0.1:{self.port}/{database}"

    def end(self) -> None:
        """End it at once: what it had not written is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None


class Handler(BaseHTTPRequestHandler):
    """A request: settings in its address, the query there or in the body, data in the body."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: two would wait 40 ms for one another
    disable_nagle_algorithm = True
    sessions: Any = None

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        self._serve(body)

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _serve(self, body: bytes) -> None:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            if not self._known():
                raise RuntimeError(
                    "Code: 516. DB::Exception: default: Authentication failed: password is incorrect, or there is no "
                    "user with such name. (AUTHENTICATION_FAILED)"
                )
            assert not self.headers.get("Content-Encoding"), "the peer takes no compressed data"
            answer = self._answer(given, body)
        except RuntimeError as error:
            self._send(str(error))
        else:
            self._send(answer)

    def _known(self) -> bool:
        given = (self.headers.get("X-ClickHouse-User", ""), self.headers.get("X-ClickHouse-Key", ""))
        if (basic := self.headers.get("Authorization", "")).startswith("Basic "):
            user, _, password = b64decode(basic.removeprefix("Basic ")).decode().partition(":")
            given = user, password
        return given == (USER, PASSWORD)

    def _answer(self, given: dict[str, str], body: bytes) -> bytes:
        # a server takes what stands in the address and in the body as one text; data begin after the name of the format
        whole = given.get("query", "").encode() + body
        insert = _INSERT.match(whole)
        query, data = (insert[0].decode(), whole[insert.end() :]) if insert else (whole.decode(), b"")
        found = _FORMAT.search(query)
        form = found[1] if found else given.get("default_format") or "TabSeparated"
        query = query[: found.start()] if found else query
        session = self.sessions()
        try:
            for name, value in given.items():
                if name not in _RESERVED and not name.startswith("param_"):
                    session.query(f"SET {name} = '{value}'")
            session.query(f"USE {given.get('database') or 'default'}")
            if not (query.lstrip().upper().startswith("INSERT") and data):
                return bytes(session.query(query, form).bytes())
            with session.send_insert(query, form) as insert:
                insert.append(data)
                insert.finish()
            return b""
        finally:
            session.close()

    def _send(self, answer: bytes | str) -> None:
        """An answer; a text is an error."""
        code = 0
        if isinstance(answer, str):
            found = re.search(r"Code: (\d+)", answer)
            code = int(found[1]) if found else 1002
            answer = answer.encode()
        self.send_response(_STATUS.get(code, 500) if code else 200)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: it would stand between the results of the tests."""


def serve(port: int, folder: str) -> None:  # pragma: no cover # in a process of its own
    from chdb import session

    new: Any = session.Session
    kept = new(folder)  # the engine lives as long as one session does
    lock = threading.Lock()

    def sessions() -> Any:
        with lock:
            return new(folder)

    Handler.sessions = staticmethod(sessions)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.serve_forever()
    kept.close()


if __name__ == "__main__":  # pragma: no cover # in a process of its own
    serve(int(sys.argv[1]), sys.argv[2])
