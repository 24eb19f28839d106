"""The screens as one Dash application on the server's FastAPI: pages, routing, the first HTML, styles from tokens.

Three things differ from plain Dash Pages, each for a reason. The router listens to the path alone, because the whole
state of a view lives in the query and a page (with its WebGL context) must survive a change of it. No script stands
inline in the HTML, so that the content security policy needs no exception. An address that no page has answers 404.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from html import escape
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request, Response

from pages import (
    admin,
    alarms,
    building,
    check,
    console,
    drills,
    feeds,
    incident,
    incidents,
    not_found,
    reports,
    shift_log,
    tour,
    tours,
    trends,
    visits,
    wall,
    wall_control,
    wall_edit,
    walls,
)
from pages._parts import account, details, states, twin_view
from pages._parts.context import Context, Theme, context_at, context_of
from pages._parts.text import choose_language, texts
from pages._parts.tokens import ASSETS, content_hash, load_tokens, stylesheet
from pages._parts.twin_view import default_channel
from server.runtime import Runtime
from twin.domains import channels
from twin.history.contract import HistoryError
from twin.index import label_of

log = logging.getLogger(__name__)

PAGES: tuple[ModuleType, ...] = (
    console,
    building,
    alarms,
    incidents,
    incident,
    shift_log,
    tour,
    tours,
    trends,
    reports,
    feeds,
    check,
    admin,
    drills,
    wall_control,
    wall_edit,
    wall,
    walls,
    tour,
    tours,
    visits,
)
"""Every screen: a module with ``PATH`` (a template with ``<names>``), ``layout``, ``title`` and ``callbacks``."""


class CampusDash(dash.Dash):
    """Dash with our first HTML and without Dash's own page router."""

    runtime: Runtime

    def enable_pages(self) -> None:
        """Leave routing to ``_route``: Dash's router redraws the page whenever the query changes."""

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]  # Dash calls it by keywords
        """The first HTML: language, theme and texts are in it, every script is a file."""
        request = self.backend.request_adapter()
        lang = choose_language(request.args, request.cookies, request.headers.get("accept-language", ""))
        theme = chosen_theme(request.args, request.cookies)
        page, path = find_page(request.path)
        context = Context(self.runtime, lang, theme or "light", dict(request.args))
        facts = json.dumps(page_facts(context, path), ensure_ascii=False).replace("<", "\\u003c")
        boot = self.get_asset_url("boot")
        return (
            f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}"'
            + (f' data-theme="{theme}"' if theme else "")
            + f">\n<head>\n{parts['metas']}\n<title>{escape(page.title(context, **path))}</title>\n"
            f'<link rel="icon" type="image/svg+xml" href="{self.get_asset_url("favicon.svg")}">\n'
            f'<script src="{boot}/theme.js"></script>\n{parts["css"]}\n</head>\n<body>\n'
            f'<a class="skip" href="#main">{escape(context.text("skip"))}</a>\n{parts["app_entry"]}\n'
            f"{account.banner(self.runtime)}\n"
            f'<noscript><p class="noscript">{escape(context.text("noscript"))}</p></noscript>\n'
            f'<script id="facts" type="application/json">{facts}</script>\n'
            f'<footer>{parts["config"]}{parts["scripts"]}<script id="_dash-renderer" src="{boot}/renderer.js"></script>'
            "</footer>\n</body>\n</html>"
        )


def chosen_theme(query: Mapping[str, str], cookies: Mapping[str, str]) -> Theme | None:
    """The theme that the address or the cookie asks for; None leaves it to the system's preference."""
    for wish in (query.get("theme"), cookies.get("theme")):
        if wish == "light" or wish == "dark":
            return wish  # type: ignore[return-value]
    return None


def page_facts(context: Context, path: Mapping[str, str]) -> dict[str, Any]:
    """What the page's scripts need before the first callback: texts, names, addresses."""
    runtime = context.runtime
    return {
        "lang": context.lang,
        "timezone": context.timezone,
        "campus": {"id": runtime.assembled.campus.id, "name": context.campus_name},
        "scene": runtime.scene.scene_url,
        "channel": default_channel(),
        "legends": {key: channel.legend() for key, channel in channels().items()},
        "texts": dict(texts(context.lang)),
        "path": dict(path),
        "fed": bool(runtime.sources()),
        "token": account.form_token(runtime),
    }


def find_page(path: str) -> tuple[ModuleType, dict[str, str]]:
    """The page of an address and the variables in it; the not-found page when none fits."""
    for page in PAGES:
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>.+)", page.PATH)
        if match := re.fullmatch(pattern, unquote(path) or "/"):
            return page, match.groupdict()
    return not_found, {}


