"""What operators wrote as a runbook, as components: headings, lists, numbered steps, bold, code, links. Nothing in it
is markup: what is not known stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dash import html

Child = Any

_HEADING = re.compile(r"(#{1,4})\s+(.+)")
_ITEM = re.compile(r"[-*+]\s+(.+)")
_STEP = re.compile(r"\d{1,3}[.)]\s+(.+)")
_PIECE = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)")
_LINK = re.compile(r"https?://[^\s]+|/(?!/)[^\s\\]*")
LONGEST = 20_000


def rendered(text: str) -> list[Child]:
    """The components of a text, of which the first 20,000 signs are read."""
    blocks: list[Child] = []
    items: list[Child] = []
    kind = ""
    lines: list[str] = []

    def close() -> None:
        nonlocal kind
        if lines:
            blocks.append(html.P(list(_inline(" ".join(lines)))))
            lines.clear()
        if items:
            blocks.append((html.Ol if kind == "step" else html.Ul)(list(items), className="runbook-list"))
            items.clear()
        kind = ""

    for line in (line.strip() for line in text[:LONGEST].splitlines()):
        found = "item" if (match := _ITEM.fullmatch(line)) else "step" if (match := _STEP.fullmatch(line)) else ""
        if found and match is not None:
            if kind != found:
                close()
                kind = found
            items.append(html.Li(list(_inline(match[1]))))
        elif heading := _HEADING.fullmatch(line):
            close()
            blocks.append(html.H4(list(_inline(heading[2]))))
        elif not line:
            close()
        else:
            if items:
                close()
            lines.append(line)
    close()
    return blocks


def _inline(text: str) -> Iterator[Child]:
    """The pieces of a line: bold, code and links among plain text."""
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        bold, code, label, target = match.groups()
        if bold:
            yield html.B(bold)
        elif code:
            yield html.Code(code)
        elif _LINK.fullmatch(target):
            away = target.startswith("http")
            yield html.A(
                label, href=target, className="link", target="_blank" if away else None,
                rel="noopener noreferrer" if away else None,
            )  # fmt: skip
        else:
            yield match.group()
        at = match.end()
    if at < len(text):
        yield text[at:]
