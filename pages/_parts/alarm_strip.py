"""The strip of alarms under the bar of a page with a scene, and what opens from it: a list, and the card of one alarm.

assets/alarms-strip.js fills it from the stream of the alarms.
"""

from __future__ import annotations

from dash import html

from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.accounts import policy
from server.accounts.who import who_now


def may_act() -> bool:
    """Whether who asks may do something with alarms; the server refuses all the same."""
    who = who_now()
    if who is None or who.kind == "demo":
        return True
    path = "/api/v1/alarms/ack"
    rule = policy.find("POST", path)
    return rule is not None and policy.may(who, rule, path)


def permission() -> dict[str, str]:
    """The attribute that tells the scripts which buttons to offer."""
    return {"data-alarms-may": "act" if may_act() else "see"}


def strip(context: Context) -> Child:
    """The strip with its drawer; nothing where the campus has no alarms."""
    if context.runtime.alarms is None:
        return None
    return html.Section(
        [
            html.A(context.text("alarms"), href="/alarms", className="strip-name"),
            html.Div(className="strip-body", **attrs({"data-strip": "body"})),
            html.Span(className="strip-as-of", **attrs({"data-strip": "as-of"})),
            html.Div(**attrs({"data-strip": "total"})),
            sound(context),
            html.Div(id="alarm-drawer", className="alarm-drawer", hidden=True),
        ],
        id="alarm-strip",
        className="alarm-strip",
        **attrs({"aria-label": context.text("alarms.strip"), "data-state": "loading"} | permission()),
    )


def card(context: Context) -> Child:
    """Where the card of the chosen alarm stands: over the panel of facts."""
    if context.runtime.alarms is None:
        return None
    label = context.text("alarms.card")
    return html.Aside(id="alarm-card", className="alarm-card", hidden=True, **attrs({"aria-label": label}))


def sound(context: Context) -> html.Div:
    """Sound on and off, muting, volume (assets/alarms-sound.js)."""
    text = context.text

    def entry(what: str, words: str) -> html.Button:
        return html.Button(words, className="sound-entry", type="button", **attrs({"data-sound": what}))

    menu = [
        html.Label([html.Span(text("alarms.sound.volume")), html.Span(**attrs({"data-sound": "volume"}))]),
        entry("mute", text("alarms.sound.mute")),
        entry("next", text("alarms.sound.next")),
        entry("test", text("alarms.sound.test")),
        entry("off", text("alarms.sound.switch-off")),
    ]
    return html.Div(
        [
            html.Button(
                [html.I(className="sound-mark", **attrs({"aria-hidden": "true"})),
                 html.Span(className="sound-word", **attrs({"data-sound": "word"}))],
                type="button", className="sound-press", **attrs({"data-sound": "press"}),
            ),
            html.Button(
                "▾", type="button", className="sound-more", hidden=True,
                **attrs({"data-sound": "more", "aria-label": text("alarms.sound.more"), "aria-expanded": "false"}),
            ),
            html.Div(menu, className="sound-menu", hidden=True, **attrs({"data-sound": "menu"})),
        ],
        className="alarm-sound",
        **attrs({"data-alarm-sound": "off"}),
    )  # fmt: skip
