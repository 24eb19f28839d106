"""Where a model stands: coordinate systems, local tangent frames and China's shifted map coordinates.

The product computes in metres on a plane that touches the ground at the campus. Files come in degrees (WGS 84 or
GCJ-02), in national grids, in web Mercator, in feet, or in metres from nowhere. ``place`` turns any of them into a
``Frame`` and the function that maps the file's coordinates into it; ``relative`` says how one frame lies in another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from models3d.model import Frame

Floats = npt.NDArray[np.float64]

FAR_M: Final = 10_000.0
"""Local coordinates farther than this from the origin are moved to it [m]: float32 keeps millimetres up to here."""

SCALE_TOLERANCE: Final = 2e-3
"""A projected grid whose metre is off by more than this (web Mercator: 20 % in Xi'an) is not measured in."""

_GCJ_A: Final = 6378245.0
_GCJ_EE: Final = 0.006693421622965943


@dataclass(frozen=True, slots=True)
class Placed:
    """``frame`` of the local coordinates, and ``local``: file x, y -> local x, y [m]. ``remark`` says what was done."""

    frame: Frame
    local: Callable[[Floats, Floats], tuple[Floats, Floats]]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """One frame in another: ``target = (x, y, z) + rotate(source, rotation_deg) * scale``; counter-clockwise, [m]."""

    x: float
    y: float
    z: float
    rotation_deg: float
    scale: float


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS 84 [deg] to GCJ-02 [deg], the coordinates of maps published in China.

    The formula that became public in 2010 (Krasovsky 1940 ellipsoid, a polynomial and three sines each way), as in
    the table of https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China#GCJ-02. Outside China the
    coordinates are returned as they are.
    """
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    sines = 20.0 * np.sin(6.0 * x * math.pi) + 20.0 * np.sin(2.0 * x * math.pi)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + sines * 2.0 / 3.0
    d_lat += (20.0 * np.sin(y * math.pi) + 40.0 * np.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(y / 12.0 * math.pi) + 320.0 * np.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + sines * 2.0 / 3.0
    d_lon += (20.0 * np.sin(x * math.pi) + 40.0 * np.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(x / 12.0 * math.pi) + 300.0 * np.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - _GCJ_EE * np.sin(radians) ** 2
    d_lat = np.degrees(d_lat / (_GCJ_A * (1.0 - _GCJ_EE) / (magic * np.sqrt(magic))))
    d_lon = np.degrees(d_lon / (_GCJ_A / np.sqrt(magic) * np.cos(radians)))
    inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 [deg] to WGS 84 [deg]: the inverse of ``wgs84_to_gcj02`` by fixed-point iteration, to under 1e-9 deg."""
    guess_lon, guess_lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    for _ in range(12):
        back_lon, back_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon - (back_lon - lon), guess_lat - (back_lat - lat)
    return guess_lon, guess_lat


def parse_crs(text: str | int | None) -> CRS | None:
    """The coordinate system that ``text`` names (EPSG:4326, urn, URL, WKT, PROJ), or None if it names none."""
    if text is None or not str(text).strip():
        return None
    name = str(text).strip()
    tail = name.rstrip("/").replace("::", ":").replace("/", ":").split(":")[-1]
    candidates = [name]
    if tail.isdigit() and "epsg" in name.lower():
        candidates.insert(0, f"EPSG:{tail}")
    if "crs84" in name.lower():
        candidates.insert(0, "OGC:CRS84")
    for candidate in candidates:
        try:
            return CRS.from_user_input(candidate)
        except CRSError:
            continue
    return None


@lru_cache(maxsize=64)
def tangent(latitude: float, longitude: float) -> str:
    """WKT of the plane that touches WGS 84 at ``latitude``, ``longitude`` [deg]: transverse Mercator, scale 1, y north.

    Within 5 km of the origin a metre is off by less than 4e-7.
    """
    text = (
        f"+proj=tmerc +lat_0={latitude:.9f} +lon_0={longitude:.9f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +type=crs"
    )
    return str(CRS.from_proj4(text).to_wkt())


def tangent_frame(latitude: float, longitude: float, height: float = 0.0) -> Frame:
    """The local frame at a place on the ground, x east, y true north [m]."""
    return Frame(crs=tangent(latitude, longitude), height=height, latitude=latitude, longitude=longitude)


def place_geographic(lon: Floats, lat: Floats, *, gcj02: bool = False) -> Placed:
    """Degrees (the whole file's, to find the middle) into a tangent frame; ``gcj02`` when the file is declared so."""
    if gcj02:
        lon, lat = gcj02_to_wgs84(lon, lat)
    middle_lon = round(float((lon.min() + lon.max()) / 2), 7)
    middle_lat = round(float((lat.min() + lat.max()) / 2), 7)
    if abs(middle_lat) > 90.0 or abs(middle_lon) > 360.0:
        raise ValueError(f"({middle_lon:g}, {middle_lat:g}) is no longitude and latitude")
    frame = tangent_frame(middle_lat, middle_lon)
    transformer = _transformer("OGC:CRS84", frame.crs)

    def local(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if gcj02:
            x, y = gcj02_to_wgs84(x, y)
        east, north = transformer.transform(x, y)
        return np.asarray(east), np.asarray(north)

    return Placed(frame, local, "gcj02" if gcj02 else "")


def place_projected(crs: CRS, x: Floats, y: Floats) -> Placed:
    """Grid coordinates (the whole file's) into a local frame; raises ValueError if they lie outside the grid.

    A metre grid with honest scale is kept and only its origin moved; feet and stretched grids are projected anew.
    """
    middle_x, middle_y = float((x.min() + x.max()) / 2), float((y.min() + y.max()) / 2)
    lon, lat = _to_degrees(crs, middle_x, middle_y)
    if _is_metre(crs) and abs(_scale(crs, lon, lat) - 1.0) <= SCALE_TOLERANCE:
        east, north = float(round(middle_x)), float(round(middle_y))
        frame = Frame(_name(crs), east, north, latitude=lat, longitude=lon, origin_offset=(east, north, 0.0))
        return Placed(frame, lambda px, py: (px - east, py - north))
    frame = tangent_frame(round(lat, 7), round(lon, 7))
    transformer = _transformer(_flat(crs), frame.crs)

    def local(px: Floats, py: Floats) -> tuple[Floats, Floats]:
        found = transformer.transform(px, py)
        return np.asarray(found[0]), np.asarray(found[1])

    return Placed(frame, local, "reprojected")


def place_metres(x: Floats, y: Floats) -> Placed:
    """Metres from nowhere: far origins are moved to the middle of the file, near ones are kept."""
    if float(np.abs(x).max(initial=0.0)) <= FAR_M and float(np.abs(y).max(initial=0.0)) <= FAR_M:
        return Placed(Frame(), lambda px, py: (px, py))
    east, north = float(round((x.min() + x.max()) / 2)), float(round((y.min() + y.max()) / 2))
    frame = Frame(origin_offset=(east, north, 0.0))
    return Placed(frame, lambda px, py: (px - east, py - north), "far-origin")


def place(crs: CRS | None, x: Floats, y: Floats) -> Placed:
    """The frame for coordinates ``x``, ``y`` of ``crs`` (None: metres); ValueError says why the two do not fit."""
    if crs is None:
        return place_metres(x, y)
    if crs.is_geographic:
        degrees = crs if crs.to_epsg() in (4326, 4979) else None
        return place_geographic(x, y) if degrees is not None or _is_wgs84(crs) else _place_other_degrees(crs, x, y)
    if crs.is_projected or crs.is_compound:
        return place_projected(crs, x, y)
    raise ValueError(f"'{crs.name}' is neither a geographic nor a projected system")


def relative(source: Frame, target: Frame) -> Placement | None:
    """How ``source`` lies in ``target`` (both local frames), or None if one of them is not on the earth."""
    corners = [to_degrees(source, x, y) for x, y in ((0.0, 0.0), (100.0, 0.0))]
    if corners[0] is None or corners[1] is None:
        return None
    ends = [_from_degrees(target, *corner) for corner in corners if corner is not None]
    if ends[0] is None or ends[1] is None:
        return None
    (ax, ay), (bx, by) = ends[0], ends[1]
    angle = math.degrees(math.atan2(by - ay, bx - ax))
    return Placement(ax, ay, source.height - target.height, angle, math.hypot(bx - ax, by - ay) / 100.0)


def to_degrees(frame: Frame, x: float, y: float) -> tuple[float, float] | None:
    """Longitude and latitude [deg, WGS 84] of a local point [m], or None for a frame that is nowhere."""
    crs = _crs_of(frame)
    if crs is None:
        return None
    angle = math.radians(frame.rotation_deg)
    east = frame.easting + (x * math.cos(angle) - y * math.sin(angle)) * frame.scale
    north = frame.northing + (x * math.sin(angle) + y * math.cos(angle)) * frame.scale
    return _to_degrees(crs, east, north)


def _from_degrees(frame: Frame, lon: float, lat: float) -> tuple[float, float] | None:
    crs = _crs_of(frame)
    if crs is None:
        return None
    east, north = _transformer("OGC:CRS84", _flat(crs)).transform(lon, lat)[:2]
    angle = -math.radians(frame.rotation_deg)
    dx, dy = (east - frame.easting) / frame.scale, (north - frame.northing) / frame.scale
    return dx * math.cos(angle) - dy * math.sin(angle), dx * math.sin(angle) + dy * math.cos(angle)


@lru_cache(maxsize=256)
def _transformer(source: CRS | str, target: CRS | str) -> Transformer:
    """x, y order always; making one costs 60 ms, and a campus asks for the same few."""
    return Transformer.from_crs(source, target, always_xy=True)


def _crs_of(frame: Frame) -> CRS | None:
    if frame.crs:
        return parse_crs(frame.crs)
    if frame.latitude is not None and frame.longitude is not None:
        return CRS.from_wkt(tangent(frame.latitude, frame.longitude))
    return None


def _to_degrees(crs: CRS, x: float, y: float) -> tuple[float, float]:
    try:
        lon, lat = _transformer(_flat(crs), "OGC:CRS84").transform(x, y, errcheck=True)[:2]
    except ProjError as error:
        raise ValueError(f"the coordinates ({x:g}, {y:g}) lie outside of '{crs.name}'") from error
    if not (math.isfinite(lon) and math.isfinite(lat)) or abs(lat) > 90.0:
        raise ValueError(f"the coordinates ({x:g}, {y:g}) lie outside of '{crs.name}'")
    return float(lon), float(lat)


def _place_other_degrees(crs: CRS, x: Floats, y: Floats) -> Placed:
    transformer = _transformer(crs, "OGC:CRS84")
    lon, lat = transformer.transform(x, y)[:2]
    placed = place_geographic(np.asarray(lon), np.asarray(lat))

    def local(px: Floats, py: Floats) -> tuple[Floats, Floats]:
        east, north = transformer.transform(px, py)[:2]
        return placed.local(np.asarray(east), np.asarray(north))

    return Placed(placed.frame, local, "reprojected")


def _is_wgs84(crs: CRS) -> bool:
    return "WGS 84" in crs.name or "CRS84" in crs.name


def _flat(crs: CRS) -> CRS:
    """The plane part of a compound system: heights are metres above the file's own datum and stay as they are."""
    return crs.sub_crs_list[0] if crs.is_compound and crs.sub_crs_list else crs


def _is_metre(crs: CRS) -> bool:
    axes: list[Any] = _flat(crs).axis_info
    return bool(axes) and all(abs(axis.unit_conversion_factor - 1.0) < 1e-9 for axis in axes[:2])


def _scale(crs: CRS, lon: float, lat: float) -> float:
    """How many grid metres one true metre is, along x, at a place."""
    forward = _transformer(tangent(lat, lon), _flat(crs))
    (x0, x1), (y0, y1) = forward.transform([0.0, 100.0], [0.0, 0.0])[:2]
    return math.hypot(x1 - x0, y1 - y0) / 100.0


def _name(crs: CRS) -> str:
    flat = _flat(crs)
    code = flat.to_epsg()
    return f"EPSG:{code}" if code else str(flat.to_wkt())
