"""The alarms as operators live with them: the page by keyboard, strip and card on the console, marks in the scene."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

import viewer
from tests.conftest import require
from tests.pages.browser import Complaints, Product, query, start_product, until
from tests.pages.conftest import LITTLE_LIGHT

pytestmark = pytest.mark.browser
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with alarms at will."""
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    running = start_product(tmp_path_factory.mktemp("alarmed"), module="tests.pages.serve_alarms")
    yield running
    running.check()
    running.stop()


@pytest.fixture
def http(alarmed: Product) -> Iterator[httpx.Client]:
    """The server, with nothing wrong at the beginning."""
    with httpx.Client(base_url=alarmed.url, timeout=30) as client:
        client.post("/test/rules", json={"above": None}).raise_for_status()
        yield client
        client.post("/test/rules", json={"above": None}).raise_for_status()
        while standing := client.get("/api/v1/alarms?state=all&limit=1000").json()["items"]:
            client.post("/test/raise", json=[{"key": row["source"], "active": False} for row in standing])
            for act in ("unshelve", "ack"):
                client.post(f"/api/v1/alarms/{act}", json={"ids": [row["id"] for row in standing]})


@pytest.fixture
def complaints(alarmed: Product) -> Complaints:
    return Complaints(alarmed.url)


@pytest.fixture
def show(browser: Browser, alarmed: Product, complaints: Complaints) -> Iterator[Open]:
    """Open an address in a context of its own."""
    pages: list[Page] = []

    def opener(path: str, *, width: int = 1600, height: int = 900, **options: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        pages.append(page)
        complaints.listen(page)
        page.add_init_script(LITTLE_LIGHT)
        page.goto(alarmed.url + path)
        page.wait_for_selector("[data-page]")
        return page

    yield opener
    for page in pages:
        page.close()
    assert complaints.found == []


def rows(page: Page) -> Any:
    return page.locator(".alarms-row[data-alarm]")


def airy(http: httpx.Client) -> int:
    """Judge the air of all rooms, so that each has an alarm; how many there are."""
    http.post("/test/rules", json={"above": 100}).raise_for_status()
    end, before = time.monotonic() + 30, 0
    while True:  # they are raised in pieces: all are there when no more come
        total = int(http.get("/api/v1/alarms").json()["total"])
        if 100 < total == before:
            return total
        before = total
        assert time.monotonic() < end, "no room's air is known"
        time.sleep(0.5)


def test_a_night_with_many_alarms_by_keyboard(show: Open, http: httpx.Client) -> None:
    total = airy(http)
    page = show("/alarms?lang=en&theme=dark")
    expect(page.locator("[data-page=alarms]")).to_have_attribute("data-state", "ready")
    expect(page.locator("[data-count=active]")).to_have_text(str(total))
    expect(page.locator("[data-count=needs]")).to_have_text(str(total))
    expect(page.locator('[data-priority-count="2"]')).to_have_text(str(total))
    expect(page.locator("#alarms-as-of")).to_have_text(re.compile(r"as of \d\d:\d\d:\d\d"))
    first = rows(page).first
    expect(first).to_contain_text(re.compile(r"CO₂ in .+ is above 100 ppm"))
    expect(first).to_contain_text("sim.")
    assert rows(page).count() < 100  # of all only those in sight are drawn
    assert page.evaluate(AUDIT) == []

    # cursor, selection, one comment for three of them
    page.locator("#alarms-list").focus()
    for key in ("ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#alarms-chosen")).to_have_text("3 chosen")
    until(page, "new URLSearchParams(location.search).getAll('pick').length === 3")
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Acknowledge 3 alarms")
    expect(dialog.locator("textarea")).to_be_focused()
    page.keyboard.type("the fan of block 3")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#alarms-says")).to_have_text("3 acknowledged")
    expect(page.locator("[data-count=needs]")).to_have_text(str(total - 3))
    done = http.get("/api/v1/alarms?state=C").json()["items"]
    assert [row["comment"] for row in done] == ["the fan of block 3"] * 3

    # what refuses is told one by one: another operator was faster
    page.keyboard.press("Escape")
    expect(page.locator("#alarms-chosen")).to_have_text(re.compile("listed"))
    page.keyboard.press("Home")
    for key in ("Shift+ArrowDown", "s"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name="Shelve 2 alarms")
    until(page, "new URLSearchParams(location.search).getAll('pick').length === 2")
    faster = page.evaluate("new URLSearchParams(location.search).getAll('pick')[0]")
    http.post(f"/api/v1/alarms/{quote(faster)}/shelve", json={"reason": "mine", "minutes": 5}).raise_for_status()
    expect(dialog.locator("textarea")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.locator(".act-answer")).to_have_text("Say why first.")
    page.keyboard.type("works until noon")
    page.keyboard.press("Enter")
    expect(dialog.locator(".act-answer")).to_contain_text("1 shelved")
    expect(dialog.locator(".act-refused li")).to_have_count(1)
    expect(dialog.locator(".act-refused")).to_contain_text("is shelved already")
    dialog.get_by_role("button", name="Close").click()

    # who holds back what, why, until when; and back
    page.locator("[data-alarms-view=shelved]").click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page).locator(".cell-acked").first).to_have_text(re.compile(r"demo → .*\d\d:\d\d"))
    rows(page).first.click()
    side = page.locator("#alarm-side")
    expect(side).to_contain_text(re.compile("works until noon|mine"))
    page.get_by_role("button", name="Unshelve").first.click()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)


