"""Room packs: the plans of a building's storeys and spaces as one little-endian block (docs/reference/scene-format.md).

``encode_block`` writes what ``viewer/src/rooms.ts`` reads; ``decode_block`` is the same reader in Python.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models3d.tiles_inner import covered, inner_walls
from models3d.tiles_rings import MAX_STEPS, Frame, Group, groups_of, slim
from twin.space import Area, Space, Storey

MAGIC = int.from_bytes(b"CTR2", "little")
HEADER = struct.Struct("<8I")
HOLE = 0x8000
FLAG_DERIVED, FLAG_SCHEMATIC, FLAG_SYNTHETIC, FLAG_OWN_HEIGHT, FLAG_COVERED = 1, 2, 4, 8, 16
_ORIGIN_FLAGS = {"authored": 0, "derived": FLAG_DERIVED, "schematic": FLAG_SCHEMATIC, "synthetic": FLAG_SYNTHETIC}

U16 = npt.NDArray[np.uint16]
I32 = npt.NDArray[np.int32]


class PackError(ValueError):
    """A block that cannot be written or read; the message says why."""


@dataclass(slots=True)
class Block:
    """A decoded block: what the viewer knows of a building's plans; lengths in cm, rings in steps of its frame."""

    elevation_cm: I32
    height_cm: U16
    outlines: list[list[Group]]
    roofs: list[list[Group]]
    storey: U16
    flags: npt.NDArray[np.uint8]
    spaces: list[list[Group]]
    floor_cm: dict[int, int] = field(default_factory=dict)
    room_height_cm: dict[int, int] = field(default_factory=dict)
    inner: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """For each point of the spaces' rings: whether its wall to the next has a room as high behind it."""


