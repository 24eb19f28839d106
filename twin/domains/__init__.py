"""The domains of the campus: one declarative file each (energy.yaml ...), read into ``Channel`` records.

A channel is what the twin can be coloured by: one quantity, the fixed limits of its ramp, and how it adds up the tree.
To add a domain, add a file; nothing else changes. ``quantity`` must stand in ``twin.quantity``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.quantity import QUANTITIES, Rollup


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

    def legend(self) -> dict[str, Any]:
        """The ``legend`` property of ``viewer.CampusView``."""
        return {
            "low": self.low, "high": self.high, "breaks": list(self.breaks), "unit": self.unit,
            "zh": self.zh, "en": self.en, "decimals": self.decimals,
            "density": asdict(self.density) if self.density else None,
        }  # fmt: skip


class _Legend(BaseModel):
    model_config = ConfigDict(extra="forbid")
    low: float
    high: float
    breaks: Annotated[list[float], Field(min_length=6, max_length=6)]
    decimals: Annotated[int, Field(ge=0, le=6)] = 1

    @model_validator(mode="after")
    def _rising(self) -> _Legend:
        steps = [self.low, *self.breaks, self.high]
        if any(a >= b for a, b in pairwise(steps)):
            raise ValueError(f"low, the six breaks and high must rise: {steps}")
        return self


class _Density(_Legend):
    unit: Annotated[str, Field(min_length=1)]
    factor: Annotated[float, Field(gt=0)]

    def record(self) -> Density:
        return Density(self.unit, self.factor, self.low, self.high, tuple(self.breaks))


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid")
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class _Channel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: str
    quantity: str
    names: _Names
    legend: _Legend
    density: _Density | None = None
    rollup: Rollup | None = None

    @model_validator(mode="after")
    def _known(self) -> _Channel:
        if self.quantity not in QUANTITIES:
            raise ValueError(f"quantity '{self.quantity}' is not in twin/quantity.py: add a row there")
        return self


class _Domain(BaseModel):
    model_config = ConfigDict(extra="forbid")
    domain: str
    names: _Names
    channels: list[_Channel]


def read_domain(text: str) -> list[Channel]:
    """The channels of one domain file; pydantic's ValidationError names every mistake in it."""
    domain = _Domain.model_validate(yaml.safe_load(text))
    return [
        Channel(
            f"{domain.domain}.{row.key}", domain.domain, row.quantity, QUANTITIES[row.quantity].unit,
            row.names.zh, row.names.en, row.legend.low, row.legend.high, tuple(row.legend.breaks),
            row.legend.decimals, row.rollup or QUANTITIES[row.quantity].rollup,
            row.density.record() if row.density else None,
        )
        for row in domain.channels
    ]  # fmt: skip


@cache
def channels() -> MappingProxyType[str, Channel]:
    """Every channel of every domain file beside this module, by key, in the order of the files' names."""
    texts = sorted((entry.name, entry) for entry in files(__name__).iterdir() if entry.name.endswith(".yaml"))
    rows = [row for _, entry in texts for row in read_domain(entry.read_text(encoding="utf-8"))]
    return MappingProxyType({row.key: row for row in rows})
