"""What the page of the check says when the campus folder has changed and is not what runs."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import Child
from pages._parts.context import Context

LISTED = 50
"""Mistakes listed; the log and ``check`` have all of them."""


def not_applied(context: Context) -> Child:
    """The mistakes of the changed files, or that a restart is needed; nothing where all is taken over."""
    told = context.runtime.configuration
    if told is None or told.state == "applied":
        return None
    severity = "error" if told.state == "refused" else "warning"
    lines: list[Child] = [
        html.Li([html.Span(mistake.message), html.Span(_place(mistake.file, mistake.line), className="code")])
        for mistake in told.mistakes[:LISTED]
    ]
    if len(told.mistakes) > LISTED:
        lines.append(html.Li(context.text("check.more", n=len(told.mistakes) - LISTED), className="quiet-line"))
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(className=f"sign {severity}", title=context.text(f"severity.{severity}")),
                    html.Span(context.text(f"configuration.{told.state}"), className="group-title"),
                ]
            ),
            html.P("" if told.mistakes else told.message, className="meaning"),
            html.Ul(lines, className="findings"),
        ],
        open=True,
        className="group",
    )


def _place(file: str, line: int) -> str:
    return f"{file}:{line}" if line else file
