"""Floor plans of bar-shaped buildings: double-loaded corridors, cores one above the other, rooms on modules.

Along a bar runs ``t``, across it ``u`` (0 in the corridor's middle). Every cell is a rectangle in the building's own
frame, already drawn in by half a wall, so that neighbours stand a wall apart and rooms never overlap. Where a V bar
meets an H bar, its corridor runs on through the H bar's row of rooms to the corridor there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from models3d.demo_rooms import Picker, Programme, fill
from models3d.demo_shapes import Bar, Part, Shape

WALL = 0.1  # half of an inner wall [m]
FACADE = 0.3  # what the facade takes [m]
EPS = 1e-6

# A core along the corridor: (what, width [m]). A riser is an electrical and a communications room before a shaft.
CoreRow = tuple[tuple[str, float], ...]
STAIR: CoreRow = (("stairs", 3.4),)
MEDIUM: CoreRow = (("stairs", 3.4), ("lift", 2.8), ("toilet", 4.2))
MAIN: CoreRow = (("toilet", 4.2), ("stairs", 3.4), ("lift", 5.4), ("riser", 5.6), ("toilet", 4.2))
DORM_MAIN: CoreRow = (("stairs", 3.2), ("lift", 4.8), ("riser", 5.0), ("laundry", 4.2))
RISER_ROOM_M = 3.6  # how deep the two rooms in front of a shaft are
LETTER = {"stairs": "S", "lift": "L", "toilet": "W", "shaft": "P", "electrical": "E", "comms": "R", "laundry": "X",
          "corridor": "C", "lobby": "H", "atrium": "A", "plant": "M"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """Measures of one kind of building [m]."""

    corridor: float = 2.8
    module: float = 4.2
    main: CoreRow = MAIN
    medium: CoreRow = MEDIUM
    main_from: float = 40.0
    lobby: float = 10.5
    end_rooms: float = 0.5


@dataclass(slots=True)
class Cell:
    """One space of a storey: a rectangle in the building's frame [m], or its bounds where a ``ring`` is given.

    ``tag`` is '' for rooms, which are numbered; the rest carries the letter and number of what it is."""

    x0: float
    y0: float
    x1: float
    y1: float
    use: str
    tag: str = ""
    side: int = 1
    ring: tuple[tuple[float, float], ...] = ()


@dataclass(slots=True)
class StoreyPlan:
    """The rectangles (or ``rings``: outer, holes) that make the storey's outline, and its cells."""

    outline: list[tuple[float, float, float, float]] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    rings: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Core:
    bar: int
    side: int
    a: float
    b: float
    row: CoreRow
    part: tuple[float, float]
    number: int


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where bar ``other``'s corridor passes through a row of rooms; ``low`` tells which end of the other joins."""

    side: int
    a: float
    b: float
    other: int
    low: bool


def _width(row: CoreRow) -> float:
    return sum(width for _, width in row)


def _box(bar: Bar, t0: float, t1: float, u0: float, u1: float) -> tuple[float, float, float, float]:
    if bar.axis == "x":
        return (t0, bar.at + u0, t1, bar.at + u1)
    return (bar.at + u0, t0, bar.at + u1, t1)


def _gaps(shape: Shape, index: int, corridor: float) -> list[_Gap]:
    """The corridors that come into H bar ``index`` from V bars above and below it."""
    bar = shape[index]
    if bar.axis == "y":
        return []
    gaps = []
    for k, other in enumerate(shape):
        if other.axis == "x" or not bar.parts[0].a < other.at < bar.parts[-1].b:
            continue
        for side, low, end in ((1, True, other.parts[0].a), (-1, False, other.parts[-1].b)):
            if abs(end - (bar.at + side * bar.depth / 2)) < EPS:
                gaps.append(_Gap(side, other.at - corridor / 2, other.at + corridor / 2, k, low))
    return gaps


