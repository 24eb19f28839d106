"""What is used now against what is expected of the hour, how good the model is, and what has not been as expected."""

from __future__ import annotations

from math import isfinite

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, row, section
from pages._parts.context import Context
from pages._parts.fresh import fresh
from server.forecast_text import state_of
from server.forecasts import Forecaster
from server.quality_text import duration
from server.runtime import Runtime
from twin.index import Entity
from twin.quality.finding import Figure, Finding
from twin.space import Building, Campus


def expected(context: Context, entity: Entity) -> Child:
    """The section of a building or the campus; None where no history is kept, or nothing tells its power. Of a past
    moment only what is still known of it: today."""
    forecasts = forecast_of(context.runtime, entity.id)
    if forecasts is None or not isinstance(entity, Campus | Building):
        return None
    text = context.text
    quality, why = state_of(forecasts.keeper, entity.id)
    outlook = forecasts.keeper.outlooks.get(entity.id)
    band = outlook.near.at(context.live.clock()) if outlook is not None and outlook.near is not None else None
    if context.moment is not None and band is None:
        return None
    lines: list[Child] = []
    if outlook is not None:
        told = _now(context, entity.id, band) if band else text("expected.unknown")
        when = "expected.now" if context.moment is None else "expected.then"
        lines.append(row(text(when), fresh(f"expected|{entity.id}", told)))
    state = html.Span([text(f"forecast.quality.{quality}"), " · ", html.Span(why[context.lang], className="quiet")])
    lines.append(row(text("expected.model"), state))
    finding = forecasts.anomalies().get(entity.id) if context.moment is None else None
    if finding is not None:
        lines.append(row(text("expected.anomaly"), _anomaly(context, finding)))
    return section(text("expected.title"), lines, note=text("expected.origin"))


def forecast_of(runtime: Runtime, entity: str) -> Forecaster | None:
    """The forecasts where they have this entity among them."""
    forecasts = runtime.forecasts
    return forecasts if forecasts is not None and entity in forecasts.keeper.subjects else None


def _now(context: Context, entity: str, band: tuple[float, float, float]) -> str:
    """'523 kW, expected 470 to 560'."""
    live = context.live
    value = float(live.rolled_up("power", "sum").value[live.tree.index[entity]])
    digits = 0 if band[2] >= 100 else 1
    low, high = fmt.number(band[1], digits), fmt.number(band[2], digits)
    if not isfinite(value):
        return context.text("expected.only", low=low, high=f"{high} kW")
    return context.text("expected.band", value=fmt.with_unit(value, "kW", digits), low=low, high=high)


def _anomaly(context: Context, finding: Finding) -> html.Span:
    """How much, for how long, kWh and cost so far."""
    figures = finding.figures
    energy = fmt.with_unit(_number(figures["energy_kwh"]), "kWh", 0)
    if "cost" in figures:
        energy = f"{energy}, {fmt.with_unit(_number(figures['cost']), str(figures['currency']), 0)}"
    size = _number(figures["size"])
    told = context.text(
        f"expected.so-far.{finding.variant}", size=fmt.with_unit(size, "kW", 0 if size >= 100 else 1),
        length=duration(_number(figures["length_s"]), context.lang), energy=energy,
    )  # fmt: skip
    sign = html.Span(className=f"sign {finding.severity}", title=context.text(f"severity.{finding.severity}"))
    return html.Span([sign, " ", html.Span(told)])


def _number(figure: Figure) -> float:
    return float(figure)
