"""A device type: a pattern of addresses and the points of a device, and the short form in which a point is written.

In short form a point is ``[path] quantity [unit] [kind] [low..high] [!sentinel ...] [interval[/stale]]``, such as
``/d/p power kW -5..500 !-9999 60s``. The reference is docs/reference/campus-folder.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from twin.mistake import nearest
from twin.point import Kind
from twin.quantity import QUANTITIES

KINDS: tuple[Kind, ...] = ("gauge", "counter", "state")
INTERVAL_S = 60.0
STALE_INTERVALS = 3.0

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_COLUMN = re.compile(r"\{(\w+)\}")

Values = Mapping[str, str]


class FormError(ValueError):
    """A value that is not in its form: ``column`` names it, ``code`` is stable, the message says what to do."""

    def __init__(self, column: str, message: str, code: str) -> None:
        super().__init__(message)
        self.column = column
        self.code = code


@dataclass(frozen=True, slots=True)
class Signal:
    """One point of a device type. ``path`` is its part of the address, None where the key is it.

    ``interval_s`` and ``stale_s`` [s] are 0 where they are not given; ``entity`` is set by a device's own row only.
    """

    key: str
    path: str | None = None
    quantity: str = ""
    unit: str = ""
    kind: Kind = "gauge"
    low: float | None = None
    high: float | None = None
    sentinels: tuple[float, ...] = ()
    interval_s: float = 0.0
    stale_s: float = 0.0
    entity: str = ""

    def checked(self) -> Signal:
        """The signal itself; FormError when its parts do not fit one another."""
        check_quantity(self.quantity, self.unit)
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise FormError("low", f"low {self.low:g} is not below high {self.high:g}", "empty-range")
        return self


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ``{column}`` in it. ``columns`` are their names in lower case, as in the header of a table."""

    text: str
    parts: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Take a text apart; braces that hold no single word (labels of a metric) stay as they are."""
        pieces = _COLUMN.split(text)
        return cls(text, tuple(pieces[0::2]), tuple(word.casefold() for word in pieces[1::2]))

    def fill(self, values: Values) -> str:
        """The text with the values of a row; KeyError names a column that the row does not fill."""
        filled = self.parts[0]
        for column, literal in zip(self.columns, self.parts[1:], strict=True):
            filled += values[column] + literal
        return filled


@dataclass(frozen=True, slots=True)
class Template:
    """A device type: where it is written, its points, and what its devices are.

    ``category`` is a Brick class. ``addresses`` and ``ids`` are the patterns of each signal, in their order.
    """

    name: str
    file: str
    line: int
    address: str
    signals: tuple[Signal, ...]
    addresses: tuple[Pattern, ...]
    ids: tuple[Pattern, ...]
    category: str = "Equipment"
    maker: str = ""
    model: str = ""
    source: str = ""
    names: Mapping[str, Pattern] = field(default_factory=dict)

    def address_of(self, signal: Signal) -> Pattern:
        """The address of one of the signals with a path of its own."""
        return Pattern.of(address_text(self.address, signal, len(self.signals) == 1))

    def columns(self) -> set[str]:
        """Every column that its addresses and ids need."""
        return {column for pattern in (*self.addresses, *self.ids) for column in pattern.columns}


def address_text(address: str, signal: Signal, alone: bool) -> str:
    """The address pattern of one signal of a type with that ``address``; ``alone``: it is the type's only one.

    The path stands where the address has ``{path}``, else behind it, after a ``#`` unless the address ends in # or /.
    """
    if "{path}" in address:
        text = address.replace("{path}", signal.key if signal.path is None else signal.path)
    elif signal.path is not None:
        text = f"{address}{signal.path}" if address.endswith(("#", "/")) else f"{address}#{signal.path}"
    elif alone:
        text = address
    else:
        message = (
            f"'{signal.key}' has no path, so two points would have one address: begin it with a path, as in "
            f"'{signal.key}: /{signal.key} ...', or write {{path}} in the type's address"
        )
        raise FormError("path", message, "no-path")
    return text.replace("{point}", signal.key)


def check_quantity(quantity: str, unit: str) -> None:
    """FormError when there is no such quantity, or the unit is none of its."""
    known = QUANTITIES.get(quantity)
    if known is None:
        raise FormError("quantity", f"'{quantity}' is no quantity; {nearest(quantity, QUANTITIES)}", "unknown-quantity")
    if unit not in known.units:
        units = ", ".join(known.units)
        raise FormError("unit", f"'{unit}' is no unit of {quantity}: use one of {units}", "unknown-unit")


def number(column: str, text: str, above: float = -math.inf) -> float:
    """A finite number above a bound; FormError says so."""
    value = parsed(text)
    if value is None or value <= above:
        bound = f" above {above:g}" if math.isfinite(above) else ""
        raise FormError(column, f"'{text}' in {column} is no number{bound}", "not-a-number")
    return value


def numbers(column: str, text: str) -> tuple[float, ...]:
    """Numbers separated by blanks, semicolons or commas."""
    found = []
    for part in re.split(r"[;,\s]+", text.strip("; ,")) if text.strip("; ,") else ():
        value = parsed(part)
        if value is None:
            raise FormError(column, f"'{part}' is no number: separate {column} by blanks", "not-a-number")
        found.append(value)
    return tuple(dict.fromkeys(found))


def parsed(text: str) -> float | None:
    """The finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def kind_of(text: str) -> Kind:
    """The kind of point that a word names."""
    for kind in KINDS:
        if text.casefold() == kind:
            return kind
    raise FormError("kind", f"'{text}' is no kind of point; {nearest(text, KINDS)}", "unknown-kind")


