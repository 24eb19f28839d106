"""How warm it is outside, as the campus's own thermometer says: a wall shows it beside the date."""

from __future__ import annotations

import math
from dataclasses import dataclass

from server.runtime import Runtime
from server.schemas_walls import OutdoorOut
from twin.forecast.subjects import outdoor_point
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.reading import Quality

_DESK = "outdoor"


@dataclass(frozen=True, slots=True)
class _Found:
    """Which point it is of these live values; '' where there is none."""

    live: LiveState
    point: str


def outdoor_now(runtime: Runtime) -> OutdoorOut | None:
    """Its value; None where there is no thermometer, or where what it says is old or not good."""
    point = _thermometer(runtime)
    if not point:
        return None
    latest = runtime.live.latest(point)
    value = latest.value
    if value is None or not math.isfinite(value) or latest.stale or latest.quality is not Quality.GOOD:
        return None
    return OutdoorOut(point=point, value=value, unit=QUANTITIES["temperature"].unit, origin=latest.origin)


def _thermometer(runtime: Runtime) -> str:
    """The id of its point, looked for once: every display asks every three seconds."""
    kept = runtime.desks.get(_DESK)
    if not isinstance(kept, _Found) or kept.live is not runtime.live:
        kept = _Found(runtime.live, outdoor_point(runtime.assembled.campus, runtime.live.points))
        runtime.desks[_DESK] = kept
    return kept.point
