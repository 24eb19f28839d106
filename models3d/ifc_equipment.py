"""Devices of an IFC file that an operator cares for -> ``Equipment`` in Brick's terms, each with its room.

Pipes, ducts, cables and their fittings are left out: they are drawn, but nothing is measured on them.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely

from models3d.codes import Codes
from models3d.ifc_build import Built
from models3d.ifc_safe import by_type, ref, refs, text
from models3d.ifc_shell import ShellResult
from models3d.ifc_tree import Tree, origin_of
from models3d.texts import mend, names_of
from twin.space import Alias, Equipment, Space

KINDS = ("IfcDistributionElement", "IfcTransportElement")
PASSIVE = ("IfcFlowSegment", "IfcFlowFitting", "IfcDistributionChamberElement")
BRICK = {
    "Sensor": "Sensor", "Controller": "Controller", "Actuator": "Actuator", "Alarm": "Alarm", "FlowMeter": "Meter",
    "ElectricDistributionBoard": "Switchboard", "ElectricDistributionPoint": "Switchboard",
    "ElectricFlowStorageDevice": "Battery", "ElectricGenerator": "Generator", "ElectricMotor": "Motor",
    "Transformer": "Transformer", "SolarDevice": "PV_Panel", "SwitchingDevice": "Switch", "Outlet": "Outlet",
    "LightFixture": "Luminaire", "Lamp": "Luminaire", "AirTerminal": "Air_Diffuser", "AirTerminalBox": "Terminal_Unit",
    "UnitaryEquipment": "AHU", "AirToAirHeatRecovery": "Heat_Wheel", "Boiler": "Boiler", "Chiller": "Chiller",
    "CoolingTower": "Cooling_Tower", "Coil": "Coil", "Condenser": "Condenser", "Evaporator": "Evaporator",
    "HeatExchanger": "Heat_Exchanger", "Humidifier": "Humidifier", "SpaceHeater": "Radiator", "Fan": "Fan",
    "Compressor": "Compressor", "Pump": "Pump", "Tank": "Tank", "Valve": "Valve", "Damper": "Damper",
    "Filter": "Filter", "FireSuppressionTerminal": "Fire_Safety_Equipment", "SanitaryTerminal": "Sanitary_Fixture",
    "CommunicationsAppliance": "ICT_Equipment", "AudioVisualAppliance": "AV_Equipment",
    "ElectricAppliance": "Electrical_Equipment", "ProtectiveDevice": "Circuit_Breaker", "TransportElement": "Elevator",
}  # fmt: skip
"""IFC class without 'Ifc' and 'Type' -> Brick class."""
FALLBACK = {
    "FlowTerminal": "Terminal", "FlowController": "Flow_Controller", "EnergyConversionDevice": "HVAC_Equipment",
    "FlowMovingDevice": "HVAC_Equipment", "FlowStorageDevice": "Tank", "FlowTreatmentDevice": "Filter",
    "DistributionControlElement": "Controller", "DistributionFlowElement": "HVAC_Equipment",
}  # fmt: skip
"""Classes of IFC2x3 that say no more than a role; the element's type object says more, if it has one."""
_SENSOR = re.compile(r"^(\w+?)SENSOR$")
_STRIP = re.compile(r"^Ifc|(?<=.)Type$|(?<=.)StandardCase$")


def interesting(file: Any) -> list[Any]:
    """The devices, in the file's order, each once."""
    found: dict[int, Any] = {}
    for kind in KINDS:
        for element in by_type(file, kind):
            if not any(element.is_a(passive) for passive in PASSIVE):
                found.setdefault(element.id(), element)
    return list(found.values())


def _type_of(element: Any, ifc2x3: bool) -> Any:
    for relation in refs(element, "IsDefinedBy" if ifc2x3 else "IsTypedBy", "IfcRelDefinesByType"):
        return ref(relation, "RelatingType", "IfcTypeObject")
    return None


def category(element: Any, kind: Any) -> str:
    """The Brick class of a device; ``kind`` is its type object or None."""
    names = [_STRIP.sub("", element.is_a())] + ([_STRIP.sub("", kind.is_a())] if kind is not None else [])
    for name in reversed(names):
        if name in BRICK:
            return _sensor(element, kind) if name == "Sensor" else BRICK[name]
    return next((FALLBACK[name] for name in reversed(names) if name in FALLBACK), "Equipment")


def _sensor(element: Any, kind: Any) -> str:
    """'TEMPERATURESENSOR' -> 'Temperature_Sensor'."""
    for entity in (element, kind):
        found = _SENSOR.match(text(entity, "PredefinedType")) if entity is not None else None
        if found:
            return f"{found.group(1).capitalize()}_Sensor"
    return "Sensor"


class _Finder:
    """The room at a point: the space whose plan covers it, at the right height."""

    def __init__(self, built: Built) -> None:
        self.spaces = [space for space in built.space_of.values() if space.polygon is not None]
        self.tree = shapely.STRtree([space.polygon for space in self.spaces if space.polygon is not None])

    def at(self, position: tuple[float, float, float]) -> Space | None:
        x, y, z = position
        for index in self.tree.query(shapely.Point(x, y), predicate="intersects"):
            space = self.spaces[int(index)]
            if space.elevation_m - 0.3 <= z <= space.elevation_m + space.height_m + 1.5:  # above: in the ceiling void
                return space
        return None


def _position(
    element: Any, tree: Tree, shell: ShellResult, offset: tuple[float, float, float]
) -> tuple[float, float, float] | None:
    """The middle of the device's body, else its placement [m]."""
    middle = shell.middles.get(element.id())
    if middle is not None:
        return middle
    origin = origin_of(element, tree.unit)
    if origin is None:
        return None
    x, y, z = (np.array(origin) - np.array(offset)).tolist()
    return (x, y, z)


def equipment(
    file: Any, tree: Tree, built: Built, shell: ShellResult, offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> list[Equipment]:
    """Every device with its Brick class, its room (authored, else by position), and its position [m]."""
    ifc2x3 = file.schema == "IFC2X3"
    finder = _Finder(built)
    codes: dict[str, Codes] = {}
    made = []
    home = built.buildings[0].id if built.buildings else ""
    for element in interesting(file):
        number = element.id()
        position = _position(element, tree, shell, offset)
        space = built.space_of.get(tree.space_of(number)) or (finder.at(position) if position else None)
        building, storey = built.storey_of.get(tree.storey_of(number), (home, ""))
        if space is not None:
            building = space.id.split("/", 1)[0]
        name, tag, guid = mend(text(element, "Name")), mend(text(element, "Tag")), text(element, "GlobalId")
        kind = _type_of(element, ifc2x3)
        brick = category(element, kind)
        made.append(
            Equipment(
                id=f"{building}/equipment/{codes.setdefault(building, Codes()).take(name or tag, brick)[0]}",
                names=names_of(name) or names_of(mend(text(kind, "Name"))),
                category=brick,
                space=space.id if space is not None else storey or building,
                position=position,
                aliases=tuple(
                    Alias(scheme, value) for scheme, value in (("ifc-guid", guid), ("ifc-tag", tag)) if value
                ),
            )
        )
    return made
