"""What is in a model file: the JSON of ``import --json`` (docs/reference/import-report.md), and the same for people."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from models3d.model import Finding, Model, ModelError
from twin.space import Building, Names, Space, Storey

MAX_ELEMENTS = 20
"""Elements of one code that the text report names."""


def _name(names: Names) -> str:
    return names.get("") or names.get("zh") or names.get("en") or next(iter(names.values()), "")


def _round(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def space_entry(space: Space) -> dict[str, Any]:
    """One space of the report; areas [m2], volume [m3]."""
    return {
        "id": space.id,
        "number": space.number,
        "name": _name(space.names),
        "category": space.category,
        "area_m2": _round(space.area_m2),
        "area_authored_m2": _round(space.area_authored_m2),
        "volume_m3": _round(space.volume_m3),
        "origin": space.origin,
        "has_geometry": space.has_geometry,
    }


def _storey_entry(storey: Storey) -> dict[str, Any]:
    return {
        "id": storey.id,
        "name": _name(storey.names),
        "ordinal": storey.ordinal,
        "elevation_m": _round(storey.elevation_m),
        "height_m": _round(storey.height_m),
        "spaces": [space_entry(space) for space in storey.spaces],
    }


def _building_entry(building: Building) -> dict[str, Any]:
    storeys = [_storey_entry(storey) for storey in building.storeys]
    return {"id": building.id, "name": _name(building.names), "storeys": storeys}


def finding_entry(finding: Finding) -> dict[str, Any]:
    """One remark of the report, with its place [m] in the campus frame once the model stands there."""
    return {
        "code": finding.code,
        "message": finding.message,
        "element": finding.element,
        "severity": finding.severity,
        "entity": finding.entity,
        "position": None if finding.position is None else [round(v, 3) for v in finding.position],
        "data": finding.data,
    }


def _crs(model: Model) -> str | None:
    """The file's coordinate system: its EPSG code, or its place where it only has one."""
    frame = model.frame
    if frame.crs is not None and frame.crs.upper().startswith("EPSG:"):
        return frame.crs
    if frame.latitude is not None and frame.longitude is not None:
        return f"local metres at {frame.latitude:.6f}, {frame.longitude:.6f} (WGS 84)"
    return frame.crs


def file_entry(model: Model) -> dict[str, Any]:
    """The report of a file that was read."""
    return {
        "path": model.path,
        "sha256": model.sha256,
        "format": model.format,
        "schema": model.schema,
        "ok": True,
        "error": None,
        "warnings": [finding_entry(finding) for finding in model.findings],
        "crs": _crs(model),
        "buildings": [_building_entry(building) for building in model.buildings],
        "points": [
            {"id": p.id, "class": p.category, "space_id": p.space, "equipment": p.equipment} for p in model.points
        ],
        "seconds": round(model.seconds, 3),
        "peak_mb": round(model.peak_mb, 1),
    }


def refused_entry(path: Path | str, error: ModelError, sha256: str = "") -> dict[str, Any]:
    """The report of a file that was refused."""
    return {
        "path": str(path),
        "sha256": sha256,
        "format": None,
        "schema": None,
        "ok": False,
        "error": {"code": error.code, "message": error.message},
        "warnings": [],
        "crs": None,
        "buildings": [],
        "points": [],
        "seconds": 0.0,
        "peak_mb": 0.0,
    }


def totals(entry: dict[str, Any]) -> dict[str, float]:
    """Counts of a file's report and the area of its spaces [m2]."""
    storeys = [storey for building in entry["buildings"] for storey in building["storeys"]]
    spaces = [space for storey in storeys for space in storey["spaces"]]
    return {
        "buildings": len(entry["buildings"]),
        "storeys": len(storeys),
        "spaces": len(spaces),
        "points": len(entry["points"]),
        "area_m2": sum(space["area_m2"] or 0.0 for space in spaces),
    }


def _count(n: float, what: str) -> str:
    return f"{n:,.0f} {what if n == 1 else what + 's'}"


def as_text(entries: list[dict[str, Any]]) -> str:
    """The reports for people: a line a file, its buildings, and its warnings grouped by code."""
    width = max((len(Path(entry["path"]).name) for entry in entries), default=0)
    lines: list[str] = []
    for entry in entries:
        name = Path(entry["path"]).name.ljust(width)
        if not entry["ok"]:
            lines.append(f"{name}  REFUSED ({entry['error']['code']}): {entry['error']['message']}")
            continue
        t = totals(entry)
        kind = " ".join(part for part in (entry["format"], entry["schema"]) if part)
        counts = ", ".join(_count(t[key], key[:-1]) for key in ("buildings", "storeys", "spaces"))
        points = f", {_count(t['points'], 'point')}" if t["points"] else ""
        lines.append(
            f"{name}  {kind}: {counts}{points}, {t['area_m2']:,.0f} m² in {entry['seconds']:.1f} s, "
            f"{entry['peak_mb']:.0f} MB"
        )
        lines.extend(_buildings(entry))
        lines.extend(_warnings(entry["warnings"]))
    return "\n".join(lines) + "\n"


def _buildings(entry: dict[str, Any]) -> list[str]:
    rows = []
    for building in entry["buildings"]:
        t = totals({"buildings": [building], "points": []})
        title = " ".join(dict.fromkeys(part for part in (building["id"], building["name"]) if part))
        rows.append((title, _count(t["storeys"], "storey"), _count(t["spaces"], "space"), f"{t['area_m2']:,.0f} m²"))
    if len(rows) > MAX_ELEMENTS:
        rows = [*rows[:MAX_ELEMENTS], (f"... and {len(rows) - MAX_ELEMENTS} more buildings", "", "", "")]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    return [
        ("    " + row[0].ljust(widths[0]) + "".join("  " + row[i].rjust(widths[i]) for i in (1, 2, 3))).rstrip()
        for row in rows
    ]


def _warnings(warnings: list[dict[str, Any]]) -> list[str]:
    counts = Counter((warning["severity"], warning["code"]) for warning in warnings)
    lines = []
    for (severity, code), n in counts.most_common():
        first = next(w for w in warnings if (w["severity"], w["code"]) == (severity, code))
        more = f" (and {n - 1} more)" if n > 1 else ""
        lines.append(f"    {severity}: {code}: {first['message']}{more}")
    return lines