def encode_block(
    storeys: Sequence[Storey],
    outlines: Sequence[Area | None],
    roofs: Sequence[Area | None],
    frame: Frame,
) -> bytes:
    """One building's block: its storeys lowest first, their outlines and roofs [m, campus frame], their spaces.

    Raises:
        PackError: a count does not fit its field.
    """
    spaces = [(i, space) for i, storey in enumerate(storeys) for space in storey.spaces]
    outline_groups = [groups_of(area, frame) for area in outlines]
    roof_groups = [groups_of(area, frame) for area in roofs]
    space_groups = [groups_of(area, frame) for area in slim([space.polygon for _, space in spaces])]
    groups = [g for part in (outline_groups, roof_groups, space_groups) for gs in part for g in gs]
    rings = [ring for g in groups for ring in g.rings]
    own = [(i, *_own_height(storeys[s], space)) for i, (s, space) in enumerate(spaces) if _has_own(storeys[s], space)]
    triangles = np.concatenate([g.triangles.reshape(-1) for g in groups]) if groups else np.zeros(0, np.int64)
    points = sum(len(r) for r in rings)
    flags = np.array([_ORIGIN_FLAGS[space.origin] for _, space in spaces], dtype=np.int64)
    flags[[i for i, _, _ in own]] |= FLAG_OWN_HEIGHT
    flags[covered(storeys, outlines)] |= FLAG_COVERED
    deltas = _deltas(rings)
    arrays = [
        np.array([round(s.elevation_m * 100) for s in storeys], dtype="<i4"),
        _u16([round(s.height_m * 100) for s in storeys], "storey height"),
        _u16([_ring_count(gs) for gs in outline_groups], "outline rings"),
        _u16([_ring_count(gs) for gs in roof_groups], "roof rings"),
        _u16([s for s, _ in spaces], "storey index"),
        _u16([_ring_count(gs) for gs in space_groups], "rings of a space"),
        flags.astype("u1"),
        _u16([len(r) | (HOLE if k else 0) for g in groups for k, r in enumerate(g.rings)], "points of a ring"),
        deltas[:, 0].astype("<u2"),
        deltas[:, 1].astype("<u2"),
        _u16([len(g.triangles) for g in groups], "triangles of a cap"),
        _u16(triangles, "corner of a triangle"),
        np.array([floor for _, floor, _ in own], dtype="<i2"),
        _u16([height for _, _, height in own], "room height"),
        np.packbits(_inner(storeys, spaces, space_groups, frame), bitorder="little"),
    ]
    head = HEADER.pack(MAGIC, len(rings), points, len(spaces), len(storeys), len(triangles) // 3, len(groups), len(own))
    return head + b"".join(_padded(a.tobytes()) for a in arrays)


def _inner(
    storeys: Sequence[Storey], spaces: Sequence[tuple[int, Space]], groups: Sequence[Sequence[Group]], frame: Frame
) -> npt.NDArray[np.bool_]:
    """Of each point of the spaces' rings, whether its wall has a room as high behind it."""
    own = [_own_height(storeys[s], space) for s, space in spaces]
    level = np.array([round(storeys[s].elevation_m * 100) for s, _ in spaces], np.int64)
    floor = level + np.array([offset for offset, _ in own], np.int64)
    top = floor + np.array([height for _, height in own], np.int64)
    return inner_walls(groups, np.array([s for s, _ in spaces], np.int64), floor, top, frame.step)


def _ring_count(groups: Sequence[Group]) -> int:
    return sum(len(g.rings) for g in groups)


def _u16(values: Sequence[int] | npt.NDArray[np.int64], what: str) -> U16:
    array = np.asarray(values, dtype=np.int64)
    if array.size and (array.min() < 0 or array.max() > MAX_STEPS):
        raise PackError(f"{what}: {array.min()} to {array.max()} does not fit 16 bits")
    return array.astype("<u2")


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _deltas(rings: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Steps from point to point, modulo 65536; the first point of a ring from the first point of the ring before."""
    if not rings:
        return np.zeros((0, 2), np.int64)
    points = np.concatenate(rings)
    starts = np.concatenate(([0], np.cumsum([len(r) for r in rings])[:-1]))
    deltas = np.diff(points, axis=0, prepend=np.zeros((1, 2), np.int64))
    deltas[starts] = np.diff(points[starts], axis=0, prepend=np.zeros((1, 2), np.int64))
    result: npt.NDArray[np.int64] = deltas % 65536
    return result


def _own_height(storey: Storey, space: Space) -> tuple[int, int]:
    floor = round((space.elevation_m - storey.elevation_m) * 100)
    return min(max(floor, -32768), 32767), min(max(round(space.height_m * 100), 1), MAX_STEPS)


def _has_own(storey: Storey, space: Space) -> bool:
    floor, height = _own_height(storey, space)
    return space.has_geometry and (floor != 0 or height != round(storey.height_m * 100))


class _Cursor:
    """Reads padded arrays one after another."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset

    def take(self, dtype: str, count: int) -> npt.NDArray[np.int64]:
        size = np.dtype(dtype).itemsize * count
        if self.offset + size > len(self.data):
            raise PackError(f"the block ends at byte {len(self.data)}, inside an array of {count} {dtype}")
        array = np.frombuffer(self.data, dtype, count, self.offset).astype(np.int64)
        self.offset += size + (-size % 4)
        return array


def decode_block(data: bytes) -> Block:
    """Read a block back.

    Raises:
        PackError: the bytes are not a block, or end too early.
    """
    if len(data) < HEADER.size:
        raise PackError(f"a block has at least {HEADER.size} bytes, not {len(data)}")
    magic, n_rings, n_points, n_spaces, n_storeys, n_triangles, n_groups, n_own = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise PackError("the bytes do not begin with CTR2: not a room pack's block")
    cursor = _Cursor(data, HEADER.size)
    elevation, height = cursor.take("<i4", n_storeys), cursor.take("<u2", n_storeys)
    outline_rings, roof_rings = cursor.take("<u2", n_storeys), cursor.take("<u2", n_storeys)
    storey, space_rings, flags = cursor.take("<u2", n_spaces), cursor.take("<u2", n_spaces), cursor.take("u1", n_spaces)
    counts = cursor.take("<u2", n_rings)
    deltas = np.column_stack((cursor.take("<u2", n_points), cursor.take("<u2", n_points)))
    triangle_counts, triangles = cursor.take("<u2", n_groups), cursor.take("<u2", 3 * n_triangles).reshape(-1, 3)
    floors, heights = cursor.take("<i2", n_own), cursor.take("<u2", n_own)
    rooms = len(counts) - int(outline_rings.sum() + roof_rings.sum())
    walls = int((counts[len(counts) - rooms :] & ~HOLE).sum())
    inner = np.unpackbits(cursor.take("u1", -(-walls // 8)).astype(np.uint8), count=walls, bitorder="little")
    rings = _undelta(counts & ~HOLE, deltas)
    groups = _regroup(counts, rings, triangle_counts, triangles)
    parts = _portion(np.concatenate((outline_rings, roof_rings, space_rings)), groups)
    own = np.flatnonzero(flags & FLAG_OWN_HEIGHT).tolist()
    return Block(
        elevation.astype(np.int32),
        height.astype(np.uint16),
        parts[:n_storeys],
        parts[n_storeys : 2 * n_storeys],
        storey.astype(np.uint16),
        flags.astype(np.uint8),
        parts[2 * n_storeys :],
        dict(zip(own, floors.tolist(), strict=True)),
        dict(zip(own, heights.tolist(), strict=True)),
        inner.astype(np.bool_),
    )


def _undelta(lengths: npt.NDArray[np.int64], deltas: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    rings = []
    start, first = 0, np.zeros(2, np.int64)
    for length in lengths.tolist():
        first = (first + deltas[start]) % 65536
        steps = deltas[start : start + length].copy()
        steps[0] = first
        rings.append(np.cumsum(steps, axis=0) % 65536)
        start += length
    return rings


def _regroup(
    counts: npt.NDArray[np.int64],
    rings: list[npt.NDArray[np.int64]],
    triangle_counts: npt.NDArray[np.int64],
    triangles: npt.NDArray[np.int64],
) -> list[Group]:
    outer = np.flatnonzero((counts & HOLE) == 0).tolist()
    ends = [*outer[1:], len(rings)]
    stops = np.cumsum(triangle_counts).tolist()
    sizes = triangle_counts.tolist()
    return [
        Group(tuple(rings[a:b]), triangles[stop - size : stop])
        for a, b, stop, size in zip(outer, ends, stops, sizes, strict=True)
    ]


def _portion(ring_counts: npt.NDArray[np.int64], groups: list[Group]) -> list[list[Group]]:
    """Deal the groups out: each owner takes groups until it has its number of rings."""
    parts: list[list[Group]] = []
    following = iter(groups)
    for wanted in ring_counts.tolist():
        mine: list[Group] = []
        while wanted > 0:
            group = next(following)
            mine.append(group)
            wanted -= len(group.rings)
        parts.append(mine)
    return parts
