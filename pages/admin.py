"""The page of accounts, ``/admin``: users, displays, keys for programs, and the audit log. For administrators.

What is pressed is asked of the API (assets/admin.js); the tables are then drawn again by the callback here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import dash
from dash import Input, Output, State, dcc, html

from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_of
from pages._parts.field import TextField
from server.accounts import audit
from server.accounts.accounts import Accounts
from server.accounts.audit import Asked
from server.accounts.rows import User
from server.accounts.who import STAFF
from server.accounts.words import say, say_or
from server.runtime import Runtime

PATH = "/admin"
ROWS = 50
TABLES = ("users", "displays", "keys", "audit")


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('admin', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """Four tables, each with its form above."""
    accounts = context.runtime.accounts
    lang = context.lang
    if accounts is None or not accounts.on:
        off = states.message("missing", say("admin.off", lang), say("admin.off-text", lang))
        body: list[Child] = [html.Main(off, id="main", className="lonely")]
        return html.Div([bar(context, PATH, fed=False), *body], className="page", **attrs({"data-page": "admin"}))
    drawn = await asyncio.to_thread(_tables, context, accounts, {})
    sections = [
        html.Section(
            [html.H2(say(f"admin.{name}", lang)), _form(context, name), html.Div(table, id=f"admin-{name}")],
            className="admin-part",
        )
        for name, table in zip(TABLES, drawn, strict=True)
    ]
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.H1(say("admin", lang)),
                    html.Div(id="admin-says", className="admin-says", role="status", **attrs(_sentences(lang))),
                    *sections,
                    dcc.Store(id="admin-again"),
                    html.P(id="announce", className="sr-only", role="status"),
                ],
                id="main",
                className="sheet admin-sheet",
                tabIndex=-1,
            ),
        ],
        className="page admin",
        **attrs({"data-page": "admin", "data-state": "ready"}),
    )


def _sentences(lang: Any) -> dict[str, str]:
    """What assets/admin.js says, in the page's language."""
    keys = ("once", "until", "copy", "copied", "close", "failed", "sure")
    return {f"data-{key}": say(f"admin.{key}", lang) for key in keys}


def _form(context: Context, name: str) -> Child:
    lang = context.lang
    if name == "audit":
        return html.Div(
            [
                _text("admin-audit-who", say("admin.who", lang)),
                _select(
                    "admin-audit-action", say("admin.action", lang), [("", say("admin.all", lang)), *_actions(lang)]
                ),
                html.Button(say("admin.filter", lang), className="button", **attrs({"data-admin": "filter"})),
                html.A(
                    say("admin.csv", lang), href="/api/v1/audit?format=csv", className="button quiet", id="admin-csv"
                ),
            ],
            className="admin-form",
        )
    button = {"users": "invite", "displays": "add-display", "keys": "add-key"}[name]
    fields = [_text(f"admin-{name}-name", say("admin.name", lang))]
    if name == "displays":
        fields.append(_text("admin-displays-wall", say("admin.wall", lang)))
    else:
        roles = [(role, say(f"role.{role}", lang)) for role in STAFF]
        fields.append(_select(f"admin-{name}-role", say("admin.role", lang), roles))
    return html.Div(
        [
            *fields,
            html.Button(say(f"admin.{button}", lang), className="button", **attrs({"data-admin": f"add-{name}"})),
        ],
        className="admin-form",
    )


def _actions(lang: Any) -> list[tuple[str, str]]:
    names = ("sign-in", "sign-out", "set-up", "password", "invite", "user", "user-delete", "display", "display-on",
             "display-off", "key", "key-off", "change", "export")  # fmt: skip
    return [(name, say(f"action.{name}", lang)) for name in names]


def _text(name: str, label: str) -> html.Label:
    """A field; Dash's own has no label, so the words stand above it."""
    return html.Label([html.Span(label), TextField(id=name, maxLength=64)],
                      className="admin-field", htmlFor=name)  # fmt: skip


def _select(name: str, label: str, rows: Sequence[tuple[str, str]]) -> html.Label:
    options = [html.Option(words, value=value) for value, words in rows]
    return html.Label([html.Span(label), html.Select(options, id=name)], className="admin-field", htmlFor=name)


def _tables(context: Context, accounts: Accounts, wish: Mapping[str, Any]) -> tuple[Child, ...]:
    known = accounts.known
    users = [_user(context, row) for row in sorted(known.users.values(), key=lambda row: row.name.casefold())]
    displays = [
        [row.name, row.wall or say("admin.any-wall", context.lang), _time(context, row.made), row.made_by,
         _time(context, row.seen), _buttons(context, "kiosks", row.id, ("revoke",))]
        for row in known.displays.values()
    ]  # fmt: skip
    keys = [
        [row.name, say_or(f"role.{row.role}", context.lang, row.role), _time(context, row.made), row.made_by,
         _time(context, row.seen), _buttons(context, "keys", row.id, ("revoke",))]
        for row in known.programs.values()
    ]  # fmt: skip
    return (
        _table(context, "users", ("name", "role", "kind", "state", "made", "seen", "do"), users),
        _table(context, "displays", ("name", "wall", "made", "by", "seen", "do"), displays),
        _table(context, "keys", ("name", "role", "made", "by", "seen", "do"), keys),
        _log(context, accounts, wish),
    )