class BarPlan:
    """Plans all storeys of one shape. The fixed things (cores, end rooms) are decided once, for all storeys."""

    def __init__(self, shape: Shape, style: Style, rng: Random) -> None:
        self.shape, self.style, self.rng = shape, style, rng
        self.gaps = [_gaps(shape, k, style.corridor) for k in range(len(shape))]
        self.ends = [(rng.random() < style.end_rooms, rng.random() < style.end_rooms) for _ in shape]
        self.cores: list[_Core] = []
        for k, bar in enumerate(shape):
            self._place_cores(k, bar)

    def _neighbour(self, index: int, low: bool) -> Bar | None:
        """The H bar that that end of V bar ``index`` meets on some storey."""
        return next(
            (self.shape[k] for k, gs in enumerate(self.gaps) for g in gs if (g.other, g.low) == (index, low)), None
        )

    def _place_cores(self, index: int, bar: Bar) -> None:
        for part in bar.parts:
            if part.low > 0:
                continue
            row = self._core_of(index, bar, part)
            for choice in (row, self.style.medium, STAIR) if row else ():
                if _width(choice) <= _width(row) and self._try_core(index, bar, (part.a, part.b), choice):
                    break
            if bar.axis == "x" and part.length > 28 and self._stands_alone(bar, part):
                self._try_core(index, bar, (part.a, part.b), STAIR)  # the second way out of a tower

    @staticmethod
    def _stands_alone(bar: Bar, part: Part) -> bool:
        """Whether ``part`` rises above all other parts of its bar (but those over a gate)."""
        return all(part.top > p.top for p in bar.parts if p is not part and p.length > 12.0)

    def _core_of(self, index: int, bar: Bar, part: Part) -> CoreRow:
        """What a part of a bar needs: a main core if it is long, lift and toilet in a tower, stairs, or nothing."""
        highest = max(bar.parts, key=lambda p: (p.top, p.length))
        if bar.axis == "x":
            if part.length >= self.style.main_from:
                return self.style.main
            return self.style.medium if self._stands_alone(bar, part) else STAIR
        joined = [self._neighbour(index, low) for low in (True, False)]
        if part is highest:
            reached = max((h.top for h in joined if h), default=0)
            return STAIR if None in joined or part.top > reached else ()
        free = (part is bar.parts[0] and not joined[0]) or (part is bar.parts[-1] and not joined[1])
        return STAIR if free and bar.parts[-1].b - bar.parts[0].a > 40 else ()

    def _try_core(self, index: int, bar: Bar, part: tuple[float, float], row: CoreRow) -> bool:
        width = _width(row)
        end = (bar.depth - self.style.corridor) / 2  # an end room may lie there
        first = part[0] + (end if part[0] <= bar.parts[0].a + EPS else 0.0)
        last = part[1] - (end if part[1] >= bar.parts[-1].b - EPS else 0.0)
        inner = 1 if bar.axis == "x" and bar.at < 0 else -1  # courtyards lie towards the middle of the plan
        spots: list[tuple[int, float]] = []
        for side in (inner, -inner):
            gaps = [g for g in self.gaps[index] if g.side == side]
            spots += [(side, g.b) for g in gaps] + [(side, g.a - width) for g in gaps]
            middle = [(side, (first + last - width) / 2)] if last - first > width + 12 else []
            spots += [*middle, (side, first), (side, last - width)]
        for side, a in spots:
            taken = [(g.a, g.b) for g in self.gaps[index] if g.side == side]
            taken += [(c.a, c.b) for c in self.cores if (c.bar, c.side) == (index, side)]
            clear = all(a + width <= p + EPS or a >= q - EPS for p, q in taken)
            if clear and a >= first - EPS and a + width <= last + EPS:
                self.cores.append(_Core(index, side, a, a + width, row, part, len(self.cores) + 1))
                return True
        return False

    def storey(self, storey: int, picker: Picker, programme: Programme) -> StoreyPlan:
        """The plan of ``storey`` (0 = ground floor)."""
        plan = StoreyPlan()
        picker.change(programme)
        corridors = 0
        for index, bar in enumerate(self.shape):
            for run in bar.active(storey):
                plan.outline.append(_box(bar, *run, -bar.depth / 2, bar.depth / 2))
                corridors += 1
                self._run(plan, storey, index, run, picker, corridors)
        return plan

    def _run(
        self, plan: StoreyPlan, storey: int, index: int, run: tuple[float, float], picker: Picker, number: int
    ) -> None:
        bar = self.shape[index]
        strip = (bar.depth - self.style.corridor) / 2
        a, b = run
        begin, finish = a, b
        for low in (True, False):
            at, true_end = (a, bar.parts[0].a) if low else (b, bar.parts[-1].b)
            if not self.ends[index][0 if low else 1] or abs(at - true_end) > EPS or b - a < 3 * strip:
                continue
            if bar.axis == "y" and self._meets(index, low, storey) is not None:
                continue
            edge = (a, a + strip) if low else (b - strip, b)
            if not any(c.bar == index and c.a < edge[1] - EPS and c.b > edge[0] + EPS for c in self.cores):
                self._end_room(plan, bar, edge, low, picker)
                begin, finish = (edge[1], finish) if low else (begin, edge[0])
        self._corridor(plan, storey, index, run, (begin, finish), number)
        for side in (1, -1):
            self._row(plan, storey, index, (run, (begin, finish)), side, picker)

    def _end_room(self, plan: StoreyPlan, bar: Bar, edge: tuple[float, float], low: bool, picker: Picker) -> None:
        half = bar.depth / 2
        t0, t1 = (edge[0] + FACADE, edge[1] - WALL) if low else (edge[0] + WALL, edge[1] - FACADE)
        use = picker.draw_big((t1 - t0) * bar.depth)
        if use in ("office", "dormitory"):  # nobody has an office of that size: two offices would miss the door
            use = "meeting" if use == "office" else "common"
        plan.cells.append(Cell(*_box(bar, t0, t1, -half + FACADE, half - FACADE), use))

    def _meets(self, index: int, low: bool, storey: int) -> Bar | None:
        """The H bar that V bar ``index`` joins at that end on ``storey``."""
        for k, gaps in enumerate(self.gaps):
            for g in gaps:
                if g.other == index and g.low == low:
                    runs = self.shape[k].active(storey)
                    if any(r[0] <= g.a + EPS and g.b <= r[1] + EPS for r in runs):
                        return self.shape[k]
        return None

    def _corridor(
        self,
        plan: StoreyPlan,
        storey: int,
        index: int,
        run: tuple[float, float],
        clear: tuple[float, float],
        number: int,
    ) -> None:
        bar, half = self.shape[index], self.style.corridor / 2 - WALL
        t0 = clear[0] + (FACADE if clear[0] == run[0] else WALL)
        t1 = clear[1] - (FACADE if clear[1] == run[1] else WALL)
        if bar.axis == "y":
            below = self._meets(index, True, storey) if abs(run[0] - bar.parts[0].a) < EPS else None
            above = self._meets(index, False, storey) if abs(run[1] - bar.parts[-1].b) < EPS else None
            t0 = below.at + half if below else t0
            t1 = above.at - half if above else t1
        plan.cells.append(Cell(*_box(bar, t0, t1, -half, half), "corridor", f"C{number}"))

    def _blocked(self, index: int, storey: int, side: int, run: tuple[float, float]) -> list[tuple[float, float]]:
        """What is not free for rooms on that side: corridors coming in, cores."""
        taken = [(c.a, c.b) for c in self.cores if c.bar == index and c.side == side and self._within(c.part, run)]
        for g in self.gaps[index]:
            other = self.shape[g.other]
            end = other.parts[0].a if g.low else other.parts[-1].b
            if g.side == side and any(abs((r[0] if g.low else r[1]) - end) < EPS for r in other.active(storey)):
                taken.append((g.a, g.b))
        return taken

    @staticmethod
    def _within(part: tuple[float, float], run: tuple[float, float]) -> bool:
        return run[0] - EPS <= part[0] and part[1] <= run[1] + EPS

    def _row(
        self,
        plan: StoreyPlan,
        storey: int,
        index: int,
        spans: tuple[tuple[float, float], tuple[float, float]],
        side: int,
        picker: Picker,
    ) -> None:
        """Everything on one side of a corridor: cores, entrance halls, rooms."""
        run, clear = spans
        bar = self.shape[index]
        for core in self.cores:
            if core.bar == index and core.side == side and self._within(core.part, run):
                self._core(plan, bar, core)
        taken = self._blocked(index, storey, side, run)
        if storey == 0:
            for core in self.cores:
                if core.bar == index and core.side == -side and core.row == self.style.main:
                    taken += self._lobby(plan, bar, core, side, taken, clear)
        at = clear[0]
        for a, b in [*sorted(taken), (clear[1], clear[1])]:
            self._rooms(plan, bar, (at, min(a, clear[1])), run, side, picker)
            at = max(at, b)

    def _lobby(
        self,
        plan: StoreyPlan,
        bar: Bar,
        core: _Core,
        side: int,
        taken: list[tuple[float, float]],
        clear: tuple[float, float],
    ) -> list[tuple[float, float]]:
        middle, half = (core.a + core.b) / 2, self.style.lobby / 2
        a, b = middle - half, middle + half
        if a < clear[0] or b > clear[1] or any(a < q and p < b for p, q in taken):
            return []
        self._cell(plan, bar, (a, b), side, "lobby", f"H{core.number}")
        return [(a, b)]

    def _core(self, plan: StoreyPlan, bar: Bar, core: _Core) -> None:
        at = core.a
        for k, (use, width) in enumerate(core.row):
            span = (at, at + width)
            if use == "riser":
                middle = at + width / 2
                for name, part in (("electrical", (at, middle)), ("comms", (middle, at + width))):
                    tag = f"{LETTER[name]}{core.number}"
                    self._cell(plan, bar, part, core.side, name, tag, depth=(0.0, RISER_ROOM_M))
                self._cell(plan, bar, span, core.side, "shaft", f"P{core.number}", depth=(RISER_ROOM_M, 99.0))
            else:
                tag = f"{LETTER[use]}{core.number}" + ("" if use != "toilet" else "MF"[min(k, 1)])
                self._cell(plan, bar, span, core.side, use, tag)
            at += width

    def _rooms(
        self,
        plan: StoreyPlan,
        bar: Bar,
        span: tuple[float, float],
        run: tuple[float, float],
        side: int,
        picker: Picker,
    ) -> None:
        strip = (bar.depth - self.style.corridor) / 2
        for a, b, use in fill(picker, *span, strip, side, self.style.module):
            outer = (abs(a - run[0]) < EPS, abs(b - run[1]) < EPS)
            self._cell(plan, bar, (a, b), side, use, "P0" if use == "shaft" else "", outer)

    def _cell(
        self,
        plan: StoreyPlan,
        bar: Bar,
        span: tuple[float, float],
        side: int,
        use: str,
        tag: str,
        outer: tuple[bool, bool] = (False, False),
        depth: tuple[float, float] = (0.0, 99.0),
    ) -> None:
        """Append a cell of a row; ``outer`` tells which ends are facades, ``depth`` how far from the corridor [m]."""
        near = self.style.corridor / 2 + depth[0] + WALL
        far = self.style.corridor / 2 + depth[1] - WALL
        far = min(far, bar.depth / 2 - FACADE)
        t0 = span[0] + (FACADE if outer[0] else WALL)
        t1 = span[1] - (FACADE if outer[1] else WALL)
        u0, u1 = (near, far) if side > 0 else (-far, -near)
        plan.cells.append(Cell(*_box(bar, t0, t1, u0, u1), use, tag, side))
