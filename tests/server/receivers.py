"""Those who get messages: an HTTP server that remembers requests, and a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class Receiver:
    """What came, and what the next answers are: ``answers`` [(status, body, headers)], then 200 with ``ok``."""

    url: str = ""
    ok: Mapping[str, Any] = field(default_factory=lambda: {"errcode": 0, "code": 0})
    answers: list[tuple[int, Any, Mapping[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.requests]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """An HTTP server on this machine."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            told.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, answer, headers = told.answers.pop(0) if told.answers else (200, told.ok, {})
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Mailbox:
    """A mail server: what it took, and how it answers the next messages and recipients."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refuse: frozenset[str] = frozenset()
    users: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            content = cast("bytes", envelope.content)
            self.letters.append(email.message_from_bytes(content, policy=email.policy.default))
            self.envelopes.append(envelope)
        return answer

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"a mail secret", handled=False)


@contextmanager
def mailbox(certificate: tuple[Path, Path] | None = None) -> Iterator[Mailbox]:
    """A mail server on this machine; with a ``certificate`` (chain, key) it wants STARTTLS and a login."""
    box = Mailbox()
    more: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        more = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": box.login}
    with socket.socket() as listener:  # the controller itself can have no port of the system's choice
        listener.bind(("127.0.0.1", 0))
        box.port = listener.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **more)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
