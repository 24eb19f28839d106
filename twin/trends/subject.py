"""What a trend is of: a point (``point:14/power``), or a quantity rolled up under a place (``14:power``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.history.contract import KeptPoint
from twin.history.steps import SeriesError
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.trends.registers import RATES, is_register, registers_of

MOST = 8
"""Lines of one chart."""
PREFIX = "point:"


@dataclass(frozen=True, slots=True)
class Subject:
    """``what`` as it was asked; ``entity`` is the place ('' for a point that is no longer mapped), ``point`` '' for a
    total; ``quantity`` '' where nobody knows it. ``registers`` are those whose counts it is: it is told as a rate,
    energy as power."""

    what: str
    entity: str
    quantity: str
    point: str = ""
    registers: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The quantity of its values: of registers that of their rate."""
        return RATES[self.quantity] if self.registers else self.quantity

    @property
    def unit(self) -> str:
        """The canonical unit of its values."""
        return QUANTITIES[self.told].unit if self.told in QUANTITIES else ""

    @property
    def summed(self) -> bool:
        """Whether it is a power: what it adds up to over time is an energy [kWh]."""
        return self.told == "power"


def read_subjects(what: Sequence[str], live: LiveState, kept: Mapping[str, KeptPoint]) -> list[Subject]:
    """What was asked, each once; ``kept`` are the points of the history. SeriesError says what is no trend, LookupError
    what there is not."""
    asked = list(dict.fromkeys(each for each in what if each))
    if not asked:
        raise SeriesError("say what to show: what=14:power for a place, what=point:14/power for a point")
    if len(asked) > MOST:
        raise SeriesError(f"{len(asked)} lines are too many for one chart: ask for at most {MOST}")
    return [_read(each, live, kept) for each in asked]


def _read(what: str, live: LiveState, kept: Mapping[str, KeptPoint]) -> Subject:
    if what.startswith(PREFIX):
        name = what.removeprefix(PREFIX)
        if name in live.index:
            point = live.points[live.index[name]]
            registers = (name,) if is_register(live, name) else ()
            return Subject(what, point.entity, point.quantity, name, registers)
        if name in kept:
            return Subject(what, "", kept[name].quantity, name)
        raise LookupError(f"there is no point '{name[:100]}', and never was: see /api/v1/points")
    entity, colon, quantity = what.rpartition(":")
    if not colon or quantity not in QUANTITIES:
        raise SeriesError(
            f"what='{what[:100]}' is no trend: write PLACE:QUANTITY as in 14:power (quantities: "
            f"{', '.join(QUANTITIES)}), or point:ID"
        )
    if entity not in live.tree.index:
        raise LookupError(f"there is no place '{entity[:100]}' in the campus: see /api/v1/buildings")
    if quantity not in RATES:
        return Subject(what, entity, quantity)
    counted = registers_of(live, entity, quantity)
    if not counted:
        raise SeriesError(
            f"nothing below '{entity[:100]}' counts {quantity}: ask for {entity[:100]}:{RATES[quantity]}, which has "
            "its total beside it"
        )
    return Subject(what, entity, quantity, "", tuple(counted))
