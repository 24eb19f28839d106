"""How far the mapping is: points and devices, coverage; what comes unmapped, with suggestions that can be accepted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.feed_sources import Row, head, place, share
from server.guess_text import whole, why
from server.mapping import barred
from server.unmapped import KnownDevice, Signal, Unmapped
from twin.guess import Guess
from twin.point import DERIVED
from twin.quantity import QUANTITIES

SHOWN = 200
EXAMPLE_CHARS = 60


def coverage(context: Context, rows: Sequence[Row]) -> Child:
    """Figures of the mapping: points that have spoken of all, devices by type."""
    live = context.runtime.live
    # what the twin works out itself waits for no source
    fed = np.array([point.source != DERIVED for point in live.points], np.bool_)
    total, spoken = int(fed.sum()), sum(row.spoken for row in rows)
    spoken_note = share(100 * spoken / total if total else None)
    if estimates := len(live.points) - total:
        spoken_note += " · " + context.text("feeds.estimated", n=fmt.number(estimates))
    readings, unmapped = sum(r.counts.readings for r in rows), sum(r.counts.unmapped for r in rows)
    placed = int((live.slot[fed] >= 0).sum())
    figures = [
        ("feeds.spoken", f"{fmt.number(spoken)}{fmt.THIN}/{fmt.THIN}{fmt.number(total)}", spoken_note),
        ("feeds.placed", f"{fmt.number(placed)}{fmt.THIN}/{fmt.THIN}{fmt.number(total)}",
         share(100 * placed / total if total else None)),
        ("feeds.mapped", share(100 * (readings - unmapped) / readings if readings else None),
         context.text("feeds.of-readings", n=fmt.number(readings))),
    ]  # fmt: skip
    devices = _devices(context)
    if devices:
        listed = " · ".join(f"{name} {fmt.number(n)}" for name, n in devices.most_common(4))
        figures.append(("feeds.devices", fmt.number(sum(devices.values())), listed))
    cells = [
        html.Div([html.Dt(context.text(key)), html.Dd([value, html.Span(note, className="small")])])
        for key, value, note in figures
    ]
    return html.Section([html.H2(context.text("feeds.mapping")), html.Dl(cells, className="figures")])


def _devices(context: Context) -> Counter[str]:
    config = context.runtime.config
    if config is not None and config.devices:
        return Counter(device.type for device in config.devices)
    return Counter(context.category(item.category) for item in context.runtime.assembled.campus.equipment)


def unmapped(context: Context, found: Unmapped) -> Child:
    """What no point wants, with suggestions; rows can be ticked where this campus can be written to."""
    again = html.Button(context.text("feeds.again"), className="button small", **attrs({"data-feeds": "again"}))
    count = len(found.signals) + len(found.devices)
    head_line = html.H2([context.text("feeds.unmapped"), html.Span(fmt.number(count), className="count")])
    title = html.Div([head_line, again], className="feeds-head")
    if not count:
        return html.Section([title, html.P(context.text("feeds.all-mapped"), className="quiet-line")])
    closed = barred(context.runtime)
    parts: list[Child] = [title, html.P(context.text("feeds.unmapped-text"), className="summary")]
    parts.append(_accept(context) if not closed else html.P(context.text(f"feeds.barred.{closed}"), className="barred"))
    signals = sorted(found.signals, key=lambda s: (s.accepted, -s.suggestion.confidence, s.address))
    if found.devices:
        parts.append(_device_table(context, found.devices, writable=not closed))
    if signals:
        parts.append(_signal_table(context, signals[:SHOWN], writable=not closed))
    if len(signals) > SHOWN:
        parts.append(
            html.P(context.text("feeds.more-signals", n=fmt.number(len(signals) - SHOWN)), className="quiet-line")
        )
    return html.Section(parts)


def _accept(context: Context) -> html.Div:
    return html.Div(
        [
            html.Button(context.text("feeds.accept"), id="feeds-accept", className="button accept", disabled=True,
                        **attrs({"data-feeds": "accept"})),
            html.Button(context.text("feeds.tick-sure"), className="button small", **attrs({"data-feeds": "sure"})),
            html.Span(context.text("feeds.restart"), className="note"),
            html.Div(id="feeds-answer", className="feeds-answer", role="status"),
        ],
        className="feeds-accept",
    )  # fmt: skip


def _tick(context: Context, row: dict[str, Any], label: str, *, able: bool, sure: bool) -> html.Button:
    """A box that script ticks; ``row`` is what is sent when it is accepted."""
    data = {
        "data-tick": json.dumps(row, ensure_ascii=False), "data-sure": "1" if sure else "0", "aria-checked": "false",
        "aria-label": context.text("feeds.tick", what=label),
    }  # fmt: skip
    return html.Button(className="tick", role="checkbox", disabled=not able, **attrs(data))


def _first(
    context: Context, row: dict[str, Any], label: str, *, writable: bool, done: bool, able: bool, sure: bool
) -> list[Child]:
    """The first cell of a row that can be accepted; no cell where nothing can."""
    if not writable:
        return []
    if done:
        return [html.Td(html.Span(context.text("feeds.accepted"), className="accepted"))]
    return [html.Td(_tick(context, row, label, able=able, sure=able and sure))]


_SIGNALS = ("address", "count", "example", "quantity", "unit", "kind", "place", "confidence", "why")
_DEVICES = ("address", "count", "device", "type", "place", "confidence", "why")


def _columns(columns: tuple[str, ...], *, writable: bool) -> tuple[str, ...]:
    return ("accept", *columns) if writable else columns


def _signal_table(context: Context, signals: Sequence[Signal], *, writable: bool) -> html.Table:
    caption = html.Caption(context.text("feeds.signals"))
    body = [_signal(context, one, writable=writable) for one in signals]
    columns = _columns(_SIGNALS, writable=writable)
    return html.Table([caption, head(context, columns, {"count"}), html.Tbody(body)], className="table feeds-table")


def _signal(context: Context, one: Signal, *, writable: bool) -> html.Tr:
    s = one.suggestion
    row = {"kind": "point", "source": one.source, "address": one.address, "entity": s.entity.value,
           "quantity": s.quantity.value, "unit": s.unit.value, "of": s.kind.value}  # fmt: skip
    quantity = QUANTITIES.get(s.quantity.value)
    named = (quantity.zh if context.lang == "zh" else quantity.en) if quantity else fmt.DASH
    return html.Tr(
        [
            *_first(
                context,
                row,
                one.address,
                writable=writable,
                done=one.accepted,
                able=s.confidence > 0,
                sure=s.confidence >= 0.8,
            ),
            html.Th([one.address, html.Span(one.source, className="code")], scope="row", className="address"),
            html.Td(fmt.number(one.count), className="right"),
            html.Td(one.example[:EXAMPLE_CHARS] or fmt.DASH, className="example", title=one.example or None),
            html.Td(named),
            html.Td(s.unit.value or fmt.DASH),
            html.Td(context.text(f"feeds.kind.{s.kind.value}") if s.kind.value else fmt.DASH),
            html.Td(_place(context, s.entity)),
            html.Td(_confidence(context, s.confidence)),
            html.Td(whole(s, context.lang), className="why"),
        ],
        key=f"{one.source} {one.address}",
        **attrs({"data-address": one.address}),
    )


def _place(context: Context, guess: Guess) -> list[Child]:
    """The place, and those that it may be as well."""
    if not guess.candidates:
        return [place(context, guess.value)]
    others = [part for one in guess.candidates for part in (" ", place(context, one))]
    first = [place(context, guess.value), " "] if guess.value else []
    return [*first, html.Span([context.text("feeds.candidates"), *others], className="note")]


def _confidence(context: Context, confidence: float) -> html.Span:
    """How sure, as a word and a figure: the word is what one decides by."""
    word = "sure" if confidence >= 0.8 else "look" if confidence >= 0.5 else "guess" if confidence > 0 else "none"
    figure = fmt.number(confidence, 2) if confidence > 0 else ""
    return html.Span(
        [context.text(f"feeds.confidence.{word}"), " ", html.Span(figure, className="note")], className=f"sure-{word}"
    )


def _device_table(context: Context, devices: Sequence[KnownDevice], *, writable: bool) -> html.Table:
    caption = html.Caption(context.text("feeds.known-devices"))
    body = [_device(context, one, writable=writable) for one in devices[:SHOWN]]
    columns = _columns(_DEVICES, writable=writable)
    return html.Table([caption, head(context, columns, {"count"}), html.Tbody(body)], className="table feeds-table")


def _device(context: Context, one: KnownDevice, *, writable: bool) -> html.Tr:
    row = {"kind": "device", "source": one.source, "id": one.id, "type": one.type, "entity": one.entity.value,
           "columns": one.columns, "names": one.names}  # fmt: skip
    able, sure = bool(one.entity.value and one.id), one.entity.confidence >= 0.8
    return html.Tr(
        [
            *_first(context, row, one.id, writable=writable, done=one.accepted, able=able, sure=sure),
            html.Th([one.address, html.Span(one.source, className="code")], scope="row", className="address"),
            html.Td(fmt.number(one.count), className="right"),
            html.Td(one.id),
            html.Td(one.type),
            html.Td(_place(context, one.entity)),
            html.Td(_confidence(context, one.entity.confidence)),
            html.Td(why(one.entity, context.lang), className="why"),
        ],
        key=f"{one.source} {one.id}",
        **attrs({"data-address": one.address}),
    )
