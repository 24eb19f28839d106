"""Building page, model check, unknown addresses, and the states that nobody wishes for, in a real browser."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import READY_MS, Complaints, Product, query, start_product
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.mark.flat
def test_the_building_page_filters_sorts_and_selects(open_page: Opener, product: Product) -> None:
    with urllib.request.urlopen(f"{product.url}/api/v1/buildings?limit=1") as answer:
        building = json.load(answer)["items"][0]["id"]
    page = open_page(f"/building/{building}?lang=en")
    rows = page.locator("#rows-body tr")
    expect(rows.first).to_be_visible(timeout=READY_MS)
    everything = rows.count()
    page.locator('[data-order="area"]').click()
    expect(page.locator("th[aria-sort=ascending] [data-order=area]")).to_be_visible()
    page.locator('[data-order="area"]').click()
    expect(page.locator("th[aria-sort=descending] [data-order=area]")).to_be_visible()
    areas = [float(text.rpartition("\u202f")[0].replace("\u202f", "")) for text in
             page.locator("#rows-body td:nth-child(5)").all_inner_texts()[:40] if text != "–"]  # fmt: skip
    assert areas == sorted(areas, reverse=True)
    page.locator("#filter-text").fill("corridor")
    expect(page.locator(".table-count")).not_to_have_text(re.compile(f"^{everything} "))
    page.wait_for_function(
        "all => { const n = document.querySelectorAll('#rows-body tr').length; return n > 0 && n < all }",
        arg=everything,
    )
    assert {"Corridor"} == set(page.locator("#rows-body td:nth-child(4)").all_inner_texts())
    link = page.locator("#rows-body a").first
    room = link.get_attribute("data-go")
    link.click()
    page.wait_for_function("id => window.campus.view.get().sel === id", arg=room)
    assert query(page)["sel"] == room
    expect(page.locator(f'#rows-body tr[data-row="{room}"]')).to_have_attribute("data-selected", "")


@pytest.mark.flat
def test_the_check_page_and_addresses_that_nothing_has(open_page: Opener, complaints: Complaints) -> None:
    page = open_page("/check?lang=zh")
    expect(page.locator("h1").first).to_have_text("模型检查")
    complaints.expected = ("404",)
    lost = open_page("/no/such/page?lang=en", wait=".lonely")
    expect(lost.locator(".state-title")).to_have_text("There is no such page")
    unknown = open_page("/building/nowhere?lang=en", wait=".lonely")
    expect(unknown.locator(".state-text")).to_contain_text("nowhere")
    place = open_page("/?sel=nowhere/1/2&lang=en", wait="#details .state")
    expect(place.locator("#details .state-title")).to_have_text("There is no such place")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_targets_contrast_and_headings(open_page: Opener, theme: str) -> None:
    page = open_page(f"/?lang=zh&theme={theme}")
    page.locator('[data-fly="section"]').click()
    page.wait_for_selector("#details h2")
    assert page.evaluate(AUDIT) == []


@pytest.mark.flat
def test_the_order_of_focus_is_the_order_of_reading(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    page.wait_for_selector("#details h2")
    seen: list[str] = []
    named = "((e) => e.dataset.do || e.id || e.className)(document.activeElement)"
    while "tree" not in seen and len(seen) < 30:
        page.keyboard.press("Tab")
        seen.append(page.evaluate(named))
    assert seen[0] == "skip"
    assert seen.index("brand") < seen.index("keys") < seen.index("query") < seen.index("tree"), seen
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


@pytest.mark.flat
def test_values_turn_stale_on_the_screen_when_nothing_comes_any_more(
    open_page: Opener, browser: Browser, tmp_path: Path
) -> None:
    own: Product = start_product(tmp_path)
    try:
        complaints = Complaints(own.url)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        complaints.listen(page)
        page.goto(f"{own.url}/?lang=en")
        hero = page.locator("#details .hero-value")
        expect(hero).to_have_attribute("data-quality", "good", timeout=READY_MS)
        own.stop()
        page.wait_for_selector("#twin[data-state=stale]", timeout=READY_MS)
        expect(page.locator("#feed")).to_have_attribute("data-state", "stale")
        expect(page.locator("#feed-word")).to_have_text("no data since")
        expect(hero).to_have_attribute("data-quality", "stale")
        assert hero.inner_text() not in ("", "0", "–")
        page.close()
    finally:
        if own.process.poll() is None:
            own.stop()