FIELDS = ("path", "quantity", "unit", "kind", "low", "high", "sentinels", "interval_s", "stale_s")
"""The keys of a point's full form; a device's row may overrule each, and say another ``entity``."""


def with_field(signal: Signal, name: str, text: str) -> Signal:
    """The signal with one field of ``FIELDS`` (or 'entity') as written."""
    change: dict[str, Any] = {name: text}
    if name in ("low", "high"):
        change = {name: number(name, text)}
    elif name in ("interval_s", "stale_s"):
        change = {name: number(name, text, above=0.0)}
    elif name == "sentinels":
        change = {name: numbers(name, text)}
    elif name == "kind":
        change = {name: kind_of(text)}
    return replace(signal, **change)


def short_form(key: str, text: str) -> Signal:
    """A point from its short form; FormError names the word that is not understood."""
    words = text.split()
    if not words:
        raise FormError("quantity", f"'{key}' is empty: write it as 'path quantity unit', as in /d/p power kW", "empty")
    path: str | None = None
    if _begins_with_path(words):
        path, words = words[0], words[1:]
    if not words or words[0] not in QUANTITIES:
        word = words[0] if words else path or ""
        raise FormError("quantity", f"'{word}' is no quantity; {nearest(word, QUANTITIES)}", "unknown-quantity")
    quantity, words = QUANTITIES[words[0]], words[1:]
    if words and words[0] in quantity.units:
        unit, words = words[0], words[1:]
    elif len(quantity.units) == 1:
        unit = quantity.unit
    else:
        given = f"'{words[0]}' is no unit of {quantity.key}" if words else f"{quantity.key} needs its unit"
        raise FormError("unit", f"{given}: use one of {', '.join(quantity.units)}", "unknown-unit")
    signal = Signal(key, path, quantity.key, unit)
    for word in words:
        signal = _option(signal, word)
    return signal.checked()


def _begins_with_path(words: list[str]) -> bool:
    """Whether the first word is a path: it is no quantity, or a quantity follows ('state' after one is the kind)."""
    if words[0] not in QUANTITIES:
        return True
    return words[1:3] == ["state", "state"] or (words[1:2] != ["state"] and any(w in QUANTITIES for w in words[1:2]))


def _option(signal: Signal, word: str) -> Signal:
    if word.casefold() in KINDS:
        return replace(signal, kind=kind_of(word))
    if word.startswith("!"):
        return replace(signal, sentinels=(*signal.sentinels, number("sentinels", word[1:])))
    if ".." in word:
        low, _, high = word.partition("..")
        return replace(
            signal, low=number("low", low) if low else signal.low, high=number("high", high) if high else signal.high
        )
    interval, slash, stale = word.partition("/")
    if (seconds := duration(interval)) and (not slash or duration(stale)):
        return replace(signal, interval_s=seconds, stale_s=duration(stale) if slash else signal.stale_s)
    message = (
        f"'{word}' is not understood: after the unit stand the kind (counter), a range (0..500), "
        "values that mean none (!-999) and the interval (60s, or 60s/5min with the time until stale)"
    )
    raise FormError("", message, "unknown-word")


def duration(text: str) -> float:
    """Seconds of '60s', '5min', '1h', '1d', '500ms'; 0 for what is none."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else 0.0
