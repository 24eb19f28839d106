"""A loopback web server for the viewer benchmark: pages, geometry, peers; isolated so that memory can be measured."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    blobs: dict[str, bytes]
    folders: dict[str, Path]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body, encoding = self._find(path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(body or b"")))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        # measureUserAgentSpecificMemory() answers only in a cross-origin isolated page.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body or b"")

    def _find(self, path: str) -> tuple[bytes | None, str]:
        if path in self.blobs:
            return self.blobs[path], ""
        for prefix, folder in self.folders.items():
            # '.v1m0' is the mark of an immutable file in Dash's routes; the file itself has no such name
            name = path.removeprefix(prefix).replace(".v1m0", "")
            if path.startswith(prefix) and ".." not in name:
                packed, plain = folder / f"{name}.gz", folder / name
                if packed.is_file():
                    return packed.read_bytes(), "gzip"
                if plain.is_file():
                    return plain.read_bytes(), ""
        return None, ""

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the benchmark's output is JSON."""


@contextmanager
def serving(blobs: dict[str, bytes], folders: dict[str, Path]) -> Iterator[str]:
    """Serve ``blobs`` by path and ``folders`` by prefix on a free port of 127.0.0.1; yields the address."""
    handler = type("Handler", (_Handler,), {"blobs": blobs, "folders": folders})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
