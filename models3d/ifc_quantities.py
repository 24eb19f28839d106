"""Authored areas and volumes of spaces, and how they compare with the geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from models3d.ifc_safe import get, number, ref, refs, text
from models3d.ifc_units import Units

TOLERANCE = 0.10
"""Gross, net and other measuring rules differ by some percent; beyond this [1] the authored value is flagged."""
FACTORS = (
    (1e3, "1e3"),
    (1e6, "1e6"),
    (1e9, "1e9"),
    (10.7639, "10.764 (square feet)"),
    (35.3147, "35.315 (cubic feet)"),
)
"""Unit slips that real files have: mm for m, mm2 for m2, mm3 for m3, ft2 for m2, ft3 for m3."""

AREA_NAMES = (
    "netfloorarea",
    "grossfloorarea",
    "gsa bim area",
    "nettofläche",
    "fläche",
    "area",
    "面积",
    "净面积",
    "建筑面积",
)
VOLUME_NAMES = ("netvolume", "grossvolume", "volume", "体积")


@dataclass(frozen=True, slots=True)
class Authored:
    """What the file claims of a space: best area and volume in SI, and every candidate that was found."""

    area: float | None = None
    volume: float | None = None
    areas: tuple[float, ...] = ()
    volumes: tuple[float, ...] = ()


def _quantities(space: Any) -> list[Any]:
    found: list[Any] = []
    for relation in refs(space, "IsDefinedBy", "IfcRelDefinesByProperties"):
        definition = ref(relation, "RelatingPropertyDefinition", "IfcElementQuantity")
        if definition is not None:
            found.extend(refs(definition, "Quantities", "IfcPhysicalQuantity"))
    return found


def _ranked(values: dict[str, float], names: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(values[name] for name in names if name in values)


def authored(space: Any, units: Units) -> Authored:
    """The areas and volumes that a space's quantity sets hold, net before gross before anything else."""
    areas: dict[str, float] = {}
    volumes: dict[str, float] = {}
    for quantity in _quantities(space):
        name = text(quantity, "Name").strip().lower()
        if quantity.is_a("IfcQuantityArea"):
            value = number(get(quantity, "AreaValue"))
            table, scale = areas, units.area
        elif quantity.is_a("IfcQuantityVolume"):
            value = number(get(quantity, "VolumeValue"))
            table, scale = volumes, units.volume
        else:
            continue
        if value is not None and value > 0:
            table.setdefault(name, value * scale)
    ranked_areas, ranked_volumes = _ranked(areas, AREA_NAMES), _ranked(volumes, VOLUME_NAMES)
    return Authored(
        ranked_areas[0] if ranked_areas else None,
        ranked_volumes[0] if ranked_volumes else None,
        ranked_areas,
        ranked_volumes,
    )


def mismatch(claims: tuple[float, ...], measured: float | None) -> tuple[float, str] | None:
    """(ratio of the claim to the geometry, the name of the unit slip or '') when no claim fits ``measured``.

    >>> mismatch((44_189_999.0,), 44.19)[1]
    '1e6'
    """
    if not claims or not measured:
        return None
    ratio = min((claim / measured for claim in claims), key=lambda value: abs(math.log(value)))
    if abs(ratio - 1.0) <= TOLERANCE:
        return None
    for factor, name in FACTORS:
        if abs(ratio / factor - 1.0) <= TOLERANCE:
            return ratio, name
        if abs(ratio * factor - 1.0) <= TOLERANCE:
            return ratio, f"1/{name}"
    return ratio, ""
