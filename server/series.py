"""``GET /api/v1/points/{id}/series`` and ``GET /api/v1/series``: what points were, and what buildings drew.

The questions are ``twin.history.series`` and ``twin.history.totals``, asked in threads; what comes of them is encoded
piece by piece. The reference is docs/reference/series.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import StreamingResponse

from server import series_out
from server.files import accepts_gzip
from server.instants import read_instant
from server.past import Archive
from server.runtime import Runtime
from server.schemas_series import SeriesOut
from server.values import utc
from twin.history.outward import AGGS, Agg
from twin.history.series import MOST_PLACES, MOST_POINTS, Asked, Series, buckets, drawing, readings
from twin.history.steps import SeriesError, Step, read_step
from twin.history.store import SqlStore
from twin.history.totals import Under, totals, under
from twin.quantity import QUANTITIES

DAY_S = 86_400.0
LONGEST_S = 366 * DAY_S
"""So far ahead may a window end [s]: nothing is known of what is to come, but a local year may be asked for."""
LONG_S = 62 * DAY_S
"""Totals of a window longer than this [s] come by the day where nobody says how long a step is."""

Text = Annotated[str, Query(max_length=60)]
Code = Annotated[str, Query(max_length=200)]
Places = Annotated[int | None, Query(ge=2, le=MOST_PLACES)]
From = Annotated[str, Query(alias="from", max_length=60)]

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": SeriesOut, "content": {kind: {} for kind in series_out.TYPES.values() if "json" not in kind}}
}


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked, but for of what: from ``start`` to ``end`` at ``now`` [ms]."""

    start: int
    end: int
    now: int
    step: Step | None
    agg: Agg
    places: int | None

    def of(self, ids: Sequence[str]) -> Asked:
        """The same of some points."""
        return Asked(ids, self.start, self.end, self.now)


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/points/{point:path}/series", response_class=StreamingResponse, responses=_ANSWERS)
    async def series_of_point(
        request: Request, point: Annotated[str, Path(max_length=400)], start: From = "",
        to: Text = "", step: Text = "", agg: Text = "all", points: Places = None, format: Text = "",
    ) -> StreamingResponse:  # fmt: skip
        form = series_out.wanted(request.headers.get("accept", ""), format)
        window = _window(runtime, start, to, step, agg, points)
        found = await _ask(runtime, lambda store: _points(store, runtime, [point], window))
        return _answer(request, form, runtime, found, window, [point], point)

    @api.get("/series", response_class=StreamingResponse, responses=_ANSWERS)
    async def series(
        request: Request, points: Annotated[str, Query(max_length=20_000)] = "", entity: Code = "", quantity: Code = "",
        rollup: bool = True, start: From = "", to: Text = "", step: Text = "", agg: Text = "all",
        draw: Places = None, format: Text = "",
    ) -> StreamingResponse:  # fmt: skip
        form = series_out.wanted(request.headers.get("accept", ""), format)
        window = _window(runtime, start, to, step, agg, draw)
        if bool(points) == bool(entity):
            raise HTTPException(422, "say either points=a,b,c or entity=...&quantity=...: see /api/v1/points")
        if points:
            ids = list(dict.fromkeys(filter(None, points.split(","))))
        elif rollup:
            of, window = _under(runtime, entity, quantity), _stepped(window)
            found = await _ask(runtime, lambda store: totals(store, of, window.of(()), window.step or "hour"))
            return _answer(request, form, runtime, found, window, [], entity, quantity)
        else:
            ids = _own(runtime, entity, quantity)
        if len(ids) > MOST_POINTS:
            raise HTTPException(422, f"{len(ids)} points are too many for one answer: ask for at most {MOST_POINTS}")
        found = await _ask(runtime, lambda store: _points(store, runtime, ids, window))
        return _answer(request, form, runtime, found, window, ids, entity or "series")


def _window(runtime: Runtime, start: str, to: str, step: str, agg: str, places: int | None) -> Window:
    """What is asked; 422 where that is no question."""
    now = runtime.live.clock()
    end = read_instant(to, "to", now + LONGEST_S) if to else now
    begin = read_instant(start, "from", now + LONGEST_S) if start else end - DAY_S
    if begin >= end:
        raise HTTPException(422, "the window is empty: 'from' must be before 'to'")
    if agg not in AGGS:
        raise HTTPException(422, f"agg='{agg[:40]}' is not known: use {', '.join(AGGS)}")
    if step and places:
        raise HTTPException(422, "a line to draw has no step: leave out step, or the number of points to draw")
    if agg != "all" and not step:
        raise HTTPException(422, f"agg={agg} needs a step: add step=900, step=hour or step=day")
    try:
        told = read_step(step) if step else None
    except SeriesError as error:
        raise HTTPException(422, str(error)) from error
    name = next(each for each in AGGS if each == agg)
    return Window(round(begin * 1000), round(end * 1000), round(now * 1000), told, name, places)


