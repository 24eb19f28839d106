"""``GET /api/v1/forecast``: what is expected; ``GET /api/v1/models``: the models behind it, and why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query

from server.forecast_text import state_of
from server.forecasts import Forecaster
from server.instants import read_instant
from server.runtime import Runtime
from server.schemas_forecast import ForecastOut, ModelCardOut, ModelOut, ModelsOut
from server.values import instant, utc
from twin.forecast.outlook import HOUR_S, Near, Outlook
from twin.forecast.subjects import Subject
from twin.frame import FLAG_SIMULATED
from twin.quality.finding import Finding

LONGEST_D = 62
"""The longest window that may be asked for [d]."""
DIGITS = 3

Moment = Annotated[str, Query(max_length=60)]
Name = Annotated[str, Query(max_length=400)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes; what takes some milliseconds is worked out in a thread."""

    @api.get("/forecast")
    async def forecast(
        entity: Name = "",
        start: Annotated[str, Query(alias="from", max_length=60)] = "",
        end: Annotated[str, Query(alias="to", max_length=60)] = "",
    ) -> ForecastOut:
        forecaster = _forecaster(runtime)
        subject = _subject(runtime, forecaster, entity)
        outlook = forecaster.keeper.outlooks.get(subject.id)
        quality, reason = state_of(forecaster.keeper, subject.id)
        answer = ForecastOut(
            entity=subject.id, unit="kW", origin="forecast", quality=quality, reason=reason,
            made=None if outlook is None else utc(outlook.at), times=[], expected=[], low=[], high=[],
        )  # fmt: skip
        if outlook is None or outlook.near is None:
            _instants(start, end)
            return answer
        near = outlook.near
        if start or end:
            times = _window(outlook, near, *_instants(start, end))
            near = Near(times, await asyncio.to_thread(outlook.band, times))
        answer.times = [utc(at) for at in near.times.tolist()]
        answer.expected, answer.low, answer.high = (
            [round(value, DIGITS) if np.isfinite(value) else None for value in column.tolist()]
            for column in (near.band.value, near.band.low, near.band.high)
        )
        return answer

    @api.get("/models")
    def models() -> ModelsOut:
        forecaster = _forecaster(runtime)
        found = forecaster.anomalies()
        items = [_model(runtime, forecaster, subject, found) for subject in forecaster.keeper.subjects.values()]
        return ModelsOut(items=items, total=len(items))

    @api.get("/models/{entity:path}")
    def model(entity: Annotated[str, Path(max_length=400)]) -> ModelCardOut:
        forecaster = _forecaster(runtime)
        subject = _subject(runtime, forecaster, entity)
        found = forecaster.keeper.trained.get(subject.id)
        row = _model(runtime, forecaster, subject, forecaster.anomalies())
        return ModelCardOut(
            **row.model_dump(), card=found.model.card.to_dict() if found is not None and found.model else None,
            message=found.refusal.message if found is not None and found.refusal else "",
        )  # fmt: skip


def _forecaster(runtime: Runtime) -> Forecaster:
    if runtime.forecasts is None:
        raise HTTPException(
            404, "this campus keeps no history, and a forecast is learned from it: set 'history' in campus.yaml"
        )
    return runtime.forecasts


def _subject(runtime: Runtime, forecaster: Forecaster, entity: str) -> Subject:
    """What is asked for; the campus without a name. 404 says what has no forecast, and what has."""
    name = entity or runtime.assembled.campus.id
    found = forecaster.keeper.subjects.get(name)
    if found is not None:
        return found
    if name in runtime.meters or runtime.index.get(name) is not None:
        detail = f"'{name[:100]}' has no forecast: the campus, buildings and main meters with power points have one"
    else:
        detail = f"there is no '{name[:100]}' in the campus"
    raise HTTPException(404, f"{detail}; see /api/v1/models")


def _instants(start: str, end: str) -> tuple[float | None, float | None]:
    first, last = (read_instant(text, name, np.inf) if text else None for text, name in ((start, "from"), (end, "to")))
    return first, last


def _window(outlook: Outlook, near: Near, start: float | None, end: float | None) -> np.ndarray[
    tuple[int], np.dtype[np.float64]
]:  # fmt: skip
    """The hours from ``start`` to before ``end``; 422 where that is no window, or lies out of reach."""
    oldest, newest = outlook.reach
    first = float(near.times[0]) if start is None else start
    last = float(near.times[-1]) + HOUR_S if end is None else end
    if not 0 < last - first <= LONGEST_D * 24 * HOUR_S:
        raise HTTPException(422, f"'to' must lie after 'from', at most {LONGEST_D} days: from={start} to={end}")
    if first < oldest or last > newest:
        raise HTTPException(
            422, f"a forecast reaches from {utc(oldest).isoformat()} to {utc(newest).isoformat()}: ask within"
        )
    grid = float(near.times[0])
    return np.arange(grid + HOUR_S * np.ceil((first - grid) / HOUR_S), last, HOUR_S, dtype=np.float64)


def _model(runtime: Runtime, forecaster: Forecaster, subject: Subject, anomalies: Mapping[str, Finding]) -> ModelOut:
    keeper, now = forecaster.keeper, runtime.ingest.clock()
    found = keeper.trained.get(subject.id)
    quality, reason = state_of(keeper, subject.id)
    finding = anomalies.get(subject.id)
    points = forecaster.points_of(subject)
    live = runtime.live
    rows = [live.index[point] for point in points if point in live.index]
    return ModelOut(
        entity=subject.id, kind=subject.kind, names=forecaster.names(subject.id), points=len(points), quality=quality,
        reason=reason, trained=None if found is None else instant(found.at),
        next_training=utc(now if found is None else keeper.next_night(now)),
        coverage=round(found.model.card.coverage, 4) if found is not None and found.model else None,
        outdoor="" if found is None else found.outdoor, open_finding=None if finding is None else finding.id,
        simulated=bool((live.flags[rows] & FLAG_SIMULATED).any()),
    )  # fmt: skip
