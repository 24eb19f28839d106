"""Incidents in words and signs: how urgent, since when, who acts, what they took along."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.accounts.who import rank, who_now
from server.incidents_words import say, say_or
from server.schemas_incidents import IncidentOut
from twin.domains import domains
from twin.incidents.incident import STATUSES

PRIORITIES = ("critical", "high", "medium", "low")


def sign(context: Context, row: IncidentOut) -> html.Span:
    """The sign of a priority: a shape and a colour of its own; hollow once nothing can be done any more."""
    word = say(f"priority.{PRIORITIES[row.priority - 1]}", context.lang)
    kind = "over" if row.state != "open" else "seen" if row.acknowledged else "new"
    return html.Span(
        html.I(className=f"incident-sign p{row.priority} {kind}", **attrs({"aria-hidden": "true"})),
        className="incident-priority", title=word, **attrs({"role": "img", "aria-label": word}),
    )  # fmt: skip


def name(context: Context, names: dict[str, str], otherwise: str) -> str:
    """A thing's name in the page's language."""
    return names.get(context.lang) or names.get("en") or names.get("zh") or otherwise


def place(context: Context, row: IncidentOut) -> str:
    """Where it is; the campus where it is nowhere else."""
    return name(context, row.place_names, row.place) or context.campus_name


def when(context: Context, moment: datetime) -> str:
    """An instant on the campus's clock; with its day where it is not today."""
    now = context.runtime.ingest.clock()
    return fmt.clock_of(moment.timestamp(), now, context.timezone)


def day_of(context: Context, moment: datetime) -> str:
    """The day of an instant on the campus's clock."""
    local = moment.astimezone(ZoneInfo(context.timezone))
    return say(
        "day", context.lang, y=local.year, m=local.month, d=local.day, month=say(f"month.{local.month}", context.lang)
    )


def size(context: Context, row: IncidentOut) -> str:
    """'1 incident, 214 consequences', or that it stands alone."""
    key = "consequences" if row.consequences else "alone"
    return say(key, context.lang, n=row.consequences)


def domains_of(context: Context, row: IncidentOut) -> str:
    """Its alarms by domain, the most first."""
    known = domains()
    parts = []
    for key, n in row.counts.items():
        domain = known.get(key)
        label = (
            say("domain.other", context.lang) if domain is None else (domain.zh if context.lang == "zh" else domain.en)
        )
        parts.append(f"{label} {n}")
    return " · ".join(parts)


def who(context: Context, row: IncidentOut) -> Child:
    """Who acts: who has it, else who acknowledged it, else whose it is; that nobody does stands out."""
    if row.assignee:
        return html.Span(row.assignee, className="incident-who")
    if row.acked_by:
        return html.Span(say("who.acked", context.lang, name=row.acked_by), className="incident-who")
    if row.state != "open":
        return html.Span(say("who.nobody-did", context.lang), className="incident-who")
    owner = name(context, row.owner, "")
    nobody = html.B(say("who.nobody", context.lang))
    return html.Span([nobody, f" · {owner}"] if owner else nobody, className="incident-who")


def status(context: Context, row: IncidentOut) -> str:
    """How far the work is, or that it is over."""
    if row.state == "merged":
        return say("state.merged", context.lang, into=row.into.removeprefix("I"))
    word = say_or(f"status.{row.status}", context.lang, row.status)
    return say("state.ended", context.lang, status=word) if row.state == "ended" else word


def time_left(context: Context, row: IncidentOut) -> str:
    """How long there is to respond, of an open incident that nobody acknowledged."""
    if row.state != "open" or row.acknowledged or not row.respond_s:
        return ""
    left = row.respond_s - (context.runtime.ingest.clock() - row.opened.timestamp())
    key = "respond.left" if left >= 0 else "respond.late"
    return say(key, context.lang, time=fmt.age(abs(left), context.lang))


def statuses(context: Context) -> list[tuple[str, str]]:
    """The words for how far the work is."""
    return [(each, say(f"status.{each}", context.lang)) for each in STATUSES]


def sub_screens(context: Context, here: str) -> html.Nav:
    """The two lists of the operator's day: incidents, and the log of the shift."""
    rows = (("/incidents", "incidents"), ("/log", "log"))
    return html.Nav(
        [
            html.A(
                say(key, context.lang), href=path, className="sub-screen",
                **attrs({"aria-current": "page"} if path == here else {}),
            )
            for path, key in rows
        ],
        className="sub-screens", **attrs({"aria-label": say("parts", context.lang)}),
    )  # fmt: skip


def may_act() -> bool:
    """Whether who asks may do more than read."""
    who = who_now()
    return who is not None and rank(who.role) >= rank("operator")


def number(row: IncidentOut) -> html.Span:
    """Its number, as people say it on the phone."""
    return html.Span(f"#{row.number}", className="incident-number")


def says(context: Context) -> html.P:
    """Where assets/incidents.js says what came of something, in the page's language."""
    keys = ("stale", "failed", "gone", "sending", "done", "sure")
    words = {f"data-{key}": say(f"says.{key}", context.lang) for key in keys}
    return html.P(id="incident-says", className="incident-says", role="status", **attrs(words))
