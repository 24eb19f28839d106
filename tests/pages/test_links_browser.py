"""Links on the console: the panel lists those of what is selected, the legend says how they are drawn."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.browser import READY_MS, query
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser


def drawn(page: Page) -> None:
    """Wait until the view draws several links."""
    expect(page.locator("#twin")).to_have_attribute("data-links", re.compile(r"^([2-9]|\d{2,})$"), timeout=READY_MS)


def test_links_come_and_go_with_the_channel_and_say_how_much_they_are_used(open_page: Opener) -> None:
    page = open_page("/?lang=en&ch=network.utilisation")
    storey = page.evaluate(
        "async () => { const m = await window.campus.model(); await m.ready; return m.index.storeys.id[0]; }"
    )
    page.evaluate("id => window.campus.view.go(id)", storey)
    drawn(page)
    expect(page.locator("#details .section-head h3", has_text="Links here")).to_be_visible()
    first = page.locator("#details .link-row").first
    expect(first.locator(".link-used")).to_have_text(re.compile(r"^\d+(\.\d)? %"))
    expect(first).to_contain_text("simulator")
    expect(page.locator(".legend:visible .legend-links")).to_contain_text("width: traffic")
    page.locator('[data-channels-of] [data-set="ch=network.clients"]').click()
    expect(page.locator("#details .link-row")).to_have_count(0)
    expect(page.locator("#twin")).to_have_attribute("data-links", "0")
    page.locator('[data-set="ch=network.traffic"]').click()
    drawn(page)
    expect(page.locator("#details .link-row").first).to_be_visible()
    expect(page.locator(".legend:visible .legend-links")).to_contain_text("links: utilisation")


def test_a_storey_has_its_wires_and_its_devices_are_a_click_away(open_page: Opener) -> None:
    page = open_page("/?lang=zh&ch=network.state")
    storey = page.evaluate(
        "async () => { const m = await window.campus.model(); await m.ready; return m.index.storeys.id[0]; }"
    )
    page.evaluate("id => window.campus.view.go(id)", storey)
    drawn(page)
    link = page.locator("#details .link-row dt a").first
    expect(link).to_be_visible()
    place = link.get_attribute("data-go")
    link.click()
    expect(page.locator("#selected-name")).not_to_be_empty()
    assert query(page)["sel"] == place
