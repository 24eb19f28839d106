"""Texts of a panel that grow old on it: the server tells them again, and the page writes them in place.

Drawing the panel anew would fold what the reader unfolded and take the focus and a marked text from him.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash import html
from dash.development.base_component import Component

from pages._parts.blocks import attrs

KEY = "data-fresh"


def fresh(key: str, text: str, extra: str = "", **others: Any) -> html.Span:
    """A text that is told again under ``key``, which no other text of the page has; so are its classes, ``extra``."""
    return html.Span(text, className=extra, **attrs({KEY: key}), **others)


def texts_of(part: Any) -> dict[str, list[str]]:
    """Every such text in a panel: its key, the text, its classes."""
    return {
        getattr(span, KEY): [str(span.children), getattr(span, "className", "") or ""]
        for span in _all(part)
        if getattr(span, KEY, None)
    }


def _all(part: Any) -> Iterator[Component]:
    if isinstance(part, list | tuple):
        for child in part:
            yield from _all(child)
    elif isinstance(part, Component):
        yield part
        yield from _all(getattr(part, "children", None))
