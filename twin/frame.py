"""The wire format of ``/ws/live``: one binary message a frame, little-endian, every array aligned to its item size.

A connection carries one *channel* (a metric such as ``energy.power``) of one scope. Its *slots* are the rows of the
scene's entity table, in that order: 0 is the campus, then buildings, storeys, spaces (see
docs/reference/scene-format.md). Leaves (spaces) travel as 16-bit steps between the channel's ``low`` and ``high``;
totals (campus, buildings, storeys) as float32 with their coverage.

====== ======= ==========================================================================================
offset type    header, 40 bytes
====== ======= ==========================================================================================
0      u8[2]   magic ``CT``
2      u8      version, 1
3      u8      kind: 1 keyframe, 2 delta, 3 heartbeat, 4 event
4      u32     sequence number of the stream; a client that misses numbers got them merged into this frame
8      f64     server time [ms since the epoch, UTC]
16     u32     number of leaf records n
20     u32     number of total records m
24     f32     low  [channel unit]
28     f32     high [channel unit]
32     u32     build id (first 32 bits of the viewer's content hash): another one means 'reload'
36     u32     number of slots of the scene, to notice a scene that does not fit
====== ======= ==========================================================================================

Body of a keyframe or delta, in this order, each array padded to a multiple of 4 bytes:

* ``u32 leaf_slot[n]``, ``u16 leaf_value[n]`` (0..65534 from low to high, clamped; 65535 = no value),
  ``u8 leaf_flags[n]``
* ``u32 total_slot[m]``, ``f32 total_value[m]`` (NaN = no value), ``u16 have[m]``, ``u16 of[m]`` (points that count,
  points that should; 65535 = that many or more), ``u16 age_s[m]`` (age of the oldest value that counts, 65535 = none
  or more), ``u8 total_flags[m]``

A keyframe carries every slot that has a point; slots it does not name have no data. A heartbeat has no body.
An event's body is UTF-8 JSON of n bytes.

Flags: bits 0-1 quality (0 good, 1 uncertain, 2 bad, 3 none), bit 2 stale, bit 3 simulated, bit 4 forecast,
bit 5 entered by hand, bit 6 estimated, bit 7 derived from other points (with bit 3 when one of those is simulated).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

MAGIC = b"CT"
VERSION = 1
HEADER = struct.Struct("<2sBBIdIIffII")
NO_VALUE = 65535
STEPS = 65534

FLAG_STALE = 0x04
FLAG_SIMULATED = 0x08
FLAG_FORECAST = 0x10
FLAG_MANUAL = 0x20
FLAG_ESTIMATED = 0x40
FLAG_DERIVED = 0x80

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
F32 = npt.NDArray[np.float32]


class FrameKind(IntEnum):
    """What a frame carries."""

    KEYFRAME = 1
    DELTA = 2
    HEARTBEAT = 3
    EVENT = 4


class FrameError(ValueError):
    """Bytes that are not a frame; the message says which field is wrong."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """Spaces: ``slot`` (n,), ``value`` (n,) quantised, ``flags`` (n,)."""

    slot: U32
    value: U16
    flags: U8


@dataclass(frozen=True, slots=True)
class Totals:
    """Campus, buildings, storeys: all arrays (m,); ``value`` in the channel's unit, ``age_s`` [s]."""

    slot: U32
    value: F32
    have: U16
    of: U16
    age_s: U16
    flags: U8


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded frame. ``time_ms`` [ms since the epoch, UTC]."""

    kind: FrameKind
    seq: int
    time_ms: float
    low: float
    high: float
    build: int
    slots: int
    leaves: Leaves
    totals: Totals
    event: bytes = b""


def quantise(values: npt.NDArray[np.float64], low: float, high: float) -> U16:
    """Values [channel unit] to 16-bit steps from ``low`` to ``high``, clamped; NaN becomes ``NO_VALUE``."""
    missing = np.isnan(values)
    span = (np.where(missing, low, values) - low) / (high - low) if high > low else np.zeros_like(values)
    steps = np.rint(np.clip(span, 0.0, 1.0) * STEPS).astype(np.uint16)
    steps[missing] = NO_VALUE
    return steps


def dequantise(steps: U16, low: float, high: float) -> npt.NDArray[np.float64]:
    """The inverse of ``quantise``, to within half a step; ``NO_VALUE`` becomes NaN."""
    values = low + steps.astype(np.float64) * ((high - low) / STEPS)
    values[steps == NO_VALUE] = np.nan
    return values


def no_leaves() -> Leaves:
    """An empty set of leaf records."""
    return Leaves(np.zeros(0, np.uint32), np.zeros(0, np.uint16), np.zeros(0, np.uint8))


def no_totals() -> Totals:
    """An empty set of total records."""
    z16 = np.zeros(0, np.uint16)
    return Totals(np.zeros(0, np.uint32), np.zeros(0, np.float32), z16, z16, z16, np.zeros(0, np.uint8))


def _padded(array: npt.NDArray[np.generic], dtype: str) -> bytes:
    raw = np.ascontiguousarray(array, dtype=dtype).tobytes()
    return raw + b"\0" * (-len(raw) % 4)


def encode(frame: Frame) -> bytes:
    """A frame as bytes, as the module's table says."""
    leaves, totals = frame.leaves, frame.totals
    n = len(frame.event) if frame.kind is FrameKind.EVENT else len(leaves.slot)
    head = HEADER.pack(
        MAGIC, VERSION, frame.kind, frame.seq & 0xFFFFFFFF, frame.time_ms, n, len(totals.slot),
        frame.low, frame.high, frame.build, frame.slots,
    )  # fmt: skip
    if frame.kind is FrameKind.EVENT:
        return head + frame.event
    if frame.kind is FrameKind.HEARTBEAT:
        return head
    parts = (
        _padded(leaves.slot, "<u4"), _padded(leaves.value, "<u2"), _padded(leaves.flags, "u1"),
        _padded(totals.slot, "<u4"), _padded(totals.value, "<f4"), _padded(totals.have, "<u2"),
        _padded(totals.of, "<u2"), _padded(totals.age_s, "<u2"), _padded(totals.flags, "u1"),
    )  # fmt: skip
    return head + b"".join(parts)


