"""The pages over a small campus in this process, and the product as a real process for the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import viewer
from pages._parts.context import Context
from pages._parts.text import Lang
from server.runtime import Runtime, runtime_of
from tests.conftest import require
from tests.pages.browser import FLAGS, READY_MS, Complaints, Product, start_product
from tests.pages.campus import small_campus

Opener = Callable[..., Page]
LITTLE_LIGHT = """(() => {
  const seen = new WeakSet();
  setInterval(() => {
    const twin = document.querySelector('.campus-view');
    if (twin?.id && !seen.has(twin) && window.dash_clientside?.set_props) {
      seen.add(twin);
      window.dash_clientside.set_props(twin.id, { quality: 'c' });
    }
    for (const { scene } of window.campusTwin?.views ?? [])
      for (const layer of scene?.layers ?? [])
        if (layer.name === 'rest') Object.assign(layer, { samples: 1, smooths: false });
  }, 100);
})();"""
"""One sample of light instead of many, no smoothed edges: these tests do not look at what takes both cores for seconds.
Not none: no picture would be kept, and each new value would draw the whole campus again, at ten times the work."""

NO_WEBGL = """HTMLCanvasElement.prototype.getContext = ((get) => function (kind, ...more) {
  return kind.startsWith('webgl') ? null : get.call(this, kind, ...more);
})(HTMLCanvasElement.prototype.getContext);"""
"""A display without WebGL: the view draws maps and plans, and a page is there in half the time."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The runtime of the small campus; no source runs, no point has spoken."""
    cache: Path = tmp_path_factory.mktemp("pages-cache")
    return runtime_of(small_campus(), [], cache)


@pytest.fixture(params=["zh", "en"])
def context(request: pytest.FixtureRequest, small: Runtime) -> Context:
    """A request in each language."""
    lang: Lang = request.param
    return Context(small, lang)


# Of the package, not the session: while Playwright's loop runs, tests elsewhere could start none of their own.
@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One server process for all browser tests that do not break it."""
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    running = start_product(tmp_path_factory.mktemp("product"))
    yield running
    running.check()
    running.stop()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for these tests; each page gets a context of its own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=READY_MS)
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def complaints(product: Product) -> Complaints:
    """What the test's pages complain about; empty at the end, or the test fails."""
    return Complaints(product.url)


@pytest.fixture
def open_page(
    browser: Browser, product: Product, complaints: Complaints, request: pytest.FixtureRequest
) -> Iterator[Opener]:
    """Open an address of the product in a fresh context; waits until the view is ready."""
    light = NO_WEBGL if request.node.get_closest_marker("flat") else LITTLE_LIGHT
    pages: list[Page] = []

    def opener(
        path: str = "/",
        *,
        wait: str = "#twin[data-state=ready]",
        url: str = product.url,
        prepare: Callable[[Page], object] | None = None,
        **options: object,
    ) -> Page:
        page = browser.new_page(viewport={"width": 1200, "height": 700}, reduced_motion="reduce", **options)  # type: ignore[arg-type]
        pages.append(page)
        complaints.listen(page)
        page.add_init_script(light)
        if prepare is not None:
            prepare(page)
        page.goto(url + path)
        page.wait_for_selector("[data-page], .lonely", timeout=READY_MS)
        if wait:
            page.wait_for_selector(wait, timeout=READY_MS)
        return page

    yield opener
    for page in pages:
        page.close()
    product.check()
    assert complaints.found == []
