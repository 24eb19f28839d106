"""``/sign-in``, ``/sign-out``, ``/set-up/<token>`` and ``/kiosk/<token>``: how somebody becomes known."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.accounts import html, people, tokens
from server.accounts.accounts import Accounts, subject_of
from server.accounts.forms import (
    DISPLAY_H,
    fields_of,
    go,
    inside,
    is_ours,
    proof_of,
    signed_in,
    signed_out,
    with_form_cookie,
)
from server.accounts.html import Reader, reader_of
from server.accounts.passwords import LONGEST
from server.accounts.store import AccountsError
from server.accounts.who import Who
from server.accounts.words import say

WHY = {"out": "sign-in.out", "ended": "sign-in.ended", "role": "sign-in.role"}
WAITING = 20
"""Checks of a password that wait for their turn; more are put off."""


class SignIn:
    """The routes over the accounts of a campus; ``leave`` says where sessions of a provider are ended there, too."""

    def __init__(self, accounts: Accounts, leave: Callable[[str], Awaitable[str]] | None = None) -> None:
        self._accounts = accounts
        self._leave = leave
        self._waiting = 0

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/set-up/{token}", self.set_up, methods=["GET", "POST"]),
            Route("/kiosk/{token}", self.kiosk, methods=["GET"]),
        ]

    async def sign_in(self, request: Request) -> Response:
        """The form, and what it sends."""
        wanted = inside(request.query_params.get("next", "/"))
        if request.method != "POST":
            if request.state.who is not None and request.state.who.kind != "visitor":
                return go(wanted)
            why = request.query_params.get("why", request.query_params.get("state", ""))  # state: back from a provider
            return self._form(request, WHY.get(why, ""))
        fields = await fields_of(request)
        if not is_ours(self._accounts, request, fields):
            return self._form(request, "sign-in.form", 400, name=fields.get("name", ""))
        name, password = fields.get("name", "")[:200], fields.get("password", "")[: LONGEST + 1]
        address = request.state.address
        wait = self._accounts.throttle.wait_s(subject_of(name), address)
        if wait or self._waiting >= WAITING:
            key = "sign-in.wait" if wait else "sign-in.busy"
            return self._form(request, key, 429, name=name, n=math.ceil(wait) or 1)
        self._waiting += 1
        try:
            user = await asyncio.to_thread(self._accounts.sign_in, name, password)
        finally:
            self._waiting -= 1
        if user is None:
            await asyncio.to_thread(
                self._accounts.note, None, "sign-in", name, address=address, outcome="refused", how="password"
            )
            return self._form(request, "sign-in.wrong", 401, name=name)
        self._accounts.throttle.succeeded(subject_of(name), address)
        value = await asyncio.to_thread(
            self._accounts.begin, user=user.id, address=address, before=request.state.session
        )
        who = Who(user.name, user.role, "local")  # type: ignore[arg-type]  # checked when made
        await asyncio.to_thread(self._accounts.note, who, "sign-in", user.name, address=address, how="password")
        return signed_in(go(wanted), request, value, self._accounts.settings.session.longest_h)

    def _form(self, request: Request, key: str, status: int = 200, name: str = "", n: int = 0) -> Response:
        reader, settings = reader_of(request.scope), self._accounts.settings
        wanted = inside(request.query_params.get("next", "/"))
        query = urlencode({"next": wanted, "lang": reader.lang})
        proof, fresh = proof_of(self._accounts, request)
        parts = [f"<h1>{reader.say('sign-in')}</h1>"]
        told = reader.say(key, n=n) if key else ""
        if not told and not self._accounts.in_use():
            told = reader.say("sign-in.none")
        parts.append(html.note(told, wrong=bool(key) and status != 200))
        if settings.local:
            fields = [
                html.field(reader.say("sign-in.name"), "name", complete="username", value=name, more=_AUTOFOCUS),
                html.field(reader.say("sign-in.password"), "password", "password", "current-password"),
            ]
            parts.append(html.form(f"/sign-in?{query}", proof, fields, reader.say("sign-in.go")))
        if settings.oidc is not None:
            label = settings.oidc.label.get(reader.lang) or say("sign-in.provider", reader.lang)
            if settings.local:
                parts.append(f'<p class="gate-or">{reader.say("sign-in.or")}</p>')
            quiet = " quiet" if settings.local else ""
            parts.append(f'<a class="gate-button{quiet}" href="/oidc/start?{escape(query)}">{escape(label)}</a>')
        if settings.proxy is not None and not settings.local and settings.oidc is None:
            parts.append(html.note(reader.say("sign-in.proxy")))
        answer = html.page(reader, say("sign-in", reader.lang), "\n".join(parts), status)
        if status == 429:
            answer.headers["Retry-After"] = str(max(1, n))
        return with_form_cookie(answer, request, fresh)

    async def sign_out(self, request: Request) -> Response:
        """End the session, here or everywhere."""
        fields = await fields_of(request)
        who, session = request.state.who, request.state.session
        if not session or who is None:
            return signed_out(go("/sign-in"), request)
        if not is_ours(self._accounts, request, fields):
            return self._refused(request)
        user = self._accounts.user_of(session)
        everywhere = fields.get("everywhere") == "1" and user is not None
        if everywhere and user is not None:
            await asyncio.to_thread(self._accounts.end_all, user.id)
        else:
            await asyncio.to_thread(self._accounts.end, session)
        self._accounts.streams.check()
        await asyncio.to_thread(
            self._accounts.note, who, "sign-out", who.name, address=request.state.address, everywhere=everywhere
        )
        there = await self._leave(session) if self._leave is not None and who.kind == "oidc" else ""
        return signed_out(go(there or "/sign-in?why=out"), request)

    def _refused(self, request: Request) -> Response:
        reader = reader_of(request.scope)
        return html.message(reader, "account", reader.say("sign-in.form"), 403)

    async def set_up(self, request: Request) -> Response:
        """Choose the password that a one-time link is for."""
        token, reader = request.path_params["token"], reader_of(request.scope)
        link = people.link_of(self._accounts, token)
        if link is None:
            return html.message(reader, "link.over-title", reader.say("link.over"), 404)
        if request.method != "POST":
            return self._set_up_form(request, reader, link.purpose, link.name)
        fields = await fields_of(request)
        name = link.name or fields.get("name", "")
        key = _mistake(self._accounts, request, fields)
        if not key:
            try:
                password = fields.get("password", "")
                user = await asyncio.to_thread(people.take_link, self._accounts, token, name, password)
            except AccountsError as error:
                key = error.key
        if key == "link.over":
            return html.message(reader, "link.over-title", reader.say("link.over"), 404)
        if key:
            return self._set_up_form(request, reader, link.purpose, link.name, key, name)
        address = request.state.address
        value = await asyncio.to_thread(
            self._accounts.begin, user=user.id, address=address, before=request.state.session
        )
        who = Who(user.name, user.role, "local")  # type: ignore[arg-type]  # checked when made
        await asyncio.to_thread(self._accounts.note, who, "set-up", user.name, address=address, purpose=link.purpose)
        where = "/admin" if link.purpose == "set-up" else "/"
        return signed_in(go(where), request, value, self._accounts.settings.session.longest_h)

    def _set_up_form(
        self, request: Request, reader: Reader, purpose: str, name: str, key: str = "", typed: str = ""
    ) -> Response:
        proof, fresh = proof_of(self._accounts, request)
        text = reader.say(f"{purpose}.text", name=name) if purpose != "reset" else reader.say("invite.text", name=name)
        fields = [] if name else [html.field(reader.say("sign-in.name"), "name", complete="username", value=typed)]
        fields += [
            html.field(reader.say("set-up.password"), "password", "password", "new-password", more=' minlength="12"'),
            html.field(reader.say("set-up.again"), "again", "password", "new-password"),
        ]
        if name:  # so that a keeper of passwords knows whose it is
            fields.insert(0, f'<input type="hidden" name="username" autocomplete="username" value="{escape(name)}">')
        action = f"{request.url.path}?{urlencode({'lang': reader.lang})}"
        body = (
            f"<h1>{reader.say(f'{purpose}.title')}</h1>\n{html.note(text)}\n"
            f"{html.note(reader.say(key) if key else '', wrong=True)}\n"
            f"{html.form(action, proof, fields, reader.say('set-up.go'))}"
        )
        answer = html.page(reader, say(f"{purpose}.title", reader.lang), body, 422 if key else 200)
        return with_form_cookie(answer, request, fresh)

    async def kiosk(self, request: Request) -> Response:
        """A screen opens the link of its display, and is that display from now on."""
        token = request.path_params["token"]
        known = self._accounts.known.display_tokens
        display = known.get(tokens.hashed(token)) if tokens.is_token(token) else None
        address = request.state.address
        if display is None:
            await asyncio.to_thread(self._accounts.note, None, "display-on", address=address, outcome="refused")
            return html.signed_off(request.scope)
        value = await asyncio.to_thread(
            self._accounts.begin, display=display.id, address=address, before=request.state.session
        )
        who = Who(display.name, "kiosk", "kiosk", display.wall)
        await asyncio.to_thread(self._accounts.note, who, "display-on", display.name, address=address)
        return signed_in(go(f"/wall/{display.wall or display.name}"), request, value, DISPLAY_H)


_AUTOFOCUS = " autofocus"


def _mistake(accounts: Accounts, request: Request, fields: dict[str, str]) -> str:
    """What is wrong with the form of a new password, as a key of the texts."""
    if not is_ours(accounts, request, fields):
        return "sign-in.form"
    return "" if fields.get("password") == fields.get("again") else "password.differ"
