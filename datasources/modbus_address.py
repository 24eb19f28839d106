"""Modbus addresses and values: ``holding:40001:float32:cdab*0.1`` -> where to read, and registers -> a number.

AREA:REGISTER[:TYPE[:ORDER]][.BIT][*SCALE]

* AREA: coil, discrete (bits), holding, input (16-bit registers).
* REGISTER: the protocol's address from 0 (``100``, ``@40100``, ``0x9C40``), or the register number of a manual in the
  area's five- or six-digit notation (holding 40001, input 30001, discrete 10001, coil 00001 are address 0). Five
  digits that are another area's notation are refused: ``@`` says that an address is meant.
* TYPE: bool, int16, uint16 (default), int32, uint32, int64, uint64, float32, float64, bcd16, bcd32, or string8 (8 bytes
  of text; 1 to 250). Coils and discrete inputs are bool.
* ORDER of the bytes of a value: abcd (most significant first, default), cdab (words swapped), badc (bytes of each word
  swapped), dcba (least significant first). A 16-bit value has one word: badc and dcba swap its bytes.
* BIT: one bit of an unsigned value, 0 the least significant. SCALE: a decimal number that the value is multiplied with.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from datasources.fieldbus import AddressError

Area = Literal["coil", "discrete", "holding", "input"]
Order = Literal["abcd", "cdab", "badc", "dcba"]

MAX_REGISTER = 65535
_DIGIT: dict[Area, str] = {"coil": "0", "discrete": "1", "input": "3", "holding": "4"}
_FORMAT = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
           "float32": "f", "float64": "d"}  # fmt: skip
_WORDS = {"bool": 1, "bcd16": 1, "bcd32": 2, **{name: struct.calcsize(code) // 2 for name, code in _FORMAT.items()}}
_WITH_BITS = ("bool", "uint16", "uint32", "uint64")
_ORDERS: tuple[Order, ...] = ("abcd", "cdab", "badc", "dcba")
_ADDRESS = re.compile(
    r"(?P<area>[a-z]+):(?P<register>@?[0-9]{1,6}|0x[0-9a-f]{1,4})"
    r"(:(?P<type>[a-z]+[0-9]*)(:(?P<order>[a-z]+))?)?(\.(?P<bit>[0-9]{1,2}))?(\*(?P<scale>[-+0-9.e]+))?",
    re.IGNORECASE,
)
_SCALE = re.compile(r"[-+]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})(e[-+]?[0-9]{1,2})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: ``start`` is the protocol's address from 0, ``count`` the registers (or bits) it takes."""

    area: Area
    start: int
    count: int
    type: str
    order: Order = "abcd"
    bit: int | None = None
    scale: Fraction | None = None

    @property
    def bits(self) -> bool:
        """Whether the area is one of bits."""
        return self.area in ("coil", "discrete")


