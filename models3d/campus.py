"""A campus put together: every model of a campus folder placed in one local frame, one tree, unique ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models3d import georef, report
from models3d.cache import Load, ModelCache
from models3d.identity import Identities, natural
from models3d.model import Feature, Finding, Frame, Model, ModelError, ModelPoint, Options, Shell
from models3d.place import Candidate, Move, campus_frame, move_model, place_all
from models3d.sandbox import load_all
from twin.config import CampusConfig, Location, ModelEntry, load_campus_config
from twin.mistake import nearest
from twin.point import Point
from twin.space import Campus


@dataclass(slots=True)
class Assembled:
    """Everything that the server serves of one campus; all coordinates [m] in the campus's local east-north frame.

    ``shells`` carry ids of ``campus`` in ``building`` and ``storey``. ``reports`` are the files' entries of
    ``import --json`` (docs/reference/import-report.md), the refused files' too. ``findings`` are those of all files
    and of the assembly itself, with positions in the campus frame and ids of the tree.
    """

    campus: Campus
    shells: list[Shell] = field(default_factory=list)
    ground: list[Feature] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    model_points: list[ModelPoint] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def assemble(folder: Path, cache: Path) -> Assembled:
    """The campus of a folder; ConfigError when its campus.yaml cannot be used.

    A model that cannot be read is told in ``reports`` and ``findings``, and the rest is served.
    """
    return assemble_config(load_campus_config(folder), ModelCache(cache).load)


def assemble_config(config: CampusConfig, load: Load, options: Options | None = None) -> Assembled:
    """The campus that ``config`` names, its files read by ``load``, several at once."""
    entries = [*config.file.models]
    if config.file.ground is not None:
        entries.append(ModelEntry(file=config.file.ground))
    paths = [config.path(entry.file) for entry in entries]
    loaded = list(load_all(paths, options or Options(), load))
    built = Assembled(_campus(config))
    candidates = []
    refused: list[tuple[Path, ModelError]] = []
    for entry, path, found in zip(entries, paths, loaded, strict=True):
        if isinstance(found, ModelError):
            refused.append((path, found))
            built.findings.append(
                Finding("model-refused", found.message, entry.file, "error", data={"code": found.code})
            )
            continue
        found.path = str(path)
        if entry.file == config.file.ground:
            _only_ground(found)
        candidates.append((entry, Candidate(found, _wanted(entry))))
    frame = campus_frame([candidate for _, candidate in candidates], _origin(config.file.campus.location))
    _set_frame(built.campus, frame)
    place_all([candidate for _, candidate in candidates], frame)
    identities = Identities(config.file.campus.id)
    for entry, candidate in candidates:
        _add(built, entry, candidate, identities)
    built.reports += [report.refused_entry(path, error) for path, error in refused]
    order = {str(path): n for n, path in enumerate(paths)}
    built.reports.sort(key=lambda entry: order[entry["path"]])
    built.campus.buildings.sort(key=lambda building: natural(building.id))
    for building in built.campus.buildings:
        building.storeys.sort(key=lambda storey: (storey.elevation_m, storey.ordinal))
    built.campus.schematic = bool(built.campus.buildings) and all(b.schematic for b in built.campus.buildings)
    _attach_points(built, config.points)
    return built


def _campus(config: CampusConfig) -> Campus:
    entry = config.file.campus
    return Campus(entry.id, dict(entry.names), entry.timezone)


def _origin(location: Location | None) -> tuple[float, float] | None:
    """The campus's origin (latitude, longitude [deg, WGS 84])."""
    if location is None:
        return None
    if location.datum == "wgs84":
        return location.latitude, location.longitude
    lon, lat = georef.gcj02_to_wgs84(np.array([location.longitude]), np.array([location.latitude]))
    return float(lat[0]), float(lon[0])


def _set_frame(campus: Campus, frame: Frame | None) -> None:
    if frame is not None:
        campus.latitude, campus.longitude = frame.latitude, frame.longitude


def _wanted(entry: ModelEntry) -> Move | None:
    place = entry.place
    return None if place is None else Move(place.x, place.y, place.z, place.rotation_deg)


def _only_ground(model: Model) -> None:
    """A ground file adds ground only: its buildings would stand twice."""
    for parts in (model.buildings, model.sites, model.zones, model.equipment, model.points, model.shells):
        parts.clear()


def _add(built: Assembled, entry: ModelEntry, candidate: Candidate, identities: Identities) -> None:
    """One placed model into the campus."""
    model, move = candidate.model, candidate.move
    assert move is not None
    move_model(model, move)
    renamed = identities.assign(model, entry.building)
    model.findings.extend((*candidate.findings, *renamed))
    if entry.names and len(model.buildings) == 1:
        model.buildings[0].names = {**model.buildings[0].names, **entry.names}
    campus = built.campus
    campus.sites.extend(model.sites)
    campus.buildings.extend(model.buildings)
    campus.zones.extend(model.zones)
    campus.equipment.extend(model.equipment)
    built.shells.extend(model.shells)
    built.ground.extend(model.ground)
    built.model_points.extend(model.points)
    built.reports.append(report.file_entry(model))
    built.findings.extend(replace(f, data={**f.data, "file": entry.file}) for f in model.findings)


def entity_ids(campus: Campus) -> set[str]:
    """The ids of everything that a point may belong to."""
    ids = {campus.id, *(i.id for i in campus.equipment), *(z.id for z in campus.zones), *(s.id for s in campus.sites)}
    for building in campus.buildings:
        ids.add(building.id)
        for storey in building.storeys:
            ids.add(storey.id)
            ids.update(space.id for space in storey.spaces)
    return ids


def _attach_points(built: Assembled, points: Sequence[Point]) -> None:
    """Keep every point; those whose entity is not in the tree are told, with the nearest id."""
    known = entity_ids(built.campus)
    for point in points:
        built.points.append(point)
        if point.entity not in known:
            near = [entity for entity in known if entity.rsplit("/", 1)[-1] == point.entity.rsplit("/", 1)[-1]]
            hint = nearest(point.entity, near or _nearby(point.entity, known))
            message = f"point '{point.id}' belongs to '{point.entity}', which no model has; {hint}"
            built.findings.append(
                Finding("orphaned-point", message, point.id, "error", data={"point": point.id, "entity": point.entity})
            )


def _nearby(entity: str, known: set[str]) -> list[str]:
    """The ids that begin as ``entity`` does, at most a thousand: candidates for what was meant."""
    head = entity.split("/", 1)[0]
    return [other for other in known if other.split("/", 1)[0] == head][:1000] or sorted(known)[:1000]
