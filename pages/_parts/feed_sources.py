"""The sources as a table: state in a word and a shape, reason, age, rate, shares; and the points of one of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import numpy as np
from dash import html

from datasources.runner import SourceState, Supervisor
from pages._parts import format as fmt
from pages._parts import states
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.provenance import state_words
from pages._parts.said import said
from server.runtime import Runtime
from twin.ingest import SourceCounts
from twin.quantity import QUANTITIES
from twin.reading import Quality

ABNORMAL = ("silent", "down", "misconfigured")
TARGETS = 8
"""Targets that are not well, listed under a source."""
POINTS = 200
"""Points of one source listed; those without a good value come first."""
LEAST_S = 20.0
"""A rate is told of so long a time at least."""
WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """A source: its state, its counters, the readings a minute, and how many of its points have spoken."""

    state: SourceState
    counts: SourceCounts
    per_minute: float | None
    spoken: int

    @property
    def mapped(self) -> float | None:
        """The share of its readings that a point wants [%]."""
        known = self.counts.readings - self.counts.unmapped
        return 100 * known / self.counts.readings if self.counts.readings else None

    @property
    def bad(self) -> float | None:
        """The share of its mapped readings whose value cannot be used [%]."""
        known = self.counts.readings - self.counts.unmapped
        return 100 * (self.counts.bad + self.counts.refused) / known if known else None


class Rates:
    """Readings a minute of each source, over the last minute; since the start while that is shorter."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, dict[str, int]]] = []

    def of(self, now: float, totals: dict[str, int], started: float) -> dict[str, float]:
        """The rates at ``now`` [s since epoch] of counters that began at ``started``."""
        kept = [entry for entry in self._kept if now - WINDOW_S <= entry[0] < now]
        if not kept or now - kept[-1][0] >= 1:
            self._kept = [*kept, (now, dict(totals))]
        first, before = kept[0] if kept and now - kept[0][0] >= LEAST_S else (started, {})
        span = now - first
        if span < LEAST_S:
            return {}  # what came in the first seconds tells nothing of a minute
        return {name: 60 * max(0, total - before.get(name, 0)) / span for name, total in totals.items()}


_RATES: WeakKeyDictionary[Supervisor, Rates] = WeakKeyDictionary()


def rows(runtime: Runtime) -> list[Row]:
    """Every source, the abnormal ones first."""
    spoken = _spoken(runtime)
    counts = {state.name: runtime.ingest.counts.get(state.name) or SourceCounts() for state in runtime.sources()}
    rates = _RATES.setdefault(runtime.supervisor, Rates())
    per_minute = rates.of(time.time(), {name: row.readings for name, row in counts.items()}, runtime.started)
    found = [Row(s, counts[s.name], per_minute.get(s.name), spoken[s.name]) for s in runtime.sources()]
    return sorted(found, key=lambda row: row.state.state not in ABNORMAL)


def _spoken(runtime: Runtime) -> Counter[str]:
    heard = np.flatnonzero(runtime.live.quality != Quality.NONE)
    return Counter(runtime.live.points[row].source for row in heard.tolist())


def summary(context: Context, found: Sequence[Row]) -> str:
    """One line: how many live, how many do not, what comes unmapped."""
    live = sum(row.state.state == "live" for row in found)
    words = [context.text("feeds.live", n=live, of=len(found))]
    words += [
        context.text(f"feeds.count.{state}", n=n)
        for state in ABNORMAL
        if (n := sum(row.state.state == state for row in found))
    ]
    if names := sum(len(row.counts.unmapped_names) for row in found):
        words.append(context.text("feeds.unmapped-names", n=fmt.number(names)))
    return " · ".join(words) if found else ""


_COLUMNS = ("source", "state", "reason", "last", "rate", "points", "mapped", "bad")
_RIGHT = frozenset(("last", "rate", "points", "mapped", "bad"))


def head(context: Context, columns: Sequence[str], right: frozenset[str] | set[str]) -> html.Thead:
    """The head of a table of this page."""
    cells = [
        html.Th(
            context.text(f"feeds.column.{key}"), scope="col", className=f"col-{key}{' right' if key in right else ''}"
        )
        for key in columns
    ]
    return html.Thead(html.Tr(cells))


def table(context: Context, found: Sequence[Row], chosen: str) -> Child:
    """The table of sources; without any, what to do."""
    if not found:
        return states.message("empty", context.text("feeds.none"), context.text("feeds.none-text"))
    now = context.runtime.live.clock()
    body = [line for row in found for line in _lines(context, row, now, chosen)]
    caption = html.Caption(context.text("sources"), className="sr-only")
    return html.Table([caption, head(context, _COLUMNS, _RIGHT), html.Tbody(body)], className="table feeds-sources")


