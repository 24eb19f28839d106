"""Plans that are no bars: halls with a ring of rooms round them, and the library, a terraced drum."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

from models3d.demo_plans import FACADE, WALL, Cell, StoreyPlan
from models3d.demo_rooms import Picker, Programme, fill

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class HallForm:
    """A hall building [m]: rooms ``band`` deep round ``halls`` rooms of ``use``; ``setback`` a storey, south."""

    width: float
    height: float
    storeys: int
    use: str
    halls: int = 1
    band: float = 7.0
    corridor: float = 3.0
    setback: float = 0.0

    def bounds(self, storey: int) -> tuple[float, float, float, float]:
        """The storey's rectangle; terraces step back from the south."""
        return (-self.width / 2, -self.height / 2 + storey * self.setback, self.width / 2, self.height / 2)

    def area(self) -> float:
        """Gross floor area [m2]."""
        return sum((b[2] - b[0]) * (b[3] - b[1]) for b in map(self.bounds, range(self.storeys)))

    def scaled(self, f: float) -> HallForm:
        """``f`` times as large in plan; the corridor keeps its width."""
        return HallForm(self.width * f, self.height * f, self.storeys, self.use, self.halls, self.band * f,
                        self.corridor, self.setback * f)  # fmt: skip


def _inset(box: tuple[float, float, float, float], outer: str = "") -> tuple[float, float, float, float]:
    """Draw a cell in by its walls; ``outer`` names the sides (w s e n) that are facades."""
    w, s, e, n = (FACADE if side in outer else WALL for side in "wsen")
    return (box[0] + w, box[1] + s, box[2] - e, box[3] - n)


def hall_storey(form: HallForm, storey: int, picker: Picker, programme: Programme, module: float = 4.0) -> StoreyPlan:
    """One storey: four corridors round the halls, rooms outside them, stairs in the west and east bands."""
    picker.change(programme)
    x0, y0, x1, y1 = form.bounds(storey)
    d, c = form.band, form.corridor
    plan = StoreyPlan(outline=[(x0, y0, x1, y1)])
    put = plan.cells.append
    cx0, cy0, cx1, cy1 = x0 + d, y0 + d, x1 - d, y1 - d  # outside of the corridor ring
    put(Cell(*_inset((cx0, cy1 - c, cx1, cy1)), "corridor", "C1"))
    put(Cell(*_inset((cx0, cy0, cx1, cy0 + c)), "corridor", "C2"))
    for k, x in enumerate((cx0, cx1 - c)):  # they touch the two others: no wall between corridors
        put(Cell(x + WALL, cy0 + c - WALL, x + c - WALL, cy1 - c + WALL, "corridor", f"C{3 + k}"))
    step = (cx1 - cx0 - 2 * c) / form.halls
    for k in range(form.halls):
        left = cx0 + c + k * step
        put(Cell(*_inset((left, cy0 + c, left + step, cy1 - c)), form.use))
    _long_bands(plan, form, (x0, y0, x1, y1), storey, picker, module)
    _short_bands(plan, form, (x0, y0, x1, y1), picker, module)
    return plan


def _long_bands(
    plan: StoreyPlan, form: HallForm, box: tuple[float, float, float, float], storey: int, picker: Picker, module: float
) -> None:
    """North and south: a corner room that reaches the corridor, rooms, the other corner; an entrance in the south."""
    x0, y0, x1, y1 = box
    d = form.band
    corner = d + 3.2
    for side, ya, yb, face in ((1, y1 - d, y1, "n"), (-1, y0, y0 + d, "s")):
        for a, b, outer in ((x0, x0 + corner, "w"), (x1 - corner, x1, "e")):
            plan.cells.append(Cell(*_inset((a, ya, b, yb), outer + face), picker.draw_big((b - a) * d), "", side))
        spans = [(x0 + corner, x1 - corner)]
        if side < 0 and storey == 0:
            half = min(7.0, 0.2 * form.width)
            plan.cells.append(Cell(*_inset((-half, ya, half, yb), face), "lobby", "H1"))
            spans = [(x0 + corner, -half), (half, x1 - corner)]
        for span in spans:
            for a, b, use in fill(picker, *span, d, side, module):
                tag = "P0" if use == "shaft" else ""
                plan.cells.append(Cell(*_inset((a, ya, b, yb), face), use, tag, side))


def _short_bands(
    plan: StoreyPlan, form: HallForm, box: tuple[float, float, float, float], picker: Picker, module: float
) -> None:
    """West and east, measured from the north so that stairs stand one above the other under terraces."""
    x0, y0, x1, y1 = box
    d = form.band
    fixed = (("stairs", 3.6), ("toilet", 4.0), ("electrical", 2.6))
    for k, (xa, xb, face) in enumerate(((x0, x0 + d, "w"), (x1 - d, x1, "e"))):
        at = y1 - d
        for use, width in fixed:
            letter = {"stairs": "S", "toilet": "W", "electrical": "E"}[use]
            name = "comms" if use == "electrical" and k else use
            tag = f"R{k + 1}" if name == "comms" else f"{letter}{k + 1}"
            plan.cells.append(Cell(*_inset((xa, at - width, xb, at), face), name, tag))
            at -= width
        for a, b, use in fill(picker, y0 + d, at, d, 1, module):
            tag = "P0" if use == "shaft" else ""
            plan.cells.append(Cell(*_inset((xa, a, xb, b), face), use, tag))


