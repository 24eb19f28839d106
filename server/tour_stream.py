"""``/sse/telling/{telling}`` for screens and guides, ``/sse/follow/{code}`` for visitors' phones: a tour as it is told.

Events: ``state`` (how it stands), ``picture`` (what stands on the wall), ``beat``, ``over``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts.who import rank
from server.problems import problem
from server.tour_desk import MOST_LISTENERS, TourDesk
from server.tour_telling import Ear, Telling
from server.tours import followed, who_of
from server.wall_stream import Events

if TYPE_CHECKING:
    from server.runtime import Runtime


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the routes."""
    desk = runtime.tours

    async def telling(request: Request) -> Response:
        who = who_of(request)
        found = desk.tellings.get(request.path_params["telling"])
        if found is None:
            return problem(404, "this tour is over: begin it again, see /api/v1/tours")
        leads = rank(who.role) >= rank("operator")
        if found.tour.audience == "operators" and rank(who.role) == 0:
            return problem(403, f"the tour '{found.tour.id}' is for people on duty: sign in")
        if request.query_params.get("as") == "guide":
            if not leads:
                return problem(403, f"'{who.name}' is {who.role}: a tour is led by operators and planners")
            return _events(desk, found, "guide", who.name, request.method)
        return _events(desk, found, "screen", "", request.method)

    async def follow(request: Request) -> Response:
        found = followed(desk, request.path_params["code"])
        if found is None:
            return problem(404, "no tour is under way with this code: look at the wall for the code of now")
        return _events(desk, found, "follower", "", request.method)

    server.router.routes.append(Route("/sse/telling/{telling}", telling, methods=["GET"]))
    server.router.routes.append(Route("/sse/follow/{code}", follow, methods=["GET"]))


def _events(desk: TourDesk, telling: Telling, ear: Ear, who: str, method: str) -> Response:
    if len(telling.listeners) >= MOST_LISTENERS:
        return problem(503, f"{MOST_LISTENERS} follow this tour already: try again later")
    if method == "HEAD":
        return Response(media_type="text/event-stream")
    return Events(lambda: desk.listen(telling, ear, who), telling.leave)
