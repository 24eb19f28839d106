"""The strip at the foot: each source of data with its state in words, and why when it is not well."""

from __future__ import annotations

from dash import html

from datasources.runner import SourceState
from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.said import said


def strip(context: Context) -> list[Child]:
    """One entry a source: name, protocol, state in words; a campus without sources says so."""
    if context.query.get("at", "live") not in ("", "live"):  # what stood then is asked for when the page is there
        return [html.Span(html.Span(className="loading-bar"), className="source", **attrs({"aria-busy": "true"}))]
    states = context.runtime.sources()
    if not states:
        return [html.A(context.text("sources.none"), href="/feeds", className="source"), _history(context)]
    return [
        html.A(context.text("sources"), href="/feeds", className="foot-label"),
        *(_entry(context, state) for state in states),
        _history(context),
    ]


def _history(context: Context) -> Child:
    """Why the past is not kept, or not all of it; nothing while it is."""
    recorder, trouble, state = context.runtime.recorder, context.runtime.history_trouble, "down"
    words = [context.text("history.failed")] if trouble else []
    if recorder is not None and (now := recorder.state()).state != "ok":
        trouble, state = now.message, "silent" if now.state == "late" else "down"
        words = [context.text(f"history.{now.state}"), context.text("source.since", time=_clock(context, now.since))]
    if not words:
        return None
    return html.Span(
        [
            html.I(className=f"source-dot {state}", **attrs({"aria-hidden": "true"})),
            html.B(context.text("history")),
            html.Span(" · ".join([*words, said(trouble, context.lang)])),
        ],
        className="source",
        title=trouble,
        key="history",
        **attrs({"data-source": "history", "data-state": state}),
    )


def _clock(context: Context, at: float) -> str:
    return fmt.clock(at, context.timezone)


def _entry(context: Context, source: SourceState) -> html.Span:
    reason = said(source.reason, context.lang)
    words = [f"{source.type}", context.text(f"source.{source.state}")]
    if source.state == "live":
        words.append(context.text("source.points", n=fmt.number(source.points)))
    else:
        words.append(context.text("source.since", time=_clock(context, source.since)))
        if reason:
            words.append(reason)
    return html.Span(
        [
            html.I(className=f"source-dot {source.state}", **attrs({"aria-hidden": "true"})),
            html.B(source.name),
            html.Span(" · ".join(words)),
        ],
        className="source",
        title=reason or None,
        key=source.name,
        **attrs({"data-source": source.name, "data-state": source.state}),
    )
