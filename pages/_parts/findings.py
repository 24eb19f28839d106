"""Findings of the model check, grouped by code, each with a sentence a person understands and its place."""

from __future__ import annotations

from collections import Counter
from string import Formatter
from typing import Any

from dash import html

from models3d.campus import Assembled
from models3d.model import Finding
from models3d.remarks import FINDINGS, REFUSALS
from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.text import texts

SEVERITIES = ("error", "warning", "info")
LISTED = 50
"""Findings of one code listed; the head of the group says how many there are."""


def severities(assembled: Assembled) -> dict[str, int]:
    """How many findings each severity has, worst first; only those that occur."""
    counts: Counter[str] = Counter(finding.severity for finding in assembled.findings)
    return {severity: counts[severity] for severity in SEVERITIES if counts[severity]}


def sentence(context: Context, code: str, message: str, data: dict[str, Any]) -> str:
    """One finding in the page's language. English is the loader's own sentence; Chinese comes from the code and its
    figures, and from the code alone where there is no text with figures (the group's head says what it means)."""
    if context.lang == "en":
        return message
    line = texts("zh").get(f"finding.{code}.one", "")
    wanted = {field for _, field, _, _ in Formatter().parse(line) if field}
    return line.format(**data) if line and wanted <= data.keys() else code_title(context, code)


def code_title(context: Context, code: str) -> str:
    """A code of a finding or refusal in a few words; the code itself when the table lacks it."""
    zh, en = FINDINGS.get(code) or REFUSALS.get(code) or (code, code)
    return zh if context.lang == "zh" else en


def groups(context: Context) -> list[Child]:
    """One folded group a code, worst and most frequent first."""
    found: dict[str, list[Finding]] = {}
    for finding in context.runtime.assembled.findings:
        found.setdefault(finding.code, []).append(finding)
    order = sorted(found.items(), key=lambda item: (min(SEVERITIES.index(f.severity) for f in item[1]), -len(item[1])))
    return [_group(context, code, listed, opened=number == 0) for number, (code, listed) in enumerate(order)]


def _group(context: Context, code: str, listed: list[Finding], *, opened: bool) -> html.Details:
    severity = min((finding.severity for finding in listed), key=SEVERITIES.index)
    title = code_title(context, code)
    lines: list[Child] = [_finding(context, finding) for finding in listed[:LISTED]]
    if len(listed) > LISTED:
        lines.append(html.Li(context.text("check.more", n=len(listed) - LISTED), className="quiet-line"))
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(className=f"sign {severity}", title=context.text(f"severity.{severity}")),
                    html.Span(title, className="group-title"),
                    html.Span(code, className="code"),
                    html.Span(fmt.number(len(listed)), className="count"),
                ]
            ),
            html.P(texts(context.lang).get(f"finding.{code}", ""), className="meaning"),
            html.Ul(lines, className="findings"),
        ],
        open=opened,
        className="group",
        key=code,
    )


def _finding(context: Context, finding: Finding) -> html.Li:
    words = sentence(context, finding.code, finding.message, finding.data)
    where = finding.entity or finding.element
    if words == code_title(context, finding.code) and where:
        words = ""  # the group's head says it already: the line names the place
    told = [html.Span(words or where), html.Span(where if words else "", className="code")]
    if finding.position is None and not finding.entity:
        return html.Li(told)
    place = ",".join(f"{value:.2f}" for value in finding.position) if finding.position else ""
    names = {
        "data-finding": finding.entity,
        "data-code": finding.code,
        "data-place": place,
        "data-label": (words or where)[:80],
        "data-kind": finding.severity,
    }
    return html.Li(html.Button(told, className="finding", title=finding.message, **attrs(names)))
