"""Other systems on the page of the feeds: hooks by which alarms come in, channels by which messages go out."""

from __future__ import annotations

import logging
from datetime import datetime

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.feed_sources import head
from pages._parts.said import said
from server.hooks_api import hooks_out
from server.notify_api import channels_out
from server.schemas_hooks import HookOut
from server.schemas_notify import ChannelOut
from twin.notify.spool import Notice, SpoolError

log = logging.getLogger(__name__)

DEAD = 10
"""Messages that were given up, listed; GET /api/v1/notifications?state=dead has more."""
NAMES = 5
_HOOKS = ("hook", "state", "reason", "told-last", "alarms", "active")
_CHANNELS = ("channel", "state", "reason", "sent-last", "waiting", "given-up")
_RIGHT = frozenset({"told-last", "alarms", "active", "sent-last", "waiting", "given-up"})
_DOTS = {"live": "live", "well": "live", "waiting": "connecting", "idle": "connecting", "failing": "down",
         "misconfigured": "misconfigured"}  # fmt: skip


def outside(context: Context) -> Child:
    """Both sections; None where the campus has neither."""
    parts = [part for part in (_in(context), _out(context)) if part is not None]
    return html.Div(parts, className="feeds-outside") if parts else None


def _in(context: Context) -> Child:
    found = hooks_out(context.runtime)
    if not found:
        return None
    body = [_hook(context, row) for row in found]
    listed = [_caption(context, "feeds.hooks"), head(context, _HOOKS, _RIGHT), html.Tbody(body)]
    return html.Section(
        [html.H2(context.text("feeds.hooks")), html.Table(listed, className="table feeds-table feeds-hooks")]
    )


def _hook(context: Context, row: HookOut) -> html.Tr:
    names = "; ".join(list(row.unplaced_names)[:NAMES])
    notes = [
        said(row.reason, context.lang),
        context.text("feeds.hooks.refused", n=fmt.number(row.refused)) if row.refused else "",
        context.text("feeds.hooks.unplaced", names=names) if names else "",
    ]
    why = " · ".join(filter(None, notes))
    return html.Tr(
        [
            html.Th([html.Span(row.name), html.Span(row.type, className="code")], scope="row"),
            html.Td(_word(context, row.state), className="state-cell"),
            html.Td(why or fmt.DASH, className="reason"),
            html.Td(_ago(context, row.last), className="right"),
            html.Td(fmt.number(row.alarms), className="right"),
            html.Td(fmt.number(row.active), className="right"),
        ],
        key=row.name,
        **attrs({"data-hook": row.name, "data-state": row.state}),
    )


def _out(context: Context) -> Child:
    found = context.runtime.outside
    if found is None:
        return None
    trouble = found.trouble or (found.notifier.trouble if found.notifier is not None else "")
    notifier = found.notifier
    if (notifier is None or not notifier.channels) and not trouble:
        return None
    parts: list[Child] = [html.H2(context.text("feeds.notices"))]
    if trouble:
        parts.append(
            html.P(
                [context.text("feeds.notices.trouble"), " ", said(trouble, context.lang)], className="off", role="alert"
            )
        )
    try:
        if notifier is not None and notifier.channels:
            body = [_channel(context, row) for row in channels_out(notifier)]
            dead, total = notifier.spool.page(state="dead", limit=DEAD)
            listed = [_caption(context, "feeds.notices"), head(context, _CHANNELS, _RIGHT), html.Tbody(body)]
            parts += [html.Table(listed, className="table feeds-table feeds-notices"), _given_up(context, dead, total)]
    except SpoolError:
        log.exception("the messages cannot be read")
        parts.append(html.P(context.text("error.text"), className="off", role="alert"))
    return html.Section(parts)


def _channel(context: Context, row: ChannelOut) -> html.Tr:
    since = context.text("feeds.notices.failing", ago=_ago(context, row.since)) if row.since else ""
    unused = "" if row.routes else context.text("feeds.notices.no-route")
    notes = " · ".join(filter(None, (since, unused)))
    return html.Tr(
        [
            html.Th([html.Span(row.name), html.Span(row.type, className="code")], scope="row"),
            html.Td([_word(context, row.state), html.Span(notes, className="note")], className="state-cell"),
            html.Td(said(row.reason, context.lang) or fmt.DASH, className="reason"),
            html.Td(_ago(context, row.last_sent), className="right"),
            html.Td(fmt.number(row.waiting), className="right"),
            html.Td(fmt.number(row.dead), className="right off" if row.dead else "right"),
        ],
        key=row.name,
        **attrs({"data-channel": row.name, "data-state": row.state}),
    )


def _given_up(context: Context, rows: list[Notice], total: int) -> Child:
    if not rows:
        return None
    test = context.text("feeds.notices.test")
    lines = [
        html.Li(
            [
                html.Span(fmt.clock(row.made, context.timezone), className="code"),
                f" {row.channel}: {row.matter.texts.get(context.lang) or row.matter.id or test}",
                html.Span(f" {said(row.error, context.lang)}", className="note"),
            ],
            key=str(row.id),
        )
        for row in rows
    ]
    title = context.text("feeds.notices.given-up", n=fmt.number(total))
    return html.Div([html.H3(title), html.Ul(lines, className="plain-list")])


def _caption(context: Context, key: str) -> html.Caption:
    return html.Caption(context.text(key), className="sr-only")


def _word(context: Context, state: str) -> html.Span:
    mark = html.I(className=f"source-dot {_DOTS[state]}", **attrs({"aria-hidden": "true"}))
    return html.Span([mark, context.text(f"feeds.outside.{state}")], className="state-word")


def _ago(context: Context, time: datetime | None) -> str:
    now = context.runtime.ingest.clock()
    return fmt.DASH if time is None else fmt.age(max(0.0, now - time.timestamp()), context.lang)