@dataclass(frozen=True, slots=True)
class DrumForm:
    """A terraced drum [m]: outer radius of each storey, the atrium's radius, the core band and the ring corridor."""

    radii: tuple[float, ...]
    atrium: float = 13.0
    band: float = 9.0
    corridor: float = 3.2
    sides: int = 72

    def area(self) -> float:
        """Gross floor area [m2]: polygons of ``sides``, the atrium's void taken off above the ground floor."""
        factor = self.sides / 2 * sin(2 * pi / self.sides)
        return sum(factor * (r * r - (self.atrium**2 if k else 0.0)) for k, r in enumerate(self.radii))

    def scaled(self, f: float) -> DrumForm:
        """``f`` times as large in plan."""
        return DrumForm(tuple(r * f for r in self.radii), self.atrium * f, self.band * f, self.corridor, self.sides)


def _circle(radius: float, sides: int) -> Ring:
    return tuple((radius * cos(2 * pi * k / sides), radius * sin(2 * pi * k / sides)) for k in range(sides))


def _sector(form: DrumForm, first: int, count: int, r0: float, r1: float, tag: tuple[str, str], facade: bool) -> Cell:
    """The room between radii ``r0`` and ``r1`` over ``count`` sides from side ``first``, drawn in by its walls."""
    r0, r1 = r0 + WALL, r1 - (FACADE if facade else WALL)
    turn = 2 * pi / form.sides

    def arc(radius: float) -> list[tuple[float, float]]:
        gap = WALL / radius
        angles = [first * turn + gap, *((first + k) * turn for k in range(1, count)), (first + count) * turn - gap]
        return [(radius * cos(a), radius * sin(a)) for a in angles]

    ring = (*arc(r1), *reversed(arc(r0)))
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return Cell(min(xs), min(ys), max(xs), max(ys), tag[0], tag[1], 1, ring)


# The inner band of the library, side by side round the atrium: use, sides, tag.
_INNER = (
    ("stairs", 3, "S1"), ("lift", 2, "L1"), ("toilet", 4, "W1M"), ("stacks", 9, ""),
    ("electrical", 3, "E1"), ("stairs", 3, "S2"), ("storage", 3, ""), ("stacks", 9, ""),
    ("stairs", 3, "S3"), ("lift", 2, "L2"), ("toilet", 4, "W2F"), ("stacks", 9, ""),
    ("comms", 3, "R1"), ("stairs", 3, "S4"), ("plant", 3, "M1"), ("stacks", 9, ""),
)  # fmt: skip


def drum_storey(form: DrumForm, storey: int, picker: Picker, programme: Programme) -> StoreyPlan:
    """One storey of the library: cores and stacks round the atrium, a ring corridor, reading rooms outside."""
    picker.change(programme)
    outer = form.radii[storey]
    inner, ring = form.atrium + form.band, form.atrium + form.band + form.corridor
    rings = (
        (_circle(outer, form.sides),) if storey == 0 else (_circle(outer, form.sides), _circle(form.atrium, form.sides))
    )
    plan = StoreyPlan(rings=rings)
    quarter = form.sides // 4
    for k in range(4):  # quarters of the corridor touch: no wall between them
        plan.cells.append(_corridor(form, k * quarter, quarter, inner, ring, f"C{k + 1}"))
    at = 0
    for use, sides, tag in _INNER:
        if storey == 0 and use == "storage":
            use, tag = "lobby", "H3"  # the way from the ring corridor into the atrium
        plan.cells.append(_sector(form, at, sides, form.atrium, inner, (use, tag), False))
        at += sides
    if storey == 0:
        edge = _circle(form.atrium - WALL, form.sides)
        plan.cells.append(Cell(-form.atrium, -form.atrium, form.atrium, form.atrium, "atrium", "A1", 1, edge))
        _doors(plan, form, ring, outer)
    _outer(plan, form, storey, ring, outer, picker)
    return plan


def _corridor(form: DrumForm, first: int, count: int, r0: float, r1: float, tag: str) -> Cell:
    turn = 2 * pi / form.sides
    angles = [(first + k) * turn for k in range(count + 1)]
    a, b = r0 + WALL, r1 - WALL
    ring = (*((b * cos(t), b * sin(t)) for t in angles), *((a * cos(t), a * sin(t)) for t in reversed(angles)))
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return Cell(min(xs), min(ys), max(xs), max(ys), "corridor", tag, 1, ring)


_DOORS = (16, 52)  # first side of the entrance halls, north and south, four sides wide


def _doors(plan: StoreyPlan, form: DrumForm, ring: float, outer: float) -> None:
    for k, first in enumerate(_DOORS):
        plan.cells.append(_sector(form, first, 4, ring, outer, ("lobby", f"H{k + 1}"), True))


def _outer(plan: StoreyPlan, form: DrumForm, storey: int, ring: float, outer: float, picker: Picker) -> None:
    side_area = pi * (outer**2 - ring**2) / form.sides
    wish = [max(2, round(size / side_area)) for size in (170.0, 230.0, 230.0, 330.0, 520.0)]
    at = 0
    while at < form.sides:
        if storey == 0 and at in _DOORS:
            at += 4
            continue
        stop = min((s for s in (*_DOORS, form.sides) if s > at), default=form.sides) if storey == 0 else form.sides
        count = min(picker.rng.choice(wish), stop - at)
        if stop - at - count < 2:
            count = stop - at
        use, _ = picker.draw(1, 4, side_area * count / 4)
        plan.cells.append(_sector(form, at, count, ring, outer, (use, ""), True))
        at += count
