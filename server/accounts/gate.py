"""The gate, pure ASGI: says who asks (``scope['state']['who']``), and lets through only what the table allows.

It stands inside the Guard (Host, Origin, headers) and around everything else, for requests and sockets both. Without
accounts everybody is ``demo``: the server then answers this machine only (``server.security.check_binding``).
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.accounts import html, policy, tokens
from server.accounts.accounts import Accounts, Found
from server.accounts.audit import HasAccounts, append, entry
from server.accounts.peer import Peer, peer_of
from server.accounts.policy import Rule
from server.accounts.streams import CLOSED, Leash
from server.accounts.who import DEMO, VISITOR, say_who, unsay
from server.problems import problem

log = logging.getLogger(__name__)

SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("/sign-in", "/sign-out", "/set-up/", "/account")
"""Paths whose forms prove themselves by a hidden field."""
TOKEN_HEADER = "x-campus-token"  # noqa: S105  # the name of a header
HSTS = "max-age=31536000"
WARN_S = 60.0


class Gate:
    """Who may pass. ``runtime.accounts`` is asked at each request: None until the server has any."""

    def __init__(self, app: ASGIApp, runtime: HasAccounts) -> None:
        self.app = app
        self._runtime = runtime
        self._warned = -WARN_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not allowed; pass the rest on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        accounts: Accounts | None = self._runtime.accounts
        headers = Headers(scope=scope)
        peer = peer_of(scope, headers, accounts.is_proxy if accounts else lambda _: False)
        if scope.get("client") and peer.address != peer.peer:
            scope["client"] = (peer.address, 0)
        if peer.secure:
            scope["scheme"] = "https" if scope["type"] == "http" else "wss"
        method = scope["method"] if scope["type"] == "http" else "WS"
        rule = policy.find(method, scope["path"])
        state = scope.setdefault("state", {})
        state["address"], state["secure"] = peer.address, peer.secure
        if accounts is None or not accounts.on:
            state["who"], state["session"] = DEMO, ""
            await self._pass(scope, receive, send, rule, Found(DEMO), accounts)
            return
        found = Found() if rule is not None and rule.least == "own" else self._found(accounts, scope, headers, peer)
        if found.who is None and accounts.settings.visitors and not found.over:
            found = Found(VISITOR)
        state["who"], state["session"] = found.who, found.session
        refusal = _refusal(accounts, scope, headers, rule, found)
        if refusal is None:
            await self._pass(scope, receive, send, rule, found, accounts)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSED, "reason": "not signed in, or not allowed"})
            return
        if found.who is not None and method not in SAFE:
            row = entry(found.who, "change", f"{method} {scope['path']}", address=peer.address, outcome="refused")
            await asyncio.to_thread(append, accounts.store, row)
        await refusal(scope, receive, _Answer(send, peer.secure, private=True).send)

    def _found(self, accounts: Accounts, scope: Scope, headers: Headers, peer: Peer) -> Found:
        proxy = accounts.settings.proxy
        if proxy is not None and not accounts.is_proxy(peer.peer):
            self._strip(scope, peer, (proxy.user.lower(), proxy.role.lower()))
        token = tokens.bearer(headers.get("authorization", ""))
        if token is not None and (token or proxy is None):  # a proxy's own scheme may stand there
            return accounts.of_key(token)
        secret = tokens.cookie(headers.get("cookie", ""), cookie_name(peer.secure))
        found = accounts.of_cookie(secret) if secret else Found()
        if found.who is None and proxy is not None:
            told = accounts.of_proxy(peer.peer, headers.get(proxy.user, ""), headers.get(proxy.role, ""))
            return told if told.who is not None or told.over else found
        return found

    def _strip(self, scope: Scope, peer: Peer, names: tuple[str, ...]) -> None:
        """Take out of a request what only the proxy may say."""
        unwanted = [name.encode() for name in names]
        kept = [row for row in scope["headers"] if row[0].lower() not in unwanted]
        if len(kept) < len(scope["headers"]):
            scope["headers"] = kept
            if time.monotonic() - self._warned > WARN_S:
                self._warned = time.monotonic()
                log.warning("%s says who it is in a header that only accounts.proxy.from may send: left out", peer.peer)

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, rule: Rule | None, found: Found, accounts: Accounts | None
    ) -> None:
        who = found.who
        said = say_who(who, found.session)
        answer = _Answer(send, scope["state"]["secure"], private=accounts is not None and accounts.on and _shut(rule))
        leash = None
        if accounts is not None and who is not None and found.session and _lasting(scope):
            leash = Leash(found.session, who, receive, scope["type"])
            accounts.streams.add(leash)
        try:
            await self.app(scope, leash.receive if leash else receive, answer.send)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if leash is None or not leash.over.is_set() or task is None:
                raise
            task.uncancel()
        finally:
            unsay(said)
            if leash is not None and accounts is not None:
                accounts.streams.drop(leash)
        if leash is not None and leash.over.is_set():
            await answer.finish(scope["type"])
        if accounts is not None and (action := _noted(scope, rule, answer)):
            status = "ok" if answer.status < 400 else f"refused ({answer.status})"
            row = entry(who, action, f"{scope['method']} {scope['path']}", address=scope["state"]["address"],
                        outcome=status)  # fmt: skip
            await asyncio.to_thread(append, accounts.store, row)


def _lasting(scope: Scope) -> bool:
    return bool(scope["type"] == "websocket" or scope["path"].startswith("/sse/"))


def _shut(rule: Rule | None) -> bool:
    return rule is None or rule.least not in ("public", "own")


def _noted(scope: Scope, rule: Rule | None, answer: _Answer) -> str:
    """What the audit log calls the request; '' for what it does not have."""
    if scope["type"] != "http" or rule is None or rule.audit == "-" or answer.status == 0:
        return ""
    if scope["method"] not in SAFE:
        return rule.audit or "change"
    taken = answer.status < 300 and scope["method"] == "GET" and not answer.kind.startswith("application/json")
    return "export" if rule.audit == "export" and taken else ""


def _refusal(accounts: Accounts, scope: Scope, headers: Headers, rule: Rule | None, found: Found) -> Response | None:
    """The answer to what may not be; None for what may."""
    path = scope["path"]
    if rule is not None and policy.may(found.who, rule, path):
        forged = scope["type"] == "http" and rule.least != "own" and _may_be_forged(accounts, scope, headers, found)
        detail = f"a change with a cookie needs 'Content-Type: application/json', or the page's token in {TOKEN_HEADER}"
        return problem(403, detail) if forged else None
    if scope["type"] == "websocket":
        return Response(status_code=403)
    reader = not path.startswith("/api/") and "text/html" in headers.get("accept", "")
    if found.who is None or found.who == VISITOR:
        return _not_signed_in(scope, headers, found, reader and scope["method"] == "GET")
    if rule is None:
        return html.nothing_here(scope) if reader else problem(404, f"there is no {path}: see /api/v1/openapi.json")
    if reader:
        return html.not_for_you(scope, found.who)
    detail = f"'{found.who.name}' is {found.who.role}: {scope.get('method', 'WS')} {path} needs {rule.least}"
    return problem(403, detail)


def _not_signed_in(scope: Scope, headers: Headers, found: Found, reader: bool) -> Response:
    if reader and found.over == "display":
        return html.signed_off(scope)
    if reader:
        query = scope["query_string"].decode("ascii", "replace")
        wanted = scope["path"] + (f"?{query}" if query else "")
        more = "&why=role" if found.over == "role" else ""
        if lang := re.search(r"(?:^|&)lang=(zh|en)(?:&|$)", query):  # a link in a language is answered in it
            more += f"&lang={lang[1]}"
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}{more}", 303, {"Cache-Control": "no-store"})
    if headers.get("authorization"):
        detail = "the key is not known, or was revoked: make one in /admin and send 'Authorization: Bearer KEY'"
    else:
        detail = "nobody is signed in: open /sign-in, or send 'Authorization: Bearer KEY' with a key of /admin"
    answer = problem(401, detail)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="campus"'
    return answer


def _may_be_forged(accounts: Accounts, scope: Scope, headers: Headers, found: Found) -> bool:
    """Whether a page of another origin could have made the browser send this change with its cookie."""
    method = scope["method"]
    if not found.cookie or method in SAFE or scope["path"].startswith(FORMS):
        return False
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return False
    if accounts.proves("csrf", found.session, headers.get(TOKEN_HEADER, "")):
        return False
    # browsers ask first (CORS) before they send these elsewhere, and the Guard has compared the Origin
    return method == "POST" or ("origin" not in headers and headers.get("sec-fetch-site") != "same-origin")


def cookie_name(secure: bool) -> str:
    """The name of the session cookie: over https one that no other host and no http can set."""
    return "__Host-campus-session" if secure else "campus-session"


class _Answer:
    """What goes out: its status is remembered, what is not public is kept from shared caches, https stays https."""

    def __init__(self, send: Send, secure: bool, private: bool) -> None:
        self._send = send
        self._secure = secure
        self._private = private
        self.status = 0
        self.kind = ""
        self._done = False

    async def send(self, message: Message) -> None:
        """Send one message on."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start(message)
        elif kind in ("websocket.close", "websocket.http.response.start"):
            self._done = True
        elif kind == "http.response.body":
            self._done = not message.get("more_body", False)
        await self._send(message)

    def _start(self, message: dict[str, Any] | Any) -> None:
        headers = MutableHeaders(scope=message)
        self.status, self.kind = message["status"], headers.get("content-type", "")
        if self._secure:
            headers.setdefault("Strict-Transport-Security", HSTS)
        if self._private:
            cached = headers.get("cache-control", "")
            if "public" in cached:
                headers["Cache-Control"] = cached.replace("public", "private")

    async def finish(self, kind: str) -> None:
        """Close a stream that was cut."""
        if self._done:
            return
        try:
            if kind == "websocket":
                await self._send({"type": "websocket.close", "code": CLOSED, "reason": "signed out"})
            elif self.status:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except (RuntimeError, OSError):
            return  # the peer was quicker
