"""Devices of ``devices.csv`` find their place in the tree: each becomes equipment, and its points hang at it.

A row may be a machine that a model has already (the same id): that one stays, and gets the points. A device at a
machine becomes no equipment of its own, because the tree has no equipment inside equipment: its points are the
machine's. What a meter measures is often not the room that it hangs in: the points of a device with ``serves`` belong
to what it serves, as totals are added up by place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from models3d.model import Finding
from twin.device_table import Device
from twin.places import Places
from twin.point import Point
from twin.space import Campus, Equipment


def place_devices(
    campus: Campus, devices: Sequence[Device], past: Mapping[str, str]
) -> tuple[list[Point], list[Finding]]:
    """Add the devices to the campus; all their points, and a finding for each place that is not known.

    ``past`` maps ids of earlier versions of the models to present ones.
    """
    if not devices:
        return [], []
    placer = _Placer(campus, past)
    ids = {device.id for device in devices}
    placed = {id(device): placer.stands(device) for device in sorted(devices, key=lambda device: device.entity in ids)}
    points: list[Point] = []
    for device in devices:
        points.extend(placer.points(device, placed[id(device)]))
    return points, placer.findings


class _Placer:
    """The tree while devices are put into it."""

    def __init__(self, campus: Campus, past: Mapping[str, str]) -> None:
        self._campus = campus
        self._past = past
        self._places = Places(campus)
        self._equipment = {item.id: item for item in campus.equipment}
        self._above = {campus.id, *(site.id for site in campus.sites), *(zone.id for zone in campus.zones)}
        self.findings: list[Finding] = []

    def stands(self, device: Device) -> str:
        """Put the device where it stands; the id that its points hang at."""
        own = self._equipment.get(device.id)
        if own is not None:
            own.names = {**own.names, **device.names}
            own.category = device.category if own.category in ("", "equipment", "Equipment") else own.category
            return own.id
        place = self._place_of(device, "entity", device.entity) if device.entity else ""
        machine = self._equipment.get(place)
        if machine is not None:
            return machine.id
        if device.id in self._places:
            message = f"'{device.id}' is a place already: give the device another id; its points hang at '{place}'"
            self._tell(device, "id", message, "duplicate-id")
            return place or device.id
        above = place in self._above
        item = Equipment(device.id, dict(device.names), device.category, "" if above else place)
        self._equipment[item.id] = item
        self._campus.equipment.append(item)
        self._places.add(item)
        return place if above else item.id

    def points(self, device: Device, item: str) -> list[Point]:
        """The points of a device at ``item``, what it serves, or what each has in its own column."""
        serves = self._place_of(device, "serves", device.serves) if device.serves else ""
        feeds = [self._place_of(device, "feeds", text) for text in device.feeds]
        equipment = self._equipment.get(item)
        if equipment is not None and (new := [one for one in (serves, *feeds) if one]):
            equipment.feeds = tuple(dict.fromkeys((*equipment.feeds, *new)))
        home = serves or item
        return [
            replace(point, entity=(self._place_of(device, "entity", point.entity) or home) if point.entity else home)
            for point in device.points
        ]

    def _place_of(self, device: Device, column: str, text: str) -> str:
        """The id of the place that a cell names; '' when there is none, which is told."""
        found = self._places.resolve(text)
        if found.id:
            return found.id
        successor = self._past.get(text, "")
        if successor in self._places:
            message = (
                f"the {column} of '{device.id}' was '{text}' and is now '{successor}': write that in {device.file}"
            )
            self._tell(device, column, message, "point-followed", "warning", successor)
            return successor
        self._tell(device, column, f"the {column} of '{device.id}' is '{text}', {found.why}", "unknown-entity")
        return ""

    def _tell(
        self, device: Device, column: str, message: str, code: str,
        severity: Literal["warning", "error"] = "error", entity: str = "",
    ) -> None:  # fmt: skip
        data = {"file": device.file, "line": device.line, "column": column, "device": device.id}
        text = f"{device.file}:{device.line}: {message}"
        self.findings.append(Finding(code, text, device.id, severity, entity, data=data))
