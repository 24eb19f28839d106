"""Who is signed in, at the top of every page; and, where nobody has to, the strip that says so."""

from __future__ import annotations

import functools
from collections.abc import Callable
from html import escape
from typing import Any

import dash
from dash import html
from fastapi import HTTPException

from pages._parts import states
from pages._parts.blocks import attrs, icon
from pages._parts.context import Context
from pages._parts.text import LANGUAGES
from server.accounts import policy
from server.accounts.who import Who, session_now, who_now
from server.accounts.words import say
from server.runtime import Runtime

SCREEN = "/admin"


def said(context: Context) -> html.Div | None:
    """Name and role with the way to the own account, and sign-out; None where nobody has to sign in."""
    who = who_now()
    if who is None or who.kind in ("demo", "visitor", "kiosk"):
        return None
    lang = context.lang
    role = say(f"role.{who.role}", lang)
    title = say("account.signed-in", lang, name=who.name, role=role)
    out = say("account.out", lang)
    return html.Div(
        [
            html.A([html.Span(who.name, className="who-name"), html.Span(role, className="who-role")],
                   href="/account", className="who-link", title=title),
            html.Button(icon("sign-out"), className="tool quiet", title=out,
                        **attrs({"data-account": "out", "aria-label": out})),
        ],
        className="who",
    )  # fmt: skip


def may_open(path: str) -> bool:
    """Whether who asks may see the page of an address: links that lead nowhere are not shown."""
    return policy.may_show(who_now(), path)


def refused(context: Context, path: str) -> html.Div | None:
    """What stands there instead of a page that who asks may not see."""
    if may_open(path):
        return None
    back = ("/", context.text("missing.back"))
    return states.message("missing", say("not-for-you", context.lang), link=back)


def has_admin(context: Context) -> bool:
    """Whether the page Admin is among the screens: accounts are on, and who asks is an administrator."""
    accounts = context.runtime.accounts
    return accounts is not None and accounts.on and may_open(SCREEN)


def banner(runtime: Runtime) -> str:
    """The strip of a server where nobody has to sign in, as HTML, in both languages; '' elsewhere."""
    if runtime.accounts is not None and runtime.accounts.on:
        return ""
    words = "".join(
        f'<span lang="{"zh-CN" if lang == "zh" else lang}">{escape(say("demo.banner", lang))}</span>'
        for lang in LANGUAGES
    )
    return f'<aside class="demo-banner" aria-label="demo">{words}</aside>'


def form_token(runtime: Runtime) -> str:
    """What a script sends in X-Campus-Token with a change that is no JSON; '' where nobody signed in."""
    session = session_now()
    return runtime.accounts.proof("csrf", session) if runtime.accounts is not None and session else ""


def keep_callbacks(app: dash.Dash) -> None:
    """Let every server callback run only for whom the table allows (``server.accounts.policy.CALLBACKS``)."""
    for row in app.callback_map.values():
        if "callback" in row:
            row["callback"] = _kept(row["callback"])


def _kept(inner: Callable[..., Any]) -> Callable[..., Any]:
    module = inner.__module__

    @functools.wraps(inner)
    async def kept(*args: Any, **kwargs: Any) -> Any:
        who: Who | None = who_now()
        if not policy.may_run(who, module, inner.__name__):
            raise HTTPException(403, f"{who.role if who else 'nobody'} may not do what {module} does")
        return await inner(*args, **kwargs)

    return kept
