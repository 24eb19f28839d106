"""``/api/v1/tours``, ``tellings`` and ``follow``: which tours there are, one under way, what its guide does with it."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, HTTPException, Path, Request, Response
from starlette.responses import FileResponse

from server.accounts.who import Who, rank
from server.problems import problem
from server.qr import qr_path
from server.runtime import Runtime
from server.schemas_tours import (
    ActIn,
    BeginIn,
    ChapterRow,
    FollowOut,
    GuideOut,
    QrOut,
    ScreenActIn,
    StepRow,
    TellingOut,
    TourOut,
    TourRow,
)
from server.tour_acts import SCREEN, TellingError
from server.tour_desk import TourDesk
from server.tour_telling import Telling
from twin.tours.conductor import ActError
from twin.tours.media import why_not
from twin.tours.tour import Tour

Name = Annotated[str, Path(max_length=80)]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        403: "not for this role", 404: "no such tour, or it is over",
        409: "it cannot be done now; 'code' says why", 422: "a part is wrong",
    }.items()
}  # fmt: skip


class Refused(Protocol):
    """Why something was not done."""

    code: Any


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_tours(api, runtime)
    _add_tellings(api, runtime)
    _add_acts(api, runtime)


def _add_tours(api: APIRouter, runtime: Runtime) -> None:
    desk = runtime.tours

    @api.get("/tours")
    async def tours(request: Request) -> list[TourRow]:
        staff = rank(who_of(request).role) > 0
        return [row_of(tour, desk) for tour in desk.tours().values() if staff or tour.audience == "visitors"]

    @api.get("/tours/{tour}", responses={404: _PROBLEMS[404]})
    async def tour(tour: Name) -> TourOut:
        found = tour_of(desk, tour)
        chapters = [
            ChapterRow(
                id=chapter.id, names=dict(chapter.names),
                steps=[
                    StepRow(id=step.id, text=dict(step.words.text), dwell_s=step.dwell_s, priority=step.priority)
                    for step in chapter.steps
                ],
            )
            for chapter in found.chapters
        ]  # fmt: skip
        return TourOut(**row_of(found, desk).model_dump(), chapters=chapters)

    @api.get("/tours/{tour}/media/{step}", responses=_PROBLEMS, response_class=Response)
    async def media(request: Request, tour: Name, step: Name) -> Response:
        found = tour_of(desk, tour)
        for_all(request, found)
        media = next((each.media for each in found.steps if each.id == step), None)
        folder = None if runtime.config is None else runtime.config.folder
        if media is None or folder is None:
            raise HTTPException(404, f"the step '{step}' has no picture or film")
        if why := why_not(folder, media.file):
            raise HTTPException(404, why)
        return FileResponse(folder / media.file, headers={"Cache-Control": "private, max-age=3600"})


def _add_tellings(api: APIRouter, runtime: Runtime) -> None:
    desk = runtime.tours

    @api.get("/tellings")
    async def tellings() -> list[TellingOut]:
        now = runtime.ingest.clock()
        return [each.state(now) for each in desk.tellings.values()]

    @api.post("/tellings", status_code=201, responses=_PROBLEMS, response_model=GuideOut | TellingOut)
    async def begin(request: Request, given: BeginIn) -> Response | GuideOut | TellingOut:
        who, tour = who_of(request), tour_of(desk, given.tour)
        for_all(request, tour)
        if given.lead and rank(who.role) < rank("operator"):
            raise HTTPException(403, f"'{who.name}' is {who.role}: a tour is led by operators and planners")
        try:
            telling = await desk.begin(tour, given, who.name if given.lead else SCREEN)
        except (ActError, TellingError) as error:
            return refused(error)
        now = runtime.ingest.clock()
        return telling.guided(now, who.name) if given.lead else telling.state(now)

    @api.get("/tellings/{telling}", responses={404: _PROBLEMS[404]})
    async def telling(request: Request, telling: Name) -> FollowOut:
        found = telling_of(desk, telling)
        for_all(request, found.tour)
        return FollowOut(state=found.state(runtime.ingest.clock()), picture=without_notes(found))

    @api.get("/tellings/{telling}/qr", responses={404: _PROBLEMS[404]})
    async def qr(request: Request, telling: Name) -> QrOut:
        found = telling_of(desk, telling)
        for_all(request, found.tour)
        url = f"{request.url.scheme}://{request.url.netloc}/follow/{found.code}"
        size, path = qr_path(url)
        return QrOut(url=url, size=size, path=path)

    @api.get("/follow/{code}", responses={404: _PROBLEMS[404]})
    async def follow(code: Name) -> FollowOut:
        found = followed(desk, code)
        if found is None:
            raise HTTPException(404, "no tour is under way with this code: look at the wall for the code of now")
        return FollowOut(state=found.followed(runtime.ingest.clock()), picture=without_notes(found))


def _add_acts(api: APIRouter, runtime: Runtime) -> None:
    desk = runtime.tours

    @api.post("/tellings/{telling}/act", responses=_PROBLEMS, response_model=GuideOut)
    async def act(request: Request, telling: Name, given: ActIn) -> Response | GuideOut:
        found, who = telling_of(desk, telling), who_of(request)
        try:
            await desk.act(found, given, who.name)
        except (ActError, TellingError) as error:
            return refused(error)
        return found.guided(runtime.ingest.clock(), who.name)

    @api.post("/tellings/{telling}/screen", responses=_PROBLEMS, response_model=TellingOut)
    async def screen(request: Request, telling: Name, given: ScreenActIn) -> Response | TellingOut:
        found = telling_of(desk, telling)
        for_all(request, found.tour)
        try:
            await desk.act(found, ActIn(do=given.do), SCREEN)
        except (ActError, TellingError) as error:
            return refused(error)
        return found.state(runtime.ingest.clock())


def refused(error: ActError | TellingError) -> Response:
    """What cannot be done now, with its stable code."""
    return problem(409, str(error), code=error.code)


def who_of(request: Request) -> Who:
    """Who asks; the gate has let nobody else through."""
    who: Who = request.state.who
    return who


def for_all(request: Request, tour: Tour) -> None:
    """403 where a tour of operators is asked for by a display or a visitor."""
    if tour.audience == "operators" and rank(who_of(request).role) == 0:
        raise HTTPException(403, f"the tour '{tour.id}' is for people on duty: sign in")


def tour_of(desk: TourDesk, name: str) -> Tour:
    """The tour of that name; 404 says which there are."""
    found = desk.tours().get(name)
    if found is None:
        raise HTTPException(404, f"there is no tour '{name[:80]}': there are {', '.join(desk.tours()) or 'none'}")
    return found


def telling_of(desk: TourDesk, id_: str) -> Telling:
    """The telling of that id; 404 where it is over."""
    found = desk.tellings.get(id_)
    if found is None:
        raise HTTPException(404, "this tour is over: begin it again, see /api/v1/tours")
    return found


def followed(desk: TourDesk, code: str) -> Telling | None:
    """The telling that visitors may follow by a code; those for people on duty are not among them."""
    found = desk.by_code(code)
    return None if found is None or found.tour.audience == "operators" else found


def without_notes(telling: Telling) -> Any:
    """What stands on the wall, without what is the guide's."""
    return None if telling.picture is None else telling.picture.model_copy(update={"notes": {}})


def row_of(tour: Tour, desk: TourDesk) -> TourRow:
    """A tour in the list."""
    return TourRow(
        id=tour.id, names=dict(tour.names), summary=dict(tour.summary), audience=tour.audience,
        languages=list(tour.languages), minutes=list(tour.minutes), steps=len(tour.steps), seconds=tour.seconds,
        own=desk.own,
    )  # fmt: skip
