"""Drills: mishaps of the simulated campus that a trainer brings about now, besides those that are drawn from the seed.

They spoil what is reported as mishaps do and leave the sums true. ``Drills`` is what the server and the simulator
share: the server begins and ends them, the simulator asks at each step what is spoiled.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from datasources.simulator_mishaps import KINDS, Fault, Mishaps, warm
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S
from twin.point import Point

log = logging.getLogger(__name__)

RISE_S = 60.0
"""What comes slowly by chance comes so soon in a drill [s]: the trainer waits for the rule, not for the room."""
LONGEST_S = 4 * 3600.0
MOST = 20
"""Drills at a time."""
KEPT_S = 86_400.0
"""So long a drill that is over is still told [s]."""


class DrillError(Exception):
    """A drill that cannot begin; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One mishap on purpose: of ``kind`` (``simulator_mishaps.KINDS``) to ``thing``, from ``start`` to ``end``
    [s since epoch, UTC], begun by ``by``. ``place`` is the thing as people know it."""

    id: int
    kind: str
    thing: str
    place: str
    start: float
    end: float
    by: str


class Drills:
    """The drills of a campus. Begun and ended on one thread, read by the simulator on another: ``spoiled`` is only ever
    replaced. ``path`` (None: in memory only) is where they are over a restart.
    """

    def __init__(self) -> None:
        self.rows: tuple[Drill, ...] = ()
        self.spoiled: tuple[Fault, ...] = ()
        self._path: Path | None = None
        self._mishaps: Mishaps | None = None
        self._points: Sequence[Point] = ()

    def follow(self, points: Sequence[Point], seed: int) -> Mapping[str, Sequence[str]]:
        """What can happen to the ``points`` of the simulator; to be called again when they are others."""
        if self._mishaps is None or self._points is not points:
            self._points, self._mishaps = points, Mishaps(points, 0.0, seed)
            self._spoil()
        return self._mishaps.things

    def keep(self, path: Path, now: float) -> None:
        """Keep them in a file from now on, and go on with those that are in it and not long over."""
        self._path = path
        try:
            rows = [Drill(**row) for row in json.loads(path.read_bytes())] if path.is_file() else []
        except (OSError, ValueError, TypeError) as error:
            log.error("the drills in %s cannot be read (%s): none goes on", path, error)
            rows = []
        self.rows = tuple(row for row in rows if row.kind in KINDS and row.end > now - KEPT_S)
        self._spoil()

    def count(self, kind: str) -> int:
        """How many things of the campus a mishap of that kind can happen to; 0 until the simulator began."""
        return 0 if self._mishaps is None else len(self._mishaps.things[kind])

    def begin(self, kind: str, place: str, chance: float, now: float, seconds: float, by: str) -> Drill:
        """Begin one, to one of the things in ``place`` ('' = anywhere) that none is going on at, drawn by ``chance``
        (0 to 1). DrillError says why not.
        """
        if self._mishaps is None or kind not in KINDS:
            raise DrillError(f"there is no mishap '{kind[:40]}': give one of {', '.join(KINDS)}")
        if not 60.0 <= seconds <= LONGEST_S:
            raise DrillError(f"a drill lasts 1 to {LONGEST_S / 60:.0f} minutes, not {seconds / 60:.0f}")
        busy = {(row.kind, row.thing) for row in self.rows if row.end > now}
        if len(busy) >= MOST:
            raise DrillError(f"{MOST} drills are going on: end one first")
        free = [thing for thing in self._mishaps.things[kind] if (kind, thing) not in busy]
        free = [thing for thing in free if _within(self._mishaps.place_of(kind, thing), place)]
        if not free:
            raise DrillError(f"nothing that '{kind}' could happen to is left in '{place or 'the campus'}'")
        thing = free[min(int(chance * len(free)), len(free) - 1)]
        number = max((row.id for row in self.rows), default=0) + 1
        drill = Drill(number, kind, thing, self._mishaps.place_of(kind, thing), now, now + seconds, by)
        self._set((*(row for row in self.rows if row.end > now - KEPT_S), drill))
        return drill

    def stop(self, number: int, now: float) -> Drill | None:
        """End one now; None where there is no such drill that goes on."""
        found = next((row for row in self.rows if row.id == number and row.end > now), None)
        if found is None:
            return None
        over = replace(found, end=now)
        self._set(tuple(over if row is found else row for row in self.rows))
        return over

    def _set(self, rows: tuple[Drill, ...]) -> None:
        self.rows = rows
        self._spoil()
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps([asdict(row) for row in rows]), "utf-8")
            part.chmod(0o600)
            part.replace(self._path)

    def _spoil(self) -> None:
        self.spoiled = tuple(fault for row in self.rows for fault in self._faults(row))

    def _faults(self, drill: Drill) -> Iterator[Fault]:
        mishaps = self._mishaps
        if mishaps is None or drill.thing not in mishaps.things[drill.kind]:
            return
        hot = warm(int((drill.start + UTC_OFFSET_S) // DAY_S))
        for row, what, level, rise in mishaps.takes(drill.kind, drill.thing, warm=hot):
            yield Fault(what, self._points[row].id, drill.start, drill.end, row, level, min(rise, RISE_S))


def _within(what: str, place: str) -> bool:
    return not place or what == place or what.startswith(f"{place}/")
