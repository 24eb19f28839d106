"""What stands behind the doors: a programme's shares become a row of rooms along a corridor.

Shares are kept by error diffusion: each room of area A adds its share of A to what every use is owed, and the
use that is owed most is drawn next. So a building keeps its mix whatever its shape, and a bias lets laboratories
gather on one side of the corridor and offices on the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

# Widths in modules of about 4.2 m, and how many such rooms stand side by side before the row looks elsewhere.
SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "laboratory": ((2, 3, 3, 4, 4, 5, 6), (1, 2, 2, 3)),
    "instrument": ((2, 2, 3), (1,)),
    "preparation": ((1, 2, 2), (1,)),
    "office": ((1, 2, 2, 2, 3), (2, 3, 4)),
    "meeting": ((2, 2, 3), (1,)),
    "classroom": ((3, 4, 4, 4, 5), (1, 2, 3)),
    "seminar": ((2, 2, 3), (1, 2)),
    "study": ((3, 4, 6), (1,)),
    "dormitory": ((1, *(2,) * 8), (6, 9, 14)),
    "laundry": ((1,), (1,)),
    "common": ((2, 3), (1,)),
    "storage": ((1, 2), (1,)),
    "server": ((3, 4), (1,)),
    "clinic": ((1, 1, 2), (2, 3, 5)),
    "shop": ((1, 2, 3), (1, 2)),
    "reading": ((4, 6), (1,)),
    "exhibition": ((4, 6), (1,)),
    "kitchen": ((2, 3), (1, 2)),
    "plant": ((2, 3), (1,)),
    "ventilation": ((1, 2), (1,)),
}

# Which side of the corridor a use likes [m2 of bias]: +1 is north or east, the cool side.
SIDE = {"laboratory": 60.0, "instrument": 40.0, "office": -50.0, "seminar": -30.0, "classroom": 0.0}

BIG = ("laboratory", "classroom", "reading", "exhibition", "common", "office", "dormitory")

NARROW_M = 2.9  # along the corridor

Programme = dict[str, float]


@dataclass(slots=True)
class Picker:
    """Draws uses so that their areas keep the shares of ``programme``."""

    programme: Programme
    rng: Random
    owed: dict[str, float] = field(default_factory=dict)
    left: int = 0
    last: str = ""

    def __post_init__(self) -> None:
        for key in self.programme:
            self.owed.setdefault(key, 0.0)

    def change(self, programme: Programme) -> None:
        """Another floor, another programme; what is owed stays owed."""
        self.programme = programme
        self.left = 0
        for key in programme:
            self.owed.setdefault(key, 0.0)

    def _settle(self, use: str, area: float) -> None:
        for key, share in self.programme.items():
            self.owed[key] += share * area
        self.owed[use] -= area

    def _best(self, candidates: list[str], side: int) -> str:
        jitter = {key: self.rng.uniform(0.0, 40.0) for key in candidates}
        return max(candidates, key=lambda key: self.owed[key] + side * SIDE.get(key, 0.0) + jitter[key])

    def draw(self, side: int, modules: int, module_area: float) -> tuple[str, int]:
        """The next room on ``side``: its use and how many of the ``modules`` left it takes."""
        if self.left <= 0 or self.last not in self.programme:
            self.last = self._best(list(self.programme), side)
            self.left = self.rng.choice(SIZES[self.last][1])
        self.left -= 1
        width = min(modules, self.rng.choice(SIZES[self.last][0]))
        if modules - width == 1 and width > 2:
            width += 1  # no single module is left over beside a large room
        self._settle(self.last, width * module_area)
        return self.last, width

    def draw_big(self, area: float) -> str:
        """The use of one large room of ``area`` [m2] at the end of a wing."""
        candidates = [key for key in BIG if key in self.programme] or list(self.programme)
        use = self._best(candidates, 0)
        self._settle(use, area)
        return use


def fill(
    picker: Picker, t0: float, t1: float, depth: float, side: int, module: float
) -> list[tuple[float, float, str]]:
    """Rooms from ``t0`` to ``t1`` [m along the corridor], on whole modules; ``depth`` [m] away from the corridor."""
    length = t1 - t0
    if length < NARROW_M:  # too narrow for a room of the programme
        return [(t0, t1, "shaft" if length < 1.5 else "storage")] if length > 0.7 else []
    count = max(1, round(length / module))
    step = length / count
    rooms: list[tuple[float, float, str]] = []
    used = 0
    while used < count:
        use, width = picker.draw(side, count - used, step * depth)
        rooms.append((t0 + used * step, t0 + (used + width) * step, use))
        used += width
    return rooms
