"""The twin view beside Plotly's Mesh3d and, where it is installed, xeokit-sdk: the same rooms, in turns.

Software WebGL, 1920x1080, every page in a fresh browser context. All rooms are drawn as prisms (no envelope), so
that the three libraries draw the same triangles. 'Main thread' is all that a recolour keeps the page's thread busy with
until its picture is drawn: what runs at once and what runs in the animation frames and timers that it asked for,
measured by the same lines of ``viewer_pages/common.js`` for every library. xeokit-sdk is looked for in the folder that
XEOKIT_DIR names, else in ``.cache/peers`` (``npm install --prefix .cache/peers @xeokit/xeokit-sdk``); it is measured,
never shipped.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import plotly
from playwright.sync_api import Browser, Page, sync_playwright

from bench.prisms import Prisms, prisms
from bench.report import ROOT, Bar, Report, against_limit, against_peer, machine, versions
from bench.viewer_server import serving
from models3d.demo import demo_campus
from models3d.tiles import SceneFiles, write_scene
from twin.domains import channels
from viewer import DIST

ROUNDS = 5
WARM_UP = 10
"""Recolours before the measured ones, for every library: a wall recolours for months, not three times."""
RECOLOURS = 9
PACE_MS = 100
"""Between two recolours, for every library: the live stream sends ten frames a second at the most."""
CHROMIUM = [
    "--headless=new", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--no-first-run", "--enable-blink-features=ForceEagerMeasureMemory", "--js-flags=--expose-gc",
    "--enable-precise-memory-info",
]  # fmt: skip


@dataclass
class Series:
    """What one library measured, round by round: [ms], [MB], and bytes a space for ours."""

    first: list[float] = field(default_factory=list)
    main: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    orbit: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    upload: list[float] = field(default_factory=list)


def xeokit_folder() -> Path | None:
    """Where the peer xeokit-sdk is installed, or None."""
    default = ROOT / ".cache" / "peers" / "node_modules" / "@xeokit" / "xeokit-sdk" / "dist"
    folder = Path(os.environ.get("XEOKIT_DIR", default))
    return folder if (folder / "xeokit-sdk.es.js").is_file() else None


def _setup(scene: SceneFiles) -> bytes:
    engine = next(path.name for path in DIST.glob("engine-*.js"))
    legend = channels()["energy.power"].legend()
    return json.dumps({"engine": f"/viewer/{engine}", "sceneUrl": scene.scene_url, "legend": legend}).encode()


def _blobs(geometry: Prisms | None, scene: SceneFiles) -> dict[str, bytes]:
    blobs = {"/setup.json": _setup(scene)}
    if geometry is not None:
        blobs["/peer/plotly.min.js"] = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
        for name in ("positions", "triangles", "first_vertex", "first_triangle"):
            blobs[f"/geometry/{name}"] = getattr(geometry, name).tobytes()
    return blobs


@contextmanager
def _page(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.set_default_timeout(180_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    page.wait_for_function("window.bench")
    yield page
    context.close()
    if errors:
        raise RuntimeError(f"{url}: {errors[0]}")


def _measure(page: Page, into: Series) -> None:
    into.first.append(page.evaluate("bench.load()"))
    # Ours goes on when it stands still, to draw its whole light: a recolour is measured after that, as on a wall.
    page.evaluate("'rest' in bench && bench.rest()")
    rounds = []
    for k in range(WARM_UP + RECOLOURS):
        rounds.append(page.evaluate(f"bench.recolour({k})"))
        page.wait_for_timeout(PACE_MS)
    rounds = rounds[WARM_UP:]
    into.main.append(median(r["main"] for r in rounds))
    into.drawn.append(median(r["drawn"] for r in rounds))
    if "bytes" in rounds[0]:
        into.upload.append(median(r["bytes"] for r in rounds))
    if page.evaluate("'orbit' in bench"):
        into.orbit.append(page.evaluate("bench.orbit(5)"))
    into.memory.append(page.evaluate("bench.memory()"))


def _rounds(browser: Browser, address: str, names: list[str], rounds: int) -> dict[str, Series]:
    series = {name: Series() for name in names}
    for _ in range(rounds):
        for name in names:
            with _page(browser, f"{address}/pages/{name}.html") as page:
                _measure(page, series[name])
    return series


def _heap_mb(page: Page) -> float:
    """What is held, of a view that stands still: collected thrice with tasks between.

    One collection leaves what its own finalizers and messages of a worker still on their way hold: up to 6 MB more in
    one reading than in the next, of a heap that does not grow.
    """
    page.evaluate("bench.rest()")
    for _ in range(3):
        page.evaluate("gc()")
        page.wait_for_timeout(100)
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def _own(browser: Browser, address: str) -> dict[str, Any]:
    """Draw calls in the overview, and what the heap gains from 500 recolours and from 20 mounts [MB]."""
    with _page(browser, f"{address}/pages/ours.html") as page:
        page.evaluate("bench.load()")
        page.evaluate("bench.overview(true)")
        calls = page.evaluate("bench.calls()")
        page.evaluate("bench.many(20)")
        before = _heap_mb(page)
        page.evaluate("bench.many(500)")
        recoloured = _heap_mb(page)
        page.evaluate("bench.remount(2)")
        mounted = _heap_mb(page)
        page.evaluate("bench.remount(20)")
        return {**calls, "recolours": recoloured - before, "mounts": _heap_mb(page) - mounted}


def _gzipped(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern)) / 1e3


def _engine_kb() -> float:
    """What every page of the view loads [kB gzipped]: shim, worker, engine and what that imports at once."""
    sizes: dict[str, int] = json.loads((DIST / "manifest.json").read_text())["gzipped"]
    loaded: set[str] = set()
    queue = [name for name in sizes if not name.startswith("part-")]
    while queue:
        name = queue.pop()
        if name in loaded:
            continue
        loaded.add(name)
        # static imports only: import("...") comes when it is needed, if ever
        text = (DIST / name).read_text(encoding="utf-8")
        queue += [f"{part}.js" for part in re.findall(r'(?:from|import)"\./(part-\w+)[.\w]*\.js"', text)]
    return sum(sizes[name] for name in loaded) / 1e3


def _bars(series: dict[str, Series], large: Series, own: dict[str, Any], rooms_kb: float) -> list[Bar]:
    ours, mesh3d = series["ours"], series["plotly"]
    plotly_name = f"Plotly Mesh3d {versions('plotly')['plotly']}"
    bars = [
        against_peer("recolour, main thread", "ms", 1 / 200, ours.main, plotly_name, mesh3d.main),
        against_peer("first complete frame", "ms", 1 / 5, ours.first, plotly_name, mesh3d.first),
        against_peer("memory", "MB", 1 / 5, ours.memory, plotly_name, mesh3d.memory),
    ]
    if "xeokit" in series:
        peer = series["xeokit"]
        bars += [
            against_peer("first complete frame", "ms", 1 / 2.5, ours.first, "xeokit-sdk", peer.first),
            against_peer("recolour, main thread", "ms", 1 / 10, ours.main, "xeokit-sdk", peer.main),
            against_peer("orbit frame", "ms", 1 / 1.5, ours.orbit, "xeokit-sdk", peer.orbit),
        ]
    return [
        *bars,
        against_peer("recolour, 100,000 spaces", "ms", 2, large.main, "ours at 20,000", ours.main),
        against_peer("first frame, 100,000 spaces", "ms", 1.5, large.first, "ours at 20,000", ours.first),
        against_limit("geometry of the rooms, gzipped", "kB", 160, [rooms_kb]),
        against_limit("engine, gzipped", "kB", 160, [_engine_kb()]),
        against_limit("recolour, bytes to the GPU a space, storey or building", "B", 1.01, ours.upload),
        against_limit("draw calls over buildings in view", "1", 10, [own["calls"] - own["buildings"]]),
        against_limit("heap after 500 recolours", "MB", 1, [own["recolours"]]),
        against_limit("heap after 20 mounts", "MB", 2, [own["mounts"]]),
    ]


def run(rounds: int = ROUNDS) -> Report:
    """Measure; about four minutes on two cores."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with ExitStack() as stack:
        folder, large_folder = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        # Rooms alone: the peers draw neither ground nor trees.
        small = replace(demo_campus(), ground=[])
        scene = write_scene(small, folder)
        large = write_scene(replace(demo_campus(spaces=100_000), ground=[]), large_folder)
        folders = {"/pages/": Path(__file__).parent / "viewer_pages", "/viewer/": DIST}
        peers = ["ours", "plotly"]
        if (xeokit := xeokit_folder()) is not None:
            peers.append("xeokit")
            folders["/peer/"] = xeokit
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=CHROMIUM)
        stack.callback(browser.close)
        with serving(_blobs(prisms(small.campus), scene), {**folders, "/models/": folder}) as address:
            series = _rounds(browser, address, peers, rounds)
            own = _own(browser, address)
        with serving(_blobs(None, large), {**folders, "/models/": large_folder}) as address:
            big = _rounds(browser, address, ["ours"], rounds)["ours"]
        rooms = _gzipped(folder, "rooms-*.gz")
        bars = _bars(series, big, own, rooms)
    found = versions("plotly") | {"chromium": chromium, "xeokit-sdk": "measured" if xeokit else "absent"}
    return Report(name="viewer", machine=machine(), versions=found, bars=bars)