def _lines(context: Context, row: Row, now: float, chosen: str) -> list[Child]:
    state = row.state
    age = fmt.age(now - state.last_reading, context.lang) if state.last_reading else fmt.DASH
    name = html.A(
        state.name, href=_address(context, state.name), className="source-name", title=context.text("feeds.show-points")
    )
    current = attrs({"aria-current": "true"} if state.name == chosen else {})
    lines: list[Child] = [
        html.Tr(
            [
                html.Th(
                    [name, html.Span(state.type, className="code")], scope="row", className="source-cell", **current
                ),
                html.Td(_state(context, state), className="state-cell"),
                html.Td(reason(context, state, now), className="reason"),
                html.Td(age, className="right"),
                html.Td(fmt.number(row.per_minute, 0 if (row.per_minute or 0) >= 10 else 1), className="right"),
                html.Td(f"{fmt.number(row.spoken)}{fmt.THIN}/{fmt.THIN}{fmt.number(state.points)}", className="right"),
                html.Td(share(row.mapped), className="right"),
                html.Td(share(row.bad), className="right off" if row.bad else "right"),
            ],
            key=state.name,
            **attrs({"data-source": state.name, "data-state": state.state}),
        )
    ]
    for target in state.targets[:TARGETS]:
        mark = html.I(className=f"source-dot {target.state}", **attrs({"aria-hidden": "true"}))
        words = html.Span([mark, context.text(f"source.{target.state}")], className="state-word")
        cells = [
            html.Td(target.target, className="target"),
            html.Td(words, className="state-cell"),
            html.Td(said(target.reason, context.lang), className="reason", colSpan=6),
        ]
        lines.append(html.Tr(cells, className="target-row", key=f"{state.name}#{target.target}"))
    if len(state.targets) > TARGETS:
        more = context.text("feeds.more-targets", n=len(state.targets) - TARGETS)
        lines.append(html.Tr(html.Td(more, colSpan=8, className="target quiet-line"), key=f"{state.name}#more"))
    return lines


def _address(context: Context, source: str) -> str:
    kept = "".join(f"&{key}={quote(context.query[key])}" for key in ("lang", "theme") if key in context.query)
    return f"/feeds?source={quote(source, safe='')}{kept}"


def _state(context: Context, state: SourceState) -> html.Div:
    """The state as shape and word, and since when; with the day where that is not today."""
    clock = fmt.clock(state.since, context.timezone)
    ago = fmt.age(context.runtime.live.clock() - state.since, context.lang)
    return html.Div(
        [
            html.Span(
                [html.I(className=f"source-dot {state.state}", **attrs({"aria-hidden": "true"})),
                 context.text(f"source.{state.state}")],
                className="state-word",
            ),
            html.Span(context.text("feeds.since", time=clock, ago=ago), className="note"),
        ]
    )  # fmt: skip


def reason(context: Context, state: SourceState, now: float) -> str:
    """Why it is so, in words; as far as they are ours in the reader's language."""
    if state.state == "silent":
        since = now - state.last_reading if state.last_reading else now - state.since
        return context.text("feeds.reason.silent", age=fmt.age(since, context.lang))
    words = state.reason
    if words.startswith("values arrive") and state.targets:
        return context.text("feeds.reason.targets", n=len(state.targets))
    return said(words, context.lang)


def share(percent: float | None) -> str:
    """A share [%]: 100 and 0 only when it is all or nothing."""
    if percent is None:
        return fmt.DASH
    shown = min(percent, 99.9) if percent < 100 else 100.0
    return fmt.with_unit(max(shown, 0.1) if percent > 0 else 0.0, "%", 0 if percent in (0, 100) else 1)


_POINT_COLUMNS = ("point", "place", "quantity", "value", "quality", "address")


def points(context: Context, source: str) -> Child:
    """The points of one source, those that are not well first; each leads to its place in the console."""
    live = context.live
    mine = [row for row, point in enumerate(live.points) if point.source == source]
    if not mine:
        return html.P(context.text("feeds.no-points", source=source), className="quiet-line")
    mine.sort(key=lambda row: (_rank(context, row), row))
    body = [_point(context, live.points[row].id) for row in mine[:POINTS]]
    title = context.text("feeds.points-of", source=source, n=fmt.number(len(mine)))
    note = html.P(context.text("table.first", n=POINTS), className="note") if len(mine) > POINTS else None
    listed = html.Table([head(context, _POINT_COLUMNS, {"value"}), html.Tbody(body)], className="table feeds-points")
    return html.Section([html.H2(title, id="points"), note, listed])


_RANKS = {Quality.BAD: 0, Quality.NONE: 1, Quality.UNCERTAIN: 2, Quality.GOOD: 3}


def _rank(context: Context, row: int) -> int:
    """Bad before silent before doubtful or stale before good."""
    live = context.live
    rank = _RANKS[Quality(int(live.quality[row]))]
    return min(rank, 2) if live.stale[row] else rank


def _point(context: Context, point_id: str) -> html.Tr:
    latest = context.live.latest(point_id)
    point = latest.point
    quantity = QUANTITIES[point.quantity]
    value = fmt.with_unit(latest.value, "" if latest.unit == "1" else latest.unit, 2)
    return html.Tr(
        [
            html.Th(point.id, scope="row", className="code"),
            html.Td(place(context, point.entity)),
            html.Td(quantity.zh if context.lang == "zh" else quantity.en),
            html.Td(value, className="right"),
            html.Td(state_words(context, latest)),
            html.Td(point.address, className="code"),
        ],
        key=point.id,
    )


def place(context: Context, entity: str) -> Any:
    """A link to a place in the console; the bare code where the campus has no such place."""
    if entity not in context.runtime.index:
        return html.Span(entity or fmt.DASH, className="code")
    kept = "".join(f"&{key}={quote(context.query[key])}" for key in ("lang", "theme") if key in context.query)
    return html.A(entity, href=f"/?sel={quote(entity)}{kept}", className="place-link")