def create_app(server: FastAPI, runtime: Runtime) -> dash.Dash:
    """The screens on ``server``, showing ``runtime``'s campus. Call it after every other route is in place."""
    sheet = stylesheet(load_tokens())
    sheet_url = f"/style/tokens-{content_hash(sheet)}.css"

    async def tokens_css() -> Response:
        return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})

    server.add_api_route(sheet_url, tokens_css, include_in_schema=False)
    app = CampusDash(
        __name__,
        server=server,  # type: ignore[arg-type]  # its annotation forgot the other backends
        backend="fastapi",
        use_pages=True,
        pages_folder="",
        include_pages_meta=False,
        assets_folder=str(ASSETS),
        assets_path_ignore=["^boot$", "^icons$", "^i18n$", "^paper$"],
        external_stylesheets=[sheet_url],
        suppress_callback_exceptions=True,
        title=label_of(runtime.assembled.campus, "en"),
        update_title=None,  # type: ignore[arg-type]  # documented: no "Updating..." in the title
        on_error=_log_callback_error,
    )
    app.runtime = runtime
    app.layout = _frame
    for page in (*PAGES, not_found):
        where = {"path_template" if "<" in page.PATH else "path": page.PATH}
        dash.register_page(page.__name__, layout=page.layout, **where)  # type: ignore[no-untyped-call]
        page.callbacks(app, runtime)
    _route(app, runtime)
    _answer_pages(server, app)
    server.state.style = sheet_url
    # Dash lists scripts and callbacks when it first answers '/' itself; a link to a building may come before that.
    app._setup_server()  # type: ignore[no-untyped-call]
    account.keep_callbacks(app)
    return app


def _frame() -> html.Div:
    """What stands around every page: the address, the view's state, the page itself."""
    return html.Div(
        [
            dcc.Location(id="address", refresh=False),
            dcc.Store(id="route"),
            dcc.Store(id="focus"),
            dcc.Store(id="place"),
            dcc.Store(id="fresh"),
            dcc.Interval(id="pulse", interval=3000),
            html.Div(states.loading(), id="page"),
        ]
    )


async def _page(context: Context, address: str) -> Any:
    """The page of an address, or what stands there instead."""
    page, path = find_page(address)
    if page is not not_found and (refused := account.refused(context, unquote(address) or "/")):
        return refused
    try:
        return await page.layout(context, **path)
    except Exception:  # whatever it is, the reader gets a sentence and the log the reason
        log.exception("the page %s could not be built", address)
        return states.broken(context)


def _route(app: CampusDash, runtime: Runtime) -> None:
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
        ClientsideFunction("campus", "route"), Output("route", "data"), Input("address", "pathname")
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
        ClientsideFunction("campus", "shown"), Output("focus", "data"), Output("place", "data"),
        Input("page", "children"), prevent_initial_call=True,
    )  # fmt: skip

    @app.callback(Output("page", "children"), Input("route", "data"), prevent_initial_call=True)
    async def show_page(route: dict[str, str]) -> Any:
        return await _page(context_of(runtime, route), route["path"])

    twin_view.callbacks(app)

    @app.callback(
        Output("heading", "children"), Output("storeys", "children"),
        Input("place", "data"), State("route", "data"), prevent_initial_call=True,
    )  # fmt: skip
    async def show_heading(place: dict[str, str], route: dict[str, str]) -> tuple[Any, Any]:
        context = context_of(runtime, route)
        known = place["sel"] if place["sel"] in runtime.index else ""
        storey = place["storey"]
        return twin_view.heading(context, known, storey), twin_view.storey_list(context, known, storey)

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
        ClientsideFunction("campus", "fresh"), Output("fresh", "id"), Input("fresh", "data"),
        prevent_initial_call=True,
    )  # fmt: skip

    @app.callback(
        Output("fresh", "data"), Input("pulse", "n_intervals"), State("focus", "data"), State("route", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    async def tell_again(_pulse: int, focus: dict[str, str] | None, route: dict[str, str]) -> Any:
        if not focus or not focus["sel"]:
            return dash.no_update
        if focus.get("at", "live") != "live":  # what was grows no older
            return dash.no_update
        texts = await asyncio.to_thread(details.aging, context_of(runtime, route), focus["sel"], focus["ch"])
        return {"of": focus["sel"], "texts": texts} if texts else dash.no_update

    @app.callback(
        Output("details", "children"), Input("focus", "data"), State("route", "data"), prevent_initial_call=True
    )
    async def show_details(focus: dict[str, str], route: dict[str, str]) -> Any:
        context = context_of(runtime, route)
        try:
            context = await context_at(runtime, route, focus.get("at", "live"))
            return await asyncio.to_thread(details.details, context, focus["sel"], focus["ch"])
        except HistoryError as error:
            return states.message("missing", context.text("time.unknown"), str(error))
        except Exception:  # as above: one broken entity must not leave another's facts on the screen
            log.exception("the details of %r could not be built", focus["sel"])
            return states.broken(context)


def _answer_pages(server: FastAPI, app: CampusDash) -> None:
    """Answer every other address with the first HTML, and with status 404 when no page has it.

    Dash adds a rule of the same kind when the server starts; it comes after this one and is never reached.
    """

    async def page(request: Request) -> Response:
        known = find_page(request.url.path)[0] is not not_found
        token = set_current_request(request)  # type: ignore[no-untyped-call]  # Dash keeps the request of its own routes only
        try:
            html_text = app.index()  # type: ignore[no-untyped-call]
            return Response(html_text, status_code=200 if known else 404, media_type="text/html")
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]

    server.add_api_route("/{path:path}", page, methods=["GET"], include_in_schema=False)


def _log_callback_error(error: Exception) -> None:
    """Dash's FastAPI backend answers 500 without a word; the log must have the reason."""
    context = dash.ctx
    log.error("callback for %s failed", context.outputs_list, exc_info=error)
    raise error
