"""IFC2x3, IFC4 and IFC4.3 files -> ``Model``: tree, room polygons, shells, zones, equipment, georeference.

The steps: pre-flight (``step_preflight``), open, read the structure (``ifc_tree``), then rooms and shell in forked
workers (``ifc_rooms``, ``ifc_shell``), far origins taken off, and the product's tree built (``ifc_build``).
"""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ifcopenshell

from models3d import step_preflight
from models3d.ifc_build import Builder, Built, storey_heights
from models3d.ifc_equipment import equipment, interesting
from models3d.ifc_geometry import read_geometry
from models3d.ifc_georef import frame
from models3d.ifc_origin import drop_far, far_offset, move
from models3d.ifc_safe import text
from models3d.ifc_shell import ShellResult, joined
from models3d.ifc_tree import Tree, read_tree
from models3d.ifc_units import units
from models3d.ifc_zones import zones
from models3d.memory import own_peak_mb
from models3d.model import Finding, Format, Model, ModelError, Options, Shell
from models3d.texts import mend

_IFC: Any = ifcopenshell  # most of it has no annotations


def _shells(built: Built, shell: ShellResult) -> list[Shell]:
    home = built.buildings[0].id if built.buildings else ""
    shells = []
    for (where, category), pieces in sorted(shell.pieces.items()):
        building, storey = built.storey_of.get(where) or (built.building_of.get(-where, home), "")
        vertices, triangles, colour = joined(pieces)
        shells.append(Shell(building, storey, category, vertices, triangles, colour))
    return shells


def _element_findings(file: Any, numbers: Iterable[int], name: str, what: str) -> list[Finding]:
    found = []
    for number in numbers:
        element = file.by_id(number)
        label = mend(text(element, "Name")) or f"#{number}"
        message = f"{element.is_a()} '{label}' {what}."
        found.append(Finding(name, message, element=text(element, "GlobalId") or f"#{number}"))
    return found


def _duplicates(file: Any, tree: Tree) -> list[Finding]:
    """GlobalIds that several sites, buildings, storeys, spaces, devices or the project share."""
    seen: dict[str, list[str]] = {}
    for entity in file.by_type("IfcProject"):
        seen.setdefault(text(entity, "GlobalId"), []).append(f"{entity.is_a()} #{entity.id()}")
    for nodes in (tree.sites, tree.buildings, tree.storeys, tree.spaces):
        for node in nodes.values():
            seen.setdefault(node.guid, []).append(f"{node.kind} #{node.number}")
    for entity in interesting(file):
        seen.setdefault(text(entity, "GlobalId"), []).append(f"{entity.is_a()} #{entity.id()}")
    return [
        Finding(
            "duplicate-guid",
            f"GlobalId {guid} is used {len(owners)} times ({', '.join(owners[:3])}): it identifies nothing.",
            element=guid, data={"count": len(owners)},
        )
        for guid, owners in seen.items() if guid and len(owners) > 1
    ]  # fmt: skip


def _open(ready: step_preflight.Prepared, name: str, findings: list[Finding]) -> Any:
    """The opened file; what its parser complained of becomes findings."""
    _IFC.get_log()  # forget what an earlier file left
    try:
        file = _IFC.open(str(ready.path), ".ifc")
    except (RuntimeError, OSError, ValueError, ifcopenshell.Error) as error:
        raise ModelError(
            "unreadable", f"'{name}' cannot be parsed as {ready.schema} ({error}). Export the model again."
        ) from error
    if not file.by_type("IfcRoot"):
        raise ModelError("unreadable", f"'{name}' holds no readable entity of {ready.schema}. Export the model again.")
    _parser_findings(_IFC.get_log(), findings)
    return file


_LOG_LINE = re.compile(r"^\[(error|warning)\]\s*(?:\[VAL\d+\]\s*)?\[[^\]]*\]\s*(.*)$", re.MULTILINE)


def _parser_findings(log: str, findings: list[Finding]) -> None:
    """One finding for all errors of the parser, one for all its warnings, with the first of each."""
    for level, code, what in (
        ("error", "parse-errors", "parts of the file could not be read"),
        ("warning", "parse-warnings", "entities are not as the schema says"),
    ):
        lines = [match.group(2) for match in _LOG_LINE.finditer(log) if match.group(1) == level]
        if lines:
            message = f"{len(lines)} {what}; the first: {lines[0].rstrip('.')}."
            findings.append(
                Finding(code, message, severity="warning" if level == "error" else "info", data={"count": len(lines)})
            )


def load(path: Path, options: Options) -> Model:
    """Read an IFC file; ModelError with one sentence when it cannot be read.

    Geometry runs in forked copies of this process: ``options.threads`` of them at once.
    """
    began = time.perf_counter()
    with step_preflight.prepared(path) as ready:
        findings = list(ready.findings)
        file = _open(ready, path.name, findings)
        scales = units(file)
        tree = read_tree(file)
        if tree.loops:
            what = f"{tree.loops} things are parts of themselves, through others; those relations were left out."
            findings.append(Finding("parse-errors", what, data={"count": tree.loops}))
        if tree.mended:
            what = f"{tree.mended} names were decoded again: they had been read as Latin letters."
            findings.append(Finding("encoding-repaired", what, data={"names": tree.mended}))
        found = read_geometry(file, tree, scales, storey_heights(tree), options)
        rooms, shell = found.rooms, found.shell
        place = frame(file, scales.length, findings)
        findings.extend(
            _element_findings(file, drop_far(found), "far-element", "lies kilometres away; it is not drawn")
        )
        offset = far_offset(tree, found)
        if any(offset):
            place = move(offset, place, tree, found, findings)
        findings.extend(_duplicates(file, tree))
        built = Builder(tree, found, path.stem, findings).build()
        if found.walls_crashed:
            what = "The walls crashed the geometry kernel: no rooms were derived from them."
            findings.append(Finding("kernel-crashed", what))
        crashed = "crashed the geometry kernel"
        for numbers, so in (
            (rooms.crashed, "the room is listed without its shape"),
            (shell.crashed, "it is not drawn"),
        ):
            findings.extend(_element_findings(file, numbers, "kernel-crashed", f"{crashed}; {so}"))
        model = Model(
            path=str(path), sha256=ready.sha256, format="ifc", schema=ready.schema,
            buildings=built.buildings, sites=built.sites, zones=zones(file, tree, built),
            equipment=equipment(file, tree, built, shell, offset), shells=_shells(built, shell),
            findings=findings, frame=place,
        )  # fmt: skip
    model.seconds = time.perf_counter() - began
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    model.peak_mb = max(own_peak_mb(), workers)
    return model


FORMAT = Format(
    key="ifc",
    title="IFC (STEP), also zipped",
    suffixes=(".ifc", ".ifczip", ".zip"),
    sniff=step_preflight.sniff,
    load=load,
)
