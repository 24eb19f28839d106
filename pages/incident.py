"""One incident, ``/incidents/<id>``: what, where, since when, who acts; what it took along; all that happened; what to
do. What is pressed is asked of the API (assets/incidents.js), and what changed is drawn again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import dash
from dash import Input, Output, State, dcc, html
from fastapi import HTTPException

from pages._parts import incident_words as iw
from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_of
from pages._parts.field import TextField
from pages._parts.incident_body import files, groups, head
from pages._parts.incident_timeline import timeline
from pages._parts.markdown import rendered
from pages._parts.twin_view import impact_url
from server.incidents_api import detail, people_of
from server.incidents_words import say
from server.instants import read_instant
from server.runtime import Runtime
from server.schemas_incidents import IncidentDetailOut
from twin.domains import channels
from twin.incidents.journal import JournalError
from viewer import CampusView

log = logging.getLogger(__name__)

PATH = "/incidents/<incident>"
PARTS = ("head", "groups", "timeline", "files")


def title(context: Context, incident: str) -> str:
    """The browser's title."""
    number = incident.removeprefix("I")[:20]
    return f"{say('incident', context.lang, number=number)} · {context.campus_name}"


async def layout(context: Context, incident: str) -> html.Div:
    """The head over two columns: what happened, and what to do."""
    found = await _found(context, incident)
    body = _body(context, found) if isinstance(found, IncidentDetailOut) else [found]
    return html.Div(
        [
            bar(context, "/incidents", fed=False),
            html.Main(
                [
                    html.Nav(
                        html.A(say("back", context.lang), href="/incidents", className="incident-back"),
                        **attrs({"aria-label": context.text("path")}),
                    ),
                    iw.says(context),
                    *body,
                    dcc.Store(id="incident-again"),
                    html.P(id="announce", className="sr-only", role="status"),
                ],
                id="main", className="sheet incident-sheet", tabIndex=-1,
                **attrs({"data-incident": incident, "data-at": context.query.get("at", "")}),
            ),
        ],
        className="page operations", **attrs({"data-page": "incident", "data-state": "ready"}),
    )  # fmt: skip


async def _found(context: Context, incident: str) -> IncidentDetailOut | html.Div:
    """The incident, or what stands in its place."""
    lang, desk = context.lang, context.runtime.incidents
    if desk is None:
        return states.message("missing", say("none.desk", lang), say("none.desk-text", lang))
    at = context.query.get("at", "")
    back = ("/incidents", say("back", lang))
    try:
        moment = read_instant(at, "at", desk.now) if at else None
        await desk.known()
        return await asyncio.to_thread(detail, desk, incident, moment)
    except KeyError:
        return states.message("missing", say("none.this", lang), say("none.this-text", lang), link=back)
    except HTTPException as error:
        return states.message("past", say("list.wrong", lang), str(error.detail), link=back)
    except JournalError as error:
        return states.message("missing", say("list.broken", lang), str(error), link=back)


def _parts(context: Context, found: IncidentDetailOut) -> tuple[Child, ...]:
    return head(context, found), groups(context, found), timeline(context, found), files(context, found)


def _body(context: Context, found: IncidentDetailOut) -> list[Child]:
    lang = context.lang
    drawn = dict(zip(PARTS, _parts(context, found), strict=True))
    may = not context.query.get("at") and found.incident.state != "merged" and iw.may_act()
    acts = [_acts(context, found)] if may else []
    writes = [_write(context)] if may else []
    left = html.Div(
        [
            _part(say("took", lang), html.Div(drawn["groups"], id="incident-groups")),
            _part(say("happened", lang), html.Div(drawn["timeline"], id="incident-timeline"), *writes),
        ],
        className="incident-left",
    )
    right = html.Div(
        [
            *acts, _scene(context, found), _part(say("do", lang), *_to_do(context, found)),
            _part(say("files", lang), html.Div(drawn["files"], id="incident-files")),
        ],
        className="incident-right",
    )  # fmt: skip
    return [
        html.Div(drawn["head"], id="incident-head"),
        html.Div([left, right], className="incident-columns"),
    ]


def _part(heading: str, *parts: Child) -> html.Section:
    return html.Section([html.H2(heading), *parts], className="incident-part")


def _to_do(context: Context, found: IncidentDetailOut) -> Sequence[Child]:
    """The next step, the runbook, and the ways to look closer."""
    lang, row = context.lang, found.incident
    action = iw.name(context, row.action, "")
    runbook = iw.name(context, found.runbook, "")
    parts: list[Child] = []
    if action:
        parts.append(html.P(action, className="incident-action"))
    if consequence := iw.name(context, found.consequence, ""):
        parts.append(html.P([html.B(say("otherwise", lang)), " ", consequence], className="incident-otherwise"))
    if owner := iw.name(context, row.owner, ""):
        parts.append(html.P([html.B(say("owner", lang)), " ", owner], className="incident-otherwise"))
    if runbook:
        parts.append(html.Div(rendered(runbook), className="runbook"))
    if not parts:
        parts.append(html.P(say("do.none", lang), className="quiet-line"))
    parts.append(html.Ul([html.Li(link) for link in _links(context, found)], className="incident-links"))
    return parts