def _stepped(window: Window) -> Window:
    """The window of totals: they always have a step, and only means."""
    if window.agg not in ("all", "mean") or window.places:
        raise HTTPException(422, "totals are sums of means in steps: leave out agg and draw, or add rollup=false")
    step: Step = window.step or ("day" if window.end - window.start > LONG_S * 1000 else "hour")
    return Window(window.start, window.end, window.now, step, "all", None)


def _under(runtime: Runtime, entity: str, quantity: str) -> Under:
    _quantity(quantity)
    try:
        return under(runtime.live, entity, quantity)
    except KeyError:
        raise HTTPException(404, f"there is no '{entity[:100]}' in the campus: see /api/v1/buildings") from None


def _own(runtime: Runtime, entity: str, quantity: str) -> list[str]:
    """The points of an entity itself (of equipment as well)."""
    if quantity:
        _quantity(quantity)
    own = [row.point.id for row in runtime.live.of_entity(entity) if quantity in ("", row.point.quantity)]
    if not own:
        what = f" of {quantity}" if quantity else ""
        raise HTTPException(404, f"'{entity[:100]}' has no points{what} of its own: see /api/v1/points?space=...")
    return own


def _quantity(quantity: str) -> None:
    if quantity not in QUANTITIES:
        raise HTTPException(422, f"quantity='{quantity[:40]}' is not known: use {', '.join(QUANTITIES)}")


def _points(store: SqlStore, runtime: Runtime, ids: Sequence[str], window: Window) -> Series:
    """The series of points, each of which there is or was once."""
    known = store.known_points()
    for name in ids:
        if name not in known and name not in runtime.live.index:
            raise LookupError(f"there is no point '{name[:100]}', and never was: see /api/v1/points")
    if window.places:
        return drawing(store, window.of(ids), window.places)
    if window.step is not None:
        return buckets(store, window.of(ids), window.step, window.agg)
    return readings(store, window.of(ids))


async def _ask(runtime: Runtime, question: Callable[[SqlStore], Series]) -> Series:
    """Ask the historian; a question that is none as problem."""
    if not isinstance(runtime.past, Archive):
        raise HTTPException(404, "this campus keeps no history: see 'history' in campus.yaml")
    try:
        return await runtime.past.ask(question)
    except LookupError as error:
        raise HTTPException(404, str(error.args[0])) from error
    except SeriesError as error:
        raise HTTPException(422, str(error)) from error


def _answer(
    request: Request, form: series_out.Format, runtime: Runtime, found: Series, window: Window, ids: Sequence[str],
    name: str, quantity: str = "",
) -> StreamingResponse:  # fmt: skip
    head = {
        "start": _text(found.start), "end": _text(found.end), "step": _step(window.step), "method": found.method,
        "timezone": runtime.assembled.campus.timezone, "points": _described(runtime, found, ids, name, quantity),
        "gaps": [{"id": who, "start": _text(start), "end": _text(end)} for who, start, end in found.gaps],
    }  # fmt: skip
    pieces = series_out.encoded(form, head, found.table)
    headers = {"Cache-Control": "private, max-age=2", "Vary": "Accept, Accept-Encoding"}
    if form in ("json", "csv") and accepts_gzip(request):
        pieces = series_out.squeezed(pieces)
        headers["Content-Encoding"] = "gzip"
    if form != "json":
        plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)[:80]
        headers["Content-Disposition"] = f'attachment; filename="{plain}.{form}"'
        headers["Campus-Gaps"] = _gaps(found)
    return StreamingResponse(pieces, media_type=series_out.TYPES[form], headers=headers)


SHOWN_GAPS = 20


def _gaps(found: Series) -> str:
    """How many gaps there are, and where the first ones: for CSV, which has no place for them."""
    told = " ".join(f"{_text(start)}/{_text(end)}" for _, start, end in found.gaps[:SHOWN_GAPS])
    return f"{len(found.gaps)} {told}".strip()


def _described(runtime: Runtime, found: Series, ids: Sequence[str], name: str, quantity: str) -> list[dict[str, str]]:
    if not ids:
        return [{"id": name, "quantity": quantity, "unit": QUANTITIES[quantity].unit}]
    live, told = runtime.live, []
    for each in ids:
        if each in live.index:
            what = live.points[live.index[each]].quantity
        else:
            rows = found.table.column("point").index(each).as_py()
            what = found.table.column("quantity")[rows].as_py() if rows >= 0 else ""
        told.append({"id": each, "quantity": what, "unit": QUANTITIES[what].unit if what in QUANTITIES else ""})
    return told


def _step(step: Step | None) -> str:
    return "" if step is None else step if isinstance(step, str) else str(step // 1000)


def _text(ms: int) -> str:
    return utc(ms / 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
