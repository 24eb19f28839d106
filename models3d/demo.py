"""The generated demo campus: a science and education block of 48 buildings, 1.59 million m2 and about 20,000 spaces.

Everything is invented but the public facts (areas, counts, names of some buildings) and is marked so: the campus and
its buildings are ``schematic``, every space's origin is 'schematic'. The same seed gives the same campus, to the byte.
"""

from __future__ import annotations

from models3d.campus import Assembled
from models3d.demo_build import CLASSROOMS, build, draw_forms, draw_plans, settle_classrooms
from models3d.demo_layout import lots
from models3d.demo_names import BLOCKS
from models3d.demo_points import power_points
from twin.space import Campus, Site

LATITUDE, LONGITUDE = 34.30, 108.93  # of the city's weather station [deg]: the campus's own place is not published


def demo_campus(seed: int = 1, spaces: int = 20_000) -> Assembled:
    """The demo campus of about ``spaces`` spaces."""
    plots = lots()
    plans = [draw_plans(lot, form, seed) for lot, form in zip(plots, draw_forms(plots, seed), strict=True)]
    settle_classrooms(plans, CLASSROOMS)
    campus = Campus(
        id="block", names={"zh": "科教板块", "en": "Science and education block"}, timezone="Asia/Shanghai",
        latitude=LATITUDE, longitude=LONGITUDE, schematic=True,
        sites=[Site(key, {"zh": zh, "en": en}) for key, (zh, en) in BLOCKS.items()],
        buildings=[build(p, seed) for p in plans],
    )  # fmt: skip
    points = power_points(campus.buildings, {lot.code: lot.kind for lot in plots})
    return Assembled(campus=campus, points=points)
