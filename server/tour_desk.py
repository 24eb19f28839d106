"""The desk of running tours: tellings begin, are led from a phone or run by themselves, are told to all who look on.

One guide holds the baton, and a wall shows one telling. Everything happens on the event loop; only the file is written
in a thread. A telling that nobody looks at ends, and gives its wall back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from server.schemas_tours import ActIn, BeginIn, PictureOut
from server.text_store import TextStore
from server.tour_acts import TellingError, act
from server.tour_picture import facts_now, picture_of
from server.tour_telling import Ear, KeptTelling, Telling, kept_of, new_code, telling_of
from twin.tours.conductor import ActError, Under, begin, go_on, leave, leave_out, tick, touch
from twin.tours.plan import plan_of, skips_now
from twin.tours.tour import Step, Tour
from twin.tours.tour_files import default_tours

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

LOOK_S = 0.5
REFRESH_S = 5.0
"""How often the figures of a live step are told anew, and what is left out is looked at [s]."""
READY_S = 300.0
"""How long a picture of the past that was made ahead is good [s]."""
FORGET_S, FORGET_LED_S = 60.0, 900.0
"""A telling that no screen and no guide looks at for so long is over [s]; one that is led waits for its guide."""
MOST, MOST_ALONE = 50, 40
"""Tellings at once; of them those that nobody leads."""
MOST_LISTENERS = 500


class TourDesk:
    """All tours of a runtime, and those under way."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.tellings: dict[str, Telling] = {}
        self._store = self._file(None)
        self.ended: list[Callable[[Telling], None]] = []
        self._unkept: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- tours

    @property
    def own(self) -> bool:
        """Whether the campus has tours of its own."""
        config = self._runtime.config
        return config is not None and bool(config.tours)

    def tours(self) -> Mapping[str, Tour]:
        """The tours of now: those of the campus folder, else the product's own."""
        config = self._runtime.config
        return config.tours if config is not None and config.tours else default_tours()

    # ---- tellings

    def by_code(self, code: str) -> Telling | None:
        """The telling that visitors follow by a code; capitals or not."""
        wanted = code.upper()
        return next((each for each in self.tellings.values() if each.code == wanted), None)

    def on_wall(self, wall: str) -> Telling | None:
        """The telling that has a wall."""
        return next((each for each in self.tellings.values() if each.wall == wall), None)

    async def begin(self, tour: Tour, given: BeginIn, guide: str) -> Telling:
        """A new telling, led by ``guide`` ('' nobody); ActError and TellingError say why it cannot be."""
        alone = sum(not each.under.holder for each in self.tellings.values())
        if len(self.tellings) >= MOST or (not guide and alone >= MOST_ALONE):
            raise TellingError("full", "too many tours are under way: end one")
        now = self._runtime.ingest.clock()
        skips = skips_now(tour, self._runtime.index, await facts_now(self._runtime, tour))
        under = begin(plan_of(tour), guide, now, minutes=given.minutes, skips=skips)
        code = new_code()
        while self.by_code(code) is not None:
            code = new_code()
        lang = given.lang if given.lang in tour.languages else tour.languages[0]
        guides = (guide,) if guide else ()
        telling = Telling(
            secrets.token_urlsafe(12), code, tour, replace(under, guides=guides), lang, seen=now, begun=now
        )
        telling.visit = given.visit if guide else ""
        self.tellings[telling.id] = telling
        self._changed(telling)
        await self._show(telling)
        return telling

    async def act(self, telling: Telling, given: ActIn, who: str) -> None:
        """What ``who`` does (SCREEN: at the screen itself); ActError and TellingError say why it cannot be."""
        now = self._runtime.ingest.clock()
        wall = telling.wall
        before = telling.under
        over = act(self._runtime, telling, given, who, now)
        if over:
            self.end(telling)
            return
        await self._after(telling, before, now, acted=given.do != "touch")
        if telling.wall != wall:
            self._tell_walls(wall, telling.wall)

    def end(self, telling: Telling) -> None:
        """It is over: whoever looks on is told, and its wall is given back."""
        self.tellings.pop(telling.id, None)
        self._unkept.add(telling.id)
        telling.close()
        self._tell_walls(telling.wall)
        for tell in self.ended:
            tell(telling)

    def _tell_walls(self, *walls: str) -> None:
        for wall in walls:
            if wall:
                self._runtime.walls.touch(wall)

    def listen(self, telling: Telling, ear: Ear, who: str) -> asyncio.Queue[bytes]:
        """A queue that gets every event of a telling from now on."""
        return telling.listen(ear, who, self._runtime.ingest.clock())

    # ---- as time goes on

    async def run(self) -> None:
        """Go on with what was under way, until cancelled."""
        self._store = self._file(self._runtime.state_folder)
        for text in (await asyncio.to_thread(self._store.read)).values():
            await self._take_up(text)
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    await self.look()
                except Exception:
                    log.exception("the tours under way could not go on")  # the next look may
                await self._keep()
        finally:
            await asyncio.shield(self._close())

    async def look(self) -> None:
        """What time does: steps of tellings that nobody leads, going back to the beginning, fresh figures, the end."""
        now = self._runtime.ingest.clock()
        for telling in list(self.tellings.values()):
            self._follow_files(telling, now)
            before = telling.under
            telling.under = self._aged(telling, now)
            if any(ear != "follower" for ear, _ in telling.listeners.values()):
                telling.seen = now
            elif now - telling.seen > (FORGET_LED_S if telling.under.holder else FORGET_S):
                self.end(telling)
                continue
            if now - telling.skipped >= REFRESH_S and telling.listeners:
                telling.skipped = now
                skips = skips_now(telling.tour, self._runtime.index, await facts_now(self._runtime, telling.tour))
                telling.under = leave_out(telling.under, skips)
            await self._after(telling, before, now)

    def _aged(self, telling: Telling, now: float) -> Under:
        under = telling.under
        if under.holder and telling.here(under.holder):
            return touch(under, under.holder, now)
        aged = tick(under, now)
        if aged is not under:
            return leave(aged, aged.holder, now) if aged.holder else aged
        alone = not under.holder and under.held is None and under.phase != "ended" and telling.listeners
        return go_on(under, "", now) if alone and under.elapsed(now) >= under.stop.dwell_s else under

    async def _after(self, telling: Telling, before: Under, now: float, *, acted: bool = False) -> None:
        """Tell what is another than ``before``."""
        under = telling.under
        if before.holder and not under.holder and telling.wall:  # nobody leads any more
            wall, telling.wall = telling.wall, ""
            self._tell_walls(wall)
        if under.plan is not before.plan or (under.at, under.phase) != (before.at, before.phase):
            await self._show(telling)
            self._changed(telling)
            return
        if acted or replace(under, touched=0.0) != replace(before, touched=0.0):
            telling.tell_state(now)
            self._changed(telling)
        elif under.warns(now) != telling.warned:
            telling.tell_state(now)
        if telling.listeners and now - telling.refreshed >= REFRESH_S and self._step(telling).moment.live:
            telling.refreshed = now
            self._later(self._tell_picture(telling, telling.wanted))

    def _follow_files(self, telling: Telling, now: float) -> None:
        """Its file was written anew: go on with what it says now."""
        tour = self.tours().get(telling.tour.id)
        if tour is telling.tour:
            return
        if tour is None:
            log.info("the tour '%s' is gone: a telling of it goes on as it was", telling.tour.id)
            return
        fresh = telling_of(kept_of(telling), tour, plan_of(tour))
        telling.ready.clear()
        if fresh is not None:
            telling.tour, telling.under = tour, fresh.under
            return
        try:
            under = begin(plan_of(tour), telling.under.holder, now)
        except ActError:
            return
        telling.tour, telling.under = tour, replace(under, guides=telling.under.guides)

    # ---- pictures

    def _step(self, telling: Telling) -> Step:
        return telling.tour.steps[telling.under.at]

    async def _show(self, telling: Telling) -> None:
        """Tell that another step stands, and what it shows: at once where that was made ahead."""
        now = self._runtime.ingest.clock()
        telling.wanted += 1
        telling.tell_state(now)
        step = self._step(telling)
        made = telling.ready.get(step.id)
        if made is not None and now - made[0] < READY_S:
            telling.tell_picture(made[1])
        elif step.moment.live:
            await self._tell_picture(telling, telling.wanted)
        else:
            self._later(self._tell_picture(telling, telling.wanted))
        telling.refreshed = now
        self._later(self._ahead(telling))

    async def _tell_picture(self, telling: Telling, wanted: int) -> None:
        picture = await self._make(telling, self._step(telling))
        if telling.wanted == wanted and telling.id in self.tellings:
            telling.tell_picture(picture)

    async def _make(self, telling: Telling, step: Step) -> PictureOut:
        facts = await facts_now(self._runtime, telling.tour)
        picture = await picture_of(self._runtime, telling.tour, step, facts)
        if not step.moment.live:
            telling.ready[step.id] = self._runtime.ingest.clock(), picture
        return picture

    async def _ahead(self, telling: Telling) -> None:
        """Make the pictures of the past that come next, so that nobody waits for them."""
        under, now = telling.under, self._runtime.ingest.clock()
        for n in [n for n in under.path if n > under.at][:2]:
            step = telling.tour.steps[n]
            made = telling.ready.get(step.id)
            if not step.moment.live and (made is None or now - made[0] > READY_S / 2):
                await self._make(telling, step)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the picture of a step could not be made", exc_info=error)

    # ---- kept over a restart

    def _file(self, folder: Path | None) -> TextStore:
        return TextStore(folder, "tours.sqlite", "telling", "which tours are under way")

    def _changed(self, telling: Telling) -> None:
        self._unkept.add(telling.id)

    async def _take_up(self, text: str) -> None:
        try:
            kept = KeptTelling.model_validate_json(text)
        except ValidationError as error:
            log.warning("a tour that was under way cannot be read: %s", error)
            return
        tour = self.tours().get(kept.tour)
        telling = None if tour is None else telling_of(kept, tour, plan_of(tour))
        if telling is None or kept.id in self.tellings:
            self._unkept.add(kept.id)
            return
        telling.seen = self._runtime.ingest.clock()
        self.tellings[telling.id] = telling
        await self._show(telling)

    async def _keep(self) -> None:
        now = self._runtime.ingest.clock()
        unkept, self._unkept = self._unkept, set()
        for id_ in unkept:
            telling = self.tellings.get(id_)
            text = None if telling is None else kept_of(telling).model_dump_json()
            await asyncio.to_thread(self._store.keep, id_, text, now)

    async def _close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self._keep()
        await asyncio.to_thread(self._store.close)
