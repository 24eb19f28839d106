"""The pages of phones: ``/follow/{code}`` for visitors, ``/guide/{tour}`` for who leads. Plain HTML with small scripts
and no model: two hundred phones load them at once, over whatever network there is.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from server.accounts import html
from server.accounts.html import NAMES, Reader, reader_of
from server.campus_drawing import drawing
from server.runtime import Runtime
from server.texts import LANGUAGES
from server.tour_words import say, words
from server.tours import followed
from twin.index import label_of

SHEETS = ("/assets/fonts/inter.css", "/assets/fonts/noto-sans-sc.css", "/assets/base.css")


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the routes; before the pages, which answer every other address."""
    desk = runtime.tours
    picture: list[str] = []

    def campus_picture() -> str:
        if not picture:
            picture.append(drawing(runtime.assembled.campus))
        return picture[0]

    async def follow(request: Request) -> Response:
        reader = reader_of(request.scope)
        telling = followed(desk, request.path_params["code"])
        if telling is None:
            title = say("follow.none", reader.lang)
            body = f"<h1>{escape(title)}</h1>\n{html.note(escape(say('follow.none-text', reader.lang)))}"
            return html.page(reader, title, body, 404)
        told = _told(runtime, reader, {"code": telling.code, "languages": list(telling.tour.languages)})
        body = _FOLLOW.format(told=told, drawing=campus_picture(), **_said(reader, _FOLLOW_TEXTS))
        return shell(reader, telling.tour.names.get(reader.lang, ""), body, "follow")

    async def guide(request: Request) -> Response:
        reader = reader_of(request.scope)
        tour = desk.tours().get(request.path_params["tour"])
        if tour is None:
            title = say("tour.unknown", reader.lang, name=request.path_params["tour"][:80])
            names = ", ".join(desk.tours()) or "–"
            body = f"<h1>{escape(title)}</h1>\n{html.note(escape(say('tour.unknown-text', reader.lang, names=names)))}"
            return html.page(reader, title, body, 404)
        chapters = [
            {"id": chapter.id, "names": dict(chapter.names),
             "steps": [{"id": step.id, "text": dict(step.words.text)} for step in chapter.steps]}
            for chapter in tour.chapters
        ]  # fmt: skip
        walls = {wall.id: wall.names for wall in runtime.walls.walls().values()}
        facts = {
            "tour": tour.id, "names": dict(tour.names), "minutes": list(tour.minutes), "seconds": tour.seconds,
            "languages": list(tour.languages), "chapters": chapters, "walls": walls,
        }  # fmt: skip
        told = _told(runtime, reader, facts)
        body = _GUIDE.format(told=told, drawing=campus_picture(), **_said(reader, _GUIDE_TEXTS))
        return shell(reader, tour.names.get(reader.lang, tour.id), body, "guide", theme="dark")

    server.router.routes.append(Route("/follow/{code}", follow, methods=["GET"]))
    server.router.routes.append(Route("/guide/{tour}", guide, methods=["GET"]))


def shell(reader: Reader, title: str, body: str, page: str, theme: str = "") -> Response:
    """A page of a phone; ``body`` is HTML, ``page`` names its stylesheet and script."""
    theme = reader.theme or theme
    chosen = f' data-theme="{theme}"' if theme else ""
    sheets = [reader.style, *SHEETS, "/assets/boot/phone.css"]
    links = "\n".join(f'<link rel="stylesheet" href="{escape(sheet)}">' for sheet in sheets if sheet)
    scripts = "\n".join(
        f'<script src="{path}" defer></script>'
        for path in ("/assets/line.js", "/assets/boot/phone.js", f"/assets/boot/{page}.js")
    )
    text = (
        f'<!DOCTYPE html>\n<html lang="{NAMES[reader.lang][1]}"{chosen}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)} · {escape(reader.campus)}</title>\n"
        f'<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">\n{links}\n{scripts}\n</head>\n'
        f'<body class="phone {page}" data-page="{page}">\n{body}\n</body>\n</html>\n'
    )
    return HTMLResponse(text, 200, {"Cache-Control": "no-store"})


