"""A ``Model`` as one file: the way out of the loader's process, and what the cache keeps. No pickle: data only.

==========  ==========================================================================================
bytes       what
==========  ==========================================================================================
0..7        magic ``CTMODEL1``
8..11       u32 CRC-32 of everything after byte 16
12..15      u32 length of the JSON text
16..        JSON: ``{"fields": fingerprint, "model": rows, "arrays": [[dtype, shape, offset], ...]}``
then        the arrays, each beginning at a multiple of 8 counted from the end of the JSON (padded itself)
==========  ==========================================================================================

A dataclass is a row: the list of its fields in order. Geometries are well-known binary, joined in one array.
``fields`` is a fingerprint of all those dataclasses, so that a file of another version is refused, not misread.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from models3d.model import Feature, Finding, Frame, Model, ModelPoint, Shell
from twin.space import Alias, Building, Equipment, Site, Space, Storey, Zone

MAGIC = b"CTMODEL1"
_HEAD = struct.Struct("<8sII")

Array = npt.NDArray[Any]


class ModelFileError(ValueError):
    """Bytes that are no model file of this version."""


_CLASSES: tuple[Any, ...] = (
    Model, Feature, Finding, Frame, ModelPoint, Shell, Alias, Building, Equipment, Site, Space, Storey, Zone,
)  # fmt: skip
_FIELDS = {cls: tuple(f.name for f in dataclasses.fields(cls)) for cls in _CLASSES}

# How a field that is not plain JSON is kept: a list of rows, one row, a geometry, an array, a tuple.
_LISTS: dict[tuple[Any, str], Any] = {
    (Model, "buildings"): Building, (Model, "sites"): Site, (Model, "zones"): Zone, (Model, "equipment"): Equipment,
    (Model, "points"): ModelPoint, (Model, "shells"): Shell, (Model, "ground"): Feature, (Model, "findings"): Finding,
    (Building, "storeys"): Storey, (Storey, "spaces"): Space,
}  # fmt: skip
_ALIASED = (Building, Storey, Space, Equipment)
_GEOMETRY = {(Space, "polygon"), (Storey, "outline"), (Building, "outline"), (Feature, "geometry")}
_ARRAY = {(Shell, "vertices"), (Shell, "triangles")}
_TUPLE = {
    (Finding, "position"), (Frame, "origin_offset"), (Shell, "colour"), (Zone, "spaces"), (Equipment, "feeds"),
    (Equipment, "position"), (Equipment, "meters"), (Equipment, "parts"),
}  # fmt: skip

FINGERPRINT = hashlib.sha256(repr([(c.__name__, f) for c, f in _FIELDS.items()]).encode()).hexdigest()[:16]


def _plain(value: object) -> Any:
    """What JSON does not know in the free fields of loaders: numbers of numpy, sets, paths."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)


class _Writer:
    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.geometries: list[Any] = []

    def row(self, item: Any) -> list[Any]:
        cls = type(item)
        return [self.value(cls, name, getattr(item, name)) for name in _FIELDS[cls]]

    def value(self, cls: Any, name: str, value: Any) -> Any:
        if (cls, name) in _LISTS:
            return [self.row(item) for item in value]
        if (cls, name) in _GEOMETRY:
            if value is None:
                return None
            self.geometries.append(value)
            return len(self.geometries) - 1
        if (cls, name) in _ARRAY:
            self.arrays.append(value)
            return len(self.arrays) - 1
        if name == "aliases" and cls in _ALIASED:
            return [[alias.scheme, alias.value] for alias in value]
        return self.row(value) if name == "frame" else value


def to_bytes(model: Model) -> bytes:
    """The model as a file's content."""
    writer = _Writer()
    rows = writer.row(model)
    wkb = [shapely.to_wkb(g) for g in writer.geometries]
    sizes = np.array([len(text) for text in wkb], dtype=np.uint32)
    arrays = [sizes, np.frombuffer(b"".join(wkb), dtype=np.uint8), *writer.arrays]
    table, body, offset = [], [], 0
    for array in arrays:
        whole = np.ascontiguousarray(array)
        raw = whole.tobytes()
        table.append([whole.dtype.str, whole.shape, offset])
        body.append(raw + b"\0" * (-len(raw) % 8))
        offset += len(body[-1])
    head = {"fields": FINGERPRINT, "model": rows, "arrays": table}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), default=_plain).encode("utf-8", "replace")
    text += b" " * (-len(text) % 8)
    payload = text + b"".join(body)
    return _HEAD.pack(MAGIC, zlib.crc32(payload), len(text)) + payload


class _Reader:
    def __init__(self, arrays: list[Array]) -> None:
        sizes, wkb = arrays[0].astype(np.int64), arrays[1].tobytes()
        ends = np.cumsum(sizes)
        parts = [wkb[start:end] for start, end in zip((ends - sizes).tolist(), ends.tolist(), strict=True)]
        self.geometries: list[Any] = shapely.from_wkb(np.array(parts, dtype=object)).tolist() if parts else []
        self.arrays = arrays[2:]
        self.makers = {cls: self._converters(cls) for cls in _CLASSES}

    def _converters(self, cls: Any) -> list[tuple[int, Callable[[Any], Any]]]:
        found: list[tuple[int, Callable[[Any], Any]]] = []
        for place, name in enumerate(_FIELDS[cls]):
            if (cls, name) in _LISTS:
                found.append((place, self._rows(_LISTS[cls, name])))
            elif (cls, name) in _GEOMETRY:
                found.append((place, lambda i: None if i is None else self.geometries[i]))
            elif (cls, name) in _ARRAY:
                found.append((place, lambda i: self.arrays[i]))
            elif (cls, name) in _TUPLE:
                found.append((place, lambda v: None if v is None else tuple(v)))
            elif name == "aliases" and cls in _ALIASED:
                found.append((place, lambda v: tuple(Alias(*pair) for pair in v)))
            elif name == "frame":
                found.append((place, lambda v: self.make(Frame, v)))
        return found

    def _rows(self, cls: Any) -> Callable[[Any], Any]:
        return lambda rows: [self.make(cls, row) for row in rows]

    def make(self, cls: Any, row: list[Any]) -> Any:
        for place, convert in self.makers[cls]:
            row[place] = convert(row[place])
        return cls(*row)


def from_bytes(data: bytes) -> Model:
    """The inverse of ``to_bytes``. ModelFileError for anything else, a cut or altered file included."""
    if len(data) < _HEAD.size:
        raise ModelFileError(f"{len(data)} bytes are too few for a model file")
    magic, crc, length = _HEAD.unpack_from(data)
    if magic != MAGIC or zlib.crc32(memoryview(data)[_HEAD.size :]) != crc:
        raise ModelFileError("not a model file, or a damaged one")
    head = json.loads(data[_HEAD.size : _HEAD.size + length])
    if head["fields"] != FINGERPRINT:
        raise ModelFileError("a model file of another version")
    start = _HEAD.size + length
    arrays: list[Array] = []
    for dtype, shape, offset in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        # A copy: the file's bytes are read-only, and a model's arrays are moved onto the campus in place.
        arrays.append(np.frombuffer(data, dtype, count, start + offset).reshape(shape).copy())
    model: Model = _Reader(arrays).make(Model, head["model"])
    return model


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part; the folder is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
