"""``/account``: who I am here, my own password, sign out everywhere; and ``/api/v1/me`` for programs and scripts."""

from __future__ import annotations

import asyncio
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from server.accounts import html, people
from server.accounts.accounts import Accounts, subject_of
from server.accounts.forms import fields_of, go, is_ours, proof_of, signed_in
from server.accounts.html import reader_of
from server.accounts.rows import User
from server.accounts.store import AccountsError
from server.accounts.words import say


class Own:
    """The routes; ``accounts`` is None or off while nobody has to sign in."""

    def __init__(self, accounts: Accounts | None) -> None:
        self._accounts = accounts

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/account", self.account, methods=["GET", "POST"]),
            Route("/api/v1/me", self.me, methods=["GET"]),
        ]

    async def me(self, request: Request) -> Response:
        """Who asks."""
        who = request.state.who
        return JSONResponse({"name": who.name, "role": who.role, "kind": who.kind, "wall": who.wall})

    async def account(self, request: Request) -> Response:
        """The page, and what its form of a new password sends."""
        accounts, reader = self._accounts, reader_of(request.scope)
        if accounts is None or not accounts.on:
            return html.message(reader, "account", reader.say("account.demo"), 200)
        user = accounts.user_of(request.state.session)
        if request.method != "POST":
            saved = request.query_params.get("saved") == "1"
            return self._page(request, accounts, user, "account.saved" if saved else "", wrong=False)
        fields = await fields_of(request)
        key = "sign-in.form" if not is_ours(accounts, request, fields) else ""
        if user is None or user.kind != "local":
            key = key or "account.elsewhere"
        elif not key:
            key = await self._change(request, accounts, user, fields)
        if key or user is None:
            return self._page(request, accounts, user, key, wrong=True)
        address, session = request.state.address, request.state.session
        value = await asyncio.to_thread(accounts.begin, user=user.id, address=address, before=session)
        await asyncio.to_thread(accounts.end_all, user.id, _hash_of(accounts, value))
        await asyncio.to_thread(accounts.note, request.state.who, "password", user.name, address=address)
        return signed_in(go("/account?saved=1"), request, value, accounts.settings.session.longest_h)

    async def _change(self, request: Request, accounts: Accounts, user: User, fields: dict[str, str]) -> str:
        """Change the password; a key of the texts where that cannot be."""
        if fields.get("password") != fields.get("again"):
            return "password.differ"
        if accounts.throttle.wait_s(subject_of(user.name), request.state.address):
            return "sign-in.busy"
        if not await asyncio.to_thread(accounts.passwords.fits, fields.get("old", ""), user.password):
            return "password.old"
        accounts.throttle.succeeded(subject_of(user.name), request.state.address)
        try:
            await asyncio.to_thread(people.set_password, accounts, user, fields.get("password", ""))
        except AccountsError as error:
            return error.key
        return ""

    def _page(self, request: Request, accounts: Accounts, user: User | None, key: str, wrong: bool) -> Response:
        reader, who = reader_of(request.scope), request.state.who
        proof, _ = proof_of(accounts, request)
        told = reader.say(key) if key else ""
        facts = (
            f'<dl class="gate-facts"><dt>{reader.say("sign-in.name")}</dt><dd>{escape(who.name)}</dd>'
            f"<dt>{reader.say('account.role')}</dt><dd>{reader.say(f'role.{who.role}')}</dd></dl>"
        )
        parts = [f"<h1>{reader.say('account')}</h1>", html.note(told, wrong), facts]
        if user is not None and user.kind == "local":
            fields = [
                html.field(reader.say("account.old"), "old", "password", "current-password"),
                html.field(reader.say("set-up.password"), "password", "password", "new-password"),
                html.field(reader.say("set-up.again"), "again", "password", "new-password"),
            ]
            parts.append(f"<h2>{reader.say('account.change')}</h2>")
            parts.append(html.form("/account", proof, fields, reader.say("account.save")))
        elif user is not None:
            parts.append(html.note(reader.say("account.elsewhere")))
        if user is not None:
            parts.append(f"<h2>{reader.say('account.out')}</h2>")
            parts.append(html.form("/sign-out", proof, [], reader.say("account.out"), " quiet"))
            every = '<input type="hidden" name="everywhere" value="1">'
            parts.append(html.form("/sign-out", proof, [every], reader.say("account.everywhere"), " quiet"))
        parts.append(f'<p class="gate-or"><a href="/">{reader.say("home")}</a></p>')
        return html.page(reader, say("account", reader.lang), "\n".join(parts), 422 if wrong else 200)


def _hash_of(accounts: Accounts, value: str) -> str:
    """The hash of the session whose cookie has this value."""
    return accounts.of_cookie(value).session
