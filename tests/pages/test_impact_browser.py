"""A failure in the scene: from the panel and from a link, with its legend, and back to values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.pages.browser import Complaints, query
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def test_a_failure_is_shown_from_the_panel_and_from_a_link_and_goes_again(open_page: Opener) -> None:
    page = open_page("/?lang=en&theme=dark")
    building = page.evaluate("async () => (await window.campus.model()).index.buildings[0].id")
    page.evaluate("id => window.campus.view.set({ sel: id })", f"{building}/SW0")
    button = page.locator("#details [data-set^='impact=']")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#details")).to_contain_text("What serves this")
    button.click()
    view = page.locator("#twin")
    expect(view).to_have_attribute("data-impact", "shown")
    assert query(page)["impact"] == f"{building}/SW0"
    legend = page.locator("[data-legend=impact]")
    expect(legend).to_be_visible()
    expect(legend).to_contain_text(re.compile(r"If .+ fails"))
    expect(legend.locator("[data-impact=lost]")).to_have_text(re.compile(r"\d+ spaces?"))
    expect(page.locator(".campus-marker-cause")).to_have_count(1)
    lost = page.evaluate("() => [...window.campusTwin.views[0].scene.state.impact].filter((b) => b === 2).length")
    assert lost > 0
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    expect(view).to_have_attribute("data-impact", "")
    expect(legend).to_be_hidden()
    expect(page.locator(".campus-marker-cause")).to_have_count(0)


def test_a_link_shows_the_same_and_a_node_that_nobody_knows_says_so(open_page: Opener, complaints: Complaints) -> None:
    complaints.expected = ("404", "campus view")
    page = open_page("/?lang=zh&theme=light&impact=GRID&mode=plan", wait="#twin[data-impact=shown]")
    expect(page.locator("[data-legend=impact]")).to_contain_text("市电")
    expect(page.locator(".plan-list li").first).to_contain_text("失去供给")
    page.evaluate("() => window.campus.view.set({ impact: 'nobody' })")
    expect(page.locator("#twin")).to_have_attribute("data-impact", "failed")
    expect(page.locator("[data-legend=impact]")).to_contain_text("没有“nobody”")
