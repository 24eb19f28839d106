"""The units that an IFC file declares, as factors to SI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models3d.ifc_safe import get, number, ref, refs, text

PREFIX = {
    "EXA": 1e18, "PETA": 1e15, "TERA": 1e12, "GIGA": 1e9, "MEGA": 1e6, "KILO": 1e3, "HECTO": 1e2, "DECA": 1e1,
    "DECI": 1e-1, "CENTI": 1e-2, "MILLI": 1e-3, "MICRO": 1e-6, "NANO": 1e-9, "PICO": 1e-12, "FEMTO": 1e-15,
    "ATTO": 1e-18,
}  # fmt: skip
POWER = {"LENGTHUNIT": 1, "AREAUNIT": 2, "VOLUMEUNIT": 3}


@dataclass(frozen=True, slots=True)
class Units:
    """Factors to [m], [m2], [m3]. Without a declared unit the standard's default is SI without a prefix."""

    length: float = 1.0
    area: float = 1.0
    volume: float = 1.0


def factor(unit: Any) -> float | None:
    """What one ``unit`` (IfcSIUnit or IfcConversionBasedUnit) is in SI; None when it does not say."""
    if unit is None:
        return None
    if unit.is_a("IfcSIUnit"):
        # a prefix belongs to the metre: MILLI SQUARE_METRE is a square millimetre, 1e-6 m2
        return float(PREFIX.get(text(unit, "Prefix"), 1.0) ** POWER.get(text(unit, "UnitType"), 1))
    if unit.is_a("IfcConversionBasedUnit"):
        measure = ref(unit, "ConversionFactor", "IfcMeasureWithUnit")
        value = number(get(measure, "ValueComponent"))
        base = ref(measure, "UnitComponent", "IfcSIUnit")  # not another conversion: that could be a loop
        return None if value is None else value * (factor(base) or 1.0)
    return None


def units(file: Any) -> Units:
    """The factors of the project's unit assignment."""
    projects = file.by_type("IfcProject")
    assignment = ref(projects[0], "UnitsInContext", "IfcUnitAssignment") if projects else None
    if assignment is None:  # some exporters leave the project without its units, but write them
        there = file.by_type("IfcUnitAssignment")
        assignment = there[0] if there else None
    found: dict[str, float] = {}
    for unit in refs(assignment, "Units", "IfcNamedUnit"):
        kind = text(unit, "UnitType")
        value = factor(unit) if kind in POWER else None
        if value is not None and value > 0:
            found.setdefault(kind, value)
    return Units(found.get("LENGTHUNIT", 1.0), found.get("AREAUNIT", 1.0), found.get("VOLUMEUNIT", 1.0))
