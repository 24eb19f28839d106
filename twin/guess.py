"""What a signal measures, told from its names and its values: a suggestion with a confidence, never a mapping.

Confidence is 0 to 1; what it is worth was measured on labelled points (tests/twin/test_guess.py): a suggestion of 0.8
and more is right in at least 95 of 100 cases. Nothing here knows a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from twin.guess_reason import Why, because
from twin.guess_words import COMMANDS, FAIR, GENERIC, GOOD, SURE, Match, matches, segments, words_of
from twin.quantity import QUANTITIES

CERTAIN = 0.97
TOLD = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A signal as it was seen. ``unit``, ``quantity`` and ``kind`` only where its protocol tells them.

    ``low`` and ``high`` are the least and the greatest of ``count`` numbers; ``rises``: they changed and never fell;
    ``falls``: they fell at least once. ``value`` is the last one.
    """

    address: str
    name: str = ""
    device: str = ""
    place: str = ""
    note: str = ""
    unit: str = ""
    quantity: str = ""
    kind: str = ""
    value: float | int | str | bool | None = None
    low: float | None = None
    high: float | None = None
    count: int = 0
    rises: bool = False
    falls: bool = False

    def numbers(self) -> tuple[float, float] | None:
        """The least and the greatest number seen."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        try:
            value = float(self.value) if self.value is not None and not isinstance(self.value, bool) else None
        except ValueError:
            return None
        return None if value is None or value != value else (value, value)


@dataclass(frozen=True, slots=True)
class Guess:
    """A suggestion: '' where there is none, how sure it is (0 to 1), and why.

    ``candidates`` are what it may be as well, where several fit and none is more likely.
    """

    value: str = ""
    confidence: float = 0.0
    why: Why = ()
    candidates: tuple[str, ...] = ()


_USUAL: MappingProxyType[str, tuple[float, float]] = MappingProxyType({
    "temperature": (-40, 110), "humidity": (1, 100), "co2": (350, 5000), "frequency": (40, 70), "voltage": (90, 500),
    "power_factor": (-1, 1), "position": (0, 100), "battery": (0, 100), "utilisation": (0, 100),
})  # fmt: skip
"""What such a quantity mostly reads; a name of few letters is only believed where the value lies here."""
_TELLING = {"voltage": (200.0, 260.0), "frequency": (49.0, 61.0), "co2": (380.0, 2000.0)}
"""Values that leave little doubt beside a name of one or two letters."""
_ON_OFF = frozenset(("on", "off", "open", "closed", "close", "true", "false", "online", "offline", "up", "down",
                     "running", "stopped", "auto", "manual"))  # fmt: skip


def quantity_of(seen: Seen) -> Guess:
    """What the signal measures."""
    if seen.quantity in QUANTITIES:
        return Guess(seen.quantity, TOLD, because("told"))
    named = _named(seen)
    by_unit = _by_unit(seen.unit)
    if by_unit and (not named.value or named.value == by_unit or seen.unit not in QUANTITIES[named.value].units):
        agrees = named.value in ("", by_unit) or named.confidence < FAIR
        return Guess(by_unit, CERTAIN if agrees else FAIR, because("says-unit", unit=seen.unit))
    if seen.unit and named.value and seen.unit in QUANTITIES[named.value].units:
        named = Guess(named.value, max(named.confidence, GOOD), named.why + because("in-unit", unit=seen.unit))
    return _weighed(seen, named)


def _by_unit(unit: str) -> str:
    """The only quantity that has a unit, or ''."""
    owners = [quantity.key for quantity in QUANTITIES.values() if unit in quantity.units]
    return owners[0] if len(owners) == 1 and unit not in ("1", "%", "s", "min", "h", "d") else ""


def _named(seen: Seen) -> Guess:
    """By the last word of the nearest part of the name that has one, else of the address, else of the note."""
    for text, worth in ((seen.name, 1.0), (seen.address, 1.0), (seen.note, 0.9)):
        parts = list(segments(text))
        known = [matches(part) for part in parts]
        for place, found in enumerate(known):
            vague = all(match.word in GENERIC for match in found) and any(known[place + 1 :])
            if found and not vague:
                guess = _head(found)
                silent = max((_silence(part, n == 0) for n, part in enumerate(parts[:place])), default=0.0)
                return Guess(guess.value, guess.confidence * worth * (1 - silent), guess.why)
    return Guess()


def _silence(part: str, last: bool) -> float:
    """How much a part without a known word takes from what stands before it: much, if it names the signal itself."""
    words = words_of(part).split()
    if all(word in GENERIC for word in words):
        return 0.0
    if any(any(c.isdigit() for c in word) for word in words):
        return 0.03
    return 0.35 if last else 0.05


def _head(found: Sequence[Match]) -> Guess:
    if verb := next((match.word for match in found if match.word in COMMANDS), ""):
        return Guess("state", SURE, because("name", word=verb))
    row = list(found)
    units = [match for match in row if match.unit]
    words = [match for match in row if not match.unit]
    clear = [match for match in words if match.weight >= FAIR]
    clear = clear or [match for match in words if len(match.word) > 2] or words  # a letter says little beside a word
    last = clear[-1] if clear else units[-1]
    for unit in units:
        if any(match.quantity == unit.quantity for match in words):
            return Guess(unit.quantity, CERTAIN, because("name-beside", word=unit.word, other=last.word))
    if units and last.quantity != "state" and (not words or last.weight < GOOD):
        return Guess(units[-1].quantity, SURE, because("name-unit", word=units[-1].word))
    others = {match.quantity for match in words if match.weight >= FAIR} - {last.quantity}
    best = max((match.weight for match in words if match.quantity == last.quantity), default=last.weight)
    doubt = 0.05 if others - {"", "state"} and last.quantity != "state" else 0.0
    return Guess(last.quantity, best - doubt, because("name", word=last.word)) if last.quantity else Guess()


def _weighed(seen: Seen, named: Guess) -> Guess:
    """The name's guess against the values."""
    numbers = seen.numbers()
    text = str(seen.value).strip().casefold()
    if isinstance(seen.value, bool) or text in _ON_OFF:
        if named.value in ("state", "link_state"):
            return Guess(named.value, max(named.confidence, SURE), named.why + because("on-off"))
        return Guess("state", GOOD if named.value else FAIR, because("reads", value=text))
    if not named.value:
        return named
    if numbers is None:
        unlike = seen.value is not None and named.value != "state"
        return Guess(named.value, named.confidence * (0.3 if unlike else 1.0), named.why)
    quantity = QUANTITIES[named.value]
    ends = [[quantity.to_canonical(number, unit) for number in numbers] for unit in quantity.units]
    if not any(quantity.low <= low and high <= quantity.high for low, high in ends):
        return Guess(named.value, named.confidence * 0.3, named.why + because("out-of-range", value=numbers[1]))
    telling = _TELLING.get(named.value)
    if named.confidence < FAIR and telling and telling[0] <= numbers[0] and numbers[1] <= telling[1]:
        return Guess(named.value, 0.85, named.why + because("fits", value=numbers[1]))
    usual = _USUAL.get(named.value)
    if usual and not any(usual[0] <= low and high <= usual[1] for low, high in ends):
        return Guess(named.value, named.confidence * 0.85, named.why + because("unusual", value=numbers[1]))
    return named