def _scene(context: Context, found: IncidentDetailOut) -> Child:
    """Where the failure reaches, small; None where it is over, or the topology knows nothing of the cause."""
    row, runtime = found.incident, context.runtime
    if row.state != "open" or not row.cause or not runtime.impacts.known().knows(row.cause):
        return None
    channel = next(iter(channels().values()))
    view = CampusView(
        id="incident-view", sceneUrl=runtime.scene.scene_url, liveUrl="/ws/live", channel=channel.key,
        legend=channel.legend(), lang=context.lang, theme=context.theme, mode="3d", lens="data", selection=row.place,
        flyTo=row.building or row.place, time="live", impact=impact_url({"impact": row.cause}), labels=True,
    )  # fmt: skip
    label = say("reach", context.lang)
    keys = [
        html.Li([html.I(className=f"key impact-{name}", **attrs({"aria-hidden": "true"})), word])
        for name, word in (
            ("lost", context.text("impact.key.lost")), ("weakened", context.text("impact.key.weakened")),
            ("cause", context.text("impact.key.cause")),
        )
    ]  # fmt: skip
    return html.Section(
        [html.H2(label), html.Div(view, className="incident-scene"), html.Ul(keys, className="incident-keys")],
        className="incident-part", **attrs({"aria-label": label}),
    )  # fmt: skip


def _links(context: Context, found: IncidentDetailOut) -> list[html.A]:
    lang, row = context.lang, found.incident
    safe = "/:"
    scene = f"/?sel={quote(row.place, safe=safe)}" if row.place else "/?"
    impacts = context.runtime.impacts.known()
    impact = f"&impact={quote(row.cause, safe=safe + '>')}" if row.cause and impacts.knows(row.cause) else ""
    at = row.opened.isoformat(timespec="seconds").replace("+00:00", "Z")
    links = [html.A(say("link.scene", lang), href=f"{scene}{impact}", className="link")]
    if context.runtime.past is not None:
        links.append(html.A(say("link.replay", lang), href=f"{scene}{impact}&at={at}", className="link"))
    speaker = next((member for member in found.members if member.role != "consequence"), None)
    point = "" if speaker is None else speaker.alarm.partition(":")[2]
    if point in context.runtime.live.index:
        links.append(html.A(say("link.trend", lang), href=f"/trends?what={quote(point, safe=safe)}", className="link"))
    if speaker is not None and any(page["path"] == "/alarms" for page in dash.page_registry.values()):
        where = f"/alarms?view=all&alarm={quote(speaker.alarm, safe=safe)}"
        links.append(html.A(say("link.alarm", lang), href=where, className="link"))
    return links


def _acts(context: Context, found: IncidentDetailOut) -> html.Section:
    """Acknowledge, give to somebody, say how far it is. What is shown is what is so; assets/incidents.js asks."""
    lang, row = context.lang, found.incident
    people = people_of(context.runtime)
    label = say("assign.to", lang)
    if people is None:
        names: Child = TextField(
            id="incident-assignee", value=row.assignee, maxLength=80, autoComplete="name",
            placeholder=say("assign.name", lang),
        )  # fmt: skip
    else:
        choices = [("", say("who.nobody", lang)), *((name, name) for name in people)]
        if row.assignee and row.assignee not in people:
            choices.append((row.assignee, row.assignee))
        names = html.Select(
            [html.Option(word, value=value) for value, word in choices], id="incident-assignee",
            **attrs({"data-value": row.assignee}),
        )  # fmt: skip
    steps = html.Select(
        [html.Option(word, value=value) for value, word in iw.statuses(context)], id="incident-status",
        **attrs({"data-value": row.status}),
    )  # fmt: skip
    ack = html.Div(
        [
            html.Label(
                [
                    html.Span(say("ack.comment", lang)),
                    TextField(id="incident-comment", maxLength=1000),
                ],
                className="incident-field wide", htmlFor="incident-comment",
            ),
            html.Button(say("ack", lang), className="button strong", **attrs({"data-incident-do": "ack"})),
        ],
        className="incident-form",
    )  # fmt: skip
    given = html.Div(
        [
            html.Label([html.Span(label), names], className="incident-field", htmlFor="incident-assignee"),
            html.Button(say("assign", lang), className="button", **attrs({"data-incident-do": "assign"})),
            html.Label([html.Span(say("status", lang)), steps], className="incident-field", htmlFor="incident-status"),
        ],
        className="incident-form",
    )
    return html.Section([html.H2(say("acts", lang)), ack, given], className="incident-part incident-acting")


def _write(context: Context) -> html.Div:
    """Write a note, or attach a file: chosen, or dropped anywhere on the field."""
    lang = context.lang
    field = html.Textarea(
        id="incident-note", maxLength="4000", rows="3", placeholder=say("note.placeholder", lang),
        **attrs({"aria-label": say("note", lang)}),
    )  # fmt: skip
    return html.Div(
        [
            field,
            html.Div(
                [
                    html.Button(say("note.keep", lang), className="button", **attrs({"data-incident-do": "note"})),
                    # Dash has no plain file field: assets/incidents.js puts the browser's own into the span
                    html.Span(id="incident-file", **attrs({"data-label": say("attach", lang)})),
                    html.Span(say("attach.help", lang), className="note"),
                ],
                className="incident-form",
            ),
        ],
        className="incident-write", id="incident-write",
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What changed, drawn again; what somebody is typing stays."""

    @app.callback(
        *(Output(f"incident-{part}", "children") for part in PARTS),
        Input("incident-again", "data"), State("route", "data"), prevent_initial_call=True,
    )  # fmt: skip
    async def show(again: dict[str, Any] | None, route: dict[str, str]) -> Any:
        context = context_of(runtime, route)
        found = await _found(context, str((again or {}).get("incident", ""))[:40])
        rest = (dash.no_update,) * (len(PARTS) - 1)
        if not isinstance(found, IncidentDetailOut):
            return found, *rest
        try:
            return await asyncio.to_thread(_parts, context, found)
        except Exception:  # whatever it is, the reader gets a sentence and the log the reason
            log.exception("the incident %r could not be drawn", found.incident.id)
            return states.broken(context), *rest
