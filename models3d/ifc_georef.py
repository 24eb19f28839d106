"""Where an IFC file stands in the world, believed only as far as it deserves.

TrueNorth counts with exactly two values and unit length. IfcMapConversion counts with a projected system in metres.
The city-centre coordinates that authoring tools write by themselves are no location.
"""

from __future__ import annotations

import math
from typing import Any

from models3d.ifc_safe import get, is_entity, number, numbers, ref, text
from models3d.model import Finding, Frame

UNIT_TOLERANCE = 1e-3
DEFAULT_PLACES = (
    (42.3584, -71.0598, "Boston"), (42.3587, -71.0567, "Boston"), (42.2130, -71.0329, "Boston"),
    (51.5002, -0.1262, "London"),
    (41.8744, -87.6394, "Chicago"), (0.0, 0.0, "null"),
)  # fmt: skip
"""Latitude, longitude [deg] that authoring tools fill in by default."""
DEFAULT_WITHIN_DEG = 0.003
_NUMBERS = ("Eastings", "Northings", "OrthogonalHeight", "XAxisAbscissa", "XAxisOrdinate")
MM_EASTING = 1e8
"""No projected coordinate in metres is this large; then the exporter wrote millimetres."""


def _degrees(parts: list[float]) -> float | None:
    """IfcCompoundPlaneAngleMeasure (degrees, minutes, seconds, millionths of a second) to degrees."""
    if not parts:
        return None
    sign = -1.0 if any(part < 0 for part in parts) else 1.0
    degrees = sum(abs(part) / scale for part, scale in zip(parts, (1.0, 60.0, 3600.0, 3.6e9), strict=False))
    return sign * degrees


def _site_location(file: Any, findings: list[Finding]) -> tuple[float | None, float | None, float]:
    for site in file.by_type("IfcSite"):
        latitude, longitude = _degrees(numbers(site, "RefLatitude")), _degrees(numbers(site, "RefLongitude"))
        if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
            continue
        for lat, lon, city in DEFAULT_PLACES:
            if abs(latitude - lat) < DEFAULT_WITHIN_DEG and abs(longitude - lon) < DEFAULT_WITHIN_DEG:
                findings.append(
                    Finding(
                        "default-location",
                        f"The site's coordinates ({latitude:.4f}, {longitude:.4f}) are the authoring tool's default"
                        f" ({city}); they were not used.",
                        element=text(site, "GlobalId"), severity="info",
                        data={"latitude": latitude, "longitude": longitude},
                    )
                )  # fmt: skip
                break
        else:
            return latitude, longitude, number(get(site, "RefElevation")) or 0.0
    return None, None, 0.0


def true_north(file: Any, findings: list[Finding]) -> float:
    """The rotation [deg, counter-clockwise] that turns the file's axes to east and north; 0 when it does not say."""
    for context in file.by_type("IfcGeometricRepresentationContext", include_subtypes=False):
        north = ref(context, "TrueNorth", "IfcDirection")
        if north is None or (text(context, "ContextType") or "Model") != "Model":
            continue
        ratios = numbers(north, "DirectionRatios")
        length = math.hypot(*ratios) if ratios else 0.0
        if len(ratios) != 2 or abs(length - 1.0) > UNIT_TOLERANCE:
            what = f"{len(ratios)} values" if len(ratios) != 2 else f"the length {length:.3g}"
            findings.append(
                Finding(
                    "true-north-ignored",
                    f"The direction of true north has {what}; it needs two values of unit length. It was ignored.",
                    element=f"#{north.id()}", data={"ratios": ratios},
                )
            )  # fmt: skip
            continue
        return 90.0 - math.degrees(math.atan2(ratios[1], ratios[0]))
    return 0.0


def _projected(name: str) -> str | None:
    """The system's name when it is projected and in metres."""
    from pyproj import CRS  # a quarter of a second that most files do not need
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(name.strip())
    except CRSError:
        return None
    metre = all(abs(axis.unit_conversion_factor - 1.0) < 1e-9 for axis in crs.axis_info[:2])
    return crs.to_string() if crs.is_projected and metre else None


def _ignored(findings: list[Finding], why: str, element: Any) -> None:
    findings.append(
        Finding("georeference-ignored", f"The file's georeference was ignored: {why}.", element=f"#{element.id()}")
    )


def _scale(conversion: Any, unit: float) -> float | None:
    """The factor from local metres to map metres; None when the file's scale fits neither of its readings."""
    raw = number(get(conversion, "Scale"))
    if raw is None:
        return 1.0
    for value in (raw / unit, raw):
        if abs(value - 1.0) < 0.02:
            return value
    return None


def map_conversion(file: Any, unit: float, findings: list[Finding]) -> Frame | None:
    """The frame of the file's IfcMapConversion, or None with a finding that says why not."""
    if file.schema == "IFC2X3":
        return None
    for operation in file.by_type("IfcCoordinateOperation"):
        if not operation.is_a("IfcMapConversion"):
            _ignored(findings, f"an {operation.is_a()} is not supported, only IfcMapConversion", operation)
            continue
        target = ref(operation, "TargetCRS", "IfcCoordinateReferenceSystem")
        name = text(target, "Name")
        crs = _projected(name) if is_entity(target, "IfcProjectedCRS") else None
        scale = _scale(operation, unit)
        if crs is None or scale is None:
            why = (
                f"'{name}' is not a projected system in metres"
                if crs is None
                else f"its scale {get(operation, 'Scale')} fits no unit"
            )
            _ignored(findings, why, operation)
            continue
        value = {name: number(get(operation, name)) or 0.0 for name in _NUMBERS}
        large = max(abs(value["Eastings"]), abs(value["Northings"])) > MM_EASTING
        divide = 1000.0 if large else 1.0
        return Frame(
            crs=crs,
            easting=value["Eastings"] / divide,
            northing=value["Northings"] / divide,
            height=value["OrthogonalHeight"] / divide,
            rotation_deg=math.degrees(math.atan2(value["XAxisOrdinate"], value["XAxisAbscissa"])),
            scale=scale,
        )
    return None


def frame(file: Any, unit: float, findings: list[Finding]) -> Frame:
    """The whole answer: the map conversion if it holds, else true north; latitude and longitude of the site beside."""
    latitude, longitude, elevation = _site_location(file, findings)
    found = map_conversion(file, unit, findings)
    if found is None:
        return Frame(
            height=elevation * unit,
            rotation_deg=true_north(file, findings),
            latitude=latitude,
            longitude=longitude,
        )
    return Frame(
        found.crs, found.easting, found.northing, found.height, found.rotation_deg, found.scale, latitude, longitude
    )
