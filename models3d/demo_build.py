"""From lots to buildings: forms scaled to the stated areas, plans drawn, rooms numbered, named and placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from random import Random

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from models3d import demo_shapes
from models3d.demo_halls import DrumForm, HallForm, drum_storey, hall_storey
from models3d.demo_layout import CATEGORY_OF_KIND, DORMITORY_SHARE, GROSS_M2, Lot, programme
from models3d.demo_names import USES, room_names, storey_names
from models3d.demo_plans import DORM_MAIN, BarPlan, Cell, StoreyPlan, Style
from models3d.demo_rooms import Picker
from models3d.demo_shapes import Shape
from twin.space import Alias, Area, Building, Space, Storey

CLASSROOMS = 700
SLAB_M = 0.65  # what slab, ducts and ceiling take of a storey's height
DORM_SLAB_M = 0.35
_STYLES = {
    "dormitory": Style(corridor=2.4, module=4.2, main=DORM_MAIN, medium=DORM_MAIN[:2], lobby=8.4, end_rooms=0.0),
}
_STYLE = Style()

Drawn = Shape | HallForm | DrumForm


@dataclass(slots=True)
class Plans:
    """A building's form at its final size and the plan of each storey."""

    lot: Lot
    form: Drawn
    storeys: list[StoreyPlan]


def _rng(seed: int, *what: object) -> Random:
    """A stream of its own for each thing, so that a change of one building leaves the others alone."""
    return Random("/".join(map(str, (seed, *what))))


def _area(form: Drawn) -> float:
    return demo_shapes.area(form) if isinstance(form, list) else form.area()


def _scaled(form: Drawn, factor: float) -> Drawn:
    return [bar.scaled(factor) for bar in form] if isinstance(form, list) else form.scaled(factor)


def draw_forms(lots: list[Lot], seed: int) -> list[Drawn]:
    """Every lot's form, scaled so that dormitories and the rest have exactly their shares of the gross area."""
    forms: list[Drawn] = [
        lot.form if isinstance(lot.form, HallForm | DrumForm) else lot.form(_rng(seed, lot.code, "form"))
        for lot in lots
    ]
    dorm = [lot.kind == "dormitory" for lot in lots]
    sums = [sum(_area(f) for f, d in zip(forms, dorm, strict=True) if d is which) for which in (False, True)]
    goals = [GROSS_M2 * (1 - DORMITORY_SHARE), GROSS_M2 * DORMITORY_SHARE]
    factors = [sqrt(goal / total) if total else 1.0 for goal, total in zip(goals, sums, strict=True)]
    return [_scaled(f, factors[d]) for f, d in zip(forms, dorm, strict=True)]


def draw_plans(lot: Lot, form: Drawn, seed: int) -> Plans:
    """The plans of all storeys of one building."""
    picker = Picker({}, _rng(seed, lot.code, "rooms"))
    if isinstance(form, HallForm):
        return Plans(lot, form, [hall_storey(form, s, picker, programme(lot.kind, s)) for s in range(form.storeys)])
    if isinstance(form, DrumForm):
        return Plans(lot, form, [drum_storey(form, s, picker, programme(lot.kind, s)) for s in range(len(form.radii))])
    plan = BarPlan(form, _STYLES.get(lot.kind, _STYLE), _rng(seed, lot.code, "cores"))
    top = max(bar.top for bar in form)
    return Plans(lot, form, [plan.storey(s, picker, programme(lot.kind, s)) for s in range(top)])


def settle_classrooms(plans: list[Plans], wanted: int) -> None:
    """Exactly ``wanted`` classrooms: seminar and study rooms join them, or the smallest become seminar rooms."""
    rooms = [c for p in plans for s in p.storeys for c in s.cells]

    def size(cell: Cell) -> float:
        return (cell.x1 - cell.x0) * (cell.y1 - cell.y0)

    have = [c for c in rooms if c.use == "classroom"]
    if len(have) > wanted:
        for cell in sorted(have, key=size)[: len(have) - wanted]:
            cell.use = "seminar"
        return
    spare = [c for c in rooms if c.use in ("seminar", "study") and size(c) > 45.0]
    for cell in sorted(spare, key=size, reverse=True)[: wanted - len(have)]:
        cell.use = "classroom"


