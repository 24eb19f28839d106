"""Everything that one served campus needs, built once: tree, scene files, live state, sources, streams.

``build_runtime`` reads a campus folder, or generates the demo campus and keeps it in the cache. Nothing runs before
``start``, which the server calls when it begins to listen.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import viewer
from datasources.runner import SourceConfig, SourceState, Supervisor
from models3d import tiles
from models3d.campus import Assembled
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
        return runtime_of(*_demo(cache, seed, spaces), cache, clock=clock)
    return runtime_of(*_campus(folder, cache), cache, clock=clock)


def runtime_of(
    assembled: Assembled,
    sources: Sequence[SourceConfig],
    cache: Path,
    *,
    clock: Callable[[], float] = time.time,
) -> Runtime:
    """The runtime of a campus that is assembled already, with its sources."""
    models = cache / "models"
    scene = tiles.write_scene(assembled, models)
    index = SpaceIndex(assembled.campus)
    tree = SlotTree.of(assembled.campus, tiles.slots(assembled.campus))
    live = LiveState(assembled.points, tree, clock)
    origins: dict[str, ValueOrigin] = {row.name: "simulated" for row in sources if row.type == "simulator"}
    ingest = Ingest(assembled.points, live, clock, origins)
    supervisor = Supervisor(sources, assembled.points, lambda name, batch: ingest.accept(batch, name), clock=clock)
    bundle = Bundle(Path(getattr(viewer, "DIST", Path(viewer.__file__).parent / "dist")))
    build = bundle.digest()
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


def _demo(cache: Path, seed: int, spaces: int) -> tuple[Assembled, list[SourceConfig]]:
    """The demo campus, generated once: kept as a pickle of our own making, named by the code that made it."""
    path = cache / "demo" / f"demo-{seed}-{spaces}-{_code_hash()}.pickle"
    assembled = _unpickle(path)
    if assembled is None:
        from models3d.demo import demo_campus

        log.info("generating the demo campus (%d spaces, once)", spaces)
        assembled = demo_campus(seed=seed, spaces=spaces)
        _pickle(path, assembled)
    names = sorted({point.source for point in assembled.points if point.source})
    return assembled, [SourceConfig(name, "simulator", {"seed": seed}) for name in names]


def _code_hash() -> str:
    """A hash over the code that shapes the demo."""
    root = Path(__file__).resolve().parent.parent
    files = [*sorted((root / "models3d").glob("demo*.py")), root / "twin" / "space.py", root / "twin" / "point.py",
             root / "models3d" / "campus.py", root / "models3d" / "model.py"]  # fmt: skip
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _unpickle(path: Path) -> Assembled | None:
    if not path.is_file() or path.stat().st_uid not in (os.getuid(), 0):
        return None  # a pickle runs code: only our own is read
    try:
        found = pickle.loads(path.read_bytes())  # noqa: S301  # written by _pickle below, by this user
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError) as error:
        log.warning("the cached demo campus %s cannot be read (%s): generating it again", path, error)
        return None
    return found if isinstance(found, Assembled) else None


def _pickle(path: Path, assembled: Assembled) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in path.parent.glob("demo-*.pickle"):
        if old.stat().st_mtime < time.time() - 7 * 86400:
            old.unlink(missing_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(pickle.dumps(assembled, protocol=pickle.HIGHEST_PROTOCOL))
    part.replace(path)
