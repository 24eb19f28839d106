"""Storeys for a building of which only the outside is known: one schematic space a level, and what was assumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from models3d import polygons
from models3d.codes import storey_code, storey_names
from models3d.model import Finding
from twin.space import Area, Origin, Space, Storey

STOREY_M: Final = 3.5
"""Floor to floor where neither levels nor height say [m]."""
LOWEST_M: Final = 2.2
HIGHEST_M: Final = 12.0
MOST_LEVELS: Final = 170
"""The tallest tower has 163; a larger number is a room count or a year."""
MOST_BASEMENTS: Final = 12


@dataclass(slots=True)
class Block:
    """A prism of a building: its plan [m], levels ``lowest`` .. ``highest`` (ordinals, both included)."""

    area: Area
    lowest: int = 0
    highest: int = 0


@dataclass(slots=True)
class Levels:
    """How many storeys stand above and below ground, how high one is [m], and the findings that say why."""

    above: int
    below: int
    storey_m: float
    lowest: int = 0
    findings: list[Finding] = field(default_factory=list)


def levels(
    name: str,
    levels_above: float | None,
    levels_below: float | None,
    height_m: float | None,
    *,
    lowest: float | None = None,
) -> Levels:
    """Whole storeys from what a file says of one building; every guess is a finding about ``name``."""
    findings: list[Finding] = []
    above = _count(name, levels_above, findings)
    height = _height(name, height_m, findings)
    if above is None and height is None:
        text = f"{name} has neither levels nor a height: one storey of {STOREY_M} m is drawn; add its levels."
        findings.append(Finding("no-levels", text, name, data={"storey_m": STOREY_M}))
        above, storey_m = 1, STOREY_M
    elif above is None:
        assert height is not None
        above = max(1, min(MOST_LEVELS, round(height / STOREY_M)))
        storey_m = height / above
        text = f"{name} has a height of {height:g} m and no levels: drawn with {above} storeys."
        findings.append(Finding("levels-from-height", text, name, "info", data={"height_m": height, "levels": above}))
    elif height is None:
        storey_m = STOREY_M
    else:
        storey_m = _storey_height(name, above, height, findings)
    below = int(min(MOST_BASEMENTS, max(0.0, round(levels_below or 0.0))))
    start = int(max(0.0, min(round(lowest or 0.0), above - 1)))
    return Levels(above, below, storey_m, start, findings)


def storeys(
    building: str, blocks: list[Block], storey_m: float, *, ground_m: float = 0.0, origin: Origin = "schematic"
) -> list[Storey]:
    """One storey a level over all blocks, lowest first, each with one space of its outline."""
    found: list[Storey] = []
    if not blocks:
        return found
    for ordinal in range(min(block.lowest for block in blocks), max(block.highest for block in blocks) + 1):
        here: list[Area] = [block.area for block in blocks if block.lowest <= ordinal <= block.highest]
        outline = here[0] if len(here) == 1 else polygons.union(here)
        if outline is not None:
            found.append(whole_storey(building, ordinal, ground_m + ordinal * storey_m, storey_m, outline, origin))
    return found


def whole_storey(
    building: str,
    ordinal: int,
    elevation_m: float,
    height_m: float,
    area: Area,
    origin: Origin,
) -> Storey:
    """A storey that is one space, the clean ``area``: what a footprint or a mesh without rooms can honestly say."""
    storey_id = f"{building}/{storey_code(ordinal)}"
    names = storey_names(ordinal)
    square = float(area.area)
    space = Space(
        id=f"{storey_id}/all", number=storey_id.rsplit("/", 1)[1], names=dict(names), category="storey", polygon=area,
        elevation_m=elevation_m, height_m=height_m, area_m2=square,
        volume_m3=square * height_m, origin=origin,
    )  # fmt: skip
    return Storey(storey_id, names, ordinal, elevation_m, height_m, area, [space])


def _count(name: str, value: float | None, findings: list[Finding]) -> int | None:
    if value is None:
        return None
    if not 0.0 < value <= MOST_LEVELS:
        if value != 0.0:
            text = f"{name} claims {value:g} levels, which no building has: ignored."
            findings.append(Finding("levels-implausible", text, name, data={"levels": value}))
        return None
    return max(1, int(value + 0.5))


def _height(name: str, value: float | None, findings: list[Finding]) -> float | None:
    if value is None:
        return None
    if not 1.0 <= value <= 900.0:
        text = f"{name} claims a height of {value:g} m, which no building has: ignored."
        findings.append(Finding("height-implausible", text, name, data={"height_m": value}))
        return None
    return value


def _storey_height(name: str, above: int, height: float, findings: list[Finding]) -> float:
    each = height / above
    if LOWEST_M <= each <= HIGHEST_M or (above == 1 and each >= 1.8):
        return each
    text = f"{name} has {above} levels within {height:g} m, {each:.1f} m each: drawn with {STOREY_M} m a storey."
    findings.append(Finding("height-implausible", text, name, data={"height_m": height, "levels": above}))
    return STOREY_M
