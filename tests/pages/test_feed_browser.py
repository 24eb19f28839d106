"""The live stream in a real browser, before the real server, through a proxy that does not like WebSockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.pages.browser import READY_MS, Complaints, Product, start_product, until
from tests.pages.conftest import Opener
from tests.pages.proxy import Proxy

pytestmark = pytest.mark.browser

VIEW = "window.campusTwin.views.at(-1)"
LOUD = ("WebSocket", "EventSource", "502", "ERR_", "Failed to fetch", "Failed to load resource", "did not respond")
"""What a browser says of its own when a connection breaks."""


@pytest.fixture
def proxy(product: Product) -> Iterator[Proxy]:
    """A proxy before the product."""
    running = Proxy(urlsplit(product.url).port or 0)
    yield running
    running.stop()


def carried(page: Page, via: str, timeout_s: float = 60) -> None:
    """Wait until values come this way."""
    until(page, f"{VIEW}.feed.via === '{via}'", timeout_s)


def more_values(page: Page) -> None:
    """Wait until two more frames with values have been drawn."""
    for _ in range(2):
        seq = page.evaluate(f"{VIEW}.scene.state.seq")
        until(page, f"{VIEW}.scene.state.seq !== {seq}")


def listen(page: Page) -> None:
    """Count heartbeats from now on."""
    page.evaluate(
        f"""() => {{
            const {{ feed }} = {VIEW};
            const hand = feed.events.frame;
            window.beats = 0;
            feed.events.frame = (frame) => {{ if (frame.kind === 3) window.beats++; hand(frame); }};
        }}"""
    )


@pytest.mark.parametrize("mode", ["refuse", "swallow"])
def test_where_websockets_are_stopped_the_values_come_by_sse_and_return(
    open_page: Opener, proxy: Proxy, complaints: Complaints, mode: str
) -> None:
    complaints.expected = LOUD
    complaints.url = proxy.url
    proxy.mode = "refuse" if mode == "refuse" else "swallow"
    page = open_page("/?lang=en", url=proxy.url)
    carried(page, "sse")
    assert page.locator("#twin").get_attribute("data-state") == "ready"
    more_values(page)
    listen(page)
    until(page, "window.beats >= 2", 30)
    assert page.evaluate(f"{VIEW}.feed.via") == "sse"
    # the states of the view from here on: none of them may be stale
    page.evaluate(
        """() => {
            window.states = [];
            const root = document.getElementById('twin');
            new MutationObserver(() => window.states.push(root.dataset.state))
                .observe(root, { attributes: true, attributeFilter: ['data-state'] });
        }"""
    )
    proxy.mend()
    carried(page, "ws")
    more_values(page)
    assert page.evaluate("window.states.filter(state => state !== 'ready')") == [], "no break was seen"
    assert proxy.upgrades.count(("/ws/live", "pass")) == 1


def test_when_the_proxy_turns_against_websockets_the_values_go_on(
    open_page: Opener, proxy: Proxy, complaints: Complaints
) -> None:
    complaints.expected = LOUD
    complaints.url = proxy.url
    page = open_page("/?lang=en", url=proxy.url)
    carried(page, "ws")
    more_values(page)
    proxy.mode = "refuse"
    proxy.cut()
    carried(page, "sse")
    more_values(page)


@pytest.mark.flat
@pytest.mark.parametrize("mode", ["pass", "refuse"])
def test_a_server_that_is_killed_and_started_again_is_found_again(
    open_page: Opener, complaints: Complaints, tmp_path_factory: pytest.TempPathFactory, mode: str
) -> None:
    cache: Path = tmp_path_factory.mktemp("killed")
    product = start_product(cache)
    port = urlsplit(product.url).port or 0
    proxy = Proxy(port)
    try:
        complaints.expected = LOUD
        complaints.url = proxy.url
        proxy.mode = "refuse" if mode == "refuse" else "pass"
        via = "sse" if mode == "refuse" else "ws"
        page = open_page("/?lang=en", url=proxy.url)
        carried(page, via)
        more_values(page)
        product.process.kill()
        product.process.wait(20)
        page.wait_for_selector("#twin[data-state=stale]", timeout=READY_MS)
        flags = page.evaluate(f"Math.max(...{VIEW}.scene.state.wireFlags.map(flags => flags & 4))")
        assert flags == 4, "its values are marked stale, not frozen"
        time.sleep(3)
        product = start_product(cache, port)
        carried(page, via, 90)
        page.wait_for_selector("#twin[data-state=ready]", timeout=READY_MS)
        more_values(page)
    finally:
        proxy.stop()
        product.process.kill()
        product.process.wait(20)
