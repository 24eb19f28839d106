"""``GET /api/v1/history``: what is kept of the past, how whole it is, and what happened: what a time axis shows."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server.instants import read_instant
from server.past_contract import Happened
from server.runtime import Runtime
from server.schemas_history import HistoryOut, PastEventOut, SpanOut
from server.values import instant, utc
from twin.live import LiveState

DAY_S = 86_400.0
LONGEST_S = 400 * DAY_S
"""The longest window that may be asked for [s]."""
MOST_STEPS = 2000
STEPS = 240
"""Steps of the coverage where nobody says how long one is."""
LEAST_STEP_S = 10.0
MOST_EVENTS = 500
"""Events in one answer: the latest of the window."""

Moment = Annotated[str, Query(max_length=60)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    pace = _Pace(runtime)

    @api.get("/history")
    async def history(
        start: Moment = "",
        end: Moment = "",
        step_s: Annotated[float | None, Query(ge=LEAST_STEP_S, le=LONGEST_S, allow_inf_nan=False)] = None,
    ) -> HistoryOut:
        now = runtime.live.clock()
        last = read_instant(end, "end", now + LONGEST_S) if end else now
        first = read_instant(start, "start", now + LONGEST_S) if start else last - DAY_S
        step = max(pace.least_s(), _step(first, last, step_s))
        past = runtime.past
        answer = HistoryOut(
            kept=past is not None, timezone=runtime.assembled.campus.timezone, now=utc(now), span=None,
            start=utc(first), end=utc(last), step_s=step, coverage=[], events=[],
        )  # fmt: skip
        if past is None:
            return answer
        if (span := past.span()) is not None:
            answer.span = SpanOut(oldest=utc(span[0]), newest=utc(span[1]))
        shares = await past.coverage(first, last, step)
        events = await past.events(first, last)
        answer.coverage = [round(min(1.0, max(0.0, share)), 4) for share in shares]
        answer.events = [_event(event) for event in list(events)[-MOST_EVENTS:]]
        return answer


class _Pace:
    """How short a step of the coverage may be: in one shorter than that points are silent that are all right."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._of: LiveState | None = None
        self._least_s = LEAST_STEP_S

    def least_s(self) -> float:
        """Twice the interval that three points of four keep [s]."""
        live = self._runtime.live
        if self._of is not live:
            self._of = live
            intervals = [point.interval_s for point in live.points] or [LEAST_STEP_S]
            self._least_s = max(LEAST_STEP_S, 2.0 * float(np.percentile(intervals, 75)))
        return self._least_s


def _step(first: float, last: float, asked: float | None) -> float:
    """The step of the coverage [s]; 422 where the window is none."""
    if not 0 < last - first <= LONGEST_S:
        raise HTTPException(422, f"the window must be between 0 and {LONGEST_S / DAY_S:.0f} days long: end after start")
    step = max(LEAST_STEP_S, (last - first) / STEPS) if asked is None else asked
    if (last - first) / step > MOST_STEPS:
        raise HTTPException(
            422, f"step_s={step:g} makes more than {MOST_STEPS} steps of the window: ask for longer steps"
        )
    return step


def _event(event: Happened) -> PastEventOut:
    return PastEventOut(
        time=utc(event.time), until=instant(event.until), kind=event.kind, subject=event.subject, state=event.state,
        entity=event.entity, text={"zh": event.zh, "en": event.en},
    )  # fmt: skip
