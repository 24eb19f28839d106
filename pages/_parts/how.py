"""Unfolded under a point: what its source sent, how that was converted, what it was checked against."""

from __future__ import annotations

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs, row
from pages._parts.context import Context
from pages._parts.fresh import fresh
from pages._parts.see_trend import see_trend
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
    text, point = context.text, latest.point
    received = row(text("how.received"), fresh(f"{point.id}|received", _received(context, latest, how)))
    course = row(text("screen.trends"), see_trend(context, f"point:{point.id}")) if context.runtime.past else None
    if point.source == DERIVED:
        return [received, course]
    payload = fresh(f"{point.id}|payload", how.payload, "code payload")
    return [
        row(text("how.raw"), fresh(f"{point.id}|raw", how.value or fmt.DASH, "code clip")),
        row(text("how.payload"), payload) if how.payload else None,
        row(text("how.device-time"), fresh(f"{point.id}|device", _device_time(context, latest, how))),
        received,
        *[row(text("how.conversion"), _conversion(context, step)) for step in how.conversions],
        *[_check(context, latest, check, first=n == 0) for n, check in enumerate(how.checks)],
        course,
    ]


def _device_time(context: Context, latest: Latest, how: Provenance) -> str:
    if how.device_time is None:
        return context.text("how.no-device-time") if latest.received is not None else fmt.DASH
    return fmt.clock(how.device_time, context.timezone)


def _received(context: Context, latest: Latest, how: Provenance) -> str:
    if latest.received is None:
        return fmt.DASH
    delay = None if how.device_time is None else latest.received - how.device_time
    at = fmt.clock(latest.received, context.timezone)
    if delay is None or delay < 1:
        return at
    return f"{at} · {context.text('how.later', delay=fmt.age(delay, context.lang))}"


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
    told = f"{_MARK[check.passed]} {text(_WORD[check.passed])}"
    mark = fresh(f"{latest.point.id}|{check.name}", told, f"check c-{check.passed}".lower())
    label = text("how.check") if first else ""
    return row(label, text(f"how.{check.name}", **values), mark)


def _limit(value: float | None) -> str:
    return fmt.number(value, _decimals(value))


def _decimals(value: float | None) -> int:
    """Two for a limit such as 0.25, none for whole ones."""
    return 0 if value is None or float(value).is_integer() else 2
