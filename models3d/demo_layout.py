"""Where the buildings of the demo campus stand and what each is: 48 lots in four blocks round a lake and a library.

Campus frame [m]: x east, y north. An axis runs from the river in the north through a green wedge, the library and the
lake to the south gate; research lies north-east, teaching north-west, dormitories and services south-west, transfer
and incubation south-east. Each block has its own slight turn. Invented: no footprints of the real campus are public.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import cos, radians, sin
from random import Random

from models3d.demo_halls import DrumForm, HallForm
from models3d.demo_names import DEPARTMENTS
from models3d.demo_rooms import Programme
from models3d.demo_shapes import Shape, comb, court, ell, ladder, meander, slab, tower, u_block

GROSS_M2 = 1_590_000.0
GROUND_M2 = 1_750 * 10_000 / 15  # 1,750 mu; 15 mu are a hectare
DORMITORY_SHARE = 0.28

Form = Callable[[Random], Shape] | HallForm | DrumForm


@dataclass(frozen=True, slots=True)
class Lot:
    """A building before it is built: its code, names, block, what it is for, its form and its place [m, deg]."""

    code: str
    zh: str
    en: str
    block: str
    kind: str
    form: Form
    x: float
    y: float
    turn: float
    storey_m: float = 4.8
    topics: tuple[tuple[str, str], ...] = ()
    department: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class BlockFrame:
    """Where a block's own grid stands."""

    x: float
    y: float
    turn: float

    def at(self, dx: float, dy: float) -> tuple[float, float]:
        """A place of the block's grid in the campus frame [m]."""
        c, s = cos(radians(self.turn)), sin(radians(self.turn))
        return self.x + dx * c - dy * s, self.y + dx * s + dy * c


FRAMES = {
    "edu": BlockFrame(-366.0, 236.0, 6.0),
    "res": BlockFrame(366.0, 236.0, -6.0),
    "tra": BlockFrame(388.0, -212.0, 4.0),
    "ser": BlockFrame(-436.0, -238.0, -4.0),
}


def _court(width: float, height: float, depth: float, base: int, middles: int = 0) -> Form:
    return partial(court, width=width, height=height, depth=depth, base=base, middles=middles)


def _hall(width: float, height: float, storeys: int, use: str, halls: int, setback: float = 0.0) -> Form:
    return HallForm(width, height, storeys, use, halls, setback=setback)


_MEGAS: tuple[tuple[int, str, float, float, Form], ...] = (
    (1, "edu", -180, 132, _court(138, 92, 18.6, 6, 1)),
    (2, "edu", 0, 132, _court(152, 94, 18.6, 6, 2)),
    (3, "edu", 180, 132, _court(118, 92, 19.5, 7)),
    (4, "edu", -180, 0, partial(comb, width=138.0, height=94.0, depth=18.0, base=7)),
    (5, "edu", 0, 0, _court(146, 92, 18.6, 6, 1)),
    (9, "edu", -180, -132, _court(138, 92, 18.6, 6, 1)),
    (21, "edu", 0, -132, partial(meander, width=136.0, height=98.0, depth=18.6, base=7)),
    (6, "res", -180, 132, _court(120, 92, 19.5, 7)),
    (7, "res", 0, 132, _court(154, 94, 18.6, 6, 2)),
    (8, "res", 180, 132, _court(138, 92, 18.6, 7, 1)),
    (10, "res", -180, 0, _court(126, 92, 19, 7, 1)),
    (11, "res", 0, 0, _court(138, 92, 18.6, 8, 1)),
    (12, "res", 180, 0, partial(comb, width=142.0, height=96.0, depth=18.0, base=7)),
    (13, "res", 0, -132, partial(meander, width=138.0, height=96.0, depth=18.6, base=7)),
    (14, "res", 180, -132, _court(144, 92, 18.6, 7, 1)),
    (15, "tra", -180, 72, _court(138, 92, 18.6, 6, 1)),
    (16, "tra", 0, 72, partial(comb, width=140.0, height=94.0, depth=18.0, base=7)),
    (17, "tra", 180, 72, partial(ladder, width=136.0, height=100.0, depth=18.6, base=7)),
    (18, "tra", -180, -62, _court(150, 94, 18.6, 6, 2)),
    (19, "tra", 0, -62, _court(138, 92, 18.6, 6, 1)),
    (20, "tra", 180, -62, _court(118, 92, 19.5, 7)),
)  # fmt: skip
TEACHING = {1, 2, 3, 4, 5, 9, 18, 19, 20, 21}  # the mega-structures that hold classrooms

