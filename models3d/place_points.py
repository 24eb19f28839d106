"""Points, and the ends of the topology, find their place in the tree; what has none is told, never lost silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from models3d.model import Finding
from twin.config_reports import ScheduledReport
from twin.mistake import nearest
from twin.point import Point
from twin.space import Campus
from twin.timetable import Lesson, misplaced
from twin.topology import TopologyFacts, edges_of
from twin.topology_table import unknown_ends

_NEARBY = 1000


def entity_ids(campus: Campus) -> set[str]:
    """The ids of everything that a point may belong to."""
    ids = {campus.id, *(i.id for i in campus.equipment), *(z.id for z in campus.zones), *(s.id for s in campus.sites)}
    for building in campus.buildings:
        ids.add(building.id)
        for storey in building.storeys:
            ids.add(storey.id)
            ids.update(space.id for space in storey.spaces)
    return ids


def attach_points(
    campus: Campus, points: Sequence[Point], past: Mapping[str, str], gone: Mapping[str, str]
) -> tuple[list[Point], list[Finding]]:
    """All points, those of renamed places moved along, and a finding for each that had no place under its id.

    ``past`` maps ids of earlier versions to present ones, ``gone`` ids without a successor to their model file.
    """
    known = entity_ids(campus)
    attached: list[Point] = []
    findings: list[Finding] = []
    for point in points:
        successor = past.get(point.entity)
        if point.entity in known:
            attached.append(point)
        elif successor is not None and successor in known:
            attached.append(replace(point, entity=successor))
            findings.append(_followed(point, successor))
        else:
            attached.append(point)
            findings.append(_orphaned(point, known, gone.get(point.entity)))
    return attached, findings


def place_topology(campus: Campus, facts: TopologyFacts, file: str) -> tuple[TopologyFacts, list[Finding]]:
    """The edges of the sheet ``file`` whose ends are there, those that models bring, and findings for the others."""
    mistakes = list(unknown_ends(facts, entity_ids(campus), file))
    lost = {mistake.line for mistake in mistakes}
    findings = [
        Finding("topology-unknown", str(mistake), file, "error", data={"line": mistake.line}) for mistake in mistakes
    ]
    kept = [edge for edge in facts.edges if edge.line not in lost]
    return TopologyFacts(facts.nodes, [*kept, *edges_of(campus)]), findings


def place_timetable(campus: Campus, lessons: list[Lesson], file: str) -> tuple[list[Lesson], list[Finding]]:
    """The rows of the sheet ``file`` whose spaces are there, and findings for the others."""
    spaces = {space.id for b in campus.buildings for storey in b.storeys for space in storey.spaces}
    findings = [
        Finding("timetable-unknown", str(mistake), file, "error", data={"line": mistake.line})
        for mistake in misplaced(lessons, spaces, file)
    ]
    return [lesson for lesson in lessons if lesson.space in spaces], findings


def place_reports(campus: Campus, written: Sequence[ScheduledReport], file: str) -> list[Finding]:
    """Findings for the reports that are to be written of what is neither the campus nor a building of it."""
    there = {"", campus.id, *(building.id for building in campus.buildings)}
    return [
        Finding(
            "report-unknown",
            f"'reports.write[{at}].of': there is no building '{each.of}', and its report is never written; "
            f"{nearest(each.of, there - {''})}",
            file, "warning", data={"key": f"reports.write[{at}].of"},
        )
        for at, each in enumerate(written) if each.of not in there
    ]  # fmt: skip


def _followed(point: Point, successor: str) -> Finding:
    message = (
        f"point '{point.id}' moved with its place, which was '{point.entity}' and is now '{successor}': "
        "write that in points.csv"
    )
    data = {"point": point.id, "from": point.entity, "to": successor}
    return Finding("point-followed", message, point.id, "warning", successor, data=data)


def _orphaned(point: Point, known: set[str], file: str | None) -> Finding:
    if file is not None:
        why = f"which the new version of '{file}' has no more; give it another place in points.csv or remove it"
    else:
        same_name = [entity for entity in known if _last(entity) == _last(point.entity)]
        why = f"which no model has; {nearest(point.entity, same_name or _nearby(point.entity, known))}"
    message = f"point '{point.id}' belongs to '{point.entity}', {why}"
    data = {"point": point.id, "entity": point.entity, "file": file or ""}
    return Finding("orphaned-point", message, point.id, "error", data=data)


def _last(entity: str) -> str:
    return entity.rsplit("/", 1)[-1]


def _nearby(entity: str, known: set[str]) -> list[str]:
    """Ids that begin as ``entity`` does: candidates for what was meant."""
    head = entity.split("/", 1)[0]
    same = sorted(other for other in known if other.split("/", 1)[0] == head)
    return (same or sorted(known))[:_NEARBY]
