"""What a domain file becomes: the domain, its channels (what colours the twin), its KPIs (its headline figures)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from twin.quantity import Rollup

KpiKind = Literal[
    "total", "energy-today", "base-load", "rooms", "links-over", "devices-online", "devices-down", "throughput"
]
Factor = Literal["co2", "tariff"]
Direction = Literal["in", "out", "most"]


@dataclass(frozen=True, slots=True)
class Density:
    """The ramp of a quantity that compares by area: number = value * ``factor`` / area [m2], in ``unit``."""

    unit: str
    factor: float
    low: float
    high: float
    breaks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """A metric of the live stream. ``low``, ``high`` and the six ``breaks`` are in ``unit``, the quantity's own.

    With a ``density`` the ramp shows that instead; values and totals stay in ``unit``.
    """

    key: str
    domain: str
    quantity: str
    unit: str
    zh: str
    en: str
    low: float
    high: float
    breaks: tuple[float, ...]
    decimals: int
    rollup: Rollup
    density: Density | None = None

    @property
    def shown_unit(self) -> str:
        """The unit beside a number; '' for a count or a ratio."""
        return _unit(self.unit)

    def legend(self) -> dict[str, Any]:
        """The ``legend`` property of ``viewer.CampusView``."""
        return {
            "low": self.low, "high": self.high, "breaks": list(self.breaks), "unit": self.shown_unit,
            "zh": self.zh, "en": self.en, "decimals": self.decimals,
            "density": asdict(self.density) if self.density else None,
            "difference": self.difference(),
        }  # fmt: skip

    def difference(self) -> dict[str, Any]:
        """The scale of differences between two moments: seven classes about none, by the span of the plain scale."""
        shown = self.density or self
        small, middle, large = (_round(share * (shown.high - shown.low)) for share in (0.03, 0.1, 0.3))
        breaks = [-large, -middle, -small, small, middle, large]
        factor = self.density.factor if self.density else 0.0
        return {"low": -2 * large, "high": 2 * large, "breaks": breaks, "unit": _unit(shown.unit), "factor": factor}


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _round(value: float) -> float:
    """The number of 1, 2 or 5 times a power of ten that is next below."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(step for step in (5, 2, 1) if step * power <= value * (1 + 1e-9)) * power:g}")


@dataclass(frozen=True, slots=True)
class Band:
    """What a value has to lie in, ends included, in the quantity's unit; ``months`` () = all that no other band has."""

    low: float
    high: float
    months: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomTest:
    """What is asked of a room: the value of ``quantity`` lies in the band of the month."""

    quantity: str
    bands: tuple[Band, ...]

    def band(self, month: int) -> Band | None:
        """The band of a month (1 to 12); None where the file has none for it."""
        return next((b for b in self.bands if month in b.months), next((b for b in self.bands if not b.months), None))


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of a domain; which of the fields after ``source`` count is a matter of its ``kind`` (``KIND_KEYS``)."""

    key: str
    domain: str
    zh: str
    en: str
    unit: str
    decimals: int
    kind: KpiKind
    formula_zh: str
    formula_en: str
    source: str
    strip: bool = True
    quantity: str = ""
    rollup: Rollup = "sum"
    per_m2: float = 0.0
    factor: Factor | None = None
    share: bool = False
    over: float = 0.0
    categories: tuple[str, ...] = ()
    direction: Direction = "in"
    all_of: tuple[RoomTest, ...] = ()
    any_of: tuple[RoomTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain file."""

    key: str
    zh: str
    en: str
    channels: tuple[Channel, ...]
    kpis: tuple[Kpi, ...] = ()
