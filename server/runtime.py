"""Everything that one served campus needs, built once: tree, scene files, live state, sources, streams.

``build_runtime`` reads a campus folder, or generates the demo campus and keeps it in the cache. Nothing runs before
``start``, which the server calls when it begins to listen.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import viewer
from datasources.runner import SourceConfig, SourceState, Supervisor
from datasources.simulator import Settings
from datasources.simulator_drills import Drills
from models3d import tiles
from models3d.campus import Assembled
from server.accounts.accounts import Accounts
from server.alarms import AlarmDesk, open_desk
from server.built import demo, demo_life, demo_timetable, scene_of
from server.campus_folder import StartError, egress_points, furnished, read_campus
from server.chronicle import Chronicle
from server.drill_desk import open_drills
from server.environment import allowed_hosts, cache_folder
from server.feed import feed
from server.files import Bundle
from server.forecasts import Forecaster
from server.impact_board import ImpactBoard
from server.incidents import IncidentDesk, open_incidents
from server.kpi_memory import remember
from server.late import late_of
from server.live import Hub
from server.outside import Outside, open_outside
from server.owner import Owner
from server.past import Archive, open_recorder
from server.past_contract import Past
from server.push_gate import Gate, open_gates
from server.reports import Reporter, owner_report
from server.reports_schedule import Scheduler
from server.simulated_past import Length, Simulated, demo_entry, fill
from server.tour_desk import TourDesk
from server.wall_desk import WallDesk
from server.wiring import WiringBoard
from twin.alarms.rule_file import default_rules
from twin.config import CampusConfig
from twin.config_history import HistoryEntry
from twin.config_kpis import Kpis as Given
from twin.history.contract import HistoryError
from twin.history.recorder import Recorder
from twin.history.store import SqlStore
from twin.index import SpaceIndex
from twin.ingest import Ingest
from twin.kpi import Kpis
from twin.links import Links
from twin.live import LiveState
from twin.mistake import Mistake
from twin.occupancy.watch import PeopleWatch
from twin.quality.engine import Inspector
from twin.search import Search
from twin.slots import SlotTree
from twin.topology import Topology
from twin.topology_meters import Meter

log = logging.getLogger(__name__)


DEMO_SPACES = 20_000
DEMO_SEED = 1
SWITCH_S = 0.0005
"""How long a thread may go on while another one waits for its turn [s]."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Whether what the campus folder says is what runs.

    ``state``: applied; refused (``mistakes`` stand in it, what ran before goes on); restart (it changes what is read at
    the start only). ``message`` in words, ``since`` [s since epoch].
    """

    state: Literal["applied", "refused", "restart"]
    message: str
    since: float
    mistakes: tuple[Mistake, ...] = ()


@dataclass(slots=True)
class Runtime:
    """A campus as served. ``build_id`` is the viewer's; ``hosts`` may be asked for besides loopback names.

    ``live``, ``ingest``, ``watch``, ``people``, ``topology``, ``meters`` and ``links`` are others after points came or
    went: ask for them each time. ``configuration`` is None where there is no campus folder; ``background`` runs as
    long as the server does.
    ``egress`` are the points of the campus's way out, where campus.yaml names them.
    ``past`` answers what was, ``recorder`` keeps it, ``forecasts`` learn from it: None where no history is kept,
    ``history_trouble`` says why if that is not meant.
    ``config`` is the campus folder's, None for the demo; ``accepted`` are the (source, address) that were mapped and
    wait to be read. ``state_folder`` is where the server keeps what is its own, None for a command that only asks;
    ``alarms`` and ``incidents`` are None while a recording is played; ``accounts`` says who may sign in,
    ``desks`` are what other parts of the server keep open, by name, ``drills`` what trainers bring about, by simulator.
    """

    assembled: Assembled
    index: SpaceIndex
    search: Search
    scene: tiles.SceneFiles
    live: LiveState
    ingest: Ingest
    supervisor: Supervisor
    hub: Hub
    watch: Inspector
    people: PeopleWatch
    topology: Topology
    meters: dict[str, Meter]
    links: Links
    wiring: WiringBoard
    kpis: Kpis
    bundle: Bundle
    build_id: int
    models: Path
    egress: Sequence[str] = ()
    gates: list[Gate] = field(default_factory=list)
    hosts: tuple[str, ...] = ()
    any_host: bool = False
    config: CampusConfig | None = None
    state_folder: Path | None = None
    alarms: AlarmDesk | None = None
    incidents: IncidentDesk | None = None
    accepted: set[tuple[str, str]] = field(default_factory=set)
    started: float = field(default_factory=time.time)
    ready: bool = False
    configuration: Configuration | None = None
    past: Past | None = None
    recorder: Recorder | None = None
    history_trouble: str = ""
    forecasts: Forecaster | None = None
    reports: Reporter = field(init=False)
    impacts: ImpactBoard = field(init=False)
    walls: WallDesk = field(init=False)
    tours: TourDesk = field(init=False)
    background: list[tuple[str, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    accounts: Accounts | None = None
    desks: dict[str, object] = field(default_factory=dict)
    drills: dict[str, Drills] = field(default_factory=dict)
    outside: Outside | None = None
    _hub_task: asyncio.Task[None] | None = None
    _background_tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _watch_task: asyncio.Task[None] | None = None
    _people_task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.reports = Reporter(self)
        self.impacts = ImpactBoard(self)
        self.walls = WallDesk(self)
        self.tours = TourDesk(self)

    @property
    def given(self) -> Given | None:
        """What campus.yaml gives for the figures."""
        return self.config.file.kpis if self.config is not None else None

    def keep_history(self, entry: HistoryEntry, base: Path, first: Callable[[SqlStore], object] | None = None) -> None:
        """Keep what comes, in the folder that ``entry`` names below ``base``; ``first`` is done with the historian."""
        if not entry.keep:
            return
        try:
            campus, folder = self.assembled.campus, base / entry.folder
            self.recorder = open_recorder(entry, base, ZoneInfo(campus.timezone), self.ingest.clock, first)
        except HistoryError as error:
            self.history_trouble = str(error)
            log.error("no history is kept: %s", error)
            return
        self.past = Archive(self.recorder, lambda: self.live)
        door = Owner(folder, self.recorder, campus.id, lambda store, asked: owner_report(self, store, asked))
        self.background.append(("the door for export, backup and reports", door.run))
        self.background.append(("the chronicle of what happens", Chronicle(self, self.recorder).run))
        self.forecasts = Forecaster(self, self.recorder, folder / "models")
        self.background.append(("the forecasts", self.forecasts.run))
        self.record()

    @property
    def ending(self) -> bool:
        """Whether its history is being closed: whatever takes long ends now."""
        return self.recorder is not None and self.recorder.ending

    def record(self) -> None:
        """Have the recorder follow the live state, ingest and estimates of now."""
        recorder = self.recorder
        if recorder is not None:
            recorder.follow(self.live)
            self.ingest.listeners.append(lambda judged: recorder.take(judged.rows, judged.applied.duplicate))
            self.people.listeners.append(recorder.take)

    def sources(self) -> list[SourceState]:
        """The state of each source."""
        return self.supervisor.states()

    def model_file(self, name: str) -> Path | None:
        """The model file of that name; the caller has checked the form of the name."""
        path = self.models / name
        return path if path.is_file() else None

    async def start(self) -> None:
        """Start the live streams and the sources."""
        # Checks and estimates run in threads: at Python's 5 ms the loop, which lets go at every read of a socket, waits
        # so long each time to go on, and live values 0.3 s for a check of 0.16 s.
        sys.setswitchinterval(SWITCH_S)
        self._hub_task = asyncio.create_task(self.hub.run(), name="live hub")
        self._hub_task.add_done_callback(_report_death)
        self._begin_watch()
        self._begin_people()
        if self.recorder is not None:
            self.recorder.start()
        await self.supervisor.start()
        work = [
            *self.background,
            ("the memory of the KPIs", lambda: remember(self)),
            ("the look-out for changes of the wiring", lambda: self.wiring.run(self)),
            ("the walls and their displays", self.walls.run),
            ("the tours under way", self.tours.run),
        ]
        self._background_tasks = [asyncio.create_task(_run(name, task)) for name, task in work]
        self.started = time.time()
        self.ready = True

    def _begin_watch(self) -> None:
        self._watch_task = asyncio.create_task(self.watch.run(), name="checks of the data")
        self._watch_task.add_done_callback(_report_death)

    def _begin_people(self) -> None:
        self._people_task = asyncio.create_task(self.people.run(), name="estimate of people")
        self._people_task.add_done_callback(_report_death)

    async def change_people(self, people: PeopleWatch) -> None:
        """From now on ``people`` estimates; it goes on with what was learned."""
        before, self.people = self.people, people
        if self._people_task is not None:
            self._people_task.cancel()
            await asyncio.gather(self._people_task, return_exceptions=True)
            await asyncio.to_thread(before.remember)
            self._begin_people()

    async def change_watch(self, watch: Inspector) -> None:
        """From now on ``watch`` looks after the data; it goes on with what was learned and found."""
        before, self.watch = self.watch, watch
        watch.ledger.carry_over(before.ledger, self.ingest.clock())
        if self._watch_task is not None:
            self._watch_task.cancel()
            await asyncio.gather(self._watch_task, return_exceptions=True)
            await asyncio.to_thread(before.remember)
            self._begin_watch()

    async def stop(self) -> None:
        """Stop the sources and the live streams."""
        self.ready = False
        for task in self._background_tasks:
            task.cancel()
        await asyncio.gather(*self._background_tasks, return_exceptions=True)
        await self.supervisor.stop()
        for gate in self.gates:  # what was acknowledged is not lost
            if left := gate.inbox.take(len(gate.inbox)):
                self.ingest.accept(left, gate.name)
                gate.inbox.settle(len(left))
        tasks = [task for task in (self._hub_task, self._watch_task, self._people_task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._hub_task = self._watch_task = self._people_task = None
        await asyncio.to_thread(self.watch.remember)
        await asyncio.to_thread(self.people.remember)
        if self.recorder is not None:
            await asyncio.to_thread(self.recorder.stop)


def _report_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("the %s died: nobody gets its news any more", task.get_name(), exc_info=task.exception())


async def _run(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:
        log.critical("%s died", name, exc_info=True)


def build_runtime(
    folder: Path | None = None,
    cache: Path | None = None,
    *,
    spaces: int = DEMO_SPACES,
    seed: int = DEMO_SEED,
    role: str = "all",
    clock: Callable[[], float] = time.time,
    past_days: float = 0.0,
    mains_days: float = 0.0,
    keep_history: bool = True,
) -> Runtime:
    """The runtime of the campus in ``folder``, or of the demo campus.

    ``spaces`` and ``seed`` shape the demo; where its history is new, that begins ``past_days`` [days] ago, that of its
    main meters ``mains_days``. Without ``keep_history`` the history is left alone: for a command that asks it
    otherwise.
    StartError says what is wrong with a folder, all of it.
    """
    if role != "all":
        raise StartError(f"--role {role}: the parts run in one process so far: use --role all")
    cache = cache_folder() if cache is None else cache
    if folder is None:
        assembled, key = demo(cache, seed, spaces)
        assembled.timetable = demo_timetable(assembled, seed, clock())
        names = sorted({point.source for point in assembled.points if point.source})
        sources = [SourceConfig(name, "simulator", demo_life(seed)) for name in names]
        runtime = runtime_of(assembled, sources, cache, key=key, clock=clock)
        runtime.state_folder = cache / "demo" / f"{seed}-{spaces}" / "state"
        if not keep_history:
            return runtime
        settings = Settings.model_validate(demo_life(seed), context={"cache": cache})
        open_desk(runtime, default_rules(), runtime.state_folder)
        open_incidents(runtime, runtime.state_folder)
        open_outside(runtime)
        open_drills(runtime)
        simulated, length = Simulated(settings, assembled, runtime.live), Length(past_days, mains_days)
        runtime.keep_history(
            demo_entry(assembled.points), cache / "demo" / f"{seed}-{spaces}",
            lambda store: fill(store, simulated, length, clock, lambda: not runtime.ending),
        )  # fmt: skip
        return runtime
    from server.reload import Reloader, look

    seen = look(folder)
    read = read_campus(folder, cache)
    runtime = runtime_of(read.assembled, read.sources, cache, clock=clock, egress=egress_points(read.config))
    runtime.config = read.config
    runtime.state_folder = folder / "state"
    runtime.kpis.follow(runtime.kpis.basis(runtime.live, runtime.topology, read.config.file.kpis))
    reloader = Reloader(runtime, read.config, cache, seen)
    runtime.background.append(("the look-out for changes of the campus folder", reloader.run))
    if keep_history:
        open_desk(runtime, read.config.alarms, runtime.state_folder)
        open_incidents(runtime, runtime.state_folder)
        open_outside(runtime, read.config.file)
        open_drills(runtime)
        runtime.keep_history(read.config.file.history, folder)
        runtime.background.append(("the reports that are written by themselves", Scheduler(runtime, folder).run))
    return runtime


def runtime_of(
    assembled: Assembled,
    sources: Sequence[SourceConfig],
    cache: Path,
    *,
    key: str = "",
    clock: Callable[[], float] = time.time,
    egress: Sequence[str] = (),
) -> Runtime:
    """The runtime of a campus that is assembled already, with its sources. ``key`` names its content, '' = find out;
    ``egress`` are the points of its way out, where campus.yaml names them.
    """
    models = cache / "models"
    scene = scene_of(assembled, models, key)
    index = SpaceIndex(assembled.campus)
    tree = SlotTree.of(assembled.campus, tiles.slots(assembled.campus))
    drills: dict[str, Drills] = {}
    sources = furnished(sources, cache, drills=drills)
    fed = feed(assembled, tree, sources, cache, clock, egress)
    # The ingest is looked up for each batch: it is another one after points came or went.
    wiring = WiringBoard()
    supervisor = Supervisor(
        sources, assembled.points, lambda name, batch: runtime.ingest.accept(batch, name), clock=clock,
        wiring=lambda name, told: wiring.take(name, told, clock()),
        late=late_of(lambda: runtime),
    )  # fmt: skip
    bundle = Bundle(viewer.DIST)
    build = viewer.BUILD_ID
    runtime = Runtime(
        assembled=assembled, index=index, search=Search(index), scene=scene, live=fed.live, ingest=fed.ingest,
        supervisor=supervisor, hub=Hub(fed.live, build, links=fed.links), watch=fed.watch, people=fed.people,
        topology=fed.topology, meters=fed.meters, links=fed.links, wiring=wiring,
        kpis=Kpis(assembled.campus, fed.live, fed.topology), bundle=bundle, build_id=build, models=models,
        egress=egress, gates=open_gates(sources, assembled.points), hosts=allowed_hosts(), drills=drills,
    )  # fmt: skip
    return runtime
