"""``/api/v1/walls`` and ``displays``: walls as their pages draw them, their control, the displays' signs of life."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request

from server.outdoor import outdoor_now
from server.runtime import Runtime
from server.schemas_walls import (
    BeatIn,
    BeatOut,
    BlockOut,
    ControlIn,
    DisplaysOut,
    SceneOut,
    ScreenOut,
    WallOut,
    WallRow,
    WallStateOut,
    WeeklyOut,
)
from server.values import utc
from server.wall_desk import ControlError
from twin.domains import channels
from twin.index import SpaceIndex, kind_of
from twin.walls.profile import legible_m, unit
from twin.walls.wall import Block, Scene, Screen, Wall, Weekly

Name = Annotated[str, Path(max_length=80)]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        403: "another display's, or another wall's", 404: "no such wall or display", 422: "a part is wrong",
        503: "there are too many displays",
    }.items()
}  # fmt: skip


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_walls(api, runtime)
    _add_displays(api, runtime)


def _add_walls(api: APIRouter, runtime: Runtime) -> None:
    desk = runtime.walls

    @api.get("/walls")
    async def walls() -> list[WallRow]:
        return [
            WallRow(id=wall.id, names=wall.names, screens=list(wall.screens), own=desk.is_own(wall.id))
            for wall in desk.walls().values()
        ]

    @api.get("/walls/{wall}", responses={404: _PROBLEMS[404]})
    async def wall(wall: Name) -> WallOut:
        return wall_out(runtime, wall_of(runtime, wall))

    @api.post("/walls/{wall}/control", responses={404: _PROBLEMS[404], 422: _PROBLEMS[422]})
    async def control(request: Request, wall: Name, given: ControlIn) -> WallStateOut:
        row = wall_of(runtime, wall)
        who = getattr(request.state, "who", None)
        try:
            return desk.control(row, given, who.name if who is not None else "")
        except ControlError as error:
            raise HTTPException(422, str(error)) from None


def _add_displays(api: APIRouter, runtime: Runtime) -> None:
    desk = runtime.walls

    @api.get("/displays")
    async def displays() -> DisplaysOut:
        rows = desk.displays.rows(runtime.ingest.clock())
        wrong = sum(row.state in ("gone", "frozen", "deaf", "hidden") for row in rows)
        return DisplaysOut(items=rows, total=len(rows), wrong=wrong, build=desk.build)

    @api.post("/displays/{display}/beat", responses=_PROBLEMS)
    async def beat(request: Request, display: Name, given: BeatIn) -> BeatOut:
        who = getattr(request.state, "who", None)
        registered = who is not None and who.role == "kiosk"
        if who is not None and registered and who.wall not in ("", given.wall):
            raise HTTPException(403, f"the display '{who.name}' is of the wall '{who.wall}', not of '{given.wall}'")
        wall_of(runtime, given.wall)
        found = desk.beat(display, given, registered=registered)
        if found is None and not given.bye:
            raise HTTPException(503, "there are too many displays: close some")
        reload = found is not None and found.reload
        if found is not None:
            found.reload = False
        return BeatOut(
            time=utc(runtime.ingest.clock()), build=desk.build, reload=reload, state=desk.state(given.wall),
            outdoor=outdoor_now(runtime),
        )  # fmt: skip

    @api.post("/displays/{display}/reload", status_code=204, responses={404: _PROBLEMS[404]})
    async def reload(display: Name) -> None:
        found = desk.displays.known.get(display)
        if found is None:
            raise HTTPException(404, f"there is no display '{display[:80]}': see /api/v1/displays")
        found.reload = True


def wall_of(runtime: Runtime, name: str) -> Wall:
    """The wall of that name; 404 says which there are."""
    walls = runtime.walls.walls()
    found = walls.get(name)
    if found is None:
        raise HTTPException(404, f"there is no wall '{name[:80]}': there are {', '.join(walls) or 'none'}")
    return found


def wall_out(runtime: Runtime, wall: Wall) -> WallOut:
    """A wall with everything that its pages need."""
    scenes = {scene.id: _scene(runtime, scene) for scene in wall.scenes.values()}
    named = {scene.camera.of for scene in wall.scenes.values() if scene.camera.of}
    night = None if wall.night is None else {**_weekly(wall.night.weekly).model_dump(), "dim": wall.night.dim}
    return WallOut(
        id=wall.id, names=wall.names, theme=wall.theme, lang=wall.lang,
        screens={screen.id: _screen(wall, screen, scenes) for screen in wall.screens.values()}, scenes=scenes,
        playlists={name: list(row) for name, row in wall.playlists.items()}, takeover=asdict(wall.takeover),
        night=night, sound=wall.sound, reload_at=wall.reload_at, own=runtime.walls.is_own(wall.id),
        unknown=sorted(name for name in named if name not in runtime.index),
    )  # fmt: skip


def _screen(wall: Wall, screen: Screen, scenes: dict[str, SceneOut]) -> ScreenOut:
    playlist = list(wall.playlists[screen.playlist])
    # a campus without a domain shows the others; with none of them all, so that the screen says what is missing
    return ScreenOut(
        id=screen.id, names=screen.names, width=screen.width, height=screen.height, panels=screen.panels,
        unit=round(unit(screen), 4), viewer_m=screen.viewer_m, legible_m=round(legible_m(screen), 2), role=screen.role,
        takeover=screen.takes_over and wall.takeover.on,
        scenes=[name for name in playlist if scenes[name].has_points] or playlist,
    )  # fmt: skip


def _scene(runtime: Runtime, scene: Scene) -> SceneOut:
    channel = channels().get(scene.channel)
    block = _block(scene.block)
    points = channel is not None and len(runtime.live.rows(channel.quantity)) > 0
    return SceneOut(
        **block.model_dump(), id=scene.id, channel=scene.channel, legend=None if channel is None else channel.legend(),
        adds=channel is not None and channel.rollup == "sum", camera=asdict(scene.camera),
        entity=_measured(runtime.index, scene.camera.of), panels=list(scene.panels), labels=scene.labels,
        worst=scene.worst, range=scene.range, lens=scene.lens, dwell_s=scene.dwell_s, during=_weekly(scene.during),
        beside=None if scene.beside is None else _block(scene.beside), has_points=points,
    )  # fmt: skip


def _measured(index: SpaceIndex, of: str) -> str:
    """The building or storey whose figures belong to a framed place; '' the campus."""
    if of not in index:
        return ""
    steps = [entity for step in index.path(of) if (entity := index.get(step)) is not None]
    return next((entity.id for entity in reversed(steps) if kind_of(entity) in ("building", "storey")), "")


def _block(block: Block) -> BlockOut:
    return BlockOut(title=block.title, domain=block.domain, hero=block.hero, numbers=list(block.numbers))


def _weekly(weekly: Weekly) -> WeeklyOut:
    return WeeklyOut(days=sorted(weekly.days), spans=list(weekly.spans))
