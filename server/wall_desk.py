"""How each wall stands: what was chosen with a tablet, what its screens show now; told to all who look, kept over a
restart. The last one who chooses wins, and everybody sees by whom.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.displays import Display, Displays
from server.schemas_walls import BeatIn, ControlIn, WallStateOut, WallTelling
from server.text_store import TextStore
from server.values import instant, utc
from server.wall_source import WallSource
from twin.walls.wall import Wall
from twin.walls.wall_files import default_walls, read_walls

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

LOOK_S = 1.0
ASSETS = Path(__file__).resolve().parent.parent / "assets"
WAITING = 64
"""Events that may wait for somebody who reads slowly; with more his stream ends, and he begins anew."""


class Kept(BaseModel):
    """What outlives a restart."""

    model_config = ConfigDict(extra="ignore")

    lang: str = ""
    theme: str = ""
    selection: str = ""
    held: list[str] = Field(default_factory=list, max_length=200)
    by: str = ""
    changed: float | None = None


@dataclass(slots=True)
class Standing:
    """One wall: what is kept of it, what its screens show, who listens."""

    kept: Kept = field(default_factory=Kept)
    version: int = 0
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: set[asyncio.Queue[bytes]] = field(default_factory=set)
    written: tuple[Wall | None, str] = (None, "")
    """The wall that was told last, and its sign."""


class ControlError(Exception):
    """What cannot be done with a wall, and why."""


class WallDesk:
    """All walls of a runtime. Everything happens on the event loop; only the file is written in a thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.build = build_of(runtime.build_id)
        self.displays = Displays(runtime, self.build, runtime.hub.seq_of)
        self._standing: dict[str, Standing] = {}
        self._store = _store(None)
        self._local: dict[str, Wall] = {}
        self._changed = asyncio.Event()
        self._unkept: set[str] = set()
        self._step = 0

    @property
    def own(self) -> bool:
        """Whether the campus has walls of its own."""
        config = self._runtime.config
        return bool(self._local) if config is None else bool(config.walls)

    def is_own(self, wall: str) -> bool:
        """Whether a wall is the campus's own rather than the product's."""
        config = self._runtime.config
        return wall in (self._local if config is None else config.walls)

    def walls(self) -> Mapping[str, Wall]:
        """The walls of now: those of the campus folder, else the product's own; the demo campus, which has no folder,
        has both."""
        config = self._runtime.config
        if config is None:
            return {**default_walls(), **self._local}
        return config.walls or default_walls()

    async def take(self, wall: Wall) -> None:
        """A wall was written: it is shown from now on."""
        runtime, source = self._runtime, WallSource(self._runtime)
        config = runtime.config
        if config is None:
            self._local[wall.id] = wall
        else:
            # a first wall came with those of the product beside it
            rows = config.walls or (await asyncio.to_thread(read_walls, config.path(source.shown), source.shown))[0]
            runtime.config = replace(config, walls={**rows, wall.id: wall})
        self._tell(wall.id, "state", self.state(wall.id).model_dump(mode="json"))

    def drop(self, wall: str) -> None:
        """A wall was taken away; where the product has one of that name, that is shown again."""
        config = self._runtime.config
        self._local.pop(wall, None)
        if config is not None:
            rows = {name: row for name, row in config.walls.items() if name != wall}
            self._runtime.config = replace(config, walls=rows)
        self._tell(wall, "state", self.state(wall).model_dump(mode="json"))

    def standing(self, wall: str) -> Standing:
        """How a wall stands; the caller has seen that there is one of that name."""
        return self._standing.setdefault(wall, Standing())

    async def run(self) -> None:
        """Judge the displays and keep what changed, until cancelled."""
        self._store = _store(self._runtime.state_folder)
        await self._read_local()
        for wall, text in (await asyncio.to_thread(self._store.read)).items():
            try:
                kept = Kept.model_validate_json(text)
            except ValidationError as error:
                log.warning("how the wall '%s' stood cannot be read: %s", wall, error)
                continue
            if wall not in self._standing:
                self._standing[wall] = Standing(kept)
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._changed.wait()
                except TimeoutError:
                    self.displays.look(self._runtime.ingest.clock())
                    self._forget()
                    continue
                self._changed.clear()
                await self._keep()
        finally:
            await asyncio.shield(self._close())

    async def _read_local(self) -> None:
        """The walls that were written for a campus without a folder."""
        local, mistakes = await asyncio.to_thread(WallSource(self._runtime).local)
        for mistake in mistakes:
            log.warning("a wall that was edited here cannot be shown: %s", mistake)
        self._local = {**local, **self._local}

    async def _close(self) -> None:
        await self._keep()
        await asyncio.to_thread(self._store.close)

    async def _keep(self) -> None:
        walls, self._unkept = self._unkept, set()
        for wall in walls:
            text = self.standing(wall).kept.model_dump_json()
            await asyncio.to_thread(self._store.keep, wall, text, self._runtime.ingest.clock())

    def _forget(self) -> None:
        """Screens that are gone show nothing."""
        for wall, standing in self._standing.items():
            here = {d.beat.screen for d in self.displays.known.values() if d.beat.wall == wall and d.state != "gone"}
            if gone := [screen for screen in standing.now if screen not in here]:
                for screen in gone:
                    del standing.now[screen]
                self._tell(wall, "state", self.state(wall).model_dump(mode="json"))

    # ---- what is said to the screens and to those who control them

    def state(self, wall: str) -> WallStateOut:
        """How a wall stands, as it is told."""
        standing, written = self.standing(wall), self.walls().get(wall)
        kept, telling = standing.kept, self._runtime.tours.on_wall(wall)
        return WallStateOut(
            version=standing.version, written=self._sign(standing, written), time=utc(self._runtime.ingest.clock()),
            lang=kept.lang or (written.lang if written else "zh"),
            theme=kept.theme or (written.theme if written else "dark"), selection=kept.selection,
            held=kept.held, by=kept.by, changed=instant(kept.changed), now=standing.now,
            telling=None if telling is None else WallTelling(id=telling.id, tour=telling.tour.id),
        )  # fmt: skip

    def _sign(self, standing: Standing, wall: Wall | None) -> str:
        """Eight hex digits, others when a wall was written anew: its screens then load it. '' where it is gone."""
        if wall is None:
            return ""
        if wall is not standing.written[0]:
            standing.written = (wall, hashlib.sha256(repr(wall).encode()).hexdigest()[:8])
        return standing.written[1]

    def control(self, wall: Wall, given: ControlIn, who: str) -> WallStateOut:
        """Do what somebody wants; ControlError says why it cannot be."""
        screens = [given.screen] if given.screen else list(wall.screens)
        if given.screen and given.screen not in wall.screens:
            raise ControlError(f"the wall '{wall.id}' has no screen '{given.screen}': it has {', '.join(wall.screens)}")
        standing = self.standing(wall.id)
        kept = standing.kept
        match given.do:
            case "hold":
                kept.held = sorted({*kept.held, *screens})
            case "resume":
                kept.held = [screen for screen in kept.held if screen not in screens]
            case "lang" | "theme":
                self._choose(kept, given)
            case "select":
                if given.value and given.value not in self._runtime.index:
                    raise ControlError(f"there is no '{given.value[:100]}' in the campus: see /api/v1/buildings")
                kept.selection = given.value
            case "scene":
                if given.value not in wall.scenes:
                    raise ControlError(f"the wall '{wall.id}' has no scene '{given.value}': {', '.join(wall.scenes)}")
        kept.by, kept.changed = who, self._runtime.ingest.clock()
        standing.version += 1
        self._unkept.add(wall.id)
        self._changed.set()
        if given.do in ("scene", "next", "back", "reload"):
            self._step += 1
            body = {"step": self._step, "do": given.do, "screens": screens, "value": given.value, "by": who}
            self._tell(wall.id, "do", body)
        state = self.state(wall.id)
        self._tell(wall.id, "state", state.model_dump(mode="json"))
        return state

    def touch(self, wall: str) -> None:
        """Tell how a wall stands: a tour took it, or gave it back."""
        self.standing(wall).version += 1
        self._tell(wall, "state", self.state(wall).model_dump(mode="json"))

    def _choose(self, kept: Kept, given: ControlIn) -> None:
        allowed = ("zh", "en") if given.do == "lang" else ("dark", "light")
        if given.value not in allowed:
            raise ControlError(f"'{given.value[:40]}' is no {given.do}: choose {' or '.join(allowed)}")
        setattr(kept, given.do, given.value)

    def beat(self, id_: str, beat: BeatIn, *, registered: bool) -> Display | None:
        """A display's sign of life; those who control its wall see what it shows."""
        display = self.displays.take(id_, beat, self._runtime.ingest.clock(), registered=registered)
        if beat.wall not in self.walls():
            return display
        standing = self.standing(beat.wall)
        shown = {"scene": beat.scene, "incident": beat.incident, "held": beat.held}
        if display is None:
            shown = {}
        if standing.now.get(beat.screen, {}) != shown:
            if shown:
                standing.now[beat.screen] = shown
            else:
                standing.now.pop(beat.screen, None)
            self._tell(beat.wall, "state", self.state(beat.wall).model_dump(mode="json"))
        return display

    def listen(self, wall: str) -> asyncio.Queue[bytes]:
        """A queue that gets every event from now on, beginning with how the wall stands."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        queue.put_nowait(event("state", self.state(wall).model_dump(mode="json")))
        self.standing(wall).listeners.add(queue)
        return queue

    def leave(self, wall: str, queue: asyncio.Queue[bytes]) -> None:
        """Nobody reads it any more."""
        self.standing(wall).listeners.discard(queue)

    def _tell(self, wall: str, name: str, body: object) -> None:
        data = event(name, body)
        for queue in list(self.standing(wall).listeners):
            if queue.full():
                self.leave(wall, queue)
                queue.get_nowait()
                queue.put_nowait(b"")  # the end
            else:
                queue.put_nowait(data)


def _store(folder: Path | None) -> TextStore:
    return TextStore(folder, "displays.sqlite", "wall", "how the walls stand")


def event(name: str, body: object) -> bytes:
    """A server-sent event."""
    return f"event: {name}\ndata: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def build_of(viewer: int) -> str:
    """What pages are made of, as eight hex digits: the viewer's build and every file of assets/."""
    digest = hashlib.sha256(str(viewer).encode())
    for path in sorted(path for path in ASSETS.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