def decode(data: bytes) -> Frame:
    """Bytes to a frame; FrameError when they are not one."""
    if len(data) < HEADER.size:
        raise FrameError(f"a frame has a header of {HEADER.size} bytes; these are {len(data)}")
    magic, version, kind, seq, time_ms, n, m, low, high, build, slots = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise FrameError(f"magic {magic!r} version {version}: expected {MAGIC!r} version {VERSION}")
    if kind not in list(FrameKind):
        raise FrameError(f"kind {kind} is not known")
    kind = FrameKind(kind)
    body = data[HEADER.size :]
    if kind is FrameKind.EVENT:
        if len(body) != n:
            raise FrameError(f"an event of {n} bytes was announced; {len(body)} came")
        return Frame(kind, seq, time_ms, low, high, build, slots, no_leaves(), no_totals(), body)
    if kind is FrameKind.HEARTBEAT:
        return Frame(kind, seq, time_ms, low, high, build, slots, no_leaves(), no_totals())
    columns = []
    at = 0
    for dtype, count in (("<u4", n), ("<u2", n), ("u1", n), ("<u4", m), ("<f4", m), ("<u2", m), ("<u2", m),
                         ("<u2", m), ("u1", m)):  # fmt: skip
        size = np.dtype(dtype).itemsize * count
        if at + size > len(body):
            raise FrameError(f"{n} leaves and {m} totals do not fit in a body of {len(body)} bytes")
        columns.append(np.frombuffer(body, dtype, count, at))
        at += size + (-size % 4)
    return Frame(kind, seq, time_ms, low, high, build, slots, Leaves(*columns[:3]), Totals(*columns[3:]))