def _user(context: Context, user: User) -> list[Child]:
    lang = context.lang
    state = "disabled" if user.disabled else "active" if user.password or user.kind == "oidc" else "invited"
    roles = html.Select(
        [html.Option(say(f"role.{role}", lang), value=role) for role in STAFF],
        className="admin-role",
        **attrs({"data-admin-role": str(user.id), "data-value": user.role,
                 "aria-label": f"{say('admin.role', lang)}: {user.name}"}),
    )  # fmt: skip
    shown: Child = roles if user.kind == "local" else say(f"role.{user.role}", lang)
    do = ["enable" if user.disabled else "disable", "delete"]
    if user.kind == "local" and not user.disabled:
        do.insert(0, "reset")
    return [
        user.name, shown, say(f"admin.kind.{user.kind}", lang), say(f"admin.state.{state}", lang),
        _time(context, user.made), _time(context, user.seen), _buttons(context, "users", user.id, do),
    ]  # fmt: skip


def _buttons(context: Context, what: str, id_: int, do: Sequence[str]) -> html.Div:
    return html.Div(
        [
            html.Button(say(f"admin.{name}", context.lang), className="admin-do",
                        **attrs({"data-admin": name, "data-of": f"{what}/{id_}"}))
            for name in do
        ],
        className="admin-buttons",
    )  # fmt: skip


def _log(context: Context, accounts: Accounts, wish: Mapping[str, Any]) -> Child:
    lang = context.lang
    before = wish.get("before")
    asked = Asked(
        str(wish.get("who") or "")[:64], str(wish.get("action") or "")[:64],
        before=before if isinstance(before, int) and before > 0 else 2**53,
    )  # fmt: skip
    rows = audit.rows(accounts.store, asked, ROWS)
    lines = [
        [
            _time(context, row["time"], seconds=True), row["who"] or "–",
            say_or(f"role.{row['role']}", lang, row["role"]),
            row["address"], say_or(f"action.{row['action']}", lang, row["action"]), row["target"],
            say_or(f"outcome.{row['outcome']}", lang, row["outcome"]),
        ]
        for row in rows
    ]  # fmt: skip
    table = _table(context, "audit", ("time", "who", "role", "address", "action", "target", "outcome"), lines)
    older = str(rows[-1]["seq"]) if len(rows) == ROWS else ""
    pages = []
    if before:
        pages.append(html.Button(say("admin.newest", lang), className="button", **attrs({"data-admin": "newest"})))
    if older:
        pages.append(
            html.Button(
                say("admin.older", lang), className="button", **attrs({"data-admin": "older", "data-of": older})
            )
        )
    return html.Div([table, html.Div(pages, className="admin-pages")])


def _table(context: Context, name: str, columns: Sequence[str], lines: Sequence[Sequence[Child]]) -> Child:
    lang = context.lang
    if not lines:
        return html.P(say(f"admin.none.{name}", lang), className="quiet-line")
    head = html.Tr(
        [html.Th(say(f"admin.{column}", lang), scope="col", className=f"head-{column}") for column in columns]
    )
    body = [html.Tr([html.Th(line[0], scope="row"), *(html.Td(cell) for cell in line[1:])]) for line in lines]
    caption = html.Caption(say(f"admin.{name}", lang), className="sr-only")
    table = html.Table([caption, html.Thead(head), html.Tbody(body)], className="table")
    return html.Div(table, className="admin-table",
                    tabIndex=0, role="region", **attrs({"aria-label": say(f"admin.{name}", lang)}))  # fmt: skip


def _time(context: Context, at: float | None, seconds: bool = False) -> str:
    """An instant in the campus's zone; of a use that never was, the word for it."""
    if at is None:
        return say("admin.never", context.lang)
    return datetime.fromtimestamp(at, ZoneInfo(context.timezone)).strftime(
        "%Y-%m-%d %H:%M" + (":%S" if seconds else "")
    )


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The tables, drawn again after something was done."""

    @app.callback(
        *(Output(f"admin-{name}", "children") for name in TABLES),
        Input("admin-again", "data"), State("route", "data"), prevent_initial_call=True,
    )  # fmt: skip
    async def show(wish: dict[str, Any] | None, route: dict[str, str]) -> Any:
        accounts = runtime.accounts
        if accounts is None or not accounts.on:
            return (dash.no_update,) * len(TABLES)
        return await asyncio.to_thread(_tables, context_of(runtime, route), accounts, wish or {})
