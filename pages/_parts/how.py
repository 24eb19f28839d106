"""Unfolded under a point: what its source sent, how that was converted, what it was checked against."""

from __future__ import annotations

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs, row
from pages._parts.context import Context
from server.provenance import found
from twin.live import Latest
from twin.point import DERIVED
from twin.provenance import Check, Conversion, Provenance
from twin.quantity import QUANTITIES

_MARK = {True: "✓", False: "✕", None: fmt.DASH}
_WORD = {True: "how.passed", False: "how.failed", None: "how.unjudged"}


def how_it_came(context: Context, latest: Latest) -> html.Details:
    """Folded: source and address; unfolded: raw value, message, times, conversions, checks."""
    point = latest.point
    name = context.text("how.derived") if point.source == DERIVED else point.source or fmt.DASH
    where = [html.Span(name), html.Span(point.address, className="code clip", title=point.address)]
    latest, how = found(context.runtime, point.id)
    return html.Details(
        [
            html.Summary([html.Span(context.text("source"), className="how-head"), *where]),
            html.Dl([line for line in _lines(context, latest, how) if line is not None], className="rows"),
        ],
        className="how",
        **attrs({"key": f"{point.id}-how", "data-how": point.id}),
    )


def _lines(context: Context, latest: Latest, how: Provenance) -> list[Child]:
    text = context.text
    if latest.point.source == DERIVED:
        return [_received(context, latest, how)]
    return [
        row(text("how.raw"), html.Span(how.value, className="code clip", title=how.value)) if how.value else None,
        row(text("how.payload"), html.Span(how.payload, className="code payload")) if how.payload else None,
        row(text("how.device-time"), _device_time(context, how)) if latest.received is not None else None,
        _received(context, latest, how),
        *[row(text("how.conversion"), _conversion(context, step)) for step in how.conversions],
        *[_check(context, latest, check, first=n == 0) for n, check in enumerate(how.checks)],
    ]


def _device_time(context: Context, how: Provenance) -> str:
    if how.device_time is None:
        return context.text("how.no-device-time")
    return fmt.clock(how.device_time, context.timezone)


def _received(context: Context, latest: Latest, how: Provenance) -> Child:
    if latest.received is None:
        return None
    delay = None if how.device_time is None else latest.received - how.device_time
    note = context.text("how.later", delay=fmt.age(delay, context.lang)) if delay is not None and delay >= 1 else None
    return row(context.text("how.received"), fmt.clock(latest.received, context.timezone), note)


def _conversion(context: Context, step: Conversion) -> str:
    if step.kind == "rate":
        before = f" ({step.before})" if step.before else ""
        return context.text("how.rate", before=before, after=step.after)
    terms = f"{step.before} × {step.factor:.6g}"
    if step.offset:
        terms += f" {'+' if step.offset > 0 else fmt.MINUS} {abs(step.offset):.6g}"
    return f"{terms} → {step.after}"


def _check(context: Context, latest: Latest, check: Check, *, first: bool) -> Child:
    text = context.text
    quantity = QUANTITIES[latest.point.quantity]
    unit = "" if quantity.unit == "1" else quantity.unit
    values = {
        "low": _limit(check.low),
        "high": fmt.with_unit(check.high, unit, _decimals(check.high)),
        "limit": fmt.age(check.limit_s, context.lang),
        "values": ", ".join(f"{value:.10g}" for value in check.values),
    }
    told = text(_WORD[check.passed])
    mark = html.Span(_MARK[check.passed], role="img", title=told, **attrs({"aria-label": told}))
    label = text("how.check") if first else ""
    return row(label, text(f"how.{check.name}", **values), mark)


def _limit(value: float | None) -> str:
    return fmt.number(value, _decimals(value))


def _decimals(value: float | None) -> int:
    """Two for a limit such as 0.25, none for whole ones."""
    return 0 if value is None or float(value).is_integer() else 2
