"""What stood at a past moment besides values, for any page: sources, findings, configuration; and that it is a replay.

What is not kept is said to be so: nothing of the present stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from dash import html

from pages._parts import format as fmt
from pages._parts import states
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_at
from pages._parts.feed_sources import head, place
from pages._parts.said import said
from server.runtime import Runtime
from server.standing import FindingThen, SourceThen, Standing, standing_at
from twin.history.contract import HistoryError

FINDINGS = 50


def wanted(query: Mapping[str, str]) -> str:
    """The past moment that an address asks for, '' for the present."""
    at = query.get("at", "")
    return "" if at == "live" else at


async def stood(runtime: Runtime, route: Mapping[str, str] | None, at: str) -> tuple[Context, Standing]:
    """The page's context as of ``at``, and what stood then; HistoryError where nothing is known of it."""
    context = await context_at(runtime, route, at)
    if context.moment is None or runtime.past is None:
        raise HistoryError(context.text("time.none"))
    names = {source.name: source.type for source in runtime.sources()}
    return context, await standing_at(runtime.past, context.moment, names)


def state_of(standing: Standing, source: SourceThen) -> str:
    """The state of a source then; 'unknown' where it is not kept, 'stopped' where the program did not run."""
    return "stopped" if standing.running is False else source.state or "unknown"


def state_words(context: Context, standing: Standing, source: SourceThen) -> str:
    """The same in words."""
    if standing.running is False:
        return context.text("then.not-running")
    return context.text(f"source.{source.state}") if source.state else context.text("then.state-unknown")


def last_words(context: Context, standing: Standing, source: SourceThen) -> str:
    """How old the newest value of a source was then."""
    if source.last_reading is None:
        return context.text("then.no-value")
    return context.text("then.last", age=fmt.age(standing.at - source.last_reading, context.lang))


def strip(context: Context, standing: Standing) -> list[Child]:
    """The strip at the foot, as of then."""
    stamp = fmt.stamp(standing.at, context.timezone, context.lang)
    address = f"/feeds?{urlencode({'at': context.query.get('at') or _iso(standing)})}"
    label = html.A(context.text("then.sources", time=stamp), href=address, className="foot-label foot-then")
    if not standing.sources:
        return [label, html.Span(context.text("then.no-sources"), className="source")]
    return [label, *(_entry(context, standing, source) for source in standing.sources)]


def _iso(standing: Standing) -> str:
    return fmt.iso(standing.at)


def failed(context: Context, error: str) -> list[Child]:
    """The strip where nothing is known of then."""
    words = [html.B(context.text("time.unknown")), html.Span(said(error, context.lang))]
    return [html.Span(words, className="source", title=error, **attrs({"data-state": "unknown"}))]


def _entry(context: Context, standing: Standing, source: SourceThen) -> html.Span:
    state = state_of(standing, source)
    words = [source.type, state_words(context, standing, source)]
    if source.since is not None and state not in ("live", "stopped"):
        words.append(context.text("source.since", time=fmt.clock_of(source.since, standing.at, context.timezone)))
    words.append(last_words(context, standing, source))
    reason = said(source.reason, context.lang) if state != "stopped" else ""
    return html.Span(
        [
            html.I(className=f"source-dot {state}", **attrs({"aria-hidden": "true"})),
            html.B(source.name),
            html.Span(" · ".join(word for word in (*words, reason) if word)),
        ],
        className="source",
        title=reason or None,
        key=source.name,
        **attrs({"data-source": source.name, "data-state": state, "data-then": "1"}),
    )


def band(context: Context, at: str, standing: Standing | None) -> html.Div:
    """Over a page that shows a past moment: the word, the instant, and the way back."""
    stamp = at if standing is None else fmt.stamp(standing.at, context.timezone, context.lang)
    kept = {key: context.query[key] for key in ("source", "lang", "theme") if key in context.query}
    console = {"at": at, **{key: context.query[key] for key in ("lang", "theme") if key in context.query}}
    return html.Div(
        [
            html.B(context.text("time.replay"), className="time-word"),
            html.Span(stamp, className="time-stamp"),
            html.A(
                context.text("then.in-console"), href=f"/?{urlencode(console)}", className="time-aside then-console"
            ),
            html.A(context.text("time.live"), href=f"/feeds?{urlencode(kept)}".rstrip("?"), className="time-live"),
        ],
        className="time-band then-band",
        role="status",
    )


