"""A campus put together: every model of a campus folder placed in one local frame, one tree, unique ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models3d import georef, report
from models3d.cache import Load, ModelCache
from models3d.identity import Identities, natural, real_sites
from models3d.join import groups, join
from models3d.model import Feature, Finding, Model, ModelError, ModelPoint, Options, Shell
from models3d.place import Candidate, Move, campus_frame, move_model, place_all
from models3d.place_devices import place_devices
from models3d.place_points import attach_points, place_reports, place_timetable, place_topology
from models3d.sandbox import load_all
from models3d.versions import History, Versions
from twin.config import CampusConfig, Location, ModelEntry, load_campus_config
from twin.point import Point
from twin.space import Campus
from twin.timetable import Lesson
from twin.topology import TopologyFacts


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
    topology: TopologyFacts = field(default_factory=TopologyFacts)
    timetable: list[Lesson] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """One file on its way into the campus. ``past`` maps ids of its earlier versions to its present ones."""

    entry: ModelEntry
    candidate: Candidate
    past: History


def assemble(folder: Path, cache: Path) -> Assembled:
    """The campus of a folder; ConfigError when its campus.yaml cannot be used.

    A model that cannot be read is told in ``reports`` and ``findings``; its last whole version stays in use, and the
    rest is served.
    """
    return assemble_config(load_campus_config(folder), ModelCache(cache).load, Versions.of_campus(folder, cache))


def assemble_config(config: CampusConfig, load: Load, versions: Versions | None = None) -> Assembled:
    """The campus that ``config`` names, its files read by ``load``, several at once."""
    entries = [*config.file.models]
    if config.file.ground is not None:
        entries.append(ModelEntry(file=config.file.ground))
    built = Assembled(Campus(config.file.campus.id, dict(config.file.campus.names), config.file.campus.timezone))
    parts = []
    loaded = load_all([config.path(entry.file) for entry in entries], Options(), load)
    for entry, found in zip(entries, loaded, strict=True):
        if (part := _part(built, entry, found, versions)) is not None:
            if entry.file == config.file.ground:
                _only_ground(part.candidate.model)
            parts.append(part)
    refused, built.reports = built.reports, []
    candidates = [part.candidate for part in parts]
    frame = campus_frame(candidates, _origin(config.file.campus.location))
    if frame is not None:
        built.campus.latitude, built.campus.longitude = frame.latitude, frame.longitude
    place_all(candidates, frame)
    sites = real_sites([part.candidate.model for part in parts])
    identities = Identities(config.file.campus.id, sites=sites)
    past: dict[str, str] = {}
    gone: dict[str, str] = {}
    for part in parts:
        _settle(part)
    for group in groups((part.candidate.group, part) for part in parts):
        if len(group) > 1:  # what each file holds, before it is one
            built.reports += [report.file_entry(part.candidate.model) for part in group]
        _add(built, part := _joined(group), identities, past, gone)
        if len(group) == 1:
            built.reports.append(report.file_entry(part.candidate.model))
    built.reports = _in_order([*refused, *built.reports], [entry.file for entry in entries])
    _sort(built.campus)
    of_devices, unplaced = place_devices(built.campus, config.devices, past)
    built.points, remarks = attach_points(built.campus, config.points, past, gone)
    built.points += of_devices
    built.findings += [*unplaced, *remarks]
    built.topology, remarks = place_topology(built.campus, config.topology, config.file.topology or "")
    built.findings.extend(remarks)
    built.timetable, remarks = place_timetable(built.campus, config.timetable, config.file.timetable or "")
    built.findings.extend(remarks)
    built.findings.extend(place_reports(built.campus, config.file.reports.write, "campus.yaml"))
    return built


def _in_order(reports: list[dict[str, Any]], files: list[str]) -> list[dict[str, Any]]:
    """One report a file, the first there is (a refusal before its old version), in the order of the files."""
    found: dict[str, dict[str, Any]] = {}
    for entry in reports:
        found.setdefault(entry["path"], entry)
    return [found[file] for file in dict.fromkeys(files)]


def _sort(campus: Campus) -> None:
    """Buildings as people count, storeys lowest first; a campus of schematic buildings only is schematic."""
    campus.buildings.sort(key=lambda building: natural(building.id))
    for building in campus.buildings:
        building.storeys.sort(key=lambda storey: (storey.elevation_m, storey.ordinal))
    campus.schematic = bool(campus.buildings) and all(building.schematic for building in campus.buildings)


def _part(built: Assembled, entry: ModelEntry, found: Model | ModelError, versions: Versions | None) -> _Part | None:
    """The file's model, or its last whole version where it was refused; None when there is none."""
    if isinstance(found, Model):
        found.path = entry.file  # not where the campus lies on this machine: browsers see it
        candidate, history = Candidate(found, _wanted(entry), _group(entry, found)), History()
        if versions is not None:
            difference, history = versions.adopt(entry.file, found)
            if difference:
                message = f"'{entry.file}' changed: {difference.sentence()}"
                changed = Finding("model-changed", message, entry.file, "info", data=difference.as_json())
                candidate.findings.append(changed)
        return _Part(entry, candidate, history)
    built.reports.append(report.refused_entry(entry.file, found))
    built.findings.append(Finding("model-refused", found.message, entry.file, "error", data={"code": found.code}))
    old = versions.current(entry.file) if versions is not None else None
    if versions is None or old is None:
        return None
    history = versions.history(entry.file)
    message = f"the version of '{entry.file}' of {history.since} stays in use until the new one can be read"
    old.path = entry.file
    candidate = Candidate(old, _wanted(entry), _group(entry, old))
    candidate.findings.append(Finding("old-version-kept", message, entry.file, data={"since": history.since}))
    return _Part(entry, candidate, history)


