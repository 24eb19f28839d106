"""``GET /api/v1/trends/...``: what can be shown, carpets and load duration curves. Flows and rankings are in
``trends_energy``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server import trends_energy
from server.runtime import Runtime
from server.schemas_trends_views import (
    CarpetLineOut,
    CarpetOut,
    CurveOut,
    DurationOut,
    NamedOut,
    NamesOut,
    OfferOut,
    OffersOut,
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
    names_of,
    normalise_of,
    step_of,
    step_text,
    subjects_of,
    window_of,
)
from server.trends_offers import offers
from twin.domains import channels
from twin.history.calendar import DAY_MS
from twin.history.columns import F64
from twin.history.steps import SeriesError, Step, edges
from twin.history.store import SqlStore
from twin.trends.carpet import MOST_DAYS, Carpet, carpet_of, limits_of, read_limits, with_breaks
from twin.trends.duration import duration_of
from twin.trends.lines import Asked, Chart, Line, chart, course_of
from twin.trends.normalise import Normalise, divided
from twin.trends.subject import MOST, Subject

LIMIT_DAYS = 366
"""The limits of a carpet come from so many days until the window's end: they stand still while the window moves."""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    trends_energy.add(api, runtime)

    @api.get("/trends/find")
    def find(
        q: Annotated[str, Query(max_length=100)] = "", limit: Annotated[int, Query(ge=1, le=50)] = 12
    ) -> OffersOut:
        return OffersOut(items=[OfferOut.model_validate(row) for row in offers(runtime, q, limit)])

    @api.get("/trends/names")
    async def names(what: What = None) -> NamesOut:
        def question(store: SqlStore) -> list[NamedOut]:
            found = []
            for each in (what or ())[:MOST]:
                with suppress(LookupError, SeriesError):
                    (subject,) = subjects_of(store, runtime, [each])
                    found.append(NamedOut(what=each, names=names_of(runtime, subject), unit=subject.unit))
            return found

        return NamesOut(items=await ask(runtime, question))

    @api.get("/trends/carpet")
    async def carpet(
        what: What = None, start: From = "", to: Text = "", normalise: Text = "", limits: Text = ""
    ) -> CarpetOut:
        window, by, given = window_of(runtime, start, to, 365.0), normalise_of(normalise), _limits(limits)
        if by in ("heating", "cooling"):
            raise SeriesError("a carpet has hours, degree days are days: leave out normalise, or use area or people")

        def question(store: SqlStore) -> CarpetOut:
            subject = subjects_of(store, runtime, what or ())[0]
            return _carpet(store, runtime, subject, window, by, given)

        return await ask(runtime, question)

    @api.get("/trends/duration")
    async def duration(
        what: What = None, start: From = "", to: Text = "", step: Text = "", compare: Text = "", normalise: Text = ""
    ) -> DurationOut:
        window = window_of(runtime, start, to, 30.0)
        told = step_of(step) or "hour", compare_of(compare), normalise_of(normalise)

        def question(store: SqlStore) -> Chart:
            asked = Asked(subjects_of(store, runtime, what or ()), window.start, window.end, window.now, *told)
            return chart(store, runtime.live, asked, lambda subject: around_of(runtime, subject))

        found = await ask(runtime, question)
        return DurationOut(
            start=window.start, end=window.end, now=window.now, timezone=runtime.assembled.campus.timezone,
            step=step_text(found.step), method=_words("trends.method.duration"),
            lines=[_curve(runtime, line, window.now) for line in found.lines],
        )  # fmt: skip


def _words(key: str) -> dict[str, str]:
    return {lang: filled(key, lang, {}) for lang in LANGUAGES}


def _limits(text: str) -> tuple[float, float] | None:
    """Two ends 'low,high'; 422 where they are none."""
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = np.nan
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise HTTPException(422, f"limits='{text[:40]}' are none: write the lowest and the highest as in limits=0,500")
    return low, high


def _curve(runtime: Runtime, line: Line, now: int) -> CurveOut:
    found = duration_of(line.course, now)
    return CurveOut(
        what=line.subject.what, entity=line.subject.entity, names=names_of(runtime, line.subject), unit=line.unit,
        period=line.period, simulated=line.raw.simulated, share=[round(each, 5) for each in found.share.tolist()],
        value=[each or 0.0 for each in column(found.value)], hours=round(found.hours, 3), of=round(found.of, 3),
    )  # fmt: skip


def _carpet(
    store: SqlStore,
    runtime: Runtime,
    subject: Subject,
    window: Window,
    by: Normalise,
    given: tuple[float, float] | None,
) -> CarpetOut:
    begin, end = store.calendar.day_of(window.start), window.end
    if end - begin > MOST_DAYS * DAY_MS:
        raise SeriesError(f"a carpet has at most {MOST_DAYS} days: ask for a shorter window")
    step: Step = "hour"
    borders = edges(store.calendar, step, begin, end)
    course = course_of(store, runtime.live, subject, step, borders, window.now)
    simulated, unit, shown = course.simulated, subject.unit, course
    if by:
        found = divided(by, subject, course, around_of(runtime, subject), store, runtime.live, step, window.now)
        shown, unit = found.course, found.unit
    made = carpet_of(shown, store.calendar, window.now)
    limits, fixed = _classes(store, runtime, subject, window, made, by, given)
    return CarpetOut(
        start=int(begin), end=end, now=window.now, timezone=runtime.assembled.campus.timezone,
        line=CarpetLineOut(
            what=subject.what, entity=subject.entity, names=names_of(runtime, subject), unit=unit, simulated=simulated
        ),
        method=_words("trends.method.carpet.fixed" if fixed else "trends.method.carpet"), days=made.days.tolist(),
        value=[column(row) for row in made.value], state=made.state.tolist(),
        coverage=[[round(each, 3) for each in row] for row in made.coverage.tolist()],
        twice=[list(each) for each in made.twice], limits=limits, fixed=fixed,
    )  # fmt: skip


def _classes(
    store: SqlStore, runtime: Runtime, subject: Subject, window: Window, made: Carpet, by: Normalise,
    given: tuple[float, float] | None,
) -> tuple[list[float], bool]:  # fmt: skip
    """The borders of the classes: those given, those of the quantity's scale, else such that a year lies between."""
    if given is not None:
        return read_limits(*given), True
    if (scale := _scale(subject, by)) is not None:
        return scale, True
    values: F64 = made.value.ravel()
    if not by:
        end = min(window.end, window.now)
        year = edges(store.calendar, "day", end - LIMIT_DAYS * DAY_MS, end)
        days = course_of(store, runtime.live, subject, "day", year, window.now)
        # of sums of meters nobody knows the extremes of a day: then the hours shown say how far it goes
        extremes = np.concatenate([days.low, days.high])
        known = extremes[np.isfinite(extremes)]
        values = known if len(known) >= 2 else values
    return limits_of(values), False


def _scale(subject: Subject, by: Normalise) -> list[float] | None:
    """The scale that the twin's own views have for it."""
    for channel in channels().values():
        if channel.quantity != subject.told:
            continue
        if by == "area" and channel.density is not None:
            return with_breaks(channel.density.low, channel.density.breaks, channel.density.high)
        if not by and subject.told in ("temperature", "co2", "humidity", "utilisation"):
            return with_breaks(channel.low, channel.breaks, channel.high)
    return None
