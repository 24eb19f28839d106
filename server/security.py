"""The outermost layer, pure ASGI: who may ask (Host, Origin), how much (body), and the headers of every answer.

The server binds to this machine unless users are configured. A loopback server still needs the Host check: a web page
elsewhere can point its own name at 127.0.0.1 (DNS rebinding) and would then read the campus as its own origin.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import problem

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request body; Dash callbacks carry intent, readings come in batches of a few thousand."""
MAX_FILE = 10 * 1024 * 1024
"""Bytes of a file beside an incident; its route bounds it as it reads."""
_PREVIEW = re.compile(r"/wall/[^/]{1,80}")
"""A wall, asked for with ``?preview=``, may stand in a page of ours: the editor shows a draft in it."""
_FILES = re.compile(r"/api/v1/incidents/[^/]{1,40}/files")

_TOO_LARGE = f"the request is larger than {MAX_BODY} bytes: send less at once"

BASE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)


class BindingError(Exception):
    """The server must not listen there; the message says why and what to do."""


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or address, without port) is this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_binding(host: str, users: bool = False) -> None:
    """Refuse to listen beyond this machine while nobody has to sign in."""
    if users or is_loopback(host):
        return
    raise BindingError(
        f"--host {host} would show the campus to everybody who can reach this machine, and nobody has to sign in: "
        "start with --accounts, or write 'accounts:' into campus.yaml (docs/how-to/sign-in.md); or keep 127.0.0.1"
    )


def content_policy(script_hashes: Iterable[str] = ()) -> str:
    """The Content-Security-Policy. Inline scripts only by hash (Dash starts its renderer with one line); styles inline
    (Plotly sets them); 'wasm-unsafe-eval' lets the viewer's mesh decoder compile, and evaluates no script.
    """
    scripts = " ".join(["'self'", "'wasm-unsafe-eval'", *script_hashes])
    return "; ".join(
        (
            "default-src 'self'", f"script-src {scripts}", "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self'", "worker-src 'self' blob:",
            "object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'",
        )
    )  # fmt: skip


class Guard:
    """Checks Host and Origin, bounds bodies, sets headers. ``hosts`` are allowed besides loopback names; with
    ``any_host`` the Host is not checked (a server with sign-in, bound beyond this machine).
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), any_host: bool = False) -> None:
        self.app = app
        self.policy = content_policy()
        self._hosts = frozenset(host.lower() for host in hosts)
        self._any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not allowed; pass the rest on with headers set and the body bounded."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _host_allowed(self, headers: Headers) -> bool:
        host = _host_name(headers.get("host", ""))
        return self._any_host or is_loopback(host) or host in self._hosts

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._host_allowed(headers) or not same_origin(headers):
            await send({"type": "websocket.close", "code": 1008, "reason": "Host or Origin not allowed"})
            return
        # uvicorn offers no way to drop a peer that reads nothing (its close waits for the peer), nor to bound what the
        # system keeps for it: server/streaming.py does both with the transport.
        protocol, state = getattr(send, "__self__", None), scope.setdefault("state", {})
        state["transport"], state["writable"] = (
            getattr(protocol, "transport", None),
            getattr(protocol, "writable", None),
        )
        await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        send = self._with_headers(send, self.policy_of(scope))
        refused = self._refusal(scope, headers)
        if refused is not None:
            status, detail = refused
            await problem(status, detail)(scope, receive, send)
            return
        if "content-length" not in headers and "transfer-encoding" in headers:
            body = await _read(receive)
            if body is None:
                await problem(413, _TOO_LARGE)(scope, receive, send)
                return
            receive = _replay(body, receive)
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if not self._host_allowed(headers):
            return 421, "this server does not answer under that name: use http://127.0.0.1 or add it to CAMPUS_HOSTS"
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not same_origin(headers):
            return 403, "a page of another origin may not write here"
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > _largest(scope):
            return 413, _TOO_LARGE
        return None

    def policy_of(self, scope: Scope) -> str:
        """The policy for one address: no page may be framed, but the preview of a wall by a page of our own."""
        query = scope.get("query_string", b"")
        if _PREVIEW.fullmatch(scope["path"]) and b"preview" in {part.partition(b"=")[0] for part in query.split(b"&")}:
            return self.policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        return self.policy

    def _with_headers(self, send: Send, policy: str) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in BASE_HEADERS:
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        return sender


def _largest(scope: Scope) -> int:
    """How many bytes a body may announce."""
    return MAX_FILE if _FILES.fullmatch(scope["path"]) else MAX_BODY


async def _read(receive: Receive) -> bytes | None:
    """A body of unannounced length, or None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def same_origin(headers: Headers) -> bool:
    """Whether the request comes from our own pages, or not from a browser's page at all (no Origin)."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False
