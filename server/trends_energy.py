"""``GET /api/v1/trends/flows`` and ``/ranking``: where energy goes, and who uses most and least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server.forecast_text import state_of
from server.runtime import Runtime
from server.schemas_trends_views import FlowsOut, PartOut, RankedOut, RankingOut, UseOut
from server.texts import filled
from server.trends_ask import LANGUAGES, Code, From, Text, Window, ask, figure, spaces_of, window_of
from twin.category import category_name
from twin.history.calendar import DAY_MS
from twin.history.steps import SeriesError, Step, edges
from twin.history.store import SqlStore
from twin.index import label_of
from twin.space import Building, Campus, Space, Storey
from twin.trends.course import Course
from twin.trends.flows import Flows, Part, flows, parts_of, rooms_of
from twin.trends.flows import window_of as whole_hours
from twin.trends.normalise import area_of
from twin.trends.pointsums import point_sums
from twin.trends.ranking import BYS, UNITS, By, Candidate, Ranked, compared_with, rank
from twin.trends.rolled import of_places
from twin.trends.sums import total_of

LONG_DAYS = 31
"""A window longer than this is worked through by days."""
MOST_ROWS = 50
Of = Literal["buildings", "spaces"]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/trends/flows")
    async def flows_of(entity: Code = "", start: From = "", to: Text = "") -> FlowsOut:
        window = window_of(runtime, start, to)
        place = entity or runtime.assembled.campus.id
        if not isinstance(runtime.index.get(place), Campus | Building | Storey):
            raise HTTPException(
                404, f"there is no '{place[:100]}' that has parts: ask for the campus, a building, a storey"
            )
        return await ask(runtime, lambda store: _flows(store, runtime, place, window))

    @api.get("/trends/ranking")
    async def ranking(
        of: Of = "buildings", by: By = "energy", lowest: bool = False,
        n: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 10, entity: Code = "", start: From = "", to: Text = "",
    ) -> RankingOut:  # fmt: skip
        window = window_of(runtime, start, to)
        if by == "deviation" and of == "spaces":
            raise SeriesError("only buildings have a model of what is expected: ask for of=buildings")
        place = entity or runtime.assembled.campus.id
        if runtime.index.get(place) is None:
            raise HTTPException(404, f"there is no '{place[:100]}' in the campus: see /api/v1/buildings")
        return await ask(runtime, lambda store: _ranking(store, runtime, of, by, lowest, n, place, window))


def _step(window: Window) -> Step:
    return "day" if window.end - window.start > LONG_DAYS * DAY_MS else "hour"


def _courses(store: SqlStore, runtime: Runtime, places: Sequence[str], window: Window) -> list[Course]:
    borders = edges(store.calendar, _step(window), window.start, window.end)
    return of_places(store, runtime.live, "power", places, _step(window), borders, window.now)


def _settled(store: SqlStore, window: Window) -> Window:
    """The whole hours of a window that are rolled up; SeriesError where there are none."""
    first, last = whole_hours(store, window.start, min(window.end, window.now))
    if last <= first:
        raise SeriesError("the window has no whole hour that is over and rolled up: ask for a longer or an earlier one")
    return Window(first, last, window.now)


def _flows(store: SqlStore, runtime: Runtime, place: str, window: Window) -> FlowsOut:
    settled = _settled(store, window)
    parts = parts_of(runtime.live, place)
    (whole,) = _courses(store, runtime, [place], settled)
    courses = _courses(store, runtime, parts, settled)
    rooms = rooms_of(runtime.live, parts)
    sums = point_sums(store, list(rooms), settled.start, settled.end)
    live = runtime.live
    told = [(part, _category(runtime, live.points[live.index[name]].entity)) for name, part in rooms.items()]
    found = flows(whole, list(zip(parts, courses, strict=True)), told, sums, settled.now)
    return _flows_out(runtime, place, found, settled, whole.simulated)


def _category(runtime: Runtime, entity: str) -> str:
    space = runtime.index.get(entity)
    return space.category if isinstance(space, Space) else "other"


def _flows_out(runtime: Runtime, place: str, found: Flows, window: Window, simulated: bool) -> FlowsOut:
    return FlowsOut(
        start=window.start, end=window.end, now=window.now, timezone=runtime.assembled.campus.timezone, entity=place,
        names=_names(runtime, (place,)), method=_words("trends.method.flows"), simulated=simulated,
        kwh=figure(found.kwh), coverage=round(found.coverage, 4), rest=round(found.rest, 3),
        parts=[_part(runtime, part) for part in found.parts],
    )  # fmt: skip


def _part(runtime: Runtime, part: Part) -> PartOut:
    uses = [
        UseOut(
            category=use.category, names={lang: category_name(use.category, lang) for lang in LANGUAGES},
            kwh=round(use.kwh, 3), rooms=use.rooms, coverage=round(use.coverage, 4),
        )
        for use in part.uses
    ]  # fmt: skip
    return PartOut(
        ids=list(part.ids), names=_names(runtime, part.ids), kwh=figure(part.kwh), coverage=round(part.coverage, 4),
        uses=uses, rest=round(part.rest, 3), over=round(part.over, 3),
    )  # fmt: skip


def _names(runtime: Runtime, ids: Sequence[str]) -> dict[str, str]:
    if len(ids) > 1:
        return {lang: filled("trends.others", lang, {"n": str(len(ids))}) for lang in LANGUAGES}
    found = runtime.index.get(ids[0])
    return {lang: ids[0] if found is None else label_of(found, lang) for lang in LANGUAGES}


def _above(runtime: Runtime, id_: str) -> dict[str, str]:
    steps = [runtime.index.get(step) for step in runtime.index.path(id_)[1:-1]]
    return {lang: " / ".join(label_of(step, lang) for step in steps if step is not None) for lang in LANGUAGES}


def _words(key: str) -> dict[str, str]:
    return {lang: filled(key, lang, {}) for lang in LANGUAGES}


def _ranking(
    store: SqlStore, runtime: Runtime, of: Of, by: By, lowest: bool, n: int, place: str, window: Window
) -> RankingOut:
    settled = _settled(store, window)
    make = _buildings if of == "buildings" else _spaces
    candidates, simulated = make(store, runtime, place, settled)
    if by == "deviation":
        candidates = _expected(store, runtime, candidates, settled)
    found = rank(candidates, by, n, lowest=lowest)
    return RankingOut(
        start=settled.start, end=settled.end, now=settled.now, timezone=runtime.assembled.campus.timezone, by=by, of=of,
        unit=UNITS[by], lowest=lowest, method=_words(f"trends.method.ranking.{by}"), simulated=simulated,
        rows=_rows(runtime, found), ranked=found.of, left_out=found.left_out,
    )  # fmt: skip


def _rows(runtime: Runtime, found: Ranked) -> list[RankedOut]:
    forecasts = runtime.forecasts
    return [
        RankedOut(
            id=row.id, names=_names(runtime, (row.id,)), above=_above(runtime, row.id), value=round(value, 5),
            kwh=figure(row.kwh), area=figure(row.area), coverage=round(row.coverage, 4), expected=figure(row.expected),
            compared=figure(row.compared),
            quality="" if forecasts is None or row.expected is None else state_of(forecasts.keeper, row.id)[0],
        )
        for row, value in found.rows
    ]  # fmt: skip


def _area(runtime: Runtime, id_: str) -> float | None:
    return area_of([space.area_m2 for space in spaces_of(runtime, id_)])


def _buildings(
    store: SqlStore, runtime: Runtime, place: str, window: Window
) -> tuple[list[Candidate], bool]:  # fmt: skip
    """The buildings of a place that have any power point at or below them."""
    live = runtime.live
    of = live.rolled_up("power", "sum").of
    ids = [
        building.id for building in runtime.assembled.campus.buildings
        if place in runtime.index.path(building.id) and of[live.tree.index[building.id]] > 0
    ]  # fmt: skip
    courses = _courses(store, runtime, ids, window)
    found = []
    for id_, course in zip(ids, courses, strict=True):
        total = total_of(course, window.now, energy=True)
        found.append(Candidate(id_, total.energy, _area(runtime, id_), total.coverage))
    return found, any(course.simulated for course in courses)


def _spaces(
    store: SqlStore, runtime: Runtime, place: str, window: Window
) -> tuple[list[Candidate], bool]:  # fmt: skip
    """The rooms of a place that have a power point of their own."""
    live = runtime.live
    rooms = list(rooms_of(live, [place]))
    sums = point_sums(store, rooms, window.start, window.end)
    kwh: dict[str, float] = {}
    share: dict[str, list[float]] = {}
    for name, energy, known in zip(rooms, sums.integral.tolist(), sums.share.tolist(), strict=True):
        entity = live.tree.ids[int(live.slot[live.index[name]])]
        kwh[entity] = kwh.get(entity, 0.0) + energy
        share.setdefault(entity, []).append(known)
    found = [
        Candidate(
            entity, energy if max(share[entity]) > 0 else None, _area(runtime, entity), float(np.mean(share[entity]))
        )
        for entity, energy in kwh.items()
    ]
    return found, any(source.type in ("simulator", "replay") for source in runtime.sources())


def _expected(
    store: SqlStore, runtime: Runtime, candidates: Sequence[Candidate], window: Window
) -> list[Candidate]:  # fmt: skip
    """With what was expected of each, in the hours of which the model can tell."""
    forecasts = runtime.forecasts
    if forecasts is None:
        return list(candidates)
    borders = edges(store.calendar, "hour", window.start, window.end)
    with_model = [row for row in candidates if row.id in forecasts.keeper.outlooks]
    courses = of_places(store, runtime.live, "power", [row.id for row in with_model], "hour", borders, window.now)
    known: dict[str, Candidate] = {}
    for row, course in zip(with_model, courses, strict=True):
        outlook = forecasts.keeper.outlooks[row.id]
        oldest, newest = outlook.reach
        times = course.borders[:-1] / 1000.0
        inside = (times >= oldest) & (times < newest) & (course.borders[1:] <= window.now)
        if not inside.any():
            continue
        both = compared_with(course.value[inside], outlook.band(times[inside]).value)
        if both is not None:
            known[row.id] = replace(row, compared=both[0], expected=both[1])
    return [known.get(row.id, row) for row in candidates]


assert set(BYS) == set(UNITS)