_DORM_U = partial(u_block, width=88.0, height=46.0, depth=17.6)
_DORM_SLAB = partial(slab, width=90.0, height=18.4, depth=18.4)

_TOWER = partial(tower, width=88.0, height=25.0, depth=25.0, base=17)
_MAIN_HALL = partial(ell, width=112.0, height=72.0, depth=19.0, base=7)

# Everything else: code, names, block, kind, form, place in its block's frame or (block "") on the campus, own turn.
_OTHERS: tuple[tuple[str, str, str, str, str, Form, float, float, float, float], ...] = (
    ("ZH", "综合楼", "Main Hall", "edu", "administration", _MAIN_HALL, 180, 0, 0, 4.4),
    ("WK", "文科楼", "Humanities Building", "edu", "humanities",
     _court(92, 74, 17, 5), 172, -122, 0, 4.4),
    ("GX", "躬行楼", "Gongxing Building", "res", "tower", _TOWER, -176, -124, 0, 4.4),
    ("TSG", "图书馆", "Library", "", "library", DrumForm((56, 56, 50, 50, 43, 43, 36, 36)), 0, 112, 0, 5.0),
    ("BWG", "工程博物馆", "Engineering Museum", "", "museum",
     _hall(74, 42, 3, "exhibition", 2, 4.5), 160, -56, -10, 5.6),
    ("FW", "服务中心", "Service Centre", "", "service", _hall(62, 42, 4, "shop", 1, 3.5), -158, -66, 12, 4.8),
    ("ST1", "一食堂", "Canteen 1", "ser", "canteen", _hall(66, 50, 3, "canteen", 2, 4.0), 226, 96, 0, 5.2),
    ("ST2", "二食堂", "Canteen 2", "ser", "canteen", _hall(66, 46, 3, "canteen", 2, 4.0), 226, 22, 0, 5.2),
    ("TYG", "体育馆", "Sports Hall", "ser", "sports", _hall(88, 66, 2, "sports", 2), 324, 30, 0, 9.0),
    ("HT", "会堂", "Assembly Hall", "ser", "assembly", _hall(58, 54, 3, "auditorium", 1, 4.0), 330, 112, 0, 6.0),
    ("YY", "校医院", "Clinic", "", "clinic", _hall(66, 34, 4, "clinic", 2), 208, -406, 4, 4.0),
    ("NY", "能源站", "Energy Plant", "tra", "energy", _hall(74, 40, 2, "plant", 3), 46, -188, 0, 6.5),
    ("CS", "超算中心", "HPC Centre", "tra", "hpc", _hall(64, 42, 3, "server", 2), -44, -188, 0, 5.6),
)  # fmt: skip


def _dormitories() -> list[Lot]:
    lots = []
    frame = FRAMES["ser"]
    for k in range(14):
        row, column = divmod(k, 3)
        form: Form = partial(_DORM_SLAB, base=15) if (row + column) % 3 == 1 else partial(_DORM_U, base=11 + row % 2)
        x, y = frame.at(-114.0 + 112.0 * column, 158.0 - 79.0 * row)
        n = k + 1
        lots.append(Lot(f"D{n}", f"{n}号宿舍", f"Dormitory {n}", "ser", "dormitory", form, x, y, frame.turn, 3.3))
    return lots


