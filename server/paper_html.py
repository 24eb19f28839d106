"""A document (``server.paper``) as one HTML page that stands alone: its style, drawings and typefaces are in it, it has
no script, and it asks nobody for anything. The same page is what the browser shows, prints, and what becomes a PDF.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

from server import paper_fonts
from server.paper import Block, Cell, Document, Drawing, Figure, Figures, Paragraph, Points, Section, Signatures, Table

ASSETS = Path(__file__).resolve().parent.parent / "assets"
WHOLE = 10
"""A table of so many rows at most is not parted between two pages."""
TAGS = {"zh": "zh-CN", "en": "en"}
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; font-src data: 'self'; base-uri 'none'; form-action 'none'"
)


def page(document: Document, *, linked: bool = False) -> str:
    """The whole page. ``linked``: the typefaces come from the server that shows it, which makes it small."""
    body = "".join(_body(document))
    margins = _margins(document)
    fonts = "" if linked else f"<style>{paper_fonts.embedded(body + document.title + margins)}</style>"
    links = paper_fonts.LINKED if linked else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{TAGS[document.lang]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(_title(document))}</title>{links}{fonts}"
        f"<style>{style()}{margins}</style></head>\n<body>{body}</body></html>\n"
    )


def _title(document: Document) -> str:
    return " · ".join(filter(None, [document.title, document.under, document.over]))


def _margins(document: Document) -> str:
    """What stands in the margins of every sheet of paper: what it is, what must not be missed, which page."""
    number = document.page_of.partition("{n}")
    middle, _, end = number[2].partition("{all}")
    count = f"{_quoted(number[0])} counter(page) {_quoted(middle)} counter(pages) {_quoted(end)}"
    mark = " · ".join(word for word, _ in document.marks)
    marked = f"@top-right{{content:{_quoted(mark)}}}" if mark else ""
    return (
        f"@page{{@bottom-left{{content:{_quoted(document.foot)}}}@bottom-right{{content:{count}}}{marked}}}"
        f"@page:first{{@top-right{{content:''}}}}"
    )


def _quoted(text: str) -> str:
    """A text as a string of CSS, whatever is in it."""
    return '"' + "".join(s if s.isalnum() or s in " .,:;/·()-%–" else f"\\{ord(s):x} " for s in text) + '"'


@cache
def style() -> str:
    """The stylesheet: the tokens of the light theme as variables, and the rules of assets/paper/paper.css."""
    light = json.loads((ASSETS / "tokens.json").read_text("utf-8"))["themes"]["light"]
    variables = {name: light[name] for name in ("line", "text-1", "text-2", "text-3", "surface")}
    variables |= {f"ramp-{n}": colour for n, colour in enumerate(light["ramp"], 1)}
    variables |= {f"trust-{name}": colour for name, colour in light["trust"].items()}
    root = "".join(f"--{name}:{value};" for name, value in variables.items())
    return f":root{{{root}}}" + (ASSETS / "paper" / "paper.css").read_text("utf-8")


def _body(document: Document) -> Iterator[str]:
    yield f'<main class="paper{" compact" if document.compact else ""}"><header>'
    yield f'<p class="over">{_text(document.over)}</p><h1>{_text(document.title)}</h1>'
    yield f'<p class="under">{_text(document.under)}</p>'
    yield '<ul class="facts">' + "".join(f"<li>{_text(fact)}</li>" for fact in document.facts) + "</ul>"
    if document.marks:
        lines = "".join(f"<li><b>{_text(word)}</b> {_text(text)}</li>" for word, text in document.marks)
        yield f'<ul class="marks">{lines}</ul>'
    yield "</header>"
    for section in document.sections:
        yield from _section(section)
    yield "</main>"


def _section(section: Section) -> Iterator[str]:
    kind = ' class="new-page"' if section.new_page else ""
    yield f"<section{kind}><h2>{_text(section.title)}</h2>"
    for block in section.blocks:
        yield _block(block)
    yield "</section>"


def _block(block: Block) -> str:
    if isinstance(block, Figures):
        rows = max(1, -(-sum(not item.strong for item in block.items) // 2))
        return f'<dl class="figures" style="--rows:{rows}">' + "".join(map(_figure, block.items)) + "</dl>"
    if isinstance(block, Paragraph):
        return f'<p class="{block.tone}">{_text(block.text)}</p>'
    if isinstance(block, Points):
        return '<ul class="points">' + "".join(f"<li>{_text(text)}</li>" for text in block.items) + "</ul>"
    if isinstance(block, Signatures):
        return '<ul class="signatures">' + "".join(f"<li>{_text(text)}</li>" for text in block.items) + "</ul>"
    return _drawing(block) if isinstance(block, Drawing) else _table(block)


def _figure(figure: Figure) -> str:
    unit = f' <span class="unit">{_text(figure.unit)}</span>' if figure.unit else ""
    notes = "".join(f'<dd class="note">{_text(note)}</dd>' for note in figure.notes)
    kind = ' class="strong"' if figure.strong else ""
    return f"<div{kind}><dt>{_text(figure.label)}</dt><dd>{_text(figure.value)}{unit}</dd>{notes}</div>"


def _drawing(drawing: Drawing) -> str:
    signs = "".join(
        f'<span><i class="sign {_text(sign)}" aria-hidden="true"></i>{_text(text)}</span>'
        for sign, text in drawing.legend
    )
    legend = f'<span class="legend">{signs}</span>' if signs else ""
    return f"<figure>{drawing.svg}<figcaption>{_text(drawing.caption)}{legend}</figcaption></figure>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col" class="{c.align}">{_text(c.title)}</th>' for c in table.columns)
    rows = "".join(
        "<tr>" + "".join(
            _cell(cell, table.columns[at].align, head=at == 0) for at, cell in enumerate(row)
        ) + "</tr>" for row in table.rows
    )  # fmt: skip
    note = f'<p class="quiet">{_text(table.note)}</p>' if table.note else ""
    whole = " whole" if len(table.rows) <= WHOLE else ""
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="table{whole}"><table>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


def _cell(cell: Cell, align: str, *, head: bool) -> str:
    note = f" <small>{_text(cell.note)}</small>" if cell.note else ""
    share = "" if cell.share is None else f'<i class="share" style="--share:{min(1.0, max(0.0, cell.share)):.3f}"></i>'
    kind = f'class="{align}{" quiet" if cell.quiet else ""}{" shared" if share else ""}"'
    text = f"{share}{_text(cell.text)}{note}"
    return f'<th scope="row" {kind}>{text}</th>' if head else f"<td {kind}>{text}</td>"


def _text(text: str) -> str:
    """A text as HTML. Neither typeface has the small two of CO2: it is set as one."""
    return escape(text).replace("\N{SUBSCRIPT TWO}", "<sub>2</sub>")
