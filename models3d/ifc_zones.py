"""Groups of spaces in an IFC file: IfcZone, IfcSpatialZone, and spaces that are made of spaces."""

from __future__ import annotations

from typing import Any

from models3d.codes import Codes
from models3d.ifc_build import Built
from models3d.ifc_tree import Tree
from models3d.texts import mend, names_of
from twin.space import Zone


def _members(group: Any) -> list[int]:
    relations = group.IsGroupedBy
    if not isinstance(relations, tuple | list):  # IFC2X3 allows one relation and some schemas give it bare
        relations = (relations,) if relations is not None else ()
    return [entity.id() for relation in relations for entity in relation.RelatedObjects or ()]


def zones(file: Any, tree: Tree, built: Built) -> list[Zone]:
    """Every zone that holds at least one room; ids are ``<building>/zones/<name>``."""
    found: list[tuple[str, str, str, list[int]]] = [
        (mend(group.Name or ""), mend(group.Description or ""), "zone", _members(group))
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
    for name, text, category, members in found:
        spaces = tuple(sorted({built.space_of[n].id for n in members if n in built.space_of}))
        if not spaces:
            continue
        building = spaces[0].split("/", 1)[0]
        identity, _ = codes.setdefault(building, Codes()).take(name or text, "zone")
        made.append(Zone(f"{building}/zones/{identity}", names_of(name, text), category, spaces))
    return made