def test_the_address_holds_filters_and_the_card_says_what_to_do(show: Open, http: httpx.Client) -> None:
    total = airy(http)
    page = show("/alarms?lang=zh&theme=light")
    expect(page.locator("[data-count=active]")).to_have_text(str(total))
    place = http.get("/api/v1/alarms?limit=1").json()["items"][0]
    page.locator("[data-alarms-select=building]").select_option(place["building"])
    page.locator("[data-alarms-select=domain]").select_option("network")
    expect(page.locator("#alarms-notes .state")).to_be_visible()
    page.locator("[data-alarms-select=domain]").select_option("energy")
    page.keyboard.press("/")
    page.keyboard.type(place["place"].rsplit("/", 1)[1])
    expect(rows(page)).to_have_count(1)
    rows(page).first.click()
    side = page.locator("#alarm-side")
    for word in ("开窗，查看新风机", "新风机停机", "头痛", "先到现场，再看机组", "物业暖通", "触发", "模拟"):
        expect(side).to_contain_text(word)
    expect(side.locator("svg.alarm-trend, .alarm-trend-place .note")).to_have_count(1)
    link = side.locator("[data-alarm-scene]").get_attribute("href")
    assert link is not None
    assert f"alarm={place['id']}" in link
    until(page, "new URLSearchParams(location.search).has('alarm')")
    found = query(page)
    assert (found["building"], found["domain"], found["alarm"]) == (place["building"], "energy", place["id"])
    assert page.evaluate(AUDIT) == []
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.locator("#alarm-side")).to_contain_text("新风机停机")
    page.locator("#alarms-list").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#alarm-side")).to_be_hidden()

    # the past: as they stood, and nothing can be done
    then = quote(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    page = show(f"/alarms?lang=en&at={then}")
    expect(page.locator(".alarms-then")).to_be_visible()
    expect(rows(page).first).to_be_visible()
    expect(page.locator("#alarms-bulk")).to_be_hidden()
    rows(page).first.click()
    expect(page.locator("#alarm-side h2")).to_be_visible()
    expect(page.locator("#alarm-side [data-alarm-act]")).to_have_count(0)
    page.locator("[data-alarms-live]").click()
    expect(page.locator("#alarms-bulk")).to_be_visible()

    # how well they serve
    page.locator("[data-alarms-view=figures]").click()
    figures = page.locator("#alarms-figures")
    expect(figures.locator(".alarms-figure")).to_have_count(8)
    expect(figures).to_contain_text("aim")
    expect(figures.locator("table").first).to_be_visible()
    assert page.evaluate(AUDIT) == []
    page.locator("[data-figure-span='1']").click()
    assert query(page)["span"] == "1"


def test_a_flood_scrolls_and_the_last_can_be_reached(show: Open, http: httpx.Client) -> None:
    told = [{"key": f"k{n:04}", "priority": 2 + n % 3, "text": f"Flood {n}"} for n in range(5000)]
    page = show("/alarms?lang=en")
    expect(page.locator("#alarms-notes .state-title")).to_contain_text("nothing is wrong")
    http.post("/test/raise", json=told).raise_for_status()
    expect(page.locator("[data-count=active]")).to_have_text("5000")
    page.locator("#alarms-list").focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(page.locator('.alarms-row[aria-rowindex="5000"][data-alarm]')).to_be_visible()
    assert page.locator(".alarms-row").count() < 100
    slow = page.evaluate(
        """async () => {
            const box = document.getElementById('alarms-list');
            let worst = 0;
            let last = performance.now();
            for (let step = 0; step < 60; step += 1) {
                box.scrollTop = (box.scrollHeight * ((step * 7) % 60)) / 60;
                await new Promise((done) => requestAnimationFrame(done));
                worst = Math.max(worst, performance.now() - last);
                last = performance.now();
            }
            return worst;
        }"""
    )
    assert slow < 400, f"a frame took {slow:.0f} ms"


def test_the_strip_the_card_and_the_marks_of_the_scene_are_one(show: Open, http: httpx.Client) -> None:
    page = show("/?lang=en&theme=dark", width=1480)
    page.wait_for_selector("#twin[data-state=ready]")
    strip = page.locator("#alarm-strip")
    expect(strip.locator(".strip-calm")).to_have_text(re.compile("^No alarms"))
    expect(strip.locator(".strip-counts")).to_be_hidden()
    places = page.evaluate(
        """async () => {
            const model = await window.campus.model();
            await model.ready;
            const [one, other] = model.index.buildings.map((b) => b.id);
            return [one, other, model.labels.id.find((id) => id.startsWith(`${other}/`))];
        }"""
    )
    building, _, room = places
    http.post("/test/raise", json=[
        {"key": "fire", "priority": 1, "place": building, "text": "Pump room under water"},
        {"key": "air", "priority": 4, "place": room, "text": "Window open"},
    ]).raise_for_status()  # fmt: skip
    expect(strip.locator(".strip-lead-what")).to_have_text(re.compile("^Pump room under water · "))
    expect(strip.locator(".strip-count")).to_have_text(["1", "0", "0", "1"])
    expect(strip.locator(".strip-total")).to_contain_text("2 active, 2 to acknowledge")
    marks = page.locator("#twin .campus-overlay .campus-beacon")
    expect(marks).to_have_count(2)
    assert page.evaluate(AUDIT) == []

    # nothing is drawn while nothing changes; the symbols of who wants no motion stand still
    drawn = "() => window.campusTwin.views[0].stage.counters.frames"
    page.wait_for_timeout(1500)
    before = page.evaluate(drawn)
    page.wait_for_timeout(1500)
    assert page.evaluate(drawn) - before <= 3  # values of the feed
    assert page.evaluate("document.documentElement.dataset.flash ?? ''") == ""

    # a mark chooses its alarm, and the card says it
    marks.and_(page.locator('[data-priority="1"]')).click()
    card = page.locator("#alarm-card")
    expect(card.locator("h2")).to_have_text("Pump room under water")
    until(page, f"new URLSearchParams(location.search).get('sel') === '{building}'")
    expect(marks.and_(page.locator('[data-priority="1"]'))).to_have_attribute("aria-pressed", "true")
    strip.locator(".strip-ack").click()
    expect(card).to_contain_text("demo")
    expect(page.locator('#twin .campus-beacon[data-priority="1"] [data-calling]')).to_have_count(0)
    expect(strip.locator(".strip-lead-what")).to_have_text(re.compile("^Window open · "))

    # the list below the strip goes to the place
    strip.locator(".strip-total").click()
    page.locator("#alarm-drawer .drawer-line", has_text="Window open").locator(".drawer-go").click()
    until(page, f"window.campus.view.get().sel === '{room}'")
    expect(card.locator("h2")).to_have_text("Window open")
    page.keyboard.press("Escape")
    expect(page.locator("#alarm-drawer")).to_be_hidden()
    page.mouse.move(5, 890)  # off the figures, whose card Escape would close first
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()

    # the same on plans
    page.evaluate("window.campus.view.set({ mode: 'plan', storey: '', sel: '' })")
    plan = page.locator("#twin .plan .campus-beacon")
    expect(plan).to_have_count(2)
    plan.first.click()
    expect(card.locator("h2")).to_have_text("Pump room under water")
    http.post("/test/raise", json=[{"key": "fire", "active": False}, {"key": "air", "active": False}])
    http.post("/api/v1/alarms/ack", json={"ids": ["test:air"]})
    expect(strip.locator(".strip-calm")).to_have_text(re.compile(r"^No alarms since \d\d:\d\d"))
    expect(page.locator("#twin .campus-beacon")).to_have_count(0)


def test_sound_is_off_until_somebody_wants_it_and_can_be_muted(show: Open, http: httpx.Client) -> None:
    page = show("/alarms?lang=en")
    box = page.locator(".alarm-sound")
    expect(box).to_have_attribute("data-alarm-sound", "off")
    expect(box.locator(".sound-word")).to_have_text("Sound off")
    box.locator(".sound-press").click()
    expect(box).to_have_attribute("data-alarm-sound", "on")
    page.wait_for_timeout(1600)
    page.evaluate("delete window.campusAlarms.sounded")
    http.post("/test/raise", json=[{"key": "s1", "priority": 1, "text": "Critical"}])
    until(page, "window.campusAlarms.sounded?.priority === 1")
    box.locator("[data-sound=more]").click()
    box.locator("[data-sound=mute]").click()
    expect(box).to_have_attribute("data-alarm-sound", "muted")
    expect(box.locator(".sound-word")).to_have_text("Muted, 5 min")
    page.reload()
    expect(box).to_have_attribute("data-alarm-sound", re.compile("on|blocked"))
