"""The hand-over sheet in words: a document in Chinese or English, made to fit one page of paper on a usual day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from server.incidents_words import say, say_or
from server.paper import (
    Block,
    Cell,
    Column,
    Document,
    Figure,
    Figures,
    Paragraph,
    Points,
    Section,
    Signatures,
    Table,
)
from server.paper_text import DASH, THIN, Speaker, number
from server.paper_text import table as paper_table
from server.texts import Lang

if TYPE_CHECKING:
    from server.handover import Ahead, Left
    from server.handover_numbers import Number
    from server.schemas_incidents import IncidentOut
    from server.schemas_shifts import LogEntryOut
    from twin.alarms.alarm import Alarm

SHOWN = {"incidents": 8, "alarms": 8, "held": 6, "windows": 5, "log": 10, "changes": 6, "feeds": 6, "pinned": 8}
"""Rows of each part; how many there are besides is said."""
PRIORITIES = ("critical", "high", "medium", "low")


class _Writer:
    """What the parts share: the language, the clock, what is left."""

    def __init__(self, left: Left, lang: Lang) -> None:
        self.left, self.lang = left, lang
        self.speak = Speaker(lang, left.zone)

    def say(self, key: str, **figures: object) -> str:
        return say(f"sheet.{key}", self.lang, **figures)

    def name(self, names: Mapping[str, str], otherwise: str = "") -> str:
        return self.speak.name(names, otherwise)

    def time(self, moment: datetime | float) -> str:
        seconds = moment if isinstance(moment, float) else moment.timestamp()
        ms = round(seconds * 1000)
        same = self.speak.full_time(ms)[:10] == self.speak.full_time(round(self.left.now * 1000))[:10]
        return self.speak.time(ms, day=not same)

    def more(self, part: str, total: int) -> str:
        rest = total - SHOWN[part]
        return self.say("more", n=rest) if rest > 0 else ""


def document(left: Left, lang: Lang) -> Document:
    """The whole sheet."""
    write = _Writer(left, lang)
    shift, after = write.name(left.shift.names), write.name(left.after.names)
    start, end = (write.speak.full_time(round(at * 1000)) for at in (left.shift.start, left.shift.end))
    campus = write.name(left.campus, left.campus_id)
    day = write.speak.day(datetime.fromtimestamp(left.shift.start, left.zone).date(), weekday=True)
    title = say("handover", lang)
    under = write.say(
        "under", day=day, shift=shift, start=start[-5:], end="24:00" if end.endswith("00:00") else end[-5:]
    )
    marks = []
    if left.simulated:
        marks.append((paper_table(lang)["mark.simulated"], write.say("simulated")))
    if left.now < left.shift.end:
        marks.append((write.say("running"), write.say("running-says", time=write.time(left.now))))
    sections = [
        _figures(write), _pinned(write), _incidents(write), _alarms(write), _held(write), _windows(write),
        _feeds(write), _log(write), _changes(write),
        Section(write.say("signed"), [Signatures([write.say("from", shift=shift), write.say("to", shift=after)])]),
    ]  # fmt: skip
    return Document(
        lang=lang, over=campus, title=title, under=under,
        facts=[
            write.say("to-shift", shift=after), write.say("made", time=write.speak.full_time(round(left.now * 1000))),
            write.speak.say("zone", zone=left.zone.key),
        ],
        marks=marks, foot=f"{title} · {under} · {campus}", page_of=write.speak.say("page-of", n="{n}", all="{all}"),
        sections=[section for section in sections if section is not None], compact=True,
    )  # fmt: skip


def _figures(write: _Writer) -> Section | None:
    """Energy and network in three numbers, the weather, and how much is open."""
    left = write.left
    items = []
    if left.has_alarms:
        items.append(
            Figure(write.say("open"), number(left.incidents_total), "",
                   [write.say("open-alarms", n=len(left.loose))], strong=False)
        )  # fmt: skip
    items += [_figure(write, row) for row in (*left.numbers, *left.weather)]
    return Section(write.say("now"), [Figures(items)]) if items else None


def _figure(write: _Writer, row: Number) -> Figure:
    notes = []
    if row.value is None:
        return Figure(write.name(row.names), write.say("unknown"), "", [write.name(row.reason)] if row.reason else [])
    if row.of:
        notes.append(write.say("covers", have=number(row.have), of=number(row.of), what=write.name(row.covers)))
    notes += [write.name(note) for note in row.notes]
    if row.quality != "good":
        notes.append(say_or(f"sheet.quality.{row.quality}", write.lang, row.quality))
    if row.age_s is not None:
        notes.append(write.say("age", time=_age(write, row.age_s)))
    return Figure(write.name(row.names), number(row.value, row.decimals), row.unit, notes)


def _age(write: _Writer, seconds: float) -> str:
    unit, size = ("s", 1) if seconds < 90 else ("min", 60) if seconds < 5400 else ("h", 3600)
    return f"{int(seconds / size)}{THIN}{say(f'unit.{unit}', write.lang)}"


def _section(write: _Writer, key: str, blocks: Sequence[Block]) -> Section:
    return Section(write.say(f"part.{key}"), blocks)


def _nothing(write: _Writer, key: str) -> Section:
    return _section(write, key, [Paragraph(write.say(f"none.{key}"), "quiet")])


def _table(write: _Writer, key: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], total: int) -> Section:
    heads = [Column(write.say(f"column.{name}")) for name in columns]
    return _section(write, key, [Table("", heads, rows, write.more(key, total))])


def _priority(write: _Writer, priority: int) -> str:
    return say(f"priority.{PRIORITIES[priority - 1]}", write.lang)


def _incidents(write: _Writer) -> Section | None:
    left = write.left
    if not left.has_alarms:
        return None
    if not left.incidents:
        return _nothing(write, "incidents")
    rows = [_incident(write, row) for row in left.incidents[: SHOWN["incidents"]]]
    return _table(write, "incidents", ("what", "where", "since", "who", "next"), rows, left.incidents_total)


def _incident(write: _Writer, row: IncidentOut) -> list[Cell]:
    who = row.assignee or (say("who.acked", write.lang, name=row.acked_by) if row.acked_by else "")
    key = "consequences" if row.consequences else "alone"
    size = say(key, write.lang, n=row.consequences)
    return [
        Cell(f"#{row.number} {write.name(row.text, row.id)}", f"{_priority(write, row.priority)} · {size}"),
        Cell(write.name(row.place_names, row.place) or DASH),
        Cell(write.time(row.opened)),
        Cell(who or say("who.nobody", write.lang), say(f"status.{row.status}", write.lang)),
        Cell(write.name(row.action) or DASH),
    ]


def _alarms(write: _Writer) -> Section | None:
    left = write.left
    if not left.has_alarms:
        return None
    if not left.loose:
        return _nothing(write, "alarms")
    rows = [
        [Cell(write.name(row.texts, row.id), _priority(write, row.priority)), Cell(_place(write, row)),
         Cell(write.time(row.raised) if row.raised is not None else DASH, "" if row.active else write.say("over")),
         Cell(row.acked_by or say("who.nobody", write.lang))] for row in left.loose[: SHOWN["alarms"]]
    ]  # fmt: skip
    return _table(write, "alarms", ("what", "where", "since", "who"), rows, len(left.loose))


def _place(write: _Writer, alarm: Alarm) -> str:
    return write.name(write.left.places.get(alarm.place, {}), alarm.place) or DASH


def _held(write: _Writer) -> Section | None:
    left = write.left
    if not left.held:
        return None
    rows = []
    for alarm in left.held[: SHOWN["held"]]:
        until = alarm.review if alarm.out_of_service else alarm.shelved_until
        how = write.say("out-of-service" if alarm.out_of_service else "shelved")
        by, why = (
            (alarm.removed_by, alarm.removed_why) if alarm.out_of_service else (alarm.shelved_by, alarm.shelved_why)
        )
        rows.append([
            Cell(write.name(alarm.texts, alarm.id), how), Cell(_place(write, alarm)),
            Cell(write.time(until) if until is not None else write.say("no-end")), Cell(by, why),
        ])  # fmt: skip
    return _table(write, "held", ("what", "where", "until", "by"), rows, len(left.held))


def _windows(write: _Writer) -> Section | None:
    rows = [_window(write, row) for row in write.left.windows[: SHOWN["windows"]]]
    return _table(write, "windows", ("what", "when"), rows, len(write.left.windows)) if rows else None


def _window(write: _Writer, row: Ahead) -> list[Cell]:
    if row.start is not None:
        when = write.say("opens", time=write.time(row.start))
    elif row.end is not None:
        when = write.say("open-until", time=write.time(row.end))
    else:
        when = write.say("open-on")
    places = ", ".join(row.window.places[:4]) or write.say("everywhere")
    return [Cell(write.name(row.window.reason, row.window.id), places), Cell(when)]


def _feeds(write: _Writer) -> Section | None:
    feeds = write.left.feeds
    if not feeds:
        return None
    lines = [
        f"{row.name}: {say(f'source.{row.state}', write.lang)}{' – ' + row.reason if row.reason else ''}, "
        f"{write.say('since', time=write.time(row.since))}" for row in feeds[: SHOWN["feeds"]]
    ]  # fmt: skip
    more = write.more("feeds", len(feeds))
    return _section(write, "feeds", [Points([*lines, *([more] if more else [])])])


def _lines(write: _Writer, rows: Sequence[LogEntryOut]) -> list[str]:
    lines = []
    for row in rows:
        text = " ".join(row.text.split()) if row.kind == "note" else write.name(row.words)
        text = text if len(text) <= 240 else text[:239] + "\N{HORIZONTAL ELLIPSIS}"
        where = write.name(row.place_names, row.place) if row.kind == "note" else ""
        tags = " ".join(f"#{tag}" for tag in row.tags)
        told = " · ".join(part for part in (where, row.actor, tags) if part)
        lines.append(f"{write.time(row.time)}  {text}{f' ({told})' if told else ''}")
    return lines


def _pinned(write: _Writer) -> Section | None:
    rows = write.left.pinned
    if not rows:
        return None
    more = write.more("pinned", len(rows))
    return _section(write, "pinned", [Points([*_lines(write, rows[: SHOWN["pinned"]]), *([more] if more else [])])])


def _log(write: _Writer) -> Section:
    rows = [row for row in write.left.log if row.kind != "change" and not row.pinned]
    if not rows:
        return _nothing(write, "log")
    more = write.more("log", len(rows))
    return _section(write, "log", [Points([*_lines(write, rows[-SHOWN["log"] :]), *([more] if more else [])])])


def _changes(write: _Writer) -> Section | None:
    rows = [row for row in write.left.log if row.kind == "change"]
    if not rows:
        return None
    more = write.more("changes", len(rows))
    return _section(write, "changes", [Points([*_lines(write, rows[-SHOWN["changes"] :]), *([more] if more else [])])])
