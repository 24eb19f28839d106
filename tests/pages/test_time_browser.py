"""The time machine in a real browser: links, scrubbing, gaps, playing, comparison, the way back; mouse and keyboard."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from datetime import datetime

import pytest
from playwright.sync_api import Request, expect

from tests.pages.browser import Complaints, Product, query, until
from tests.pages.conftest import Opener
from tests.pages.time_machine import AUDIT, DRAG, HOUR, VIEW, at_rest, drawn, iso, opened, state, total

pytestmark = pytest.mark.browser


@pytest.mark.flat
@pytest.mark.parametrize(("lang", "word"), [("en", "Replay"), ("zh", "回放")])
def test_a_link_opens_at_its_instant_and_says_so(open_page: Opener, lang: str, word: str) -> None:
    at = iso(5 * HOUR)
    page = open_page(f"/?lang={lang}&at={at}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    assert drawn(page) == datetime.fromisoformat(at).timestamp()
    expect(page.locator("#time-frame .time-word")).to_be_visible()
    expect(page.locator("#time-frame .time-word")).to_have_text(word)
    local = page.evaluate("at => window.campus.timeAxis.local.full(Date.parse(at))", at)
    expect(page.locator("#time-stamp")).to_have_text(local)
    expect(page.locator("#feed-word")).to_have_text({"en": "replay", "zh": "回放"}[lang])
    expect(page.locator("#feed .feed-age")).to_be_hidden()
    expect(page.locator("#time-panel")).to_be_visible()
    expect(page.locator("#time-axis")).to_have_attribute("aria-valuetext", f"{word}, {local}")
    before, heard = total(page), page.evaluate(f"{VIEW}.machine.live.seq")
    until(page, f"{VIEW}.machine.live?.seq > {heard} + 1")
    assert total(page) == before, "live values do not leak into the past"
    expect(page.locator("#details .hero-state .live").first).to_have_text(re.compile(r"^\d+ (s|秒)$"))


@pytest.mark.flat
def test_ages_are_those_of_then_and_do_not_grow(open_page: Opener) -> None:
    page = open_page(f"/?lang=en&at={iso(5 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    at_rest(page)
    age = page.locator("#heading .facts .live").last
    first = age.inner_text()
    page.wait_for_timeout(11_500)
    assert age.inner_text() == first
    assert page.locator("#details").get_attribute("data-old") is None, "and nobody says that they were not told again"


@pytest.mark.flat
@pytest.mark.parametrize("how", ["button", "escape", "end"])
def test_one_action_leads_back_to_live(open_page: Opener, how: str) -> None:
    page = open_page(f"/?lang=en&at={iso(3 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    past = total(page)
    if how == "button":
        page.locator(".time-live").click()
    elif how == "escape":
        page.keyboard.press("Escape")
    else:
        page.locator("#time-axis").focus()
        page.keyboard.press("End")
    page.wait_for_selector("#twin[data-time=live]")
    expect(page.locator("#time-frame")).to_be_hidden()
    expect(page.locator("#feed-word")).to_have_text("live")
    page.wait_for_timeout(300)
    assert "at" not in query(page)
    assert total(page) != past
    until(page, f"performance.now() / 1000 - {VIEW}.scene.state.seen[0] < 5")


def test_dragging_follows_without_a_single_callback_and_dash_hears_at_rest(open_page: Opener) -> None:
    page = opened(open_page)
    asked: list[str] = []
    calls: list[str] = []

    def listen(request: Request) -> None:
        if "/api/v1/frames" in request.url:
            asked.append(request.url)
        if "_dash-update-component" in request.url:
            why = json.loads(request.post_data or "{}").get("changedPropIds", [])
            calls.extend(prop for prop in why if not prop.endswith(".n_intervals"))

    page.wait_for_timeout(1500)
    page.evaluate(
        """() => {
            window.told = [];
            const plain = window.dash_clientside.set_props;
            window.dash_clientside.set_props = (id, props) => { window.told.push(id); return plain(id, props); };
        }"""
    )
    page.on("request", listen)
    for shift in range(5):
        asked.clear()
        rested, told = page.evaluate(DRAG, shift)
        if rested < 700:
            assert told == [], "nothing of Dash is touched while the hand moves"
            assert calls == []
            if len(asked) >= 2:  # of a busy machine a whole drag gets one frame
                break
        at_rest(page)
        calls.clear()
    expect(page.locator(".page[data-behind]")).to_have_count(0)
    at_rest(page)
    found = state(page)
    share = (found["wished"] - found["start"]) / (found["end"] - found["start"])
    assert share == pytest.approx((69 + shift) / 100, abs=0.01)
    assert drawn(page) == found["wished"] / 1000
    assert 2 <= len(asked) <= 44
    assert datetime.fromisoformat(query(page)["at"]).timestamp() == found["wished"] / 1000
    assert page.evaluate(f"{VIEW}.props.time") == query(page)["at"]
    focus = page.evaluate("window.told.includes('focus') && window.told.includes('place')")
    assert focus, "panels hear of the instant when it rests"


@pytest.mark.flat
def test_gaps_are_hatched_and_what_was_silent_then_is_stale_then(open_page: Opener) -> None:
    page = opened(open_page)
    gaps = page.locator("#time-strip .strip-gap")
    expect(gaps.first).to_be_visible()
    found = state(page)
    event = page.evaluate("window.campus.timeData.get().events.find((e) => e.kind === 'source')")
    hatched = page.evaluate(
        "[...document.querySelectorAll('.strip-gap')].map((r) => [+r.getAttribute('x'), +r.getAttribute('width')])"
    )
    wide = page.evaluate("document.querySelector('#time-strip svg').clientWidth")
    middle = (event["time"] + event["until"]) / 2
    x = (middle - found["start"]) / (found["end"] - found["start"]) * wide
    assert any(left <= x <= left + width for left, width in hatched), "the gap is drawn where it was"
    page.evaluate("at => window.campus.time.seek(at, true)", middle)
    at_rest(page)
    expect(page.locator("#heading .live").first).to_have_text("–")
    rooms = page.evaluate(
        f"""(() => {{
            const s = {VIEW}.scene.state, first = {VIEW}.scene.index.firstSpace;
            const flags = [...s.wireFlags.slice(first)].filter((f) => (f & 3) !== 3);
            return [flags.length, flags.filter((f) => f & 4).length];
        }})()"""
    )
    assert rooms[0] > 100
    assert rooms[0] == rooms[1], "a dead feed is stale then, too"
    expect(page.locator("#time-stamp")).not_to_have_text("…")


@pytest.mark.flat
def test_events_are_marked_and_jumped_to(open_page: Opener) -> None:
    page = opened(open_page)
    expect(page.locator(".strip-event")).not_to_have_count(0)
    page.locator('[data-time="previous"]').click()
    at_rest(page)
    events = page.evaluate("window.campus.timeData.get().events.map((e) => e.time)")
    latest = state(page)["wished"]
    assert latest == round(max(event for event in events if event < time.time() * 1000))
    page.locator("#time-axis").focus()
    page.keyboard.press("PageUp")
    at_rest(page)
    assert state(page)["wished"] in [round(event) for event in events]
    assert state(page)["wished"] < latest
    expect(page.locator("#announce")).not_to_be_empty()


@pytest.mark.flat
def test_it_works_by_keyboard(open_page: Opener) -> None:
    page = opened(open_page)
    axis = page.locator("#time-axis")
    axis.focus()
    page.keyboard.press("ArrowLeft")
    at_rest(page)
    first = state(page)["wished"]
    page.keyboard.press("ArrowLeft")
    at_rest(page)
    one = first - state(page)["wished"]
    assert 60_000 <= one <= 1_800_000
    page.keyboard.press("Shift+ArrowLeft")
    at_rest(page)
    assert first - one - state(page)["wished"] == 10 * one
    span = state(page)["span"]
    page.keyboard.press("+")
    assert state(page)["span"] == span / 2
    page.keyboard.press("-")
    assert state(page)["span"] == span
    assert int(axis.get_attribute("aria-valuenow") or 0) == state(page)["wished"] // 1000
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Time axis")
    page.keyboard.press("Escape")
    assert state(page)["wished"] is not None, "Escape closes what is open first"


@pytest.mark.flat
def test_playing_keeps_its_speed_and_stops(open_page: Opener) -> None:
    page = open_page(f"/?lang=en&at={iso(20 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    page.locator('[data-speed="600"]').click()
    page.locator("#time-axis").focus()
    begun, first = time.monotonic(), drawn(page)
    page.keyboard.press(" ")
    expect(page.locator('[data-time="play"]')).to_have_attribute("aria-label", "Pause")
    page.wait_for_timeout(5000)
    passed, moved = time.monotonic() - begun, drawn(page) - first
    assert moved > 0
    assert moved <= passed * 600 + 1, "the picture is never ahead of the clock"
    honest = moved > 0.6 * passed * 600 or page.locator("#time-speed").inner_text() != ""
    assert honest, "a machine that is too slow says so"
    page.keyboard.press(" ")
    at_rest(page)
    stopped = drawn(page)
    page.wait_for_timeout(1000)
    assert drawn(page) == stopped
    assert datetime.fromisoformat(query(page)["at"]).timestamp() == stopped


@pytest.mark.flat
def test_bookmarks_are_kept_and_lead_back(open_page: Opener) -> None:
    page = open_page(f"/?lang=en&at={iso(6 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    marked = state(page)["wished"]
    page.locator('[data-time="keep"]').click()
    expect(page.locator('[data-time="keep"]')).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("JSON.parse(localStorage.getItem(window.campus.timeKeep.KEY))[0].at") == marked
    page.locator(".time-live").click()
    page.wait_for_selector("#twin[data-time=live]")
    page.reload()
    page.wait_for_selector("#twin[data-state=ready]")
    page.keyboard.press("b")
    page.locator(".time-summary").click()
    page.locator("#time-bookmarks a").first.click()
    at_rest(page)
    assert state(page)["drawn"] == marked
    page.evaluate("localStorage.setItem(window.campus.timeKeep.KEY, '{broken')")
    assert page.evaluate("window.campus.timeKeep.all()") == []


@pytest.mark.flat
def test_back_in_the_browser_is_back_in_time(open_page: Opener) -> None:
    page = opened(open_page)
    page.evaluate("window.campus.time.seek(Date.now() - 4 * 3600e3)")
    at_rest(page)
    page.go_back()
    page.wait_for_selector("#twin[data-time=live]")
    page.go_forward()
    until(page, "document.getElementById('twin').dataset.time !== 'live'")
    expect(page.locator("#time-frame")).to_be_visible()


@pytest.mark.flat
def test_an_instant_that_is_not_kept_is_refused_in_words_and_not_shown_as_live(
    open_page: Opener, complaints: Complaints
) -> None:
    complaints.expected = ("404",)  # the browser's own line of the refusal
    page = open_page("/?lang=en&at=2020-01-01T00:00:00Z")
    page.wait_for_selector("#time-note[data-failed]")
    expect(page.locator("#time-note")).to_contain_text("the oldest instant is")
    expect(page.locator("#heading .live").first).to_have_text("–")
    expect(page.locator("#time-frame")).to_be_visible()
    assert page.locator("#twin").get_attribute("data-time") != "live"


@pytest.mark.flat
def test_an_address_that_names_no_instant_is_live(open_page: Opener) -> None:
    page = open_page("/?lang=en&at=yesterday&cmp=swipe")
    page.wait_for_selector("#twin[data-time=live]")
    expect(page.locator("#time-frame")).to_be_hidden()


@pytest.mark.flat
def test_the_building_page_has_it_too(open_page: Opener, product: Product) -> None:
    with urllib.request.urlopen(f"{product.url}/api/v1/buildings?limit=1") as answer:
        building = json.load(answer)["items"][0]["id"]
    page = open_page(f"/building/{building}?lang=en&at={iso(5 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    expect(page.locator("#time-frame")).to_be_visible()
    page.locator('[data-time="back"]').click()
    at_rest(page)
    assert drawn(page) == state(page)["wished"] / 1000


@pytest.mark.flat
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_targets_and_contrast_of_the_open_bar(open_page: Opener, theme: str) -> None:
    page = open_page(f"/?lang=zh&theme={theme}&at={iso(5 * HOUR)}")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    at_rest(page)
    assert page.evaluate(AUDIT) == []
    small = page.evaluate(
        """[...document.querySelectorAll('.time-bar button, .time-band button, .time-summary')]
            .filter((e) => e.checkVisibility())
            .map((e) => [e.textContent || e.ariaLabel, e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.9 || box.width < 43.9).map(([name]) => name)"""
    )
    assert small == [], "targets of 44 px"
