"""The generated demo campus: a science and education block of 48 buildings, 1.59 million m2 and about 20,000 spaces.

Everything is invented but the public facts (areas, counts, names of some buildings) and is marked so: the campus and
its buildings are ``schematic``, every space's origin is 'schematic'. The same seed gives the same campus, to the byte.
A larger campus is several such districts side by side, a smaller one the buildings nearest to the library.
"""

from __future__ import annotations

import string

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point

from models3d.campus import Assembled
from models3d.demo_build import CLASSROOMS, build, draw_forms, draw_plans, settle_classrooms
from models3d.demo_equipment import equipment
from models3d.demo_ground import ground
from models3d.demo_layout import lots
from models3d.demo_names import BLOCKS
from models3d.demo_points import meter_points
from models3d.demo_signals import signal_points
from models3d.demo_topology import topology
from models3d.demo_trees import trees
from models3d.model import Feature
from twin.space import Building, Campus, Site

LATITUDE, LONGITUDE = 34.30, 108.93  # of the city's weather station [deg]: the campus's own place is not published
DISTRICT_SPACES = 20_000
PITCH_M = (1_460.0, 1_130.0)  # between districts, east and south


def demo_campus(seed: int = 1, spaces: int = DISTRICT_SPACES) -> Assembled:
    """The demo campus of about ``spaces`` spaces (within about a tenth).

    ValueError if ``spaces`` is not positive.
    """
    if spaces <= 0:
        raise ValueError(f"a campus of {spaces} spaces cannot be drawn: ask for 1 or more")
    districts = max(1, round(spaces / DISTRICT_SPACES))
    assembled = Assembled(
        campus=Campus(
            id="block", names={"zh": "科教板块", "en": "Science and education block"}, timezone="Asia/Shanghai",
            latitude=LATITUDE, longitude=LONGITUDE, schematic=True,
        )
    )  # fmt: skip
    kinds: dict[str, str] = {}
    for number in range(districts):
        _add_district(assembled, kinds, seed, number, spaces if districts == 1 else DISTRICT_SPACES)
    assembled.points = meter_points(assembled.campus.buildings, kinds)
    assembled.campus.equipment = equipment(assembled.campus.buildings, "CS")
    assembled.topology = topology(assembled.campus)
    assembled.points += signal_points(assembled.campus)
    return assembled


def _add_district(assembled: Assembled, kinds: dict[str, str], seed: int, number: int, spaces: int) -> None:
    """Plan, build and place district ``number``; ``kinds`` takes what each building is for."""
    plots = lots()
    own_seed = seed + 1_000_003 * number  # a large step: seeds 1 and 2 share no district
    plans = [draw_plans(lot, form, own_seed) for lot, form in zip(plots, draw_forms(plots, own_seed), strict=True)]
    settle_classrooms(plans, CLASSROOMS)
    every = [build(p, own_seed) for p in plans]
    buildings = _nearest(every, spaces)
    flat = ground(buildings, every, outer=number == 0)
    features = [*flat.features, *trees(flat, own_seed)]
    prefix, zh, en = ("", "", "") if number == 0 else _district_names(number)
    by_code = {lot.code: lot for lot in plots}
    for building in buildings:
        kind = by_code[building.id].kind
        if number:
            _rename(building, prefix, zh, en)
        kinds[building.id] = kind
    if number:
        _shift(buildings, features, *_place(number))
    campus = assembled.campus
    campus.sites += [Site(f"{prefix}{key}", {"zh": f"{zh}{a}", "en": f"{en}{b}"}) for key, (a, b) in BLOCKS.items()]
    campus.buildings += buildings
    assembled.ground += features


def _nearest(buildings: list[Building], spaces: int) -> list[Building]:
    """All buildings, or those nearest to the library that together have about ``spaces`` spaces."""
    if spaces >= DISTRICT_SPACES:
        return buildings
    library = Point(0.0, 112.0)
    chosen: set[str] = set()
    total = 0
    for building in sorted(buildings, key=lambda b: library.distance(b.outline or Point())):
        count = sum(len(s.spaces) for s in building.storeys)
        if chosen and total + count / 2 > spaces:
            break
        chosen.add(building.id)
        total += count
    return [b for b in buildings if b.id in chosen]


def _district_names(number: int) -> tuple[str, str, str]:
    """Prefix of codes, and of names in Chinese and English."""
    letters = string.ascii_uppercase
    label = letters[number % 26] if number < 26 else f"{letters[number // 26 - 1]}{letters[number % 26]}"
    return f"{label}-", f"{label}区", f"District {label}, "


def _place(number: int) -> tuple[float, float]:
    """Where a district stands [m]: left and right of the first one, then the rows south of it."""
    row, column = divmod(number, 3)
    return ((0.0, 1.0, -1.0)[column] * PITCH_M[0], -row * PITCH_M[1])


def _rename(building: Building, prefix: str, zh: str, en: str) -> None:
    building.names = {"zh": f"{zh}{building.names['zh']}", "en": f"{en}{building.names['en']}"}
    building.id, building.site = f"{prefix}{building.id}", f"{prefix}{building.site}"
    for storey in building.storeys:
        storey.id = f"{prefix}{storey.id}"
        for space in storey.spaces:
            space.id = f"{prefix}{space.id}"


def _shift(buildings: list[Building], features: list[Feature], dx: float, dy: float) -> None:
    def moved(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        placed: npt.NDArray[np.float64] = np.round(xy + np.array((dx, dy)), 3)
        return placed

    for building in buildings:
        building.outline = shapely.transform(building.outline, moved)
        for storey in building.storeys:
            storey.outline = shapely.transform(storey.outline, moved)
            placed = shapely.transform(np.array([s.polygon for s in storey.spaces], dtype=object), moved)
            for space, polygon in zip(storey.spaces, placed, strict=True):
                space.polygon = polygon
    for feature in features:
        feature.geometry = shapely.transform(feature.geometry, moved)
