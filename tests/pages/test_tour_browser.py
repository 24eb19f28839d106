"""A tour from a wall to the phones: the wall is lent and given back, guide and visitor see the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.pages.browser import READY_MS, Complaints, until
from tests.pages.test_wall_browser import AUDIT, CLIPPED, displays, open_wall, post, served

pytestmark = pytest.mark.browser
FIXTURES = (served,)
PHONE: ViewportSize = {"width": 390, "height": 844}
ON_TOUR = CLIPPED.replace("#wall *", "#tour *").replace(
    "e.childElementCount ||", "e.childElementCount || e.closest('svg') ||"
)


def test_a_tour_on_a_wall_led_from_a_phone_and_followed_on_another(browser: Browser, served: dict[str, Any]) -> None:
    product = served["product"]
    wall, (complaints, _) = open_wall(browser, product)
    watch = Complaints(product.url)
    begins = datetime.now(UTC) + timedelta(hours=1)
    group = {"begins": begins.isoformat(), "name": "咸阳中学", "kind": "school", "people": 28}
    post(product, "visits", group)
    guide = browser.new_page(viewport=PHONE)
    watch.listen(guide)
    guide.goto(f"{product.url}/guide/campus?lang=zh")
    guide.locator("#start select").select_option(index=1)
    guide.get_by_role("button", name="5 分钟").click()
    expect(guide.locator("#notes")).to_contain_text("面积与栋数")
    assert guide.evaluate(AUDIT) == []
    guide.get_by_text("提问、大屏与时长").click()
    guide.locator("#wall").select_option("lobby")
    wall.wait_for_url("**/tour/campus?**", timeout=READY_MS)
    wall.wait_for_selector("#tour[data-step=welcome]:not([data-moving])", timeout=READY_MS)
    expect(wall.locator("h1")).to_contain_text("五分钟看校园")
    code = wall.evaluate("campus.tour.state.code")
    phone = browser.new_context(viewport=PHONE, locale="en-GB").new_page()
    watch.listen(phone)
    phone.goto(f"{product.url}/follow/{code}")
    expect(phone.locator("#words")).to_contain_text("Forty-eight buildings")
    guide.get_by_role("button", name="下一步").click()
    expect(guide.locator("#passed")).to_contain_text("校园里没有'1'")
    wall.wait_for_selector("#tour[data-step=library]:not([data-moving])", timeout=READY_MS)
    expect(phone.locator("#words")).to_contain_text("Library")
    assert phone.locator("g[data-on]").evaluate_all("all => all.map((e) => e.dataset.id)") == ["TSG"]
    assert wall.evaluate("campus.tour.picture.step") == "library"
    assert wall.evaluate(ON_TOUR) == []
    assert wall.evaluate(AUDIT) == []
    assert phone.evaluate(AUDIT) == []
    assert phone.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    # a pointer at any building, the language of the wall, a hold
    guide.locator("#find").fill("图书馆")
    guide.locator("#found button").first.click()
    expect(wall.locator(".tour-pointer, .tour-card").first).to_be_attached()
    until(wall, "campus.tour.state.pointer?.names.zh.includes('图书馆')")
    guide.get_by_role("button", name="EN", exact=True).click()
    expect(wall.locator(".tour-caption")).to_contain_text("The library stands in the middle")
    guide.get_by_role("button", name="停住").click()
    expect(wall.locator("#tour-says")).to_have_text("On hold")
    expect(phone.locator("#says")).to_have_text("The guide has stopped here")
    assert next(row for row in displays(product) if row["scene"] == "tour:campus")["state"] == "ok"
    # who looks around comes back; a phone that is loaded anew is where the group is
    phone.get_by_role("button", name="Look around").click()
    expect(phone.get_by_role("button", name="Earlier")).to_be_disabled()
    expect(phone.locator("#words")).to_contain_text("Forty-eight buildings")
    phone.get_by_role("button", name="Back to the group").click()
    expect(phone.locator("#words")).to_contain_text("The library stands in the middle")
    guide.reload()
    expect(guide.locator("#sentence")).to_contain_text("图书馆在正中")
    guide.get_by_text("提问、大屏与时长").click()
    guide.get_by_role("button", name="结束导览").click()
    guide.get_by_role("button", name="再按一次").click()
    expect(phone.locator("#words")).to_contain_text("The tour is over")
    phone.get_by_role("button", name="5 of 5").click()
    expect(phone.locator("#words")).to_contain_text("that is noted")
    assert phone.evaluate(AUDIT) == []
    wall.wait_for_url("**/wall/lobby**", timeout=READY_MS)
    wall.wait_for_selector("#wall .wall-title", timeout=READY_MS)
    # the register has it
    guide.set_viewport_size({"width": 1280, "height": 720})
    guide.goto(f"{product.url}/visits?lang=en")
    expect(guide.locator(".visits-figure b")).to_have_text(["1", "28", "5.0"])
    guide.locator(".visits-chip").click()
    expect(guide.locator("[name=name]")).to_have_value("咸阳中学")
    assert guide.evaluate(AUDIT) == []
    guide.locator("[name=people]").fill("30")
    guide.get_by_role("button", name="Save", exact=True).click()
    expect(guide.locator(".visits-figure b")).to_have_text(["1", "30", "5.0"])
    # nobody leads: keys and a clicker do
    wall.goto(f"{product.url}/tour/campus?lang=en&mode=plan")
    wall.wait_for_selector("#tour[data-step=welcome]", timeout=READY_MS)
    wall.keyboard.press("PageDown")
    wall.wait_for_selector("#tour[data-step=library]", timeout=READY_MS)
    kept = wall.evaluate("[location.search, campus.tour.id]")
    assert f"telling={kept[1]}" in kept[0]
    wall.keyboard.press(" ")
    expect(wall.locator("#tour-says")).to_have_text("On hold")
    assert wall.evaluate(AUDIT) == []
    assert complaints.found == watch.found == []
    for page in (wall, guide, phone):
        page.close()