_DEFAULTS: MappingProxyType[str, tuple[tuple[str, float, float, float], ...]] = MappingProxyType({
    "temperature": (("°C", -30.0, 48.0, 0.9), ("°F", 50.0, 110.0, 0.6), ("K", 250.0, 330.0, 0.9)),
    "power": (("kW", 0.0, 1000.0, 0.6), ("W", 1000.0, 1e9, 0.6)),
    "energy": (("kWh", 0.0, 1e12, 0.65),),
    "voltage": (("V", 90.0, 500.0, 0.93), ("kV", 3.0, 40.0, 0.5)),
    "current": (("A", 0.0, 3000.0, 0.75),),
    "volume": (("m³", 0.0, 1e9, 0.7),),
    "flow": (("m³/h", 0.0, 1e5, 0.5),),
    "pressure": (("kPa", 0.0, 1000.0, 0.4), ("Pa", 1000.0, 1e6, 0.5)),
    "power_factor": (("1", -1.0, 1.0, 0.95), ("%", 1.01, 100.0, 0.85)),
    "utilisation": (("%", 1.01, 100.0, 0.9), ("1", 0.0, 1.0, 0.6)),
    "battery": (("%", 1.01, 100.0, 0.9), ("1", 0.0, 1.0, 0.6)),
    "traffic": (("bit/s", 0.0, 1e12, 0.4),),
    "errors": (("1/s", 0.0, 1e12, 0.5),),
    "uptime": (("s", 0.0, 1e10, 0.5),),
})  # fmt: skip
"""Of a quantity with several units: the unit, the numbers that it mostly has, how sure that is."""


