"""``GET /api/v1/trends``: lines of points and places over any time, what they come to, what they are compared with and
what was expected. The page ``/trends`` draws this; the reference is docs/reference/trends.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from server import series_out, trends_views
from server.files import accepts_gzip
from server.forecast_text import state_of
from server.notes import Notes, note_out, notes_of
from server.runtime import Runtime
from server.schemas_trends import (
    BandOut,
    DifferenceOut,
    LineOut,
    OtherOut,
    StretchOut,
    TotalSumOut,
    TrendsOut,
)
from server.texts import filled
from server.trends_ask import (
    LANGUAGES,
    From,
    Text,
    What,
    Window,
    around_of,
    ask,
    column,
    compare_of,
    figure,
    names_of,
    normalise_of,
    step_of,
    step_text,
    subjects_of,
    window_of,
)
from server.trends_table import table_of
from twin.forecast.outlook import HOUR_S
from twin.history.calendar import HOUR_MS
from twin.history.steps import is_short
from twin.history.store import SqlStore
from twin.trends.lines import Asked, Chart, Line, chart
from twin.trends.stretches import stretches
from twin.trends.subject import Subject

MOST_BANDS = 3
"""Lines with a band: more of them over one another say nothing."""
BAND_DAYS = 62


def add(api: APIRouter, runtime: Runtime, notes: Notes) -> None:
    """Add the routes."""
    trends_views.add(api, runtime)

    @api.get("/trends", response_model=TrendsOut)
    async def trends(
        request: Request, what: What = None, start: From = "", to: Text = "", step: Text = "", compare: Text = "",
        normalise: Text = "", format: Text = "",
    ) -> Any:  # fmt: skip
        form = series_out.wanted(request.headers.get("accept", ""), format)
        window, told = window_of(runtime, start, to), (step_of(step), compare_of(compare), normalise_of(normalise))

        def question(store: SqlStore) -> Chart:
            subjects = subjects_of(store, runtime, what or ())
            asked = Asked(subjects, window.start, window.end, window.now, *told)
            return chart(store, runtime.live, asked, lambda subject: around_of(runtime, subject))

        found = await ask(runtime, question)
        if form != "json":
            return _file(request, runtime, form, found, window)
        answer = await asyncio.to_thread(_answer, runtime, found, window)
        if not told[2]:
            answer.bands = await _bands(runtime, found, window)
        lines = [line.subject for line in found.lines if line.period == 0]
        entities, points = _where(lines)
        every = list((await notes.all()).values())
        answer.notes = [note_out(runtime, each) for each in notes_of(every, entities, points, window.start, window.end)]
        return answer


def _where(subjects: Sequence[Subject]) -> tuple[list[str], list[str]]:
    """The places and points whose notes belong on a chart."""
    return [each.entity for each in subjects if each.entity], [each.point for each in subjects if each.point]


def _answer(runtime: Runtime, found: Chart, window: Window) -> TrendsOut:
    other = found.other
    return TrendsOut(
        start=window.start, end=window.end, now=window.now, timezone=runtime.assembled.campus.timezone,
        step=step_text(found.step), method=_method(found), borders=found.places.tolist(),
        other=None if other is None else OtherOut(
            start=other.start, end=other.end, days=other.days, drawn=found.others.tolist(),
            borders=next((line.raw.borders.tolist() for line in found.lines if line.period == 1), []),
        ),
        lines=[_line(runtime, line, window) for line in found.lines], differences=_differences(found), bands=[],
        notes=[],
    )  # fmt: skip


def _line(runtime: Runtime, line: Line, window: Window) -> LineOut:
    course, total = line.course, line.total
    return LineOut(
        what=line.subject.what, entity=line.subject.entity, point=line.subject.point, quantity=line.subject.told,
        names=names_of(runtime, line.subject), unit=line.unit, period=1 if line.period else 0,
        simulated=line.raw.simulated, value=column(course.value), low=column(course.low), high=column(course.high),
        coverage=[round(share, 4) for share in course.coverage.tolist()], have=course.have.tolist(),
        of=course.of.tolist(),
        stretches=[StretchOut(kind=kind, start=a, end=b) for kind, a, b in stretches(line.raw, window.now)],
        total=TotalSumOut(
            energy=figure(total.energy), mean=figure(total.mean), low=figure(total.low), high=figure(total.high),
            by=figure(line.by), by_unit=line.by_unit, coverage=round(total.coverage, 4), hours=round(total.hours, 3),
        ),
    )  # fmt: skip


def _differences(found: Chart) -> list[DifferenceOut]:
    units = {line.subject.what: "kWh" if line.subject.summed else line.subject.unit for line in found.lines}
    return [
        DifferenceOut(
            what=what, change=None if row is None else figure(row.change),
            percent=None if row is None or row.percent is None else round(row.percent, 2), unit=units[what],
            buckets=0 if row is None else row.buckets, of=len(found.places) - 1 if row is None else row.of,
        )
        for what, row in found.differences.items()
    ]  # fmt: skip


def _method(found: Chart) -> dict[str, str]:
    """How it was made, in words."""
    kinds = ["readings" if is_short(found.step) else "rollups"]
    kinds += [f"coarser.{found.coarser}"] if found.coarser else []
    return {lang: " ".join(filled(f"trends.method.{kind}", lang, {}) for kind in kinds) for lang in LANGUAGES}


async def _bands(runtime: Runtime, found: Chart, window: Window) -> list[BandOut]:
    """What was and is expected of powers of places that have a model, in the hours of the window."""
    forecasts = runtime.forecasts
    short = is_short(found.step) or found.step == "hour"
    if forecasts is None or not short or window.end - window.start > BAND_DAYS * 24 * HOUR_MS:
        return []
    bands: list[BandOut] = []
    for line in [each for each in found.lines if each.period == 0 and each.subject.summed and not each.subject.point]:
        outlook = forecasts.keeper.outlooks.get(line.subject.entity)
        if len(bands) >= MOST_BANDS or line.subject.entity not in forecasts.keeper.subjects:
            continue
        quality, reason = state_of(forecasts.keeper, line.subject.entity)
        band = BandOut(what=line.subject.what, times=[], expected=[], low=[], high=[], quality=quality, reason=reason)
        bands.append(band)
        if outlook is None or outlook.near is None:
            continue
        oldest, newest = outlook.reach
        grid = float(outlook.near.times[0])
        first = max(oldest, window.start / 1000)
        times = np.arange(grid + HOUR_S * np.floor((first - grid) / HOUR_S), min(newest, window.end / 1000), HOUR_S)
        times = times[times >= oldest].astype(np.float64)
        if len(times):
            told = await asyncio.to_thread(outlook.band, times)
            band.times = [round(at * 1000) for at in times.tolist()]
            band.expected, band.low, band.high = column(told.value), column(told.low), column(told.high)
    return bands


def _file(
    request: Request, runtime: Runtime, form: series_out.Format, found: Chart, window: Window
) -> StreamingResponse:  # fmt: skip
    head = {
        "start": window.start, "end": window.end, "now": window.now, "step": step_text(found.step),
        "timezone": runtime.assembled.campus.timezone, "method": _method(found),
    }  # fmt: skip
    pieces = series_out.encoded(
        form, head, table_of(found, {line.subject.what: names_of(runtime, line.subject) for line in found.lines})
    )
    headers = {"Content-Disposition": f'attachment; filename="trends.{form}"', "Vary": "Accept, Accept-Encoding"}
    if form == "csv" and accepts_gzip(request):
        pieces, headers["Content-Encoding"] = series_out.squeezed(pieces), "gzip"
    return StreamingResponse(pieces, media_type=series_out.TYPES[form], headers=headers)
