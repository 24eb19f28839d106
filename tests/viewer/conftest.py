"""A browser, a campus as scene files, and pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import viewer
from models3d.demo import demo_campus
from models3d.tiles import SceneFiles, write_scene
from tests.conftest import require
from tests.viewer.page import Live, create, serving

ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist", "--enable-precise-memory-info", "--js-flags=--expose-gc",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium with software WebGL for all tests."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@dataclass(frozen=True)
class Scene:
    """A campus written as scene files."""

    folder: Path
    files: SceneFiles
    spaces: int


@pytest.fixture(scope="session")
def demo_scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The demo campus: 48 buildings."""
    folder = tmp_path_factory.mktemp("scene")
    assembled = demo_campus(seed=1)
    spaces = sum(len(s.spaces) for b in assembled.campus.buildings for s in b.storeys)
    return Scene(folder, write_scene(assembled, folder), spaces)


class Shown:
    """A page with the view on it: properties in, what it shows out."""

    def __init__(self, page: Page, problems: list[str], requests: list[str]) -> None:
        self.page = page
        self.problems = problems
        self.requests = requests

    def set(self, **props: Any) -> None:
        """Set properties as a callback would."""
        self.page.evaluate("props => window.dash_clientside.set_props('view', props)", props)

    def props(self) -> dict[str, Any]:
        """What the component would hand to callbacks."""
        got: dict[str, Any] = self.page.evaluate("window.campusTwin.views.at(-1).props")
        return got

    def data(self, name: str) -> str | None:
        """A data attribute of the root."""
        return self.page.locator("#view").get_attribute(f"data-{name}")

    def counter(self, name: str) -> float:
        """One of the stage's counters."""
        value: float = self.page.evaluate(f"window.campusTwin.views.at(-1).stage.counters.{name}")
        return value

    def ready(self, state: str = "ready", *, smooth: bool = False, light: bool = False) -> None:
        """Wait until the view says so. ``light``: it will be gathered at rest, ``smooth``: and edges smoothed; without
        a GPU either takes both cores for seconds."""
        self.page.wait_for_selector(f"#view[data-state={state}]", timeout=120_000)
        self._rest(f"smooths = {str(smooth).lower()}", f"gathers = {str(light or smooth).lower()}")

    def still(self) -> None:
        """Wait for the picture at rest, in the light of all directions."""
        self._rest("gathers = true", "restart()")
        self.page.wait_for_selector("[data-still=yes]", timeout=60_000)

    def kept(self) -> None:
        """Wait until one picture stands for all that can be kept, as on a machine without a GPU."""
        self._rest("gathers = true", "restart()")
        self.page.wait_for_function(KEPT, timeout=60_000)

    def restart(self) -> None:
        """Begin the picture at rest anew."""
        self._rest("restart()")

    def _rest(self, *done: str) -> None:
        lines = "".join(f"if (rest) rest.{each};" for each in done)
        found = f"{VIEW}?.scene?.layers.find((layer) => layer.name === 'rest')"
        self.page.evaluate(f"() => {{ const rest = {found}; {lines} }}")

    def settle(self) -> None:
        """Wait until every change is drawn and no flight is under way."""
        self.page.evaluate(
            """async () => {
                const view = window.campusTwin.views.at(-1);
                for (let quiet = 0; quiet < 3; ) {
                    quiet = view.pending === 0 && !view.stage.flight.active ? quiet + 1 : 0;
                    await new Promise(done => setTimeout(done, 30));
                }
            }"""
        )

    def reset(self, **props: Any) -> None:
        """Back to the plain view of the campus, then these properties."""
        self.page.evaluate(f"{VIEW}.showRooms(false)")
        self.set(**{**PLAIN, **props})
        self.settle()


VIEW = "window.campusTwin.views.at(-1)"
KEPT = f"{VIEW}.scene.layers.find((layer) => layer.name === 'rest').keeps"
PLAIN: dict[str, Any] = {
    "mode": "3d", "storey": "", "selection": "", "explode": 0, "xray": False, "section": None, "quality": "c",
    "camera": "18,34,2600,0,0,28", "flyTo": "", "theme": "light", "lens": "data",
}  # fmt: skip
"""Properties of the plain view; the lowest tier, because a software GPU needs a second for a sample of light."""


Show = Callable[..., Shown]


@contextmanager
def showing(browser: Browser, scene: Scene) -> Iterator[Show]:
    """A function that opens pages with the view; page errors and console errors fail when they are closed."""
    require(viewer.is_built(), "the viewer is not built: run node viewer/build.mjs (scripts/setup does)")
    shown: list[Shown] = []
    with ExitStack() as stack:

        def start(live: Live | None = None, context: dict[str, Any] | None = None, **props: Any) -> Shown:
            given = {"quality": "c", **props}
            base = stack.enter_context(serving(create(scene.folder, scene.files.scene_url, given, live)))
            options: dict[str, Any] = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"}
            page = stack.enter_context(browser.new_context(**{**options, **(context or {})})).new_page()
            one = Shown(page, [], [])
            page.on("pageerror", lambda error: one.problems.append(str(error)))
            page.on("console", lambda m: one.problems.append(m.text) if m.type in ("error", "warning") else None)
            page.on("request", lambda request: one.requests.append(request.url))
            page.goto(base)
            shown.append(one)
            return one

        yield start
    for one in shown:
        assert one.problems == []


@pytest.fixture
def show(browser: Browser, demo_scene: Scene) -> Iterator[Show]:
    """Opens pages of the test's own."""
    with showing(browser, demo_scene) as start:
        yield start


@pytest.fixture(scope="module")
def campus(browser: Browser, demo_scene: Scene) -> Iterator[Shown]:
    """One page for all tests of a module that only set properties: see ``Shown.reset``."""
    with showing(browser, demo_scene) as start:
        shown = start()
        shown.ready()
        yield shown
