"""Attributes of IFC entities as they ought to be: a file may put anything anywhere, and the library hands it over.

A reference to an entity of the wrong class, a number where a list belongs, or a text where a number belongs, reads as
if it were not there.
"""

from __future__ import annotations

import math
from typing import Any

import ifcopenshell

_ENTITY: Any = ifcopenshell.entity_instance


def is_entity(value: object, kind: str) -> bool:
    """Whether ``value`` is an entity of class ``kind`` or below it."""
    return isinstance(value, _ENTITY) and bool(value.is_a(kind))


def get(entity: Any, name: str) -> Any:
    """An attribute, or None when the entity's class does not have it."""
    try:
        return getattr(entity, name)
    except (AttributeError, RuntimeError):
        return None


def ref(entity: Any, name: str, kind: str) -> Any:
    """The entity of class ``kind`` that an attribute refers to, or None."""
    value = get(entity, name)
    return value if is_entity(value, kind) else None


def refs(entity: Any, name: str, kind: str) -> list[Any]:
    """The entities of class ``kind`` that an attribute (or inverse attribute) lists; a bare one counts as a list."""
    value = get(entity, name)
    if isinstance(value, tuple | list):
        return [item for item in value if is_entity(item, kind)]
    return [value] if is_entity(value, kind) else []


def text(entity: Any, name: str) -> str:
    """A text attribute; '' for none and for anything else."""
    value = get(entity, name)
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """A finite number (also a wrapped one, like IfcLengthMeasure); None for anything else."""
    if isinstance(value, _ENTITY):
        value = get(value, "wrappedValue")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def numbers(entity: Any, name: str) -> list[float]:
    """A list of numbers; empty when any of its items is none."""
    value = get(entity, name)
    if not isinstance(value, tuple | list):
        return []
    found = [number(item) for item in value]
    return [item for item in found if item is not None] if None not in found else []


def by_type(file: Any, kind: str) -> list[Any]:
    """All entities of a class; none where the file's schema does not know it."""
    try:
        return list(file.by_type(kind))
    except RuntimeError:
        return []
