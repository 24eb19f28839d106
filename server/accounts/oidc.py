"""``/oidc/start`` and ``/oidc/callback``: sign-in through an OpenID Connect provider, by code with PKCE, state, nonce.

Whatever goes wrong ends on a page that says so and waits for the reader: never in a loop between the two servers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.accounts import html, people, tokens
from server.accounts.accounts import Accounts
from server.accounts.forms import go, inside, signed_in
from server.accounts.html import reader_of
from server.accounts.oidc_provider import Peer, ProviderError, name_of, role_of
from server.accounts.store import AccountsError
from server.accounts.who import Who
from server.accounts.words import say
from twin.config_accounts import OidcEntry

log = logging.getLogger(__name__)

COOKIE = "campus-oidc"
WAIT_S = 600.0
MOST = 2000


@dataclass(frozen=True, slots=True)
class _Begun:
    """A sign-in that is under way at the provider; ``until`` [s, monotonic]."""

    verifier: str
    nonce: str
    wanted: str
    until: float


class Provider:
    """The routes over the accounts of a campus."""

    def __init__(self, accounts: Accounts, entry: OidcEntry) -> None:
        self._accounts = accounts
        self._entry = entry
        self._peer = Peer(entry, f"{accounts.settings.url}/oidc/callback")
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._hints: OrderedDict[str, str] = OrderedDict()  # of sessions: forgotten with the process, then it asks
        self._leaving: OrderedDict[str, str] = OrderedDict()

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/oidc/start", self.start, methods=["GET"]),
            Route("/oidc/callback", self.callback, methods=["GET"]),
            Route("/oidc/leave", self.leaving, methods=["GET"]),
        ]

    async def start(self, request: Request) -> Response:
        """Send the browser to the provider."""
        try:
            metadata = await self._peer.metadata()
        except ProviderError as error:
            return self._failed(request, error.key, str(error), 502)
        state, nonce, verifier = tokens.new_token(), tokens.new_token(), tokens.new_token()
        wanted = inside(request.query_params.get("next", "/"))
        now = time.monotonic()
        self._begun[state] = _Begun(verifier, nonce, wanted, now + WAIT_S)
        while len(self._begun) > MOST or next(iter(self._begun.values())).until < now:
            self._begun.popitem(last=False)
        answer = go(self._peer.address(metadata, state, nonce, verifier))
        answer.set_cookie(
            COOKIE, state, max_age=round(WAIT_S), path="/oidc", httponly=True, samesite="lax",
            secure=request.state.secure,
        )  # fmt: skip
        return answer

    async def callback(self, request: Request) -> Response:
        """The browser comes back from the provider."""
        query = request.query_params
        state = query.get("state", "")
        same = tokens.is_token(state) and request.cookies.get(COOKIE, "") == state
        begun = self._begun.pop(state, None) if same else None
        if begun is None or begun.until < time.monotonic():
            return self._failed(request, "provider.state", "", 400)
        if query.get("error") or not query.get("code"):
            why = query.get("error_description") or query.get("error") or "no code"
            return self._failed(request, "provider.refused", why[:200], 403)
        try:
            claims, token = await self._peer.claims(query["code"][:2000], begun.verifier, begun.nonce)
        except ProviderError as error:
            return self._failed(request, error.key, str(error), 502)
        name, role = name_of(self._entry, claims), role_of(self._entry, claims)
        address = request.state.address
        if role is None:
            await asyncio.to_thread(
                lambda: self._accounts.note(None, "sign-in", name, address=address, outcome="refused", how="oidc")
            )
            return self._failed(request, "sign-in.role", "", 403)
        try:
            subject = f"{self._entry.issuer} {claims['sub']}"[:600]
            user = await asyncio.to_thread(people.oidc_user, self._accounts, subject, name, role)
        except AccountsError:
            return self._failed(request, "provider.disabled", "", 403)
        value = await asyncio.to_thread(
            self._accounts.begin, user=user.id, address=address, before=request.state.session
        )
        _keep(self._hints, self._accounts.of_cookie(value).session, token)
        who = Who(user.name, user.role, "oidc")  # type: ignore[arg-type]  # of our table
        await asyncio.to_thread(lambda: self._accounts.note(who, "sign-in", name, address=address, how="oidc"))
        answer = signed_in(go(begun.wanted), request, value, self._accounts.settings.session.longest_h)
        answer.delete_cookie(COOKIE, path="/oidc", httponly=True, samesite="lax", secure=request.state.secure)
        return answer

    async def leave(self, session: str) -> str:
        """An address of ours that signs out at the provider whoever signed out here; '' where it offers no such thing.

        A form may lead to no other host (the policy of the pages says so), so it leads to a page of ours that goes on.
        """
        hint = self._hints.pop(session, "")
        try:
            metadata = await self._peer.metadata()
        except ProviderError as error:
            log.warning("nobody is signed out at %s: %s", self._entry.issuer, error)
            return ""
        there = self._peer.leave(metadata, f"{self._accounts.settings.url}/sign-in", hint)
        if not there:
            return ""
        token = tokens.new_token()
        _keep(self._leaving, token, there)
        return f"/oidc/leave?of={token}"

    async def leaving(self, request: Request) -> Response:
        """The page that goes on to the provider; without a script, and with a link where it does not go by itself."""
        there = self._leaving.get(request.query_params.get("of", "")[:100])
        if there is None:
            return go("/sign-in?why=out")
        reader = reader_of(request.scope)
        told = html.note(reader.say("sign-out.there"))
        link = f'<a class="gate-button" href="{escape(there)}">{reader.say("sign-out.go-on")}</a>'
        answer = html.page(
            reader, say("account.out", reader.lang), f"<h1>{reader.say('sign-out')}</h1>\n{told}\n{link}"
        )
        answer.headers["Refresh"] = f"0; url={there}"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def _failed(self, request: Request, key: str, why: str, status: int) -> Response:
        if why:
            log.warning("sign-in through %s: %s", self._entry.issuer, why)
        reader = reader_of(request.scope)
        told = html.note(reader.say(key, why=why) if why else reader.say(key), wrong=True)
        again = f'<a class="gate-button" href="/sign-in?{urlencode({"lang": reader.lang})}">{reader.say("sign-in")}</a>'
        return html.page(
            reader, say("sign-in", reader.lang), f"<h1>{reader.say('sign-in')}</h1>\n{told}\n{again}", status
        )


def _keep(of: OrderedDict[str, str], name: str, value: str) -> None:
    """Remember it; of too many the oldest is forgotten."""
    of[name] = value
    while len(of) > MOST:
        of.popitem(last=False)
