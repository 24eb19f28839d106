"""Paths in JSON: pointers (RFC 6901) whose steps may choose from a list, and the addresses that a document offers.

``/devices/[id=7]/power``: of the list ``devices`` the object whose ``id`` is 7 (text or number), of that its ``power``.
``[id=7][phase=1]`` asks for both; ``[last]`` is a list's last entry. A slash in a key or value is written ``~1``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator

from datasources.fieldbus import AddressError
from datasources.payload import Pointer, tokens

_CHOICES = re.compile(r"(?:\[[^=\]\[]+=[^\]]*\])+")
_CHOICE = re.compile(r"\[([^=\]\[]+)=([^\]]*)\]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_KEYS = ("id", "key", "code", "uuid", "serial", "name")
BESIDE = "./"
MAX_DEPTH = 12
MAX_OFFERED = 5000


def place(text: str) -> Pointer:
    """The steps of an address; AddressError says how it is written."""
    if not text.startswith("/"):
        raise AddressError(f"'{text}' is no JSON pointer: write it as /data/power or /devices/[id=7]/power")
    steps = tokens(text)
    for step in steps:
        if step.startswith("[") and step != "[last]" and not _CHOICES.fullmatch(step):
            raise AddressError(f"'{step}' chooses nothing: write [key=value], or [last]")
    return steps


def _path(text: str) -> str:
    if text:
        place(text)
    return text


def _path_or_beside(text: str) -> str:
    return text if text.startswith(BESIDE) and place(text[1:]) else _path(text)


Path = Annotated[str, AfterValidator(_path)]
TimePath = Annotated[str, AfterValidator(_path_or_beside)]
"""A path in the answer, or ``./path``: in the nearest object around each value that has it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A value that a path leads to, and what it stands in, from the document down."""

    value: Any
    around: tuple[Any, ...] = ()


def find(document: Any, steps: Pointer) -> list[Hit]:
    """What stands at a path: nothing, one value, or several where a choice fits more than one."""
    found = [Hit(document)]
    for step in steps:
        found = [Hit(inner, (*outer.around, outer.value)) for outer in found for inner in _step(outer.value, step)]
    return found


def beside(hit: Hit, steps: Pointer) -> Any:
    """What stands at ``steps`` in the nearest object around a value that has it; None where none has."""
    for outer in reversed(hit.around):
        if isinstance(outer, dict) and len(told := find(outer, steps)) == 1:
            return told[0].value
    return None


def _step(document: Any, step: str) -> list[Any]:
    if isinstance(document, dict):
        return [document[step]] if step in document else []
    if not isinstance(document, list):
        return []
    if step == "[last]":
        return document[-1:]
    if _CHOICES.fullmatch(step):
        wanted = _CHOICE.findall(step)
        return [row for row in document if isinstance(row, dict) and _fits(row, wanted)]
    if _INDEX.fullmatch(step) and int(step) < len(document):
        return [document[int(step)]]
    return []


def _fits(row: dict[str, Any], wanted: list[tuple[str, str]]) -> bool:
    return all(key in row and _text(row[key]) == value for key, value in wanted)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def offered(document: Any) -> Iterator[tuple[str, Any]]:
    """The addresses of the single values in a document, at most 5,000, those in lists by a key where one tells the
    entries apart."""
    return islice(_leaves(document, "", 0), MAX_OFFERED)


def _leaves(document: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(document, dict):
        for name, inner in document.items():
            yield from _leaves(inner, f"{path}/{_escaped(name)}", depth + 1)
    elif isinstance(document, list):
        key = _telling_key(document)
        for number, inner in enumerate(document):
            step = _escaped(f"[{key}={_text(inner[key])}]") if key else str(number)
            yield from _leaves(inner, f"{path}/{step}", depth + 1)
    elif path and document is not None:
        yield path, document


def _telling_key(rows: list[Any]) -> str:
    """The first usual key that each row has, with a value of its own."""
    if not rows or not all(isinstance(row, dict) for row in rows):
        return ""
    for key in _KEYS:
        values = [_text(row.get(key)) for row in rows if isinstance(row.get(key), str | int)]
        if len(values) == len(rows) == len(set(values)) and not any("]" in value for value in values):
            return key
    return ""


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
