"""Places models on one campus: by georeference, by the campus file, or side by side where nobody knows.

The campus frame is the plane that touches the ground at the campus: x east, y north, z up [m] (``models3d.georef``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj.exceptions import ProjError

from models3d import georef
from models3d.model import Finding, Frame, Model

NEAR_M: Final = 20_000.0
"""A model whose own georeference is farther than this from the campus [m] is not where it says."""
GAP_M: Final = 15.0
"""Between models that are laid out side by side [m]."""
OVERLAP: Final = 0.2
"""Two files whose outlines share more than this part of the smaller one cannot both stand there."""


@dataclass(frozen=True, slots=True)
class Move:
    """campus = (x, y, z) + rotate(local, rotation_deg, counter-clockwise) * scale; z [m] is only added."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    rotation_deg: float = 0.0
    scale: float = 1.0

    def plan(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Local plan coordinates (n, 2) [m] in the campus frame."""
        angle = math.radians(self.rotation_deg)
        cos, sin = math.cos(angle) * self.scale, math.sin(angle) * self.scale
        turned: npt.NDArray[np.float64] = xy @ np.array([[cos, sin], [-sin, cos]]) + (self.x, self.y)
        return turned

    def point(self, at: tuple[float, float, float]) -> tuple[float, float, float]:
        """A local point [m] in the campus frame."""
        x, y = self.plan(np.array([at[:2]], dtype=np.float64))[0].tolist()
        return x, y, at[2] + self.z


@dataclass(slots=True)
class Candidate:
    """A model on its way to its place. ``wanted`` is what the campus file says, ``move`` what became of it.

    Candidates of one ``group`` are the same building: those that do not know their place stand where another one does.
    """

    model: Model
    wanted: Move | None = None
    group: str = ""
    move: Move | None = None
    findings: list[Finding] = field(default_factory=list)

    def note(self, code: str, message: str, **data: Any) -> None:
        """Add a finding about the whole file."""
        self.findings.append(Finding(code, message, self.model.path, data=data))


def _holders(model: Model) -> Iterator[tuple[Any, str]]:
    """Every object of the model with the name of its attribute that is a plan geometry."""
    for building in model.buildings:
        yield building, "outline"
        for storey in building.storeys:
            yield storey, "outline"
            for space in storey.spaces:
                yield space, "polygon"
    for feature in model.ground:
        yield feature, "geometry"


def move_model(model: Model, move: Move) -> None:
    """Move everything in the model from its own frame to the campus frame, in place."""
    holders = [(item, name) for item, name in _holders(model) if getattr(item, name) is not None]
    moved = shapely.transform(np.array([getattr(item, name) for item, name in holders], dtype=object), move.plan)
    for (item, name), geometry in zip(holders, moved, strict=True):
        setattr(item, name, geometry)
    for building in model.buildings:
        for storey in building.storeys:
            storey.elevation_m += move.z
            for space in storey.spaces:
                space.elevation_m += move.z
    for shell in model.shells:
        plan = move.plan(shell.vertices[:, :2])
        shell.vertices = np.column_stack((plan, shell.vertices[:, 2] + move.z))
    for item in model.equipment:
        item.position = None if item.position is None else move.point(item.position)
    model.findings = [_moved_finding(finding, move) for finding in model.findings]


def _moved_finding(finding: Finding, move: Move) -> Finding:
    if finding.position is None:
        return finding
    return Finding(finding.code, finding.message, finding.element, finding.severity, finding.entity,
                   move.point(finding.position), finding.data)  # fmt: skip


def footprint(model: Model) -> Any:
    """The convex outline [m] of the model's buildings in its own frame; empty for a model that shows nothing."""
    geometries = [getattr(item, name) for item, name in _holders(model) if name != "geometry"]
    hulls = [shapely.convex_hull(g) for g in geometries if g is not None and not g.is_empty]
    hulls += [shapely.MultiPoint(_corners(s.vertices)).convex_hull for s in model.shells if len(s.vertices)]
    return shapely.convex_hull(shapely.GeometryCollection(hulls))


def _corners(vertices: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The extreme points in eight directions: enough for an outline, whatever the number of triangles."""
    angles = np.arange(8) * (math.pi / 4)
    reach = vertices[:, :2] @ np.array([np.cos(angles), np.sin(angles)])
    return np.asarray(vertices[np.argmax(reach, axis=0), :2])


def ground_elevation(model: Model) -> float:
    """The level [m] of the ground floor in the model's own frame, else of its lowest floor or vertex."""
    storeys = [s for b in model.buildings for s in b.storeys]
    ground = [s.elevation_m for s in storeys if s.ordinal == 0] or [s.elevation_m for s in storeys]
    if ground:
        return min(ground)
    return min((float(s.vertices[:, 2].min()) for s in model.shells if len(s.vertices)), default=0.0)


def campus_frame(candidates: Sequence[Candidate], location: tuple[float, float] | None) -> Frame | None:
    """The campus's frame: at ``location`` (latitude, longitude [deg, WGS 84]) or amid the models that know their place.

    Without a location, the largest group of georeferenced models within 20 km of one another decides. None when
    nothing says where on the earth the campus is.
    """
    frames = [c.model.frame for c in candidates if c.wanted is None and _centre(c.model) is not None]
    heights = [frame.height for frame in frames if frame.height]
    datum = min(heights, default=0.0)
    if location is not None:
        return georef.tangent_frame(*location, datum)
    centres = [found for c in candidates if c.wanted is None and (found := _centre(c.model)) is not None]
    if not centres:
        return None
    groups = [[other for other in centres if _distance(one, other) <= NEAR_M] for one in centres]
    group = max(groups, key=len)
    longitude = sum(c[0] for c in group) / len(group)
    latitude = sum(c[1] for c in group) / len(group)
    return georef.tangent_frame(round(latitude, 6), round(longitude, 6), datum)


def _centre(model: Model) -> tuple[float, float] | None:
    """Longitude and latitude [deg] of the middle of a model, or None when it does not know."""
    outline = footprint(model)
    middle = outline.centroid if not outline.is_empty else shapely.Point(0, 0)
    try:
        return georef.to_degrees(model.frame, middle.x, middle.y)
    except (ValueError, ProjError):  # outside of its own grid, or no such grid: the model does not know its place
        return None


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance [m] of two places (longitude, latitude [deg]) on a sphere."""
    lon, lat = math.radians(b[0] - a[0]), math.radians(b[1] - a[1])
    h = math.sin(lat / 2) ** 2 + math.cos(math.radians(a[1])) * math.cos(math.radians(b[1])) * math.sin(lon / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, h)))


def place_all(candidates: Sequence[Candidate], frame: Frame | None) -> None:
    """Decide every candidate's ``move``: the campus file first, then georeferences, the rest side by side."""
    standing: list[tuple[Candidate, Any]] = []
    for candidate in candidates:
        if candidate.wanted is not None:
            candidate.move = candidate.wanted
        elif frame is not None:
            candidate.move = _by_georeference(candidate, frame, standing)
        if candidate.move is not None:
            standing.append((candidate, _placed_outline(candidate)))
    lost = [c for c in candidates if c.move is None and not _join_group(c, candidates)]
    leaders = [c for c in lost if c is _leader(c, lost)]
    _side_by_side(leaders, [outline for _, outline in standing])
    for candidate in lost:
        if candidate.move is None:
            candidate.move = _leader(candidate, lost).move


def _join_group(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Put the candidate where another one of its group stands already; whether there is one."""
    for other in candidates:
        if candidate.group and other.group == candidate.group and other.move is not None:
            candidate.move = other.move
            return True
    return False


def _leader(candidate: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    """The one of the candidate's group that has an outline to place by, else the first."""
    group = [c for c in candidates if candidate.group and c.group == candidate.group]
    return next((c for c in group if not footprint(c.model).is_empty), group[0] if group else candidate)


def _placed_outline(candidate: Candidate) -> Any:
    assert candidate.move is not None
    return shapely.transform(footprint(candidate.model), candidate.move.plan)


def _by_georeference(candidate: Candidate, frame: Frame, standing: Sequence[tuple[Candidate, Any]]) -> Move | None:
    """Where the file says that it stands, or None when it does not say or cannot be right."""
    model, name = candidate.model, candidate.model.path.rsplit("/", 1)[-1]
    centre = _centre(model)
    placement = _relative(model.frame, frame) if centre is not None else None
    if centre is None or placement is None:
        return None
    assert frame.latitude is not None
    assert frame.longitude is not None
    distance = _distance(centre, (frame.longitude, frame.latitude))
    if distance > NEAR_M:
        candidate.note(
            "georeference-far",
            f"'{name}' says that it stands {distance / 1000:.0f} km from the campus: it is placed beside the others; "
            "correct its georeference or give its 'place' in campus.yaml",
            distance_km=round(distance / 1000),
        )
        return None
    height = placement.z if model.frame.height else 0.0
    move = Move(placement.x, placement.y, height, placement.rotation_deg, placement.scale)
    if model.frame.crs is None and (other := _stands_in(candidate, move, standing)) is not None:
        # Latitude and longitude alone are often a program's default city, the same in every file.
        candidate.note(
            "georeference-overlap",
            f"'{name}' gives the same place as '{other.rsplit('/', 1)[-1]}': it is placed beside it; "
            "give its 'place' in campus.yaml",
            other=other,
        )
        return None
    return move


def _relative(source: Frame, target: Frame) -> georef.Placement | None:
    """How one frame lies in the other; None where the projection has no answer."""
    try:
        found = georef.relative(source, target)
    except (ValueError, ProjError):
        return None
    return found if found is not None and math.isfinite(found.x + found.y + found.z + found.scale) else None


def _stands_in(candidate: Candidate, move: Move, standing: Sequence[tuple[Candidate, Any]]) -> str | None:
    outline = shapely.transform(footprint(candidate.model), move.plan)
    for other, placed in standing:
        if candidate.group and candidate.group == other.group:
            continue
        smaller = min(outline.area, placed.area)
        if smaller > 0 and outline.intersection(placed).area > OVERLAP * smaller:
            return other.model.path
    return None


def _side_by_side(candidates: Sequence[Candidate], standing: Sequence[Any]) -> None:
    """Rows east of what stands, each model with its ground floor at height 0 and a gap around it."""
    outlines = []
    for candidate in candidates:
        outline = footprint(candidate.model)
        if outline.is_empty:  # ground, or rooms without outlines: the file's origin is the campus's
            candidate.move = Move()
        else:
            outlines.append((candidate, outline))
    taken = [outline.bounds for outline in standing if not outline.is_empty]
    left = max((b[2] for b in taken), default=-GAP_M) + GAP_M
    bottom = min((b[1] for b in taken), default=0.0)
    sizes = [(b[2] - b[0] + GAP_M, b[3] - b[1] + GAP_M) for b in (o.bounds for _, o in outlines)]
    width = max(1.2 * math.sqrt(sum(w * h for w, h in sizes)), max((w for w, _ in sizes), default=0.0))
    x, y, row = left, bottom, 0.0
    for (candidate, outline), (wide, high) in zip(outlines, sizes, strict=True):
        if x > left and x + wide > left + width:
            x, y, row = left, y + row, 0.0
        bounds = outline.bounds
        candidate.move = Move(x - bounds[0], y - bounds[1], -ground_elevation(candidate.model))
        x, row = x + wide, max(row, high)
        if not candidate.findings and (len(outlines) > 1 or taken):
            name = candidate.model.path.rsplit("/", 1)[-1]
            candidate.note(
                "placed-side-by-side",
                f"'{name}' does not say where it stands: it is placed beside the others; "
                "give its 'place' in campus.yaml",
            )
