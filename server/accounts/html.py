"""The pages that stand before the product: sign-in, links, the own account, refusals. Plain HTML on the server: they
work without a script, and nothing of the campus is in them but its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from server.accounts.blocks import drawing
from server.accounts.who import Who
from server.accounts.words import say
from server.texts import LANGUAGES, Lang, choose_language

NAMES: dict[Lang, tuple[str, str]] = {"zh": ("中", "zh-CN"), "en": ("EN", "en")}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is: language, theme ('' = the system's), the address that it is shown under, the campus's name,
    and the stylesheet of the tokens.
    """

    lang: Lang
    theme: str
    path: str
    query: tuple[tuple[str, str], ...]
    campus: str
    style: str

    def say(self, key: str, **figures: object) -> str:
        """A text in the reader's language, safe in HTML."""
        return escape(say(key, self.lang, **figures))


def reader_of(scope: Scope) -> Reader:
    """The reader of a request."""
    request = Request(scope)
    query, cookies = dict(request.query_params), request.cookies
    lang = choose_language(query, cookies, request.headers.get("accept-language", ""))
    wishes = (query.get("theme"), cookies.get("theme"))
    theme = next((wish for wish in wishes if wish in ("light", "dark")), "")
    state = getattr(scope.get("app"), "state", None)
    runtime = getattr(state, "runtime", None)
    names = runtime.assembled.campus.names if runtime is not None else {}
    campus = names.get(lang) or next(iter(names.values()), "Campus Twin")
    pairs = tuple(parse_qsl(scope["query_string"].decode("ascii", "replace")))
    return Reader(lang, theme or "", scope["path"], pairs, campus, getattr(state, "style", ""))


def page(reader: Reader, title: str, body: str, status: int = 200) -> Response:
    """A whole page; ``body`` is HTML, ``title`` is text."""
    theme = f' data-theme="{reader.theme}"' if reader.theme else ""
    sheets = [reader.style, "/assets/fonts/inter.css", "/assets/fonts/noto-sans-sc.css", "/assets/base.css",
              "/assets/boot/sign-in.css"]  # fmt: skip
    links = "\n".join(f'<link rel="stylesheet" href="{escape(sheet)}">' for sheet in sheets if sheet)
    text = (
        f'<!DOCTYPE html>\n<html lang="{NAMES[reader.lang][1]}"{theme}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)} · {escape(reader.campus)}</title>\n"
        f'<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">\n{links}\n</head>\n'
        f'<body class="gate" data-page="gate">\n<header class="gate-head">'
        f'<p class="gate-campus">{escape(reader.campus)}</p>{_languages(reader)}</header>\n'
        f'<main id="main" class="gate-main">\n{body}\n</main>\n{drawing()}\n'
        "</body>\n</html>\n"
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def _languages(reader: Reader) -> str:
    rest = [pair for pair in reader.query if pair[0] != "lang"]
    links = []
    for lang in LANGUAGES:
        word, tag = NAMES[lang]
        here = ' aria-current="true"' if lang == reader.lang else ""
        address = escape("?" + urlencode([*rest, ("lang", lang)]))
        links.append(f'<a class="gate-lang" href="{address}" lang="{tag}" hreflang="{tag}"{here}>{word}</a>')
    return f'<nav class="gate-langs" aria-label="{reader.say("language")}">{"".join(links)}</nav>'


def field(label: str, name: str, kind: str = "text", complete: str = "off", value: str = "", more: str = "") -> str:
    """One labelled field; ``label`` is HTML, the rest are texts."""
    return (
        f'<label class="gate-field"><span>{label}</span>'
        f'<input aria-label="{label}" name="{name}" type="{kind}" autocomplete="{complete}"'
        f' value="{escape(value)}" maxlength="600" required{more}></label>'
    )


def form(action: str, proof: str, parts: Sequence[str], button: str, extra: str = "") -> str:
    """A form that posts to ``action``; ``proof`` shows that it is ours, ``button`` is HTML."""
    hidden = f'<input type="hidden" name="proof" value="{escape(proof)}">'
    return (
        f'<form method="post" action="{escape(action)}" class="gate-form">{hidden}{"".join(parts)}'
        f'<button type="submit" class="gate-button{extra}">{button}</button></form>'
    )


def note(text: str, wrong: bool = False) -> str:
    """A sentence over a form; ``text`` is HTML. One about a mistake is read out at once."""
    return (
        f'<p class="gate-note{" wrong" if wrong else ""}" role="{"alert" if wrong else "status"}">{text}</p>'
        if text
        else ""
    )


def message(reader: Reader, key: str, sentence: str, status: int, home: bool = True) -> Response:
    """A page that says one thing; ``sentence`` is HTML."""
    link = f'<a class="gate-button quiet" href="/">{reader.say("home")}</a>' if home else ""
    return page(reader, say(key, reader.lang), f"<h1>{reader.say(key)}</h1>\n{note(sentence)}\n{link}", status)


def signed_off(scope: Scope) -> Response:
    """For a display whose permission was taken back."""
    reader = reader_of(scope)
    return message(reader, "signed-off", reader.say("signed-off.text"), 403, home=False)


def not_for_you(scope: Scope, who: Who) -> Response:
    """For somebody whose role may not see a page."""
    reader = reader_of(scope)
    role = say(f"role.{who.role}", reader.lang)
    return message(reader, "not-for-you", reader.say("not-for-you.text", name=who.name, role=role), 403)


def nothing_here(scope: Scope) -> Response:
    """For an address that the table does not have."""
    reader = reader_of(scope)
    return message(reader, "nothing-here", reader.say("nothing-here.text"), 404)
