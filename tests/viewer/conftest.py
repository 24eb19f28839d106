"""A browser, a campus as scene files, and pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
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

    def ready(self, state: str = "ready") -> None:
        """Wait until the view says so."""
        self.page.wait_for_selector(f"#view[data-state={state}]", timeout=30_000)

    def settle(self) -> None:
        """Wait until nothing is drawn any more."""
        self.page.evaluate(
            """async () => {
                const counters = window.campusTwin.views.at(-1).stage.counters;
                for (let before = -1, quiet = 0; quiet < 3; ) {
                    quiet = before === counters.frames ? quiet + 1 : 0;
                    before = counters.frames;
                    await new Promise(done => setTimeout(done, 120));
                }
            }"""
        )


Show = Callable[..., Shown]


@pytest.fixture
def show(browser: Browser, demo_scene: Scene) -> Iterator[Show]:
    """Shows the view with the given properties; page errors and console errors fail the test at its end."""
    require(viewer.is_built(), "the viewer is not built: run node viewer/build.mjs (scripts/setup does)")
    shown: list[Shown] = []
    with ExitStack() as stack:

        def start(live: Live | None = None, context: dict[str, Any] | None = None, **props: Any) -> Shown:
            base = stack.enter_context(serving(create(demo_scene.folder, demo_scene.files.scene_url, props, live)))
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
