"""A wall in a browser: it fits its screen in both languages, obeys a tablet at once, is taken over by what is urgent; a
display that hangs or loses its server is known, and comes back."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import viewer
from tests.conftest import require
from tests.pages.browser import READY_MS, Complaints, Product, start_product, until
from tests.pages.conftest import LITTLE_LIGHT

pytestmark = pytest.mark.browser
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SPACES = 400
CLIPPED = """() => [...document.querySelectorAll('#wall *')].filter((e) => {
    if (e.childElementCount || !e.textContent.trim() || e.closest('.sr-only, #twin') ||
        !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = e.getBoundingClientRect();
    return box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
}).map((e) => e.className + ': ' + e.textContent)"""
OVER = """() => {
    const what = '.wall-label:not([hidden]), .wall-fact, #wall-origin, #wall-time, .wall-hero, .wall-hero-name, ' +
        '.wall-under, .wall-legend-name, .wall-ticks';
    const boxes = [...document.querySelectorAll(what)]
        .map((e) => [e.textContent, e.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
    return boxes.flatMap(([a, p], n) => boxes.slice(n + 1).filter(([, q]) =>
        p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1)
        .map(([b]) => a + ' / ' + b));
}"""
NUMBERS = ".wall-hero-number, .wall-fact-number, .wall-label-number"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A server of its own, for it is killed: ``product`` is the one that runs."""
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    cache = tmp_path_factory.mktemp("walls")
    running: dict[str, Any] = {"product": start_product(cache, spaces=SPACES), "cache": cache}
    yield running
    running["product"].stop()


def post(product: Product, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{product.url}/api/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or "null")


def displays(product: Product) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{product.url}/api/v1/displays", timeout=10) as answer:
        found: list[dict[str, Any]] = json.loads(answer.read())["items"]
        return found


def incident(number: int, priority: int, place: str, *, acknowledged: bool = False) -> dict[str, Any]:
    opened = datetime.now(UTC) - timedelta(seconds=70)
    both = {"zh": f"交换机失电 {number}", "en": f"A switch lost its power {number}"}
    return {
        "id": f"i{number}", "number": number, "text": both, "priority": priority, "state": "open", "cause": "",
        "nodes": [], "place": place, "place_names": {"zh": f"{place} 号楼", "en": f"Building {place}"},
        "building": place, "opened": opened.isoformat(), "ended": None, "active": 3, "consequences": 4,
        "counts": {"network": 3, "energy": 1}, "cause_names": {},
        "acknowledged": acknowledged, "acked_by": "li" if acknowledged else "", "assignee": "", "simulated": True,
        "action": {"zh": "查看断路器", "en": "Look at the breaker"},
        "owner": {"zh": "网络值班组", "en": "Network on duty"},
        "respond_s": 600, "places": [place], "alarms": [f"a{number}"], "affected_spaces": 14,
    }  # fmt: skip


class Alarms:
    """What the stream of alarms says to the page; another thing when it asks again."""

    def __init__(self, page: Page) -> None:
        self.rows: list[dict[str, Any]] = []
        page.route("**/sse/alarms*", self._answer)

    def _answer(self, route: Route) -> None:
        first = {"seq": 1, "time": datetime.now(UTC).isoformat(), "total": 0, "alarms": []}
        told = (("snapshot", first), ("incidents", {"incidents": self.rows}))
        body = "".join(f"event: {name}\ndata: {json.dumps(what)}\n\n" for name, what in told)
        route.fulfill(status=200, content_type="text/event-stream", body=body)


def open_wall(
    browser: Browser, product: Product, query: str = "", size: tuple[int, int] = (1280, 720)
) -> tuple[Page, Any]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page.add_init_script(LITTLE_LIGHT)
    complaints = Complaints(product.url, expected=("ERR_CONNECTION", "Failed to fetch", "MIME type", "Failed to load"))
    complaints.listen(page)
    alarms = Alarms(page)
    page.goto(f"{product.url}/wall/lobby{query}")
    page.wait_for_selector("#twin[data-state=ready]", timeout=READY_MS)
    until(page, "document.querySelector('.wall-block')?.dataset.state === 'ready'")
    return page, (complaints, alarms)


def resize(page: Page, width: int, height: int) -> None:
    """Another size of the window, until the wall has taken it over."""
    page.set_viewport_size({"width": width, "height": height})
    unit = "window.campus.wall.screen.unit * Math.min(innerWidth / 1920, innerHeight / 1080)"
    until(page, f"innerWidth === {width} && Math.abs(window.campus.wall.unit - {unit}) < 1e-6")
    page.wait_for_timeout(300)


def test_a_wall_fits_obeys_and_is_taken_over(browser: Browser, served: dict[str, Any]) -> None:
    product = served["product"]
    page, (complaints, alarms) = open_wall(browser, product, "?theme=dark")
    # it fits: nothing is cut off or scrolls, few numbers, sizes by the screen's profile, at every size and language
    for size in ((1920, 1080), (1280, 720), (3840, 1080), (1080, 1920)):
        resize(page, *size)
        for lang in ("zh", "en"):
            post(product, "walls/lobby/control", {"do": "lang", "value": lang})
            until(page, f"document.documentElement.lang.startsWith('{lang}')")
            page.wait_for_timeout(300)
            assert page.evaluate(CLIPPED) == [], (size, lang)
            page.wait_for_timeout(700)  # the camera rests, a second has gone by
            assert page.evaluate(OVER) == [], (size, lang)
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            assert 1 <= page.locator(NUMBERS).count() <= 12
    resize(page, 1920, 1080)
    sizes = page.evaluate(
        "['.wall-hero-number', '#wall-time', '.wall-title', '.wall-under']"
        ".map((s) => parseFloat(getComputedStyle(document.querySelector(s)).fontSize))"
    )
    assert sizes == [pytest.approx(n, rel=0.02) for n in (168, 62, 77, 42)]
    expect(page.locator(".wall-under")).to_contain_text(" / ")
    # on a busy machine the round has gone on meanwhile
    expect(page.locator(".wall-hero-name")).to_have_text(
        re.compile("Power now|People now|Wi-Fi clients|Rooms in comfort")
    )
    assert page.evaluate(AUDIT) == []
    # it obeys at once
    page.evaluate("window.heard = 0; window.campus.wall.on('played', () => (window.heard = performance.now()))")
    begun = page.evaluate("performance.now()")
    post(product, "walls/lobby/control", {"do": "scene", "value": "people"})
    until(page, "window.heard > 0", 5)
    assert page.evaluate("window.heard") - begun < 1000  # with the round trip of two processes and a poll of the test
    expect(page.locator(".wall-title")).to_contain_text("Occupancy")
    post(product, "walls/lobby/control", {"do": "hold"})
    expect(page.locator("#wall-held")).to_be_visible()
    end = time.monotonic() + 60
    while [(row["state"], row["held"]) for row in displays(product) if row["wall"] == "lobby"] != [("ok", True)]:
        assert time.monotonic() < end
        time.sleep(0.1)
    tablet = page.context.browser.new_page(viewport={"width": 820, "height": 1000})  # type: ignore[union-attr]
    complaints.listen(tablet)
    tablet.goto(f"{product.url}/wall/lobby/control?lang=en&theme=light")
    expect(tablet.locator(".control-shows")).to_have_text("Occupancy", timeout=READY_MS)
    assert tablet.evaluate(AUDIT) == []
    tablet.get_by_role("button", name="Go on").click()
    expect(page.locator("#wall-held")).to_be_hidden()
    tablet.get_by_role("button", name="Network", exact=True).click()
    expect(page.locator(".wall-title")).to_contain_text("Network")
    expect(tablet.locator(".control-shows")).to_have_text("Network")
    tablet.get_by_role("button", name="Scene before").click()
    expect(page.locator(".wall-title")).to_contain_text("Occupancy")
    tablet.goto(f"{product.url}/walls?lang=en&theme=dark")
    expect(tablet.locator("#displays-rows tr[data-state=ok]")).to_have_count(1, timeout=READY_MS)
    assert tablet.evaluate(AUDIT) == []
    tablet.close()
    # what is urgent takes it over, and lets go once it is acknowledged
    building = page.evaluate("window.campus.wall.model.index.buildings[0].id")
    alarms.rows = [incident(1, 1, building), incident(2, 2, building), incident(3, 4, building)]
    page.evaluate("window.campus.wall.data.takeover.hold_s = 1")
    expect(page.locator("#wall[data-incident]")).to_have_count(1, timeout=READY_MS)
    card = page.locator("#wall-incident")
    expect(card.locator(".wall-what")).to_contain_text("A switch lost its power 1")
    expect(card).to_contain_text("Network on duty")
    expect(card).to_contain_text("1 more")
    expect(card.locator(".wall-left")).to_contain_text(" left")
    expect(page.locator(".campus-marker-alarm-1")).to_have_count(1)
    expect(page.locator(".wall-column").first).to_be_hidden()
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(AUDIT) == []
    alarms.rows = [incident(1, 1, building, acknowledged=True)]
    expect(page.locator("#wall[data-incident]")).to_have_count(0, timeout=READY_MS)
    expect(page.locator(".wall-title")).to_contain_text("Occupancy")
    alarms.rows = [incident(n, 1 + n % 2, building) for n in range(10, 24)]
    page.evaluate("window.campus.wall.data.takeover.every_s = 0")
    expect(card).to_contain_text("Alarm flood", timeout=90_000)
    expect(card.locator(".wall-count b").first).to_have_text("14")
    assert complaints.found == []
    page.close()


def test_a_display_that_hangs_or_loses_its_server_is_known_and_comes_back(
    browser: Browser, served: dict[str, Any]
) -> None:
    product, cache = served["product"], served["cache"]
    page, (complaints, _) = open_wall(browser, product)
    name = page.evaluate("[...Object.entries(sessionStorage)].find(([key]) => key.includes('display'))[1]")

    def state() -> str:
        return next((row["state"] for row in displays(product) if row["id"] == name), "none")

    assert state() == "ok"
    begun = time.monotonic()
    page.evaluate("setTimeout(() => { const end = Date.now() + 12_000; while (Date.now() < end); })")
    while state() != "frozen":
        assert time.monotonic() - begun < 10, "a frozen display was not known within ten seconds"
        time.sleep(0.2)
    until(page, "true")  # it answers again
    end = time.monotonic() + 60
    while state() != "ok":
        assert time.monotonic() < end
        time.sleep(0.2)
    port = int(product.url.rpartition(":")[2])
    product.process.kill()
    product.process.wait(20)
    expect(page.locator(".wall-block")).to_have_attribute("data-state", "late", timeout=READY_MS)
    expect(page.locator(".wall-under")).to_contain_text(
        "no data since" if page.evaluate("campus.wall.lang") == "en" else "之后没有新数据"
    )
    page.wait_for_timeout(4000)
    product = served["product"] = start_product(cache, port, spaces=SPACES)
    back = time.monotonic()
    until(
        page,
        "['.wall-block', '#twin'].every((s) => document.querySelector(s).dataset.state === 'ready')",
        20,
    )
    while state() != "ok":
        assert time.monotonic() - back < 20, "the display was not back within twenty seconds"
        time.sleep(0.2)
    assert complaints.found == []
    page.close()
