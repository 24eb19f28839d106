"""The section's control on the console: axis, slider and number in metres, the handle in the view, the address."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.pages.browser import query
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser

VIEW = "window.campusTwin.views.at(-1)"


def section(page: Page) -> dict[str, object] | None:
    """The section as the view has it."""
    got: dict[str, object] | None = page.evaluate(f"{VIEW}.state.section")
    return got


def until(page: Page, expression: str) -> None:
    for _ in range(150):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never so: {expression}")


def opened(open_page: Opener, path: str, size: ViewportSize | None = None) -> Page:
    page = open_page(path, prepare=(lambda page: page.set_viewport_size(size)) if size else None)
    page.evaluate("async () => { await (await window.campus.model()).ready; }")
    page.locator("[data-fly=section]").click()
    return page


def test_a_plane_is_chosen_moved_and_typed_in_metres_and_the_address_keeps_it(open_page: Opener) -> None:
    page = opened(open_page, "/?lang=en")
    slider, number = page.locator("#section-at"), page.locator("#section-metres")
    expect(slider).to_be_hidden()
    page.locator("[data-set='cut=z']").click()
    expect(number).to_have_value("1.2")
    until(page, f"{VIEW}.state.section?.axis === 'z'")
    bounds = page.evaluate("async () => (await window.campus.model()).index.bounds")
    expect(page.locator("#section-scale")).to_contain_text(f"{bounds[5]:.1f} m")
    assert section(page) == {"axis": "z", "at": 1.2, "flip": False}
    number.fill("14.5")
    until(page, f"{VIEW}.state.section.at === 14.5")
    expect(slider).to_have_value("14.5")
    assert slider.get_attribute("aria-valuetext") == "14.5 m"
    slider.focus()
    page.keyboard.press("ArrowRight")
    until(page, f"{VIEW}.state.section.at === 14.6")
    expect(number).to_have_value("14.6")
    until(page, "new URLSearchParams(location.search).get('cutat') === '14.6'")
    page.locator("[data-set='cut=']").click()
    until(page, f"{VIEW}.state.section === null")
    expect(slider).to_be_hidden()


def test_the_side_from_which_one_looks_is_taken_away(open_page: Opener) -> None:
    page = opened(open_page, "/?lang=en&cam=180,30,900,0,0,20")
    page.locator("[data-set='cut=y']").click()
    until(page, f"{VIEW}.state.section?.axis === 'y'")
    assert section(page)["flip"] is False  # type: ignore[index]
    page.locator("[data-flip=cutflip]").click()
    until(page, f"{VIEW}.state.section.flip === true")
    expect(page.locator("[data-flip=cutflip]")).to_have_attribute("aria-pressed", "true")


def test_a_link_shows_the_same_cut(open_page: Opener) -> None:
    page = open_page("/?lang=en&cut=x&cutat=12.3&cutflip=1")
    until(page, f"{VIEW}.state.section !== null")
    assert section(page) == {"axis": "x", "at": 12.3, "flip": True}
    until(page, f"{VIEW}.scene.layers.find(layer => layer.name === 'section').caps !== null")
    page = open_page("/?lang=en&cut=x")
    until(page, f"{VIEW}.state.section !== null")
    assert query(page)["cut"] == "x"


def test_the_handle_takes_the_plane_along_and_the_control_follows(open_page: Opener) -> None:
    # the handle stands in the middle of the scene: room enough that the control beside it does not lie on it
    page = opened(open_page, "/?lang=en", {"width": 1800, "height": 1000})
    page.locator("[data-set='cut=y']").click()
    handle = page.get_by_role("slider", name="Position of the section")
    handle.locator("xpath=self::button").wait_for()
    before = float(page.locator("#section-metres").input_value())
    at = page.evaluate(f"{VIEW}.state.section.at")
    box = page.locator(".campus-section-handle").bounding_box()
    assert box is not None
    x, y = box["x"] + 22, box["y"] + 22
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20, steps=4)
    page.mouse.up()
    until(page, f"{VIEW}.state.section.at > {at} + 2")
    moved = page.evaluate(f"{VIEW}.state.section.at") - at
    until(page, f"Math.abs(Number(document.getElementById('section-metres').value) - {before + moved}) < 0.11")
    assert page.evaluate("window.campus.view.get().cutat") == f"{page.evaluate(f'{VIEW}.state.section.at'):g}"
    page.locator(".campus-section-handle").focus()
    now = page.evaluate(f"{VIEW}.state.section.at")
    page.keyboard.press("Shift+ArrowUp")
    until(page, f"Math.abs({VIEW}.state.section.at - {now} - 1) < 0.011")