def lots() -> list[Lot]:
    """The 48 buildings."""
    found = []
    for number, block, dx, dy, form in _MEGAS:
        frame = FRAMES[block]
        zh, en, topics = DEPARTMENTS[number]
        x, y = frame.at(dx, dy)
        kind = "teaching" if number in TEACHING else "research"
        found.append(
            Lot(
                str(number),
                f"{number}号巨构",
                f"Block {number}",
                block,
                kind,
                form,
                x,
                y,
                frame.turn,
                4.8,
                topics,
                (zh, en),
            )
        )
    for code, zh, en, block, kind, form, dx, dy, turn, storey_m in _OTHERS:
        x, y = FRAMES[block].at(dx, dy) if block else (dx, dy)
        turn += FRAMES[block].turn if block else 0.0
        found.append(Lot(code, zh, en, block or "ser", kind, form, x, y, turn, storey_m))
    found.sort(key=lambda lot: int(lot.code) if lot.code.isdigit() else 100)  # the others keep their order
    return found + _dormitories()


_LAB = {
    "laboratory": 0.75,
    "instrument": 0.06,
    "preparation": 0.03,
    "office": 0.12,
    "meeting": 0.02,
    "ventilation": 0.02,
}
_PROGRAMMES: dict[str, tuple[Programme, Programme]] = {
    # kind: (lower storeys, upper storeys)
    "research": (_LAB, {**_LAB, "laboratory": 0.71, "office": 0.16, "meeting": 0.03}),
    "teaching": (
        {"classroom": 0.45, "seminar": 0.02, "study": 0.02, "laboratory": 0.39, "office": 0.10, "ventilation": 0.02},
        {"laboratory": 0.68, "instrument": 0.06, "preparation": 0.03, "office": 0.21, "ventilation": 0.02},
    ),
    "administration": ({"office": 0.7, "meeting": 0.2, "shop": 0.1}, {"office": 0.86, "meeting": 0.14}),
    "humanities": ({"classroom": 0.6, "seminar": 0.1, "office": 0.3}, {"office": 0.8, "seminar": 0.1, "study": 0.1}),
    "tower": ({"laboratory": 0.6, "office": 0.3, "meeting": 0.1}, {"laboratory": 0.6, "office": 0.4}),
    "dormitory": ({"dormitory": 0.82, "common": 0.12, "shop": 0.06}, {"dormitory": 0.97, "common": 0.03}),
    "library": ({"reading": 0.6, "exhibition": 0.2, "study": 0.2}, {"reading": 0.76, "study": 0.12, "office": 0.12}),
    "museum": ({"exhibition": 0.7, "storage": 0.2, "office": 0.1}, {"exhibition": 0.7, "office": 0.3}),
    "service": ({"shop": 0.8, "office": 0.2}, {"shop": 0.3, "office": 0.5, "meeting": 0.2}),
    "canteen": ({"kitchen": 0.5, "storage": 0.2, "shop": 0.3}, {"kitchen": 0.6, "storage": 0.25, "common": 0.15}),
    "sports": ({"common": 0.6, "storage": 0.25, "office": 0.15}, {"common": 0.8, "storage": 0.2}),
    "assembly": ({"common": 0.6, "storage": 0.4}, {"meeting": 0.5, "common": 0.5}),
    "clinic": ({"clinic": 0.8, "storage": 0.1, "office": 0.1}, {"clinic": 0.75, "office": 0.25}),
    "energy": ({"plant": 0.6, "storage": 0.3, "office": 0.1}, {"office": 0.6, "plant": 0.4}),
    "hpc": ({"plant": 0.6, "office": 0.4}, {"office": 0.7, "meeting": 0.3}),
}  # fmt: skip
LOWER_STOREYS = {"teaching": 4, "humanities": 3, "service": 2}


def programme(kind: str, storey: int) -> Programme:
    """Shares of the usable area on ``storey`` (0 = ground floor) of a building of that ``kind``."""
    lower, upper = _PROGRAMMES[kind]
    return lower if storey < LOWER_STOREYS.get(kind, 1) else upper


CATEGORY_OF_KIND = {
    "research": "laboratory", "teaching": "classroom", "tower": "laboratory", "administration": "office",
    "humanities": "office", "dormitory": "bedroom", "library": "library", "museum": "exhibition",
    "service": "retail", "canteen": "dining", "sports": "sports", "assembly": "lecture-hall", "clinic": "medical",
    "energy": "plant", "hpc": "data",
}  # fmt: skip
