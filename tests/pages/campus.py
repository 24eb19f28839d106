"""A small campus of known content for the tests of the pages: two buildings, awkward names, all kinds of spaces."""

from __future__ import annotations

from shapely.geometry import box

from models3d.campus import Assembled
from models3d.model import Finding
from twin.point import Point
from twin.space import Alias, Building, Campus, Equipment, Site, Space, Storey


def _space(storey: str, number: str, x: float, **facts: object) -> Space:
    space = Space(id=f"{storey}/{number}", number=number, polygon=box(x, 0, x + 6, 8), area_m2=48.0, volume_m3=144.0)
    for name, value in facts.items():
        setattr(space, name, value)
    return space


def small_campus() -> Assembled:
    """Two buildings on one site; ``A/01/101`` claims a thousand times its area, ``A/01/103`` has no shape."""
    ground = Storey("A/01", {"zh": "一层", "en": "Ground floor"}, 0, 0.0, 4.0)
    ground.spaces = [
        _space("A/01", "101", 0, names={"zh": "研讨室", "en": "Seminar room"}, category="meeting",
               area_authored_m2=48_000.0, aliases=(Alias("ifc-guid", "2O2Fr$t4X7Zf8NOew3FNr2"),)),
        _space("A/01", "102", 6, names={"": "<img src=x onerror=alert(1)>"}, category="office", origin="derived"),
        Space("A/01/103", "103", {"zh": "管井"}, "shaft", origin="synthetic"),
    ]  # fmt: skip
    upper = Storey("A/02", {}, 1, 4.0, 4.0, spaces=[_space("A/02", "2-10", 0), _space("A/02", "2-9", 6)])
    first = Building("A", {"zh": "实验楼", "en": "Laboratories"}, "east", "laboratory", [ground, upper])
    second = Building("B", {"en": "Shed"}, "east", "other", [Storey("B/01", spaces=[_space("B/01", "1", 40)])])
    campus = Campus(
        "small", {"zh": "小园区", "en": "Small campus"}, "Asia/Shanghai", 34.25, 108.65,
        [Site("east", {"zh": "东区", "en": "East"})], [first, second],
        equipment=[Equipment("meter-A", {"en": "Meter A"}, "meter", "A", feeds=("A/01/101",))],
    )  # fmt: skip
    points = [
        Point("p-101", "A/01/101", "power", "kW", source="plant", address="site/A/101/power#/kW"),
        Point("p-A", "A", "power", "kW", source="plant", address="site/A/power"),
    ]
    findings = [
        Finding("area-mismatch", "'101' declares 48,000 m2, its shape has 48 m2.", "101", "warning", "A/01/101",
                (3.0, 4.0, 0.0), {"factor": 1000}),
        Finding("no-geometry", "'103' has no shape.", "103", "info", "A/01/103"),
        Finding("truncated", "The file ends too early.", severity="error"),
        Finding("never-heard-of", "A loader's new remark.", "x", "warning"),
    ]  # fmt: skip
    reports = [
        {"path": "models/a.ifc", "format": "ifc", "schema": "IFC4", "ok": True, "error": None, "seconds": 1.234,
         "buildings": [{"id": "A", "storeys": [{"spaces": [{}, {}, {}]}, {"spaces": [{}, {}]}]}]},
        {"path": "models/bad.ifc", "ok": False, "error": {"code": "empty", "message": "'bad.ifc' is empty."}},
    ]  # fmt: skip
    return Assembled(campus, points=points, findings=findings, reports=reports)
