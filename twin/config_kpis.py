"""The part ``kpis`` of campus.yaml: emission factor, tariff, egress; each with where it comes from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Carbon(_Strict):
    """What a kWh of electricity emits [kg CO2], after whom, of which date."""

    kg_per_kwh: Positive
    source: Text
    date: Text


class Tariff(_Strict):
    """What a kWh costs, in ``currency``; one price at all hours."""

    per_kwh: Positive
    currency: Annotated[str, Field(min_length=1, max_length=8)] = "CNY"
    source: Text
    date: Text


class Egress(_Strict):
    """The points (traffic) of the campus's way out, and what it carries each way [Mbit/s]."""

    points: Annotated[list[str], Field(min_length=1)]
    capacity_mbit_s: Positive


class Kpis(_Strict):
    """``kpis`` of campus.yaml."""

    co2: Carbon | None = None
    tariff: Tariff | None = None
    egress: Egress | None = None


DEFAULT_CARBON = Carbon(
    kg_per_kwh=0.5306,
    source="生态环境部、国家统计局《关于发布2023年电力二氧化碳排放因子的公告》，全国平均 "
    "(MEE and NBS of China, national average)",
    date="2023",
)
"""Where campus.yaml gives none. Of 2023 North-west China has 0.5543, the South 0.4042 kg/kWh: give your own."""