def unit_of(seen: Seen, quantity: str) -> Guess:
    """The unit that the source sends ``quantity`` in."""
    if quantity not in QUANTITIES:
        return Guess()
    units = QUANTITIES[quantity].units
    if seen.unit:
        if seen.unit in units:
            return Guess(seen.unit, TOLD, because("told"))
        return Guess(seen.unit, 0.3, because("told-foreign", quantity=quantity))
    if word := _unit_in_name(seen, units):
        return Guess(word.unit, SURE, because("name", word=word.word))
    if quantity == "traffic" and (seen.kind == "counter" or _octets(seen)):
        return Guess("B/s", GOOD, because("counts-octets"))
    if len(units) == 1:
        unit, numbers = next(iter(units)), seen.numbers()
        if unit == "%" and numbers is not None and 0 < numbers[1] <= 1:
            return Guess(unit, 0.4, because("only-one-parts", value=numbers[1]))
        return Guess(unit, CERTAIN, because("only-one"))
    return _by_values(seen, quantity)


def _unit_in_name(seen: Seen, units: Mapping[str, object]) -> Match | None:
    found = (
        match for text in (seen.name, seen.address, seen.note) for part in segments(text) for match in matches(part)
    )
    return next((match for match in found if match.unit in units), None)


def _octets(seen: Seen) -> bool:
    text = words_of(f"{seen.name} {seen.address}")
    return " octets " in text or " bytes " in text


def _by_values(seen: Seen, quantity: str) -> Guess:
    numbers = seen.numbers()
    rows = _DEFAULTS.get(quantity, ())
    if numbers is None:
        return Guess(rows[0][0], min(rows[0][3], 0.6), because("usual")) if rows else Guess()
    for unit, low, high, sure in rows:
        if low <= numbers[0] and numbers[1] <= high:
            return Guess(unit, sure, because("values", value=numbers[1]))
    return Guess(rows[0][0], 0.3, because("usual") + because("unusual", value=numbers[1])) if rows else Guess()


_ENOUGH = 5


def kind_of(seen: Seen, quantity: str) -> Guess:
    """Gauge, counter or state."""
    if seen.kind in ("gauge", "counter", "state"):
        return Guess(seen.kind, TOLD, because("told"))
    if quantity in ("state", "link_state"):
        return Guess("state", SURE, because("a-state"))
    if quantity in ("energy", "volume"):
        if seen.falls:
            return Guess("gauge", GOOD if seen.count >= _ENOUGH else FAIR, because("falls"))
        if seen.rises and seen.count >= _ENOUGH:
            return Guess("counter", SURE, because("rose", n=seen.count))
        return Guess("counter", FAIR, because("most-count"))
    if quantity in ("traffic", "errors"):
        if (seen.rises and seen.count >= _ENOUGH) or _octets(seen):
            return Guess("counter", GOOD, because("counts-octets") if _octets(seen) else because("rose", n=seen.count))
        return Guess("gauge", FAIR, because("falls")) if seen.falls else Guess("counter", FAIR, because("most-count"))
    return Guess("gauge", SURE, because("a-level")) if quantity else Guess("gauge", 0.4, because("most-are"))
