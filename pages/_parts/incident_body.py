"""The head of an incident, what it took along by domain and place, and its files."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import quote

from dash import html

from pages._parts import format as fmt
from pages._parts import incident_words as iw
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.incidents_words import say
from server.schemas_incidents import IncidentDetailOut, MemberOut
from twin.domains import domains

LISTED = 8
"""Places of a domain that are listed; the rest folds out."""
MOST = 500


def head(context: Context, found: IncidentDetailOut) -> list[Child]:
    """What, where, since when, who acts; and what must be known before reading on."""
    lang, row = context.lang, found.incident
    cause = iw.name(context, row.cause_names, row.cause)
    how = say(f"found.{row.found}", lang) if row.cause else say("found.nobody", lang)
    facts = [
        (say("fact.where", lang), iw.place(context, row), ""),
        (say("fact.since", lang), iw.when(context, row.opened), _lasted(context, found)),
        (say("fact.cause", lang), cause or fmt.DASH, how),
        (say("fact.who", lang), iw.who(context, row), iw.time_left(context, row)),
        (say("fact.status", lang), iw.status(context, row), ""),
    ]
    notes = []
    if context.query.get("at"):
        now = html.A(say("then.now", lang), href=f"/incidents/{row.id}", className="link")
        notes.append(html.P([say("then", lang, time=context.query["at"][:40]), " ", now], className="incident-warning"))
    if row.state == "merged":
        into = html.A(say("merged.into", lang, number=row.into.removeprefix("I")), href=f"/incidents/{row.into}",
                      className="link")  # fmt: skip
        notes.append(html.P(into, className="incident-warning"))
    if found.merged:
        numbers = ", ".join(f"#{each.removeprefix('I')}" for each in found.merged)
        notes.append(html.P(say("merged.from", lang, numbers=numbers), className="note"))
    simulated = html.Span(say("simulated", lang), className="incident-simulated") if row.simulated else None
    return [
        html.Div(
            [
                iw.sign(context, row),
                html.Div(
                    [
                        html.P([iw.number(row), iw.size(context, row), simulated], className="incident-over"),
                        html.H1(iw.name(context, row.text, row.id)),
                    ]
                ),
            ],
            className="incident-title-row",
            **attrs({"data-status": row.status, "data-assignee": row.assignee}),
        ),
        *notes,
        html.Dl(
            [
                html.Div([html.Dt(label), html.Dd(value), html.Dd(note, className="note") if note else None])
                for label, value, note in facts
            ],
            className="incident-facts",
        ),
    ]


def _lasted(context: Context, found: IncidentDetailOut) -> str:
    row, lang = found.incident, context.lang
    now = context.runtime.ingest.clock()
    if row.ended is None:
        return say("lasts", lang, time=fmt.age(now - row.opened.timestamp(), lang))
    lasted = fmt.age(row.ended.timestamp() - row.opened.timestamp(), lang)
    return say("lasted", lang, time=lasted, until=iw.when(context, row.ended))


def groups(context: Context, found: IncidentDetailOut) -> Child:
    """Its alarms by domain, and there by place: how many are still true of how many."""
    lang, row = context.lang, found.incident
    told: list[Child] = [
        html.P(
            [
                html.Span(iw.size(context, row)),
                html.Span(say("still", lang, n=row.active)),
                html.Span(say("affected", lang, n=row.affected_spaces)) if row.affected_spaces else None,
            ],
            className="incident-sum",
        )
    ]
    by_domain: dict[str, dict[str, list[MemberOut]]] = defaultdict(lambda: defaultdict(list))
    for member in found.members:
        by_domain[member.domain][member.place].append(member)
    for domain, places in sorted(by_domain.items(), key=lambda item: -sum(map(len, item[1].values()))):
        told.append(_domain(context, domain, places))
    return told


def _domain(context: Context, key: str, places: dict[str, list[MemberOut]]) -> html.Section:
    lang = context.lang
    known = domains().get(key)
    label = say("domain.other", lang) if known is None else (known.zh if lang == "zh" else known.en)
    n = sum(map(len, places.values()))
    rows = [_place(context, place, members) for place, members in sorted(places.items(), key=_worst)]
    more = None
    if len(rows) > LISTED:
        more = html.Details(
            [html.Summary(say("more.places", lang, n=len(rows) - LISTED)), html.Ul(rows[LISTED:MOST])],
            className="incident-more",
        )
    heading = html.H3([label, html.Span(say("alarms", lang, n=n), className="note")])
    return html.Section([heading, html.Ul(rows[:LISTED]), more], className="incident-domain")


def _worst(item: tuple[str, list[MemberOut]]) -> tuple[object, ...]:
    members = item[1]
    return min(m.role == "consequence" for m in members), not any(m.active for m in members), item[0]


def _place(context: Context, place: str, members: list[MemberOut]) -> html.Li:
    lang = context.lang
    first = members[0]
    where = iw.name(context, first.place_names, place) or context.campus_name
    active = sum(member.active for member in members)
    what = iw.name(context, first.text, first.alarm)
    if len(members) > 1:
        what = say("and.more", lang, what=what, n=len(members) - 1)
    state = say("back.all", lang) if not active else say("back.some", lang, n=active, all=len(members))
    if len(members) == 1:
        state = say("true.one" if active else "back.all", lang)
    return html.Li(
        [
            html.A(where, href=f"/?sel={quote(place, safe='/:')}", className="incident-place") if place else where,
            html.Span(what, className="incident-alarm"),
            html.Span(state, className="incident-true" if active else "incident-over-now"),
        ],
        **attrs({"data-role": first.role}),
    )


def files(context: Context, found: IncidentDetailOut) -> Child:
    """What is attached: pictures small, all of it to take along."""
    lang = context.lang
    if not found.files:
        return html.P(say("files.none", lang), className="quiet-line")
    rows = []
    for row in found.files:
        small = None
        if row.type.startswith("image/"):
            small = html.Img(src=row.url, alt=row.name, className="incident-picture")
        size = (
            fmt.with_unit(row.size / 1024, "kB", 0)
            if row.size < 1 << 20
            else fmt.with_unit(row.size / (1 << 20), "MB", 1)
        )
        told = f"{size} · {row.actor} · {iw.when(context, row.time)}"
        rows.append(
            html.Li(
                html.A([small, html.Span(row.name), html.Span(told, className="note")], href=row.url, download=row.name)
            )
        )
    return html.Ul(rows, className="incident-file-list")
