"""The model check, ``/check``: what each file gave, every remark in plain words, and where in the campus it is."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from pages._parts import configuration, findings, states, twin_view
from pages._parts import format as fmt
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.runtime import Runtime

PATH = "/check"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('screen.check')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """Files and findings at the left, the twin with its markers at the right."""
    return html.Div(
        [
            bar(context, PATH),
            html.Div(
                [
                    html.H1(context.text("screen.check")),
                    html.P(_summary(context), className="summary"),
                    configuration.not_applied(context),
                    _files(context),
                    *findings.groups(context),
                ],
                className="sheet check-sheet",
            ),
            html.Main(twin_view.twin_view(context), id="main", className="stage", tabIndex=-1),
        ],
        className="page check",
        **attrs({"data-page": "check"}),
    )


def _summary(context: Context) -> str:
    assembled = context.runtime.assembled
    refused = sum(not report.get("ok", True) for report in assembled.reports)
    counts = findings.severities(assembled)
    words = [context.text("check.files", n=len(assembled.reports))]
    if refused:
        words.append(context.text("check.refused", n=refused))
    words.extend(context.text(f"severity.count.{severity}", n=count) for severity, count in counts.items() if count)
    if not refused and not counts:
        words.append(context.text("check.clean"))
    return " · ".join(words)


def _files(context: Context) -> Child:
    reports = context.runtime.assembled.reports
    if not reports:
        return states.message("file", context.text("check.no-files"), context.text("check.no-files-text"))
    columns = ("file", "format", "buildings", "storeys", "spaces", "seconds")
    head = html.Tr([html.Th(context.text(f"check.{key}"), scope="col", className="right" if number > 1 else "")
                    for number, key in enumerate(columns)])  # fmt: skip
    return html.Table(
        [html.Thead(head), html.Tbody([line for report in reports for line in _file(context, report)])],
        className="table files",
    )


def _file(context: Context, report: dict[str, Any]) -> list[Child]:
    name = str(report.get("path", "")).rsplit("/", 1)[-1]
    error = report.get("error")
    if error:
        sentence = findings.sentence(context, str(error.get("code", "")), str(error.get("message", "")), {})
        return [
            html.Tr(
                [html.Td(name), html.Td([html.Span(className="sign error"), sentence], colSpan=5)], className="refused"
            )
        ]
    buildings = report.get("buildings", [])
    storeys = [storey for building in buildings for storey in building.get("storeys", [])]
    schema = " ".join(str(report.get(key, "")) for key in ("format", "schema")).strip()
    counts = (len(buildings), len(storeys), sum(len(storey.get("spaces", [])) for storey in storeys))
    return [
        html.Tr(
            [
                html.Td(name, title=str(report.get("path", ""))),
                html.Td(schema),
                *(html.Td(fmt.number(count), className="right") for count in counts),
                html.Td(fmt.with_unit(report.get("seconds"), "s", 2), className="right"),
            ]
        )
    ]


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """None of the server's: a click on a finding flies there in assets/check.js."""
