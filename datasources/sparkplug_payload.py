"""The message of Sparkplug B (org.eclipse.tahu.protobuf.Payload) out of protobuf's wire format, and one command.

Only what readings need is kept: metrics with name or alias, type, value, time, the marks historical and null, and the
property ``Quality``. The reader is strict: a length that runs over, an endless number, a field of another form or a
group is an error, and nothing is read without a bound. Unknown fields are passed over, as protobuf wants it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_METRICS = 100_000

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
UNSIGNED = {5: 8, 6: 16, 7: 32, 8: 64}
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID = 9, 10, 11, 12, 13, 14, 15
_TEXTS = (STRING, TEXT, UUID)

GOOD, BAD, STALE = 192, 0, 500
"""Values of the property ``Quality``."""


class PayloadError(ValueError):
    """Bytes that are no Sparkplug payload; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it was sent. ``value`` is what stood in the field of the value, ``whole`` False where that is none
    of the simple ones; ``timestamp`` [ms since epoch]; ``datatype`` 0 is not said; ``quality`` None is not said."""

    name: str = ""
    alias: int | None = None
    timestamp: int | None = None
    datatype: int = 0
    historical: bool = False
    null: bool = False
    value: int | float | bool | str | None = None
    whole: bool = True
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A message: ``timestamp`` [ms since epoch], ``seq`` 0 to 255, both None where they are not said."""

    timestamp: int | None
    seq: int | None
    metrics: tuple[Metric, ...]


def decode(raw: bytes) -> Payload:
    """Read a message; PayloadError when it is none."""
    timestamp = seq = None
    metrics: list[Metric] = []
    for number, value in _fields(raw, {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}):
        if number == 1:
            timestamp = value
        elif number == 3:
            seq = value
        elif number == 2:
            if len(metrics) >= MAX_METRICS:
                raise PayloadError(f"more than {MAX_METRICS} metrics")
            metrics.append(_metric(value))
    return Payload(timestamp, seq, tuple(metrics))


_METRIC = {
    1: BYTES, 2: VARINT, 3: VARINT, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT, 8: BYTES, 9: BYTES,
    10: VARINT, 11: VARINT, 12: FIXED32, 13: FIXED64, 14: VARINT, 15: BYTES, 16: BYTES, 17: BYTES, 18: BYTES, 19: BYTES,
}  # fmt: skip
_PLAIN = {1: "name", 2: "alias", 3: "timestamp", 4: "datatype", 5: "historical", 7: "null"}


def _metric(raw: bytes) -> Metric:
    found: dict[str, Any] = {}
    for number, value in _fields(raw, _METRIC):
        if number == 1:
            found["name"] = _text(value)
        elif number in (5, 7):
            found[_PLAIN[number]] = bool(value)
        elif number in _PLAIN:
            found[_PLAIN[number]] = value
        elif number == 9:
            found["quality"] = _quality(value)
        elif number >= 10:  # the values are a oneof: the last one counts
            found["whole"] = number <= 15
            found["value"] = _VALUES[number](value) if number in _VALUES else None
    return Metric(**found)


def _quality(raw: bytes) -> int | None:
    """The property ``Quality`` of a set of properties."""
    keys: list[str] = []
    values: list[bytes] = []
    for number, value in _fields(raw, {1: BYTES, 2: BYTES}):
        if number == 1:
            keys.append(_text(value))
        elif number == 2:
            values.append(value)
    if len(keys) != len(values):
        raise PayloadError(f"{len(keys)} names of properties for {len(values)} values")
    for key, property_ in zip(keys, values, strict=True):
        if key == "Quality":
            for number, value in _fields(property_, {1: VARINT, 2: VARINT, 3: VARINT, 4: VARINT}):
                if number in (3, 4):
                    return int(value)
    return None


def scalar(value: int | float | bool | str | None, datatype: int) -> int | float | bool | str | None:
    """A metric's value as its type means it: the signed are two's complement in an unsigned field."""
    if isinstance(value, int) and not isinstance(value, bool):
        if bits := SIGNED.get(datatype):
            low = value & (1 << bits) - 1
            return low - (1 << bits) if low >> (bits - 1) else low
        if bits := UNSIGNED.get(datatype):
            return value & (1 << bits) - 1
        if datatype == BOOLEAN:
            return bool(value)
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise PayloadError("a text that is not UTF-8") from None


_VALUES = {
    10: lambda value: value & 0xFFFFFFFF,
    11: lambda value: value,
    12: lambda value: struct.unpack("<f", value)[0],
    13: lambda value: struct.unpack("<d", value)[0],
    14: bool,
    15: _text,
}


def _fields(raw: bytes, known: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """Number and value of each known field; PayloadError for one in another form than ``known`` says."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, form = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise PayloadError(f"there is no field {number}")
        if form == VARINT:
            value: Any
            value, at = _varint(raw, at)
        elif form in (FIXED32, FIXED64, BYTES):
            length, at = _varint(raw, at) if form == BYTES else (4 if form == FIXED32 else 8, at)
            if length > len(raw) - at:
                raise PayloadError("it breaks off")
            value, at = raw[at : at + length], at + length
        else:
            raise PayloadError(f"field {number} has the form {form}, which is not used")
        if number in known:
            if known[number] != form:
                raise PayloadError(f"field {number} has the form {form} instead of {known[number]}")
            yield number, value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw):
            raise PayloadError("it breaks off")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 1 << 64:
                raise PayloadError("a number of more than 64 bits")
            return value, at
        shift += 7
        if shift > 63:
            raise PayloadError("a number without end")


REBIRTH = "Node Control/Rebirth"


def rebirth(now_ms: int) -> bytes:
    """The command that asks an edge node for its birth certificates again."""
    metric = _field(1, REBIRTH.encode()) + _field(3, now_ms) + _field(4, BOOLEAN) + _field(14, 1)
    return _field(1, now_ms) + _field(2, metric)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _number(number << 3 | VARINT) + _number(value)
    return _number(number << 3 | BYTES) + _number(len(value)) + value


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
