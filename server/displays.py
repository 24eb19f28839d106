"""The displays that show walls: their signs of life, and what the server makes of them within ten seconds.

A page beats every three seconds from a worker, so that a main thread that hangs is told from a dead machine. Gone:
nothing for ``GONE_S``. Frozen: it beats, but its clock stands still. Deaf: its clock goes, but no live values reach it.
Hidden: a tab that nobody sees. Changes are told to the log and the history.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.schemas_walls import BeatIn, DisplayOut, DisplayState
from server.texts import LANGUAGES
from server.values import instant
from server.wall_words import say
from twin.history.spool import Event

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

BEAT_S = 3.0
GONE_S = 8.0
STILL_S = 5.0
"""A clock that stood so long is frozen, values that did are late: with a beat and a look still under ten seconds."""
FORGET_S = 600.0
"""A screen without a cookie of its own that is gone for so long is no display."""
MOST = 500
ORDER: tuple[DisplayState, ...] = ("gone", "frozen", "deaf", "hidden", "never", "ok")


@dataclass(slots=True)
class Display:
    """One display. Times are the server's [s since epoch]; ``ticked`` and ``fed`` are when its clock and its values
    last moved, ``hub`` the number of the live stream then."""

    id: str
    beat: BeatIn
    seen: float
    ticked: float
    fed: float
    hub: int = 0
    state: DisplayState = "ok"
    since: float = 0.0
    registered: bool = False
    reload: bool = False


class Displays:
    """All that were heard of. ``seq_of`` gives the number of the last frame of a channel. Event loop only."""

    def __init__(self, runtime: Runtime, build: str, seq_of: Callable[[str], int]) -> None:
        self._runtime = runtime
        self._seq_of = seq_of
        self.build = build
        self.known: dict[str, Display] = {}

    def take(self, id_: str, beat: BeatIn, now: float, *, registered: bool) -> Display | None:
        """A beat; None where it says good-bye, or where there are too many displays."""
        display = self.known.get(id_)
        if beat.bye and not registered:
            self.known.pop(id_, None)
            return None
        if display is None:
            if len(self.known) >= MOST:
                return None
            display = self.known[id_] = Display(id_, beat, now, now, now, self._seq_of(beat.channel), since=now)
        before, display.beat, display.seen, display.registered = display.beat, beat, now, registered
        if beat.tick != before.tick or display.state in ("gone", "never"):
            display.ticked = now
        hub = self._seq_of(beat.channel)
        same = beat.channel == before.channel and display.state not in ("gone", "never")
        alive = beat.feed == "ready" and (beat.seq != before.seq or hub == display.hub)
        if alive or not same or not beat.channel:
            display.fed = now
            display.hub = hub
        self._judge(display, now)
        return display

    def look(self, now: float) -> None:
        """Judge all of them again, and forget what was no display."""
        for display in list(self.known.values()):
            if not display.registered and now - display.seen > FORGET_S:
                del self.known[display.id]
            else:
                self._judge(display, now)

    def _judge(self, display: Display, now: float) -> None:
        beat = display.beat
        state: DisplayState = "ok"
        if now - display.seen > GONE_S or beat.bye:
            state = "gone"
        elif beat.hidden:
            state = "hidden"
        elif beat.stuck_s > STILL_S or display.seen - display.ticked > STILL_S:
            state = "frozen"
        elif display.seen - display.fed > STILL_S:
            state = "deaf"
        if state == display.state:
            return
        before, display.state, display.since = display.state, state, now
        if state in ("gone", "frozen") or before in ("gone", "frozen"):
            level = logging.INFO if state == "ok" else logging.WARNING
            log.log(level, "the display %s (%s, %s) is %s", display.id, beat.wall, beat.screen, state)
        self._tell(display, now)

    def _tell(self, display: Display, now: float) -> None:
        recorder = self._runtime.recorder
        if recorder is None:
            return
        detail = {lang: say(f"displays.event.{display.state}", lang, id=display.id) for lang in LANGUAGES}
        told = json.dumps({**detail, "over": display.state == "ok"}, ensure_ascii=False)
        recorder.note(Event(round(now * 1000), "display", display.id, display.state, told))

    def rows(self, now: float) -> list[DisplayOut]:
        """All of them, and those that have a cookie but were never heard of; the worst first."""
        found = [self._out(display, now) for display in self.known.values()]
        found += [self._never(name, wall) for name, wall in self._registered() if name not in self.known]
        return sorted(found, key=lambda row: (ORDER.index(row.state), row.wall, row.screen, row.id))

    def _registered(self) -> Iterator[tuple[str, str]]:
        accounts = self._runtime.accounts
        if accounts is not None and accounts.on:
            yield from ((display.name, display.wall) for display in accounts.known.displays.values())

    def _never(self, name: str, wall: str) -> DisplayOut:
        return DisplayOut(
            id=name, wall=wall, screen="", state="never", since=None, seen=None, age_s=None, scene="", incident="",
            held=False, seq=0, frames=0, heap_mb=0, nodes=0, width=0, height=0, build="", current=True, registered=True,
        )  # fmt: skip

    def _out(self, display: Display, now: float) -> DisplayOut:
        beat = display.beat
        return DisplayOut(
            id=display.id, wall=beat.wall, screen=beat.screen, state=display.state, since=instant(display.since),
            seen=instant(display.seen), age_s=round(max(0.0, now - display.seen), 1), scene=beat.scene,
            incident=beat.incident, held=beat.held, seq=beat.seq, frames=beat.frames, heap_mb=beat.heap_mb,
            nodes=beat.nodes, width=beat.width, height=beat.height, build=beat.build,
            current=beat.build == self.build, registered=display.registered,
        )  # fmt: skip