def _told(runtime: Runtime, reader: Reader, facts: dict[str, Any]) -> str:
    """What the page's scripts need, as the text of a data attribute."""
    campus = runtime.assembled.campus
    whole = {
        **facts, "lang": reader.lang, "texts": {lang: dict(words(lang)) for lang in LANGUAGES},
        "timezone": campus.timezone, "schematic": campus.schematic, "campus": label_of(campus, reader.lang),
    }  # fmt: skip
    return escape(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))


def _said(reader: Reader, keys: tuple[str, ...]) -> dict[str, str]:
    """Texts of the page that stand in its HTML, by the last word of their key."""
    return {key.rpartition(".")[2].replace("-", "_"): escape(say(key, reader.lang)) for key in keys}


_FOLLOW_TEXTS = ("follow.language", "follow.around", "follow.loading", "follow.earlier", "follow.later")
_FOLLOW = """<main id="main" class="phone-main" data-told="{told}" data-state="loading">
<header class="phone-head"><h1 id="chapter"></h1><p id="place"></p>
<label class="phone-lang"><span class="sr-only">{language}</span><select id="lang"></select></label></header>
<div class="phone-picture" id="picture">{drawing}</div>
<section id="words" class="phone-words" aria-live="polite"><p class="phone-quiet">{loading}</p></section>
<p id="says" class="phone-says" role="status"></p>
<footer class="phone-foot"><div id="dots" class="phone-dots" role="img"></div>
<div class="phone-browse" id="browse" hidden><button type="button" id="earlier">{earlier}</button>
<button type="button" id="later">{later}</button></div>
<button type="button" id="around" class="phone-pill" hidden>{around}</button></footer>
</main>"""

_GUIDE_TEXTS = (
    "guide.find", "guide.controls", "tour.back", "tour.next", "tour.hold", "guide.more", "guide.left", "guide.ends",
    "guide.notes", "guide.jump", "guide.lang", "guide.wall", "guide.end", "guide.length",
)  # fmt: skip
_GUIDE = """<main id="main" class="phone-main" data-told="{told}" data-state="loading">
<header class="phone-head"><h1 id="name"></h1><p id="line" role="status"></p></header>
<div id="bars" class="guide-bars" role="img"></div>
<div id="start" class="guide-start" hidden></div>
<div id="lead" class="guide-lead" hidden>
<section class="guide-card"><div class="phone-picture" id="picture">{drawing}
<p class="guide-over"><b id="chapter"></b><span id="clock"></span></p></div>
<div class="guide-notes"><h2>{notes}</h2><p id="sentence" class="guide-sentence"></p><p id="notes"></p>
<p id="facts" class="phone-facts"></p><ul id="passed" class="guide-passed"></ul></div></section>
<p id="coming" class="guide-coming"></p>
<nav id="chips" class="guide-chips" aria-label="{jump}"></nav>
<details class="guide-more"><summary>{more}</summary>
<label class="guide-field"><span>{find}</span><input id="find" type="search" autocomplete="off" maxlength="100"></label>
<ul id="found" class="guide-found"></ul>
<label class="guide-field"><span>{wall}</span><select id="wall"></select></label>
<label class="guide-field"><span>{length}</span><select id="length"></select></label>
<button type="button" id="end" class="guide-quiet">{end}</button></details>
</div>
<footer class="guide-hands" id="hands" hidden>
<p id="says" class="phone-says" role="alert"></p>
<div class="guide-buttons" role="toolbar" aria-label="{controls}">
<button type="button" data-does="back">{back}</button><button type="button" data-does="hold">{hold}</button>
<button type="button" data-does="next" class="guide-next">{next}</button></div>
<div class="guide-last"><div id="langs" class="guide-langs" role="group" aria-label="{lang}"></div>
<p class="guide-time"><b id="left"></b> {left}<br><span id="ends"></span> {ends}</p></div></footer>
</main>"""
