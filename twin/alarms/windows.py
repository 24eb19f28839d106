"""Suppression by design: windows of time in which the alarms of some places and rules are held back."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from twin.alarms.alarm import Alarm, Transition
from twin.alarms.book import Book
from twin.alarms.places import Places
from twin.alarms.rule import Window
from twin.alarms.schedule import Calendar
from twin.alarms.state import Event

BEGUN, OVER = "window-begun", "window-over"
PREFIX = "window:"


class Windows:
    """The windows of a campus; ``turn`` opens and closes them."""

    def __init__(self, windows: Iterable[Window], calendar: Calendar, places: Places) -> None:
        self._windows = tuple(windows)
        self._calendar, self._places = calendar, places
        self._open: tuple[Window, ...] | None = None

    def open_at(self, now: float) -> tuple[Window, ...]:
        """The windows that are open at ``now`` [s since epoch]."""
        return tuple(
            each for each in self._windows if each.start <= now < each.end and self._calendar.holds(each.weekly, now)
        )

    def covers(self, window: Window, alarm: Alarm) -> bool:
        """Whether a window is about an alarm."""
        if not any(fnmatchcase(alarm.rule, pattern) for pattern in window.rules):
            return False
        return not window.places or any(
            self._places.under(alarm.place, of) or of == alarm.source or of in alarm.nodes for of in window.places
        )

    def holding(self, alarm: Alarm, now: float) -> list[str]:
        """Who holds an alarm back that comes at ``now``."""
        return [each.actor for each in self.open_at(now) if self.covers(each, alarm)] if self._windows else []

    def turn(self, book: Book, now: float) -> list[Transition]:
        """Suppress what windows that opened are about, and let go of what others held."""
        opened = self.open_at(now)
        if opened == self._open:
            return []
        self._open = opened
        made: list[Transition] = []
        actors = {each.actor: each for each in opened}
        for alarm in list(book.alarms.values()):
            for actor in alarm.suppressed_by:
                if actor.startswith(PREFIX) and not (actor in actors and self.covers(actors[actor], alarm)):
                    made += book.do(Event.UNSUPPRESS, [alarm.id], actor, OVER, now)
            for actor, window in actors.items():
                if actor not in alarm.suppressed_by and self.covers(window, alarm):
                    made += book.do(Event.SUPPRESS, [alarm.id], actor, BEGUN, now)
        return made
