"""Which elements are cut by planes: the fast kernel keeps the wrong side of some half-spaces; they need the exact one.

Met in real files: walls of a gable (IfcHalfSpaceSolid subtracted from an extrusion) came back uncut in AC20-FZK-Haus
and as two spikes in Office_A; their bounding boxes alone do not show it.
"""

from __future__ import annotations

from typing import Any

from models3d.ifc_safe import by_type

_UPWARD = ("IfcRepresentationItem", "IfcRepresentation", "IfcRepresentationMap", "IfcProductRepresentation")


def cut_by_planes(file: Any) -> set[int]:
    """STEP numbers of the products whose body subtracts a half-space, straight or through a mapped representation."""
    seen: set[int] = set()
    products: set[int] = set()
    queue = by_type(file, "IfcHalfSpaceSolid")
    while queue:
        for user in file.get_inverse(queue.pop()):
            if user.id() in seen:
                continue
            seen.add(user.id())
            if user.is_a("IfcProduct"):
                products.add(user.id())
            elif any(user.is_a(kind) for kind in _UPWARD):
                queue.append(user)
    return products
