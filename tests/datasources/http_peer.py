"""A real HTTP server in a thread, whose answers a test sets by path."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What a path answers with."""

    body: bytes = b""
    kind: str = "text/plain; version=0.0.4"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    authorization: str = ""
    delay_s: float = 0.0


class HttpPeer:
    """Serves ``pages`` until closed, or what ``answering`` makes of a path and body; ``asked`` are the paths in order,
    ``headers`` and ``bodies`` what came with them.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.answering: Callable[[str, bytes], Page] | None = None
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        peer = self

        class Serve(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                peer.answer(self)

            def do_POST(self) -> None:
                peer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append(request.path)
        self.headers.append(dict(request.headers.items()))
        self.bodies.append(body)
        answering = self.answering
        page = answering(request.path, body) if answering else self.pages.get(request.path, Page(status=404))
        time.sleep(page.delay_s)
        refused = page.authorization and request.headers.get("Authorization") != page.authorization
        request.send_response(401 if refused else page.status)
        request.send_header("Content-Type", page.kind)
        request.send_header("Content-Length", str(len(page.body)))
        for name, value in page.headers.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(page.body)
        except OSError:
            request.close_connection = True

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