def parse(text: str) -> Place:
    """Read an address (without its target). AddressError says what is wrong."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise AddressError(f"'{text}' is no Modbus address: write area:register:type, as holding:40001:float32")
    area = _area(match["area"].lower())
    start = _register(area, match["register"].lower())
    kind = (match["type"] or ("bool" if area in ("coil", "discrete") else "uint16")).lower()
    if area in ("coil", "discrete"):
        if kind != "bool" or match["order"] or match["bit"] is not None:
            raise AddressError(f"'{text}': a {area} is one bit: type bool, without word order and bit")
        return Place(area, start, 1, "bool", scale=_scale(match["scale"]))
    count = _count(kind)
    if start + count > MAX_REGISTER + 1:
        raise AddressError(f"'{text}': a {kind} at address {start} would end beyond the last register, {MAX_REGISTER}")
    bit = _bit(kind, count, match["bit"])
    scale = _scale(match["scale"])
    if scale is not None and (kind.startswith("string") or kind == "bool"):
        raise AddressError(f"'{text}': a {kind} has no scale")
    return Place(area, start, count, kind, _order(match["order"]), bit, scale)


def _area(word: str) -> Area:
    for area in _DIGIT:
        if word == area:
            return area
    raise AddressError(f"there is no Modbus area '{word}': use {', '.join(_DIGIT)}")


def _register(area: Area, text: str) -> int:
    if text.startswith("0x"):
        return int(text, 16)
    if text.startswith("@"):
        start = int(text[1:])
        if start > MAX_REGISTER:
            raise AddressError(f"address {text} is beyond the last register, {MAX_REGISTER}")
        return start
    digit, number = text[0], int(text[1:] or "0")
    notation = digit in _DIGIT.values() and (len(text) == 6 or (len(text) == 5 and number > 0))
    if not notation:
        if int(text) > MAX_REGISTER:
            raise AddressError(f"address {text} is beyond the last register, {MAX_REGISTER}")
        return int(text)
    if digit != _DIGIT[area]:
        owner = next(name for name, first in _DIGIT.items() if first == digit)
        raise AddressError(
            f"{area}:{text} can be read in two ways: write {owner}:{text} for the {owner} of that number, "
            f"or {area}:@{text} for that address"
        )
    if not 1 <= number <= MAX_REGISTER + 1:
        raise AddressError(f"register {text}: numbers of that notation go from {digit}00001 to {digit}65536")
    return number - 1


def _count(kind: str) -> int:
    if kind in _WORDS:
        return _WORDS[kind]
    length = re.fullmatch(r"string([0-9]{1,3})", kind)
    if length and 1 <= int(length[1]) <= 250:
        return (int(length[1]) + 1) // 2
    raise AddressError(f"there is no Modbus type '{kind}': use {', '.join(_WORDS)}, or string8 for 8 bytes of text")


def _order(word: str | None) -> Order:
    for order in _ORDERS:
        if (word or "abcd").lower() == order:
            return order
    raise AddressError(f"there is no byte order '{word}': use {', '.join(_ORDERS)}")


def _bit(kind: str, count: int, text: str | None) -> int | None:
    if text is None:
        return None
    if kind not in _WITH_BITS:
        raise AddressError(f"a {kind} has no bits to pick: use {', '.join(_WITH_BITS)}")
    if int(text) >= 16 * count:
        raise AddressError(f"a {kind} has the bits 0 to {16 * count - 1}, not {text}")
    return int(text)


def _scale(text: str | None) -> Fraction | None:
    if text is None:
        return None
    if not _SCALE.fullmatch(text):
        raise AddressError(f"'{text}' is no scale: write a decimal number, as *0.1")
    scale = Fraction(text)
    if scale == 0:
        raise AddressError("a scale of 0 makes every value 0")
    return scale


class ValueFault(ValueError):  # noqa: N818 - not a mistake of the program: a value that the device sent
    """What came is not a value of its type; the message is the reason for the operator."""


def value_of(place: Place, raw: Sequence[int] | Sequence[bool]) -> float | int | bool | str:
    """The value in ``raw``, the registers or bits at ``place``. ValueFault when they hold none."""
    if place.bits:
        return bool(raw[0]) if place.scale is None else _scaled(int(raw[0]), place.scale)
    data = _ordered([int(word) for word in raw], place.order)
    if place.type.startswith("string"):
        return data[: int(place.type[6:])].split(b"\0", 1)[0].decode("utf-8", "replace").strip()
    if place.type.startswith("bcd"):
        return _scaled(_bcd(data), place.scale)
    if place.bit is not None:
        bit = int.from_bytes(data, "big") >> place.bit & 1
        return bool(bit) if place.scale is None else _scaled(bit, place.scale)
    if place.type == "bool":
        return any(data)
    value: float | int = struct.unpack(f">{_FORMAT[place.type]}", data)[0]
    return _scaled(value, place.scale)


def _ordered(registers: list[int], order: Order) -> bytes:
    """The bytes of a value, most significant first."""
    if order in ("cdab", "dcba"):
        registers = registers[::-1]
    return struct.pack(f"{'<' if order in ('badc', 'dcba') else '>'}{len(registers)}H", *registers)


def _bcd(data: bytes) -> int:
    digits = data.hex()
    if not digits.isdecimal():
        raise ValueFault("not a binary-coded decimal")
    return int(digits)


def _scaled(value: float, scale: Fraction | None) -> float | int:
    """Rounded once: 65535 * 0.1 is 6553.5, so that a sentinel in scaled units is met exactly."""
    if scale is None:
        return value
    if isinstance(value, float):
        return value * float(scale)
    exact = value * scale
    return int(exact) if exact.denominator == 1 else float(exact)
