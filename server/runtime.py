"""Everything that one served campus needs, built once: tree, scene files, live state, sources, streams.

``build_runtime`` reads a campus folder, or generates the demo campus and keeps it in the cache. Nothing runs before
``start``, which the server calls when it begins to listen.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import viewer
from datasources.runner import SourceConfig, SourceState, Supervisor
from models3d import tiles
from models3d.campus import Assembled
from server.built import demo, scene_of
from server.files import Bundle
from server.live import Hub
from twin.index import SpaceIndex
from twin.ingest import Ingest
from twin.live import LiveState
from twin.reading import ValueOrigin
from twin.search import Search
from twin.slots import SlotTree

log = logging.getLogger(__name__)


class StartError(Exception):
    """The campus cannot be served; the message says every reason and what to do."""


DEMO_SPACES = 20_000
DEMO_SEED = 1


@dataclass(slots=True)
class Runtime:
    """A campus as served. ``build_id`` is the viewer's; ``hosts`` may be asked for besides loopback names."""

    assembled: Assembled
    index: SpaceIndex
    search: Search
    scene: tiles.SceneFiles
    live: LiveState
    ingest: Ingest
    supervisor: Supervisor
    hub: Hub
    bundle: Bundle
    build_id: int
    models: Path
    hosts: tuple[str, ...] = ()
    any_host: bool = False
    started: float = field(default_factory=time.time)
    ready: bool = False
    _hub_task: asyncio.Task[None] | None = None

    def sources(self) -> list[SourceState]:
        """The state of each source."""
        return self.supervisor.states()

    def model_file(self, name: str) -> Path | None:
        """The model file of that name; the caller has checked the form of the name."""
        path = self.models / name
        return path if path.is_file() else None

    async def start(self) -> None:
        """Start the live streams and the sources."""
        self._hub_task = asyncio.create_task(self.hub.run(), name="live hub")
        self._hub_task.add_done_callback(_report_death)
        await self.supervisor.start()
        self.started = time.time()
        self.ready = True

    async def stop(self) -> None:
        """Stop the sources and the live streams."""
        self.ready = False
        await self.supervisor.stop()
        if self._hub_task is not None:
            self._hub_task.cancel()
            await asyncio.gather(self._hub_task, return_exceptions=True)
            self._hub_task = None


def _report_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("the live hub died: no screen gets values any more", exc_info=task.exception())


def cache_folder() -> Path:
    """``CAMPUS_CACHE``, or ``.cache`` beside the program."""
    return Path(os.environ.get("CAMPUS_CACHE") or Path(__file__).resolve().parent.parent / ".cache")


def allowed_hosts() -> tuple[str, ...]:
    """``CAMPUS_HOSTS``: names besides loopback under which a proxy on this machine asks, separated by commas."""
    return tuple(name.strip().lower() for name in os.environ.get("CAMPUS_HOSTS", "").split(",") if name.strip())


def build_runtime(
    folder: Path | None = None,
    cache: Path | None = None,
    *,
    spaces: int = DEMO_SPACES,
    seed: int = DEMO_SEED,
    role: str = "all",
    clock: Callable[[], float] = time.time,
) -> Runtime:
    """The runtime of the campus in ``folder``, or of the demo campus.

    ``spaces`` and ``seed`` shape the demo. StartError says what is wrong with a folder, all of it.
    """
    if role != "all":
        raise StartError(f"--role {role}: the parts run in one process so far: use --role all")
    cache = cache_folder() if cache is None else cache
    if folder is None:
        assembled, key = demo(cache, seed, spaces)
        names = sorted({point.source for point in assembled.points if point.source})
        sources = [SourceConfig(name, "simulator", {"seed": seed}) for name in names]
        return runtime_of(assembled, sources, cache, key=key, clock=clock)
    assembled, sources = _campus(folder, cache)
    return runtime_of(assembled, sources, cache, clock=clock)


def runtime_of(
    assembled: Assembled,
    sources: Sequence[SourceConfig],
    cache: Path,
    *,
    key: str = "",
    clock: Callable[[], float] = time.time,
) -> Runtime:
    """The runtime of a campus that is assembled already, with its sources. ``key`` names its content, '' = find out."""
    models = cache / "models"
    scene = scene_of(assembled, models, key)
    index = SpaceIndex(assembled.campus)
    tree = SlotTree.of(assembled.campus, tiles.slots(assembled.campus))
    live = LiveState(assembled.points, tree, clock)
    origins: dict[str, ValueOrigin] = {row.name: "simulated" for row in sources if row.type == "simulator"}
    ingest = Ingest(assembled.points, live, clock, origins)
    supervisor = Supervisor(sources, assembled.points, lambda name, batch: ingest.accept(batch, name), clock=clock)
    bundle = Bundle(viewer.DIST)
    build = viewer.BUILD_ID
    return Runtime(
        assembled=assembled, index=index, search=Search(index), scene=scene, live=live, ingest=ingest,
        supervisor=supervisor, hub=Hub(live, build), bundle=bundle, build_id=build, models=models,
        hosts=allowed_hosts(),
    )  # fmt: skip


def _campus(folder: Path, cache: Path) -> tuple[Assembled, list[SourceConfig]]:
    from datasources.contract import settings_model
    from models3d.campus import assemble
    from models3d.model import ModelError
    from twin.config import ConfigError, load_campus_config

    try:
        config = load_campus_config(folder, settings_model)
        assembled = assemble(folder, cache)
    except (ConfigError, ModelError, OSError) as error:
        raise StartError(f"the campus in {folder} cannot be served:\n{error}") from error
    sources = [SourceConfig(n, config.file.sources[n].type, settings) for n, settings in config.source_settings.items()]
    return assembled, sources
