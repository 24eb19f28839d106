"""iCalendar (RFC 5545) as a register of visits needs it: events out, and events in that other calendars wrote.

Of what others write it takes DTSTART, DTEND or DURATION, SUMMARY, DESCRIPTION, UID of each VEVENT; a time without zone
is of the campus. Repetitions are not followed: a visit comes once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MOST_EVENTS = 2000
LONGEST = 2_000_000
"""Signs of a calendar that is read."""
_NAME = re.compile(r"([A-Za-z0-9-]+)((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)", re.DOTALL)
_STAMP = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class CalendarError(ValueError):
    """What is no calendar, and where."""


@dataclass(frozen=True, slots=True)
class Event:
    """From ``begin`` to ``end`` [s since epoch]; ``uid`` is the same wherever the event is."""

    uid: str
    begin: float
    end: float
    summary: str
    description: str = ""


def written(events: Iterable[Event], name: str, now: float) -> str:
    """A calendar of these events, with the line ends and folds that the standard asks for."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Campus Twin//visits//EN", f"X-WR-CALNAME:{_escaped(name)}"]
    for event in events:
        lines += [
            "BEGIN:VEVENT", f"UID:{_escaped(event.uid)}", f"DTSTAMP:{_stamp(now)}", f"DTSTART:{_stamp(event.begin)}",
            f"DTEND:{_stamp(event.end)}", f"SUMMARY:{_escaped(event.summary)}",
            *([f"DESCRIPTION:{_escaped(event.description)}"] if event.description else []), "END:VEVENT",
        ]  # fmt: skip
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def read(text: str, zone: ZoneInfo) -> list[Event]:
    """The events of a calendar; CalendarError says what is wrong, with the line."""
    if len(text) > LONGEST:
        raise CalendarError(f"the calendar has more than {LONGEST:,} signs: send a part of it")
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    found: list[Event] = []
    inside: dict[str, tuple[Mapping[str, str], str]] | None = None
    if "BEGIN:VCALENDAR" not in unfolded.upper():
        raise CalendarError("this is no calendar: it has to begin with BEGIN:VCALENDAR")
    for number, line in enumerate(unfolded.splitlines(), 1):
        match = _NAME.fullmatch(line)
        if match is None:
            continue
        name, value = match[1].upper(), match[3].strip()
        if (name, value.upper()) == ("BEGIN", "VEVENT"):
            inside = {}
        elif (name, value.upper()) == ("END", "VEVENT") and inside is not None:
            found.append(_event(inside, zone, number))
            inside = None
            if len(found) > MOST_EVENTS:
                raise CalendarError(f"the calendar has more than {MOST_EVENTS} events: send a part of it")
        elif inside is not None and name not in inside:
            inside[name] = _parameters(match[2]), value
    return found


def _event(fields: Mapping[str, tuple[Mapping[str, str], str]], zone: ZoneInfo, line: int) -> Event:
    if "DTSTART" not in fields:
        raise CalendarError(f"the event that ends in line {line} has no DTSTART")
    begin = _instant(*fields["DTSTART"], zone, line)
    if "DTEND" in fields:
        end = _instant(*fields["DTEND"], zone, line)
    else:
        end = begin + _seconds(fields.get("DURATION", ({}, "PT1H"))[1])
    summary, description, uid = (_plain(fields.get(key, ({}, ""))[1]) for key in ("SUMMARY", "DESCRIPTION", "UID"))
    return Event(uid or f"{begin:.0f}-{summary}"[:200], begin, max(begin, end), summary, description)


def _instant(parameters: Mapping[str, str], value: str, zone: ZoneInfo, line: int) -> float:
    match = _STAMP.fullmatch(value)
    if match is None:
        raise CalendarError(f"'{value[:40]}' is no time (the event that ends in line {line}): as in 20260617T143000")
    try:
        where = ZoneInfo(parameters["TZID"]) if "TZID" in parameters else zone
    except (KeyError, ValueError, OSError):
        where = zone  # calendars name zones of their own; the campus's is the best guess
    try:
        naive = datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone follows
        return naive.replace(tzinfo=UTC if match[3] else where).timestamp()
    except (ValueError, OverflowError, OSError):
        raise CalendarError(f"'{value[:40]}' is no day (the event that ends in line {line})") from None


def _seconds(value: str) -> float:
    match = _DURATION.fullmatch(value)
    if match is None:
        return 3600.0
    weeks, days, hours, minutes, seconds = (min(int(part or 0), 10_000) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if part)
    return {name.upper(): value.strip('"') for name, _, value in pairs}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, "\\" + sign)
    return re.sub(r"[\r\n]+", r"\\n", text)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)


def _folded(line: str) -> str:
    """Lines of 75 bytes at most, never cut inside a sign."""
    parts: list[str] = []
    part = ""
    for sign in line:
        if len((part + sign).encode()) > (75 if not parts else 74):
            parts.append(part)
            part = ""
        part += sign
    return "\r\n ".join([*parts, part])
