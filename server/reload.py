"""Changes of the campus folder while it is served: checked first, then taken over without a restart.

Every few seconds the folder's small text files are looked at. What they say is checked as ``check`` does; with a
mistake everything goes on as it was, and the mistakes are told. Without one only the sources that changed end or begin,
and points come and go while the values of the others stay. Buildings are read at the start only.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from datasources.contract import settings_model
from datasources.runner import SourceConfig
from models3d import tiles
from server.campus_folder import Read, StartError, egress_points, furnished, read_campus
from server.feed import Feed, feed
from server.outside import follow_outside
from server.push_gate import Gate, open_gates
from server.runtime import Configuration, Runtime
from twin.config import CampusConfig, read_campus_config
from twin.index import SpaceIndex
from twin.kpi import Basis
from twin.live import Index
from twin.mistake import Mistake
from twin.point import Point
from twin.search import Search
from twin.slots import SlotTree

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often the folder is looked at; a change counts once it was the same twice."""
SUFFIXES = (".yaml", ".yml", ".csv")
OUR_OWN = ".labels.csv"
MAX_FILES = 5000
DEPTH = 3

State = Literal["applied", "refused", "restart"]
Seen = dict[str, tuple[int, int, int]]


def look(folder: Path) -> Seen:
    """The folder's small text files: time [ns], size [bytes] and inode of each, by path."""
    return dict(_files(folder, DEPTH))