def _numbered(cells: list[Cell], level: int) -> Iterator[str]:
    """The code of each cell: rooms 5001, 5003 ... on one side of the corridors, 5002 ... on the other; '5S1' stairs."""
    counters = {1: 1, -1: 2}
    seen: Counter[str] = Counter()
    for cell in cells:
        if cell.tag:
            seen[cell.tag] += 1
            again = "" if seen[cell.tag] == 1 else f"-{seen[cell.tag]}"
            yield f"{level}{cell.tag}{again}"
        else:
            yield f"{level}{counters[cell.side]:03d}"
            counters[cell.side] += 2


def _placed(shapes: npt.NDArray[np.object_], lot: Lot) -> npt.NDArray[np.object_]:
    """Shapes of the building's frame in the campus frame, to whole millimetres."""
    c, s = cos(radians(lot.turn)), sin(radians(lot.turn))
    turn = np.array(((c, s), (-s, c)))
    result: npt.NDArray[np.object_] = shapely.transform(shapes, lambda xy: np.round(xy @ turn + (lot.x, lot.y), 3))
    return result


def _polygons(cells: list[Cell]) -> npt.NDArray[np.object_]:
    bounds = np.array([(c.x0, c.y0, c.x1, c.y1) for c in cells])
    shapes: npt.NDArray[np.object_] = shapely.box(*bounds.T)
    for k, cell in enumerate(cells):
        if cell.ring:
            shapes[k] = Polygon(cell.ring)
    return shapes


def _outline(plan: StoreyPlan) -> Area:
    if plan.rings:
        return Polygon(plan.rings[0], plan.rings[1:])
    joined = shapely.union_all(shapely.box(*np.round(np.array(plan.outline), 4).T))  # or slivers stay
    area = shapely.simplify(joined, 0.001)
    assert isinstance(area, Polygon | MultiPolygon)
    return area


def build(plans: Plans, seed: int) -> Building:
    """The building as a tree of storeys and spaces, on the ground of the campus."""
    lot = plans.lot
    rng = _rng(seed, lot.code, "topics")
    building = Building(
        id=lot.code,
        names={"zh": lot.zh, "en": lot.en},
        site=lot.block,
        category=CATEGORY_OF_KIND[lot.kind],
        schematic=True,
    )
    if lot.department[0]:
        building.aliases = (Alias("department-zh", lot.department[0]), Alias("department-en", lot.department[1]))
    outlines = _placed(np.array([_outline(p) for p in plans.storeys], dtype=object), lot)
    for k, plan in enumerate(plans.storeys):
        storey = Storey(
            id=f"{lot.code}/{k + 1:02d}", names=storey_names(k + 1), ordinal=k, elevation_m=round(k * lot.storey_m, 3),
            height_m=lot.storey_m, outline=outlines[k],
        )  # fmt: skip
        storey.spaces = _spaces(lot, storey, plan.cells, rng)
        building.storeys.append(storey)
    footprint = shapely.union_all(outlines)
    assert isinstance(footprint, Polygon | MultiPolygon)
    building.outline = footprint
    return building


def _spaces(lot: Lot, storey: Storey, cells: list[Cell], rng: Random) -> list[Space]:
    polygons = _placed(_polygons(cells), lot)
    areas = np.round(shapely.area(polygons), 2)
    height = round(lot.storey_m - (DORM_SLAB_M if lot.kind == "dormitory" else SLAB_M), 2)
    spaces = []
    for cell, code, polygon, area in zip(
        cells, _numbered(cells, storey.ordinal + 1), polygons, areas.tolist(), strict=True
    ):
        topic = rng.choice(lot.topics) if lot.topics and cell.use == "laboratory" else None
        spaces.append(
            Space(
                id=f"{storey.id}/{code}", number=code, names=room_names(cell.use, topic),
                category=USES[cell.use].category, polygon=polygon, elevation_m=storey.elevation_m,
                height_m=height, area_m2=area,
                volume_m3=round(area * height, 1), origin="schematic",
                aliases=(Alias("room-code", f"{lot.code}-{code}"), Alias("use", cell.use)),
            )
        )  # fmt: skip
    return spaces
