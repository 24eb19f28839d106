"""The form of a domain file (docs/reference/domains.md), checked by pydantic, and its reading into records."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.domains.records import Band, Channel, Density, Direction, Domain, Factor, Kpi, KpiKind, RoomTest
from twin.quantity import QUANTITIES, Rollup

Text = Annotated[str, Field(min_length=1)]

KIND_KEYS: MappingProxyType[KpiKind, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "total": (frozenset({"quantity"}), frozenset({"rollup", "per_m2"})),
        "energy-today": (frozenset(), frozenset({"per_m2", "factor"})),
        "base-load": (frozenset(), frozenset({"share"})),
        "rooms": (frozenset(), frozenset({"all", "any", "share"})),
        "links-over": (frozenset({"over"}), frozenset({"share"})),
        "devices-online": (frozenset({"categories"}), frozenset({"share"})),
        "devices-down": (frozenset({"categories"}), frozenset({"share"})),
        "throughput": (frozenset({"direction"}), frozenset({"share"})),
    }
)
"""Of each kind of KPI the keys that it must have and those that it may have, beside those that all have."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Legend(_Form):
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
    unit: Text
    factor: Annotated[float, Field(gt=0)]

    def record(self) -> Density:
        return Density(self.unit, self.factor, self.low, self.high, tuple(self.breaks))


class _Names(_Form):
    zh: Text
    en: Text


def _known(quantity: str) -> None:
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity '{quantity}' is not in twin/quantity.py: add a row there")


class _Channel(_Form):
    key: Text
    quantity: str
    names: _Names
    legend: _Legend
    density: _Density | None = None
    rollup: Rollup | None = None

    @model_validator(mode="after")
    def _checked(self) -> _Channel:
        _known(self.quantity)
        return self

    def record(self, domain: str) -> Channel:
        quantity, legend = QUANTITIES[self.quantity], self.legend
        return Channel(
            f"{domain}.{self.key}", domain, self.quantity, quantity.unit, self.names.zh, self.names.en, legend.low,
            legend.high, tuple(legend.breaks), legend.decimals, self.rollup or quantity.rollup,
            self.density.record() if self.density else None,
        )  # fmt: skip


class _Band(_Form):
    low: float
    high: float
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list)


class _Test(_Form):
    quantity: str
    bands: Annotated[list[_Band], Field(min_length=1)]

    @model_validator(mode="after")
    def _checked(self) -> _Test:
        _known(self.quantity)
        return self

    def record(self) -> RoomTest:
        return RoomTest(self.quantity, tuple(Band(b.low, b.high, tuple(b.months)) for b in self.bands))


class _Kpi(_Form):
    key: Text
    names: _Names
    unit: str
    decimals: Annotated[int, Field(ge=0, le=6)] = 0
    kind: KpiKind
    formula: _Names
    source: Text
    strip: bool = True
    quantity: str = ""
    rollup: Rollup | None = None
    per_m2: Annotated[float, Field(gt=0)] | None = None
    factor: Factor | None = None
    share: bool = False
    over: float = 0.0
    categories: list[str] = Field(default_factory=list)
    direction: Direction = "in"
    all: list[_Test] = Field(default_factory=list)
    any: list[_Test] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> _Kpi:
        needs, may = KIND_KEYS[self.kind]
        special = frozenset().union(*(a | b for a, b in KIND_KEYS.values()))
        given = self.model_fields_set & special
        if missing := sorted(needs - given):
            raise ValueError(f"KPI '{self.key}' of kind {self.kind} needs {', '.join(missing)}")
        if foreign := sorted(given - needs - may):
            raise ValueError(f"KPI '{self.key}' of kind {self.kind} has no {', '.join(foreign)}")
        if self.kind == "rooms" and bool(self.all) == bool(self.any):
            raise ValueError(f"KPI '{self.key}' of kind rooms needs either all or any")
        if self.quantity:
            _known(self.quantity)
        return self

    def record(self, domain: str) -> Kpi:
        rollup = self.rollup or (QUANTITIES[self.quantity].rollup if self.quantity else "sum")
        return Kpi(
            f"{domain}.{self.key}", domain, self.names.zh, self.names.en, self.unit, self.decimals, self.kind,
            self.formula.zh, self.formula.en, self.source, self.strip, self.quantity, rollup, self.per_m2 or 0.0,
            self.factor, self.share, self.over, tuple(self.categories), self.direction,
            tuple(test.record() for test in self.all), tuple(test.record() for test in self.any),
        )  # fmt: skip


class _Domain(_Form):
    domain: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    names: _Names
    channels: Annotated[list[_Channel], Field(min_length=1)]
    kpis: list[_Kpi] = Field(default_factory=list)

    @model_validator(mode="after")
    def _told_apart(self) -> _Domain:
        for what, rows in (("channels", self.channels), ("KPIs", self.kpis)):
            keys: list[Any] = [row.key for row in rows]
            if len(set(keys)) < len(keys):
                raise ValueError(
                    f"two {what} have the same key: {', '.join(sorted({k for k in keys if keys.count(k) > 1}))}"
                )
        return self


def read_domain(text: str) -> Domain:
    """The domain that one file describes; pydantic's ValidationError names every mistake in it."""
    form = _Domain.model_validate(yaml.safe_load(text))
    return Domain(
        form.domain, form.names.zh, form.names.en,
        tuple(row.record(form.domain) for row in form.channels), tuple(row.record(form.domain) for row in form.kpis),
    )  # fmt: skip
