"""The button of the saved views, in the bar of every page; the list itself is assets/views.js."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import attrs, icon, shortcut
from pages._parts.context import Context
from server.accounts.who import rank, who_now
from server.incidents_words import say

KEY = "W"
WORDS = ("none", "name", "keep", "share", "remove", "shared", "failed", "gone", "loading")


def button(context: Context) -> html.Button | None:
    """Opens the list; nothing for displays and visitors, who keep none."""
    who = who_now()
    if who is not None and not rank(who.role):
        return None
    label = say("views", context.lang)
    words = {f"data-{key}": say(f"views.{key}", context.lang) for key in WORDS}
    return html.Button(
        icon("bookmark"), className="tool quiet", title=f"{label} ({KEY})",
        **attrs({"aria-label": label, "aria-haspopup": "dialog", "data-views": "", **shortcut(KEY), **words}),
    )  # fmt: skip