def _files(folder: Path, depth: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)[:MAX_FILES]
    except OSError:
        return  # gone, or not to be read: the check says so
    for entry in found:
        try:
            if entry.is_dir(follow_symlinks=False):
                if depth > 1 and not entry.name.startswith("."):
                    yield from _files(Path(entry.path), depth - 1)
            elif entry.name.endswith(SUFFIXES) and not entry.name.endswith(OUR_OWN):
                stat = entry.stat()
                yield entry.path, (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            continue


class Reloader:
    """Looks after one campus folder. ``config`` is what runs."""

    def __init__(self, runtime: Runtime, config: CampusConfig, cache: Path, seen: Seen, look_s: float = LOOK_S) -> None:
        """``seen`` is how the folder looked before ``config`` was read."""
        self._runtime = runtime
        self._config = config
        self._cache = cache
        self._look_s = look_s
        self._seen = seen
        runtime.configuration = Configuration("applied", "as it was at the start", runtime.ingest.clock())

    async def run(self) -> None:
        """Look, and take over what changed, until cancelled."""
        before = self._seen
        while True:
            await asyncio.sleep(self._look_s)
            now = await asyncio.to_thread(look, self._config.folder)
            if now == before and now != self._seen:
                self._seen = now
                try:
                    await self.reload()
                except Exception as error:
                    # What is served must not end with a reload that failed.
                    log.exception("the changed configuration could not be taken over")
                    self._say("refused", f"it could not be taken over, see the log: {type(error).__name__}: {error}")
            before = now

    async def reload(self) -> None:
        """Check what the folder says, and take it over if nothing is wrong with it."""
        found = await asyncio.to_thread(self._read)
        if isinstance(found, Configuration):
            self._say(found.state, found.message, found.mistakes)
            return
        if found is None:
            if self._runtime.configuration is not None and self._runtime.configuration.state != "applied":
                self._say("applied", "it is again as it was")
            return
        if isinstance(found, CampusConfig):  # nothing that is fed or drawn from a model: all goes on
            self._runtime.config = self._config = found
            self._say("applied", "the walls")
            return
        read, prepared = found
        message = await apply(self._runtime, read, prepared)
        self._config = read.config
        self._say("applied", message)

    def _read(self) -> tuple[Read, Prepared] | CampusConfig | Configuration | None:
        """What is to be taken over, the configuration alone where only walls changed; None where nothing changed; why
        it is not."""
        now = self._runtime.ingest.clock()
        config, mistakes = read_campus_config(self._config.folder, settings_model)
        errors = [mistake for mistake in mistakes if mistake.severity == "error"]
        if config is None or errors:
            message = f"campus.yaml or its tables have {len(errors)} mistakes: what ran before goes on"
            return Configuration("refused", message, now, tuple(mistakes))
        if config == self._config:
            return None
        if replace(config, walls=self._config.walls, warnings=self._config.warnings) == self._config:
            return config
        kept = ("campus", "models", "ground", "accounts")
        changed = [name for name in kept if getattr(config.file, name) != getattr(self._config.file, name)]
        if changed:
            message = f"{', '.join(changed)} of campus.yaml changed: start the program again to see that"
            return Configuration("restart", message, now, tuple(mistakes))
        try:
            read = read_campus(config.folder, self._cache, config)
        except StartError as error:
            return Configuration("refused", str(error), now)
        if tuple(tiles.slots(read.assembled.campus)) != self._runtime.live.tree.ids:
            return Configuration("restart", "a model file changed: start the program again to see that", now)
        return read, prepare(self._runtime, read, self._cache)

    def _say(self, state: State, message: str, mistakes: Sequence[Mistake] = ()) -> None:
        if state == "applied":
            log.info("the campus folder changed: %s", message)
        else:
            log.error("the campus folder changed: %s", "\n".join([message, *map(str, mistakes)]))
        now = self._runtime.ingest.clock()
        self._runtime.configuration = Configuration(state, message, now, tuple(mistakes))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is built beside the running one: the rows ``here`` of its points were the rows ``there`` before."""

    sources: list[SourceConfig]
    gates: list[Gate]
    fed: Feed
    basis: Basis
    here: Index
    there: Index
    before: tuple[Point, ...]
    found: tuple[SpaceIndex, Search] | None
    """Index and search, where equipment came or went."""


def prepare(runtime: Runtime, read: Read, cache: Path) -> Prepared:
    """Build the new state; it takes a while for many points, so not on the event loop."""
    points, old = read.assembled.points, runtime.live
    sources = furnished(read.sources, cache, runtime.gates, runtime.drills)
    tree = SlotTree.of(read.assembled.campus, old.tree.ids)
    assembled = read.assembled
    edges = runtime.wiring.merge(assembled.topology, assembled.campus, points).edges
    fed = feed(assembled, tree, sources, cache, runtime.ingest.clock, egress_points(read.config), edges)
    pairs = [
        (row, was)
        for row, point in enumerate(fed.live.points)
        if (was := old.index.get(point.id)) is not None and old.points[was].signal == point.signal
    ]
    rows = np.array(pairs, np.intp).reshape(-1, 2)
    campus = read.assembled.campus
    same = campus.equipment == runtime.assembled.campus.equipment
    index = None if same else SpaceIndex(campus)
    found = None if index is None else (index, Search(index))
    gates = open_gates(sources, points)
    basis = runtime.kpis.basis(fed.live, fed.topology, read.config.file.kpis)
    return Prepared(sources, gates, fed, basis, rows[:, 0], rows[:, 1], old.points, found)


async def apply(runtime: Runtime, read: Read, new: Prepared) -> str:
    """Take the new state over; what changed, in words."""
    gone = {gate.name: gate for gate in runtime.gates}
    for gate in new.gates:
        gone.pop(gate.name, None)
    for name, gate in gone.items():  # what was acknowledged is not lost
        gate.inbox.close()
        if left := gate.inbox.take(len(gate.inbox)):
            runtime.ingest.accept(left, name)
            gate.inbox.settle(len(left))
    fed = new.fed
    fed.live.carry_over(runtime.live, new.here, new.there)
    fed.ingest.carry_over(runtime.ingest, new.here, new.there)
    runtime.live, runtime.ingest, runtime.gates = fed.live, fed.ingest, new.gates
    runtime.topology, runtime.meters, runtime.links = fed.topology, fed.meters, fed.links
    runtime.kpis.follow(new.basis)
    runtime.config, runtime.egress = read.config, egress_points(read.config)
    runtime.accepted.clear()
    runtime.assembled = replace(
        runtime.assembled,
        campus=read.assembled.campus if new.found is not None else runtime.assembled.campus,
        points=read.assembled.points,
        findings=read.assembled.findings,
        topology=read.assembled.topology,
        timetable=read.assembled.timetable,
    )
    if new.found is not None:
        runtime.index, runtime.search = new.found
    runtime.hub.follow(fed.live, fed.links)
    await runtime.change_watch(fed.watch)
    await runtime.change_people(fed.people)
    runtime.record()
    changed = await runtime.supervisor.change(new.sources, read.assembled.points)
    if runtime.alarms is not None:
        await runtime.alarms.follow(read.config.alarms)
        await follow_outside(runtime, read.config.file)
    runtime.wiring.forget(source.name for source in new.sources)
    for name in changed.removed:
        runtime.ingest.counts.pop(name, None)
    return _words(changed.added, changed.removed, changed.changed, new)


def _words(added: Sequence[str], removed: Sequence[str], changed: Sequence[str], new: Prepared) -> str:
    parts = [
        f"{what} {', '.join(names)}"
        for what, names in (("new sources", added), ("sources gone", removed), ("sources begun anew", changed))
        if names
    ]
    kept, before, now = len(new.here), len(new.before), len(new.fed.live.points)
    if before - kept or now - kept:
        parts.append(f"{now - kept} points new or changed, {before - kept} gone or changed, {kept} as they were")
    return "; ".join(parts) or "nothing that matters while it runs"
