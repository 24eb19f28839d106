"""Groups of spaces in an IFC file: IfcZone, IfcSpatialZone, and spaces that are made of spaces."""

from __future__ import annotations

from typing import Any

from models3d.codes import Codes
from models3d.ifc_build import Built
from models3d.ifc_safe import refs, text
from models3d.ifc_tree import Tree
from models3d.texts import mend, names_of
from twin.space import Zone


def _members(group: Any) -> list[int]:
    return [
        member.id()
        for relation in refs(group, "IsGroupedBy", "IfcRelAssignsToGroup")
        for member in refs(relation, "RelatedObjects", "IfcObjectDefinition")
    ]


def zones(file: Any, tree: Tree, built: Built) -> list[Zone]:
    """Every zone that holds at least one room; ids are ``<building>/zones/<name>``."""
    found: list[tuple[str, str, str, list[int]]] = [
        (mend(text(group, "Name")), mend(text(group, "Description")), "zone", _members(group))
        for group in file.by_type("IfcZone")
    ]
    parents: dict[int, list[int]] = {}
    for number, node in tree.spaces.items():
        if node.parent in tree.spaces and number in built.space_of:
            parents.setdefault(node.parent, []).append(number)
    for number, children in parents.items():
        if number not in built.space_of:
            node = tree.spaces[number]
            found.append((node.name, node.long_name, "space-group", children))
    codes: dict[str, Codes] = {}
    made = []
    for name, words, category, members in found:
        spaces = tuple(sorted({built.space_of[n].id for n in members if n in built.space_of}))
        if not spaces:
            continue
        building = spaces[0].split("/", 1)[0]
        identity, _ = codes.setdefault(building, Codes()).take(name or words, "zone")
        made.append(Zone(f"{building}/zones/{identity}", names_of(name, words), category, spaces))
    return made
