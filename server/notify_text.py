"""Messages in words: what stands in a message about an alarm or incident, or in one about many of them.

Texts of alarms may come from other systems: what would be formatting, a link or a mention in a group's chat is written
so that it is plain text there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from server.texts import TEXTS, Lang
from twin.config_notify import ChannelEntry
from twin.notify.matter import Kind, Matter
from twin.notify.spool import Notice

LINES = 20
"""Matters that a message about many names."""
Form = Literal["plain", "markdown"]
_FIELDS = ("place", "since", "lasted", "cause", "consequence", "consequences", "action", "respond", "owner", "origin")
_MARKS = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "'", "#": "＃", "|": "｜", "@": "＠", "\\": "＼"}
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every message of a campus has: its names, its zone, the address in links ('' without any)."""

    names: Mapping[str, str]
    zone: ZoneInfo
    url: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """``title`` is one line; ``body`` plain text, or Markdown without the title."""

    title: str
    body: str


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """The texts of messages, by key."""
    found: dict[str, str] = json.loads((TEXTS / f"notices.{lang}.json").read_text("utf-8"))
    return found


def message(notices: Sequence[Notice], channel: ChannelEntry, frame: Frame, now: float, form: Form) -> Message:
    """One message about some notices of a channel, in its language or languages."""
    langs: tuple[Lang, ...] = ("zh", "en") if channel.language == "both" else (channel.language,)
    made = [_in(lang, notices, channel, frame, now, form) for lang in langs]
    between = "\n\n---\n\n" if form == "markdown" else "\n\n" + "-" * 40 + "\n\n"
    bodies = [each.body if n == 0 else f"{_strong(each.title, form)}\n\n{each.body}" for n, each in enumerate(made)]
    return Message(made[0].title, between.join(bodies))


def _in(lang: Lang, notices: Sequence[Notice], channel: ChannelEntry, frame: Frame, now: float, form: Form) -> Message:
    campus = frame.names.get(lang) or next(iter(frame.names.values()), "Campus Twin")
    if len(notices) > 1:
        title = words(lang)["digest"].format(campus=campus, n=len(notices))
        return Message(_plain(title, form), _many(lang, notices, frame, form, campus))
    notice = notices[0]
    facts = facts_of(lang, notice.kind, notice.matter, frame, now)
    shown = {name: _plain(text, form) for name, text in facts.items()}
    title = words(lang)[f"title.{notice.kind}"].format(campus=_plain(campus, form), **shown)
    if notice.kind == "test":
        return Message(title, words(lang)["test"].format(campus=_plain(campus, form)))
    if channel.template is not None:
        text = getattr(channel.template, lang).format(campus=_plain(campus, form), **{**shown, "link": facts["link"]})
        return Message(title, text)
    lines = [_line(lang, name, shown[name], form) for name in _FIELDS if shown[name]]
    if facts["link"]:
        lines.append(f"[{words(lang)['open']}]({facts['link']})" if form == "markdown" else facts["link"])
    gap = "\n\n" if form == "markdown" else "\n"
    return Message(title, gap.join(lines))


def facts_of(lang: Lang, kind: Kind, matter: Matter, frame: Frame, now: float) -> dict[str, str]:
    """What is known of a matter, in words; '' for what is not."""
    text, table = _of(matter.texts, lang), words(lang)
    since = datetime.fromtimestamp(matter.since, UTC).astimezone(frame.zone).strftime("%Y-%m-%d %H:%M")
    over = matter.ended if kind == "ended" else None
    calls = kind in ("raised", "escalated")
    consequences = table["consequences"].format(n=matter.consequences) if matter.number and calls else ""
    return {
        "text": table["incident"].format(number=matter.number, text=text) if matter.number else text,
        "priority": table[f"priority.{matter.priority}"], "place": _of(matter.place_names, lang),
        "since": since if matter.since else "", "lasted": "" if over is None else _span(lang, over - matter.since),
        "cause": _of(matter.cause, lang) if calls else "", "consequences": consequences,
        "consequence": _of(matter.consequence, lang) if calls else "",
        "action": _of(matter.action, lang) if calls else "", "owner": _of(matter.owner, lang),
        "respond": _span(lang, matter.respond_s) if calls and matter.respond_s else "",
        "link": _link(matter, lang, frame.url), "origin": table["simulated"] if matter.simulated else "",
    }  # fmt: skip


def _many(lang: Lang, notices: Sequence[Notice], frame: Frame, form: Form, campus: str) -> str:
    table = words(lang)
    counts = Counter(notice.kind for notice in notices)
    told = [table[f"count.{kind}"].format(n=n) for kind, n in sorted(counts.items())]
    rows = sorted(notices, key=lambda notice: (notice.kind == "ended", notice.matter.priority, notice.id))
    lines = [table["comma"].join(told)]
    for notice in rows[:LINES]:
        facts = facts_of(lang, notice.kind, notice.matter, frame, notice.made)
        facts["place"] = facts["place"] or campus
        line = table[f"line.{notice.kind}"].format(**{name: _plain(text, form) for name, text in facts.items()})
        lines.append(f"- {line}")
    if len(rows) > LINES:
        lines.append(table["more"].format(n=len(rows) - LINES))
    if frame.url:
        link = f"{frame.url}/alarms?lang={lang}"
        lines.append(f"\n[{table['open']}]({link})" if form == "markdown" else link)
    return "\n".join(lines)


def _of(texts: Mapping[str, str], lang: Lang) -> str:
    return texts.get(lang) or next(iter(texts.values()), "")


def _link(matter: Matter, lang: Lang, url: str) -> str:
    if not url or not matter.id:
        return ""
    if matter.number:
        return f"{url}/incidents/{quote(matter.id, safe='')}?lang={lang}"
    return f"{url}/alarms?alarm={quote(matter.id, safe='')}&lang={lang}"


def _line(lang: Lang, name: str, text: str, form: Form) -> str:
    label = words(lang)[f"field.{name}"]
    return f"**{label}** {text}" if form == "markdown" else f"{label}{words(lang)['colon']}{text}"


def _strong(text: str, form: Form) -> str:
    return f"**{text}**" if form == "markdown" else text


def _plain(text: str, form: Form) -> str:
    """A text on one line, and in Markdown without anything that means something there."""
    line = " ".join(text.split())
    return line.translate(_MARKS) if form == "markdown" else line


def _span(lang: Lang, seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    table = words(lang)
    if minutes < 120:
        return table["minutes"].format(n=minutes)
    hours = minutes / 60
    return (
        table["hours"].format(n=f"{hours:.1f}".removesuffix(".0"))
        if hours < 72
        else table["days"].format(n=round(hours / 24))
    )
