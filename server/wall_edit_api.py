"""``/api/v1/walls/{wall}``: a wall's file for the editor, drafts that are checked, saving and taking away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from server.problems import problem
from server.runtime import Runtime
from server.schemas_wall_edit import DraftIn, Hash, JudgedOut, MistakeOut, SaveIn, SourceOut
from server.wall_source import Source, WallRefusal, WallSource
from server.walls import wall_out
from twin.mistake import Mistake

Name = Annotated[str, Path(max_length=80)]
SECTIONS = ("screens", "scenes", "playlists")
SHOWN = 200
"""Mistakes that an answer lists."""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such wall", 409: "another hand saved meanwhile, or it comes with the product",
        422: "the wall has mistakes", 503: "the folder cannot be written to",
    }.items()
}  # fmt: skip


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    source, one_at_a_time = WallSource(runtime), asyncio.Lock()

    @api.get("/walls/{wall}/source", response_model=SourceOut, responses={404: _PROBLEMS[404], 409: _PROBLEMS[409]})
    async def read(wall: Name) -> Any:
        try:
            return _source_out(wall, await asyncio.to_thread(source.read, wall))
        except WallRefusal as refusal:
            return _refused(refusal)

    @api.post("/walls/{wall}/check", responses={422: _PROBLEMS[422]})
    async def check(wall: Name, draft: DraftIn) -> JudgedOut:
        judged = await asyncio.to_thread(source.judge, wall, draft.data, draft.order)
        drawn = None if judged.wall is None else wall_out(runtime, judged.wall)
        return JudgedOut(mistakes=_mistakes(judged.mistakes), text=judged.text, wall=drawn)

    @api.put("/walls/{wall}", response_model=SourceOut, responses=_PROBLEMS)
    async def save(wall: Name, draft: SaveIn) -> Any:
        async with one_at_a_time:
            try:
                saved = await asyncio.to_thread(source.save, wall, draft.data, draft.order, draft.based_on)
                await runtime.walls.take(saved)
                return _source_out(wall, await asyncio.to_thread(source.read, wall))
            except WallRefusal as refusal:
                return _refused(refusal)

    @api.delete("/walls/{wall}", status_code=204, response_model=None, responses=_PROBLEMS)
    async def remove(wall: Name, based_on: Annotated[Hash, Query()]) -> Any:
        async with one_at_a_time:
            try:
                await asyncio.to_thread(source.remove, wall, based_on)
            except WallRefusal as refusal:
                return _refused(refusal)
            runtime.walls.drop(wall)
            return Response(status_code=204)


def _source_out(name: str, found: Source) -> SourceOut:
    order = {key: list(rows) for key in SECTIONS if isinstance(rows := found.data.get(key), dict)}
    return SourceOut(
        id=name, data=found.data, order=order, hash=found.hash, comments=found.comments, own=found.own,
        file=found.file, mistakes=_mistakes(found.mistakes),
    )  # fmt: skip


def _mistakes(found: Iterable[Mistake]) -> list[MistakeOut]:
    return [
        MistakeOut(key=row.key, message=row.message, code=row.code, severity=row.severity, line=row.line)
        for row in list(found)[:SHOWN]
    ]


def _refused(refusal: WallRefusal) -> Response:
    return problem(refusal.status, str(refusal), mistakes=[row.model_dump() for row in _mistakes(refusal.mistakes)])
