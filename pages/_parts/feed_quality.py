"""What was wrong with readings: counts and an example of each reason, and what the checks of the data found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child
from pages._parts.context import Context
from pages._parts.feed_sources import head, place
from pages._parts.text import text_or

SHOWN = 60
RAW_CHARS = 60
_COLUMNS = ("reason", "source", "count", "address", "raw", "when")


def quality(context: Context, findings: Sequence[dict[str, Any]] | None) -> Child:
    """Bad readings by reason, and the findings, where this server makes any."""
    body = _reasons(context)
    parts: list[Child] = [html.H2(context.text("feeds.quality"))]
    if body:
        listed = [head(context, _COLUMNS, {"count", "when"}), html.Tbody(body[:SHOWN])]
        caption = html.Caption(context.text("feeds.reasons"))
        parts.append(html.Table([caption, *listed], className="table feeds-table"))
    else:
        parts.append(html.P(context.text("feeds.no-bad"), className="quiet-line"))
    if findings is not None:
        parts += _findings(context, findings)
    return html.Section(parts)


def _reasons(context: Context) -> list[html.Tr]:
    found = []
    for source, counts in list(context.runtime.ingest.counts.items()):
        samples = counts.samples.copy()
        for why, count in counts.reasons.copy().items():
            sample = samples.get(why)
            row = html.Tr(
                [
                    html.Th(text_or(f"reason.{why}", context.lang, why), scope="row"),
                    html.Td(source),
                    html.Td(fmt.number(count), className="right"),
                    html.Td(sample.address if sample else fmt.DASH, className="code"),
                    html.Td(
                        sample.raw[:RAW_CHARS] if sample else fmt.DASH,
                        className="example",
                        title=sample.raw if sample else None,
                    ),
                    html.Td(fmt.clock(sample.received, context.timezone) if sample else fmt.DASH, className="right"),
                ],
                key=f"{source} {why}",
            )
            found.append((count, row))
    return [row for _, row in sorted(found, key=lambda pair: -pair[0])]


def _findings(context: Context, findings: Sequence[dict[str, Any]]) -> list[Child]:
    title = html.H3(context.text("feeds.findings"))
    if not findings:
        return [title, html.P(context.text("feeds.no-findings"), className="quiet-line")]
    columns = ("finding", "do", "place", "since")
    body = html.Tbody([_finding(context, one) for one in findings])
    return [title, html.Table([head(context, columns, {"since"}), body], className="table feeds-table")]


def _finding(context: Context, one: dict[str, Any]) -> html.Tr:
    sign = html.Span(className=f"sign {one.get('severity', 'info')}", title=str(one.get("severity", "")))
    places = [place(context, str(entity)) for entity in list(one.get("entities", []))[:3]]
    return html.Tr(
        [
            html.Th([sign, html.Span(_said(context, one, "text"))], scope="row", className="finding-cell"),
            html.Td(_said(context, one, "action"), className="reason"),
            html.Td(places, className="places"),
            html.Td(_since(context, one), className="right"),
        ],
        key=str(one.get("id", "")),
    )


def _said(context: Context, finding: dict[str, Any], key: str) -> str:
    words = finding.get(key)
    return str(words.get(context.lang, "")) if isinstance(words, dict) else str(words or "")


def _since(context: Context, finding: dict[str, Any]) -> str:
    try:
        return fmt.clock(datetime.fromisoformat(str(finding.get("since", ""))).timestamp(), context.timezone)
    except ValueError:
        return fmt.DASH