_COLUMNS = ("source", "state", "reason", "last", "points")


def table(context: Context, standing: Standing) -> Child:
    """The sources as of then, as a table; counters of then are not kept."""
    if not standing.sources:
        return states.message("empty", context.text("then.no-sources"))
    body = [_line(context, standing, source) for source in standing.sources]
    caption = html.Caption(context.text("sources"), className="sr-only")
    listed = [caption, head(context, _COLUMNS, {"last", "points"}), html.Tbody(body)]
    return html.Div([
        html.Table(listed, className="table feeds-sources feeds-then"),
        html.P(context.text("then.counters"), className="quiet-line"),
    ])  # fmt: skip


def _line(context: Context, standing: Standing, source: SourceThen) -> html.Tr:
    state, text = state_of(standing, source), context.text
    kept = {key: context.query[key] for key in ("at", "lang", "theme") if key in context.query}
    name = html.A(source.name, href=f"/feeds?{urlencode({'source': source.name, **kept})}", className="source-name")
    since = "" if source.since is None else text(
        "feeds.since", time=fmt.clock_of(source.since, standing.at, context.timezone),
        ago=fmt.age(standing.at - source.since, context.lang),
    )  # fmt: skip
    mark = html.I(className=f"source-dot {state}", **attrs({"aria-hidden": "true"}))
    word = html.Span([mark, state_words(context, standing, source)], className="state-word")
    age = fmt.DASH if source.last_reading is None else fmt.age(standing.at - source.last_reading, context.lang)
    return html.Tr(
        [
            html.Th([name, html.Span(source.type, className="code")], scope="row", className="source-cell"),
            html.Td([word, html.Span(since if state != "stopped" else "", className="note")], className="state-cell"),
            html.Td(said(source.reason, context.lang) if state != "stopped" else "", className="reason"),
            html.Td(age, className="right"),
            html.Td(f"{fmt.number(source.spoken)}{fmt.THIN}/{fmt.THIN}{fmt.number(source.points)}", className="right"),
        ],
        key=source.name,
        **attrs({"data-source": source.name, "data-state": state}),
    )


def findings(context: Context, standing: Standing) -> Child:
    """What was open then."""
    title = html.H2([context.text("then.findings"), html.Span(fmt.number(len(standing.findings)), className="count")])
    if standing.running is False:
        return html.Section([title, html.P(context.text("then.not-running-text"), className="quiet-line")])
    if not standing.findings:
        return html.Section([title, html.P(context.text("then.no-findings"), className="quiet-line")])
    body = html.Tbody([_finding(context, standing, row) for row in standing.findings[:FINDINGS]])
    listed = html.Table([head(context, ("finding", "told", "place", "since"), {"since"}), body],
                        className="table feeds-table")  # fmt: skip
    more = len(standing.findings) - FINDINGS
    note = html.P(context.text("check.more", n=fmt.number(more)), className="quiet-line") if more > 0 else None
    return html.Section([title, listed, note])


def _finding(context: Context, standing: Standing, row: FindingThen) -> html.Tr:
    severity = row.severity if row.severity in ("error", "warning", "info") else "info"
    sign = html.Span(className=f"sign {severity}", title=context.text(f"severity.{severity}"))
    told = fmt.clock_of(row.told, standing.at, context.timezone)
    return html.Tr(
        [
            html.Th([sign, html.Span(row.words.get(context.lang, ""))], scope="row", className="finding-cell"),
            html.Td(context.text("then.told", time=told), className="reason"),
            html.Td(place(context, row.entity), className="places"),
            html.Td(fmt.clock_of(row.since, standing.at, context.timezone), className="right"),
        ],
        key=row.id,
    )


def configuration(context: Context, standing: Standing) -> Child:
    """The last change of the configuration before then."""
    told = standing.configuration
    title = html.H2(context.text("then.configuration"))
    if told is None:
        return html.Section([title, html.P(context.text("then.no-configuration"), className="quiet-line")])
    since = context.text("source.since", time=fmt.clock_of(told.since, standing.at, context.timezone))
    words: Sequence[str] = [told.words.get(context.lang, told.state), since]
    lines: list[Child] = [html.P(" · ".join(words), className="summary")]
    if told.message:
        lines.append(html.P(told.message, className="note"))
    return html.Section([title, *lines])