def _origin(location: Location | None) -> tuple[float, float] | None:
    """The campus's origin (latitude, longitude [deg, WGS 84])."""
    if location is None:
        return None
    if location.datum == "wgs84":
        return location.latitude, location.longitude
    lon, lat = georef.gcj02_to_wgs84(np.array([location.longitude]), np.array([location.latitude]))
    return float(lat[0]), float(lon[0])


def _wanted(entry: ModelEntry) -> Move | None:
    place = entry.place
    return None if place is None else Move(place.x, place.y, place.z, place.rotation_deg)


def _group(entry: ModelEntry, model: Model) -> str:
    """Files of the same declared building are one; a file of several buildings belongs to no such group."""
    return entry.building or "" if len(model.buildings) == 1 else ""


def _only_ground(model: Model) -> None:
    """A ground file adds ground only: its buildings would stand twice."""
    for parts in (model.buildings, model.sites, model.zones, model.equipment, model.points, model.shells):
        parts.clear()


def _settle(part: _Part) -> None:
    """Move the model to its place; its findings learn its file, its building the names of the campus file."""
    model, move, entry = part.candidate.model, part.candidate.move, part.entry
    assert move is not None
    move_model(model, move)
    model.findings = [
        replace(f, data={**f.data, "file": entry.file}) for f in (*model.findings, *part.candidate.findings)
    ]
    if entry.names and len(model.buildings) == 1:
        model.buildings[0].names = {**model.buildings[0].names, **entry.names}


def _joined(parts: list[_Part]) -> _Part:
    """The part that stands for all files of one building."""
    if len(parts) == 1:
        return parts[0]
    model = join([part.candidate.model for part in parts])
    return next(part for part in parts if part.candidate.model is model)


def _add(built: Assembled, part: _Part, identities: Identities, past: dict[str, str], gone: dict[str, str]) -> None:
    """One placed model into the campus; ``past`` and ``gone`` learn the campus ids that it had before."""
    model, entry = part.candidate.model, part.entry
    remarks, ids = identities.assign(model, entry.building)
    model.findings.extend(replace(f, data={**f.data, "file": entry.file}) for f in remarks)
    past.update({_once(old, part.past.ids, ids): ids[new] for old, new in part.past.ids.items() if new in ids})
    gone.update({_once(old, part.past.ids, ids): entry.file for old in part.past.gone})
    campus = built.campus
    campus.sites.extend(model.sites)
    campus.buildings.extend(model.buildings)
    campus.zones.extend(model.zones)
    campus.equipment.extend(model.equipment)
    built.shells.extend(model.shells)
    built.ground.extend(model.ground)
    built.model_points.extend(model.points)
    built.findings.extend(model.findings)


def _once(old: str, past: Mapping[str, str], ids: Mapping[str, str]) -> str:
    """The campus id that the file's own ``old`` id had: what stands before the first slash follows the building."""
    head, slash, rest = old.partition("/")
    now = past.get(head, head)
    return f"{ids.get(now, now)}{slash}{rest}"
