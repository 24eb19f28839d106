"""Two moments beside one another: side by side, their difference, last week; the same on map and plans."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.pages.browser import query, until
from tests.pages.conftest import Opener
from tests.pages.time_machine import HOUR, VIEW, at_rest, drawn, iso, opened, state, total

pytestmark = pytest.mark.browser


def test_two_moments_side_by_side_are_two_states_in_one_picture(open_page: Opener) -> None:
    page = opened(open_page, f"/?lang=en&at={iso(3 * HOUR)}")
    page.locator('[data-compare="week"]').click()
    page.wait_for_selector("#twin[data-compare=swipe]")
    until(page, f"{VIEW}.stage.split !== null")
    at, versus = (datetime.fromisoformat(query(page)[key]).timestamp() for key in ("at", "vs"))
    assert at - versus == 7 * 24 * HOUR
    other = page.evaluate(f"{VIEW}.machine.beside.state.asOf")
    assert other == versus * 1000
    plates = page.locator(".campus-swipe span:not(:has(*))").all_inner_texts()
    assert any(datetime.fromtimestamp(versus + 8 * HOUR, UTC).strftime("%H:%M") in text for text in plates)
    handle = page.locator(".campus-swipe [role=slider]")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "80")
    expect(page.locator("canvas.campus-canvas")).to_have_count(1)
    # each half is drawn in the colours of its own moment: with one of them stale in every room it alone is hatched
    page.keyboard.press("Home")
    whole = colours(page)
    page.keyboard.press("End")
    assert colours(page) != whole
    page.locator('[data-compare="off"]').click()
    page.wait_for_selector("#twin[data-compare='']")
    assert page.evaluate(f"{VIEW}.stage.split") is None
    assert not {"vs", "cmp"} & set(query(page))


def colours(page: Page) -> str:
    """A digest of what the canvas shows now."""
    page.wait_for_timeout(600)
    return str(
        page.evaluate(
            f"""(() => {{
                const {{ stage }} = {VIEW};
                stage.drawNow();
                const gl = stage.renderer.getContext(), w = gl.drawingBufferWidth, h = gl.drawingBufferHeight;
                const row = new Uint8Array(w * 40 * 4);
                gl.readPixels(0, h >> 1, w, 40, gl.RGBA, gl.UNSIGNED_BYTE, row);
                return row.reduce((sum, value, i) => (sum * 31 + value + i) % 1000000007, 7);
            }})()"""
        )
    )


def test_a_difference_has_signs_two_colours_and_both_instants_in_its_legend(open_page: Opener) -> None:
    page = open_page(f"/?lang=en&at={iso(3 * HOUR)}&vs={iso(27 * HOUR)}&cmp=diff")
    page.wait_for_selector("#twin[data-compare=difference]")
    until(page, f"{VIEW}.machine.shown !== ''")
    legend = page.locator("#difference")
    expect(page.locator(".hero-label .of-difference")).to_be_visible()
    expect(legend).to_be_visible()
    for ago in (3, 27):
        stamp = page.evaluate("at => window.campus.timeAxis.local.full(Date.parse(at))", iso(ago * HOUR))
        expect(legend).to_contain_text(stamp)
    expect(legend.locator(".ticks span").first).to_have_text(re.compile("^\u2212"))
    expect(page.locator("[data-legend='energy.power']")).to_be_hidden()
    expect(page.locator("#heading .live").first).to_have_text(re.compile(r"^[+\u2212]"))
    palette = page.evaluate(f"{VIEW}.tokens.hex.diverge[6]")
    shown = page.evaluate(
        f"'#' + [...{VIEW}.scene.state.palette.image.data.slice(255 * 4, 255 * 4 + 3)]"
        ".map((v) => v.toString(16).padStart(2, '0')).join('')"
    )
    assert shown.upper() == palette
    page.locator(".time-live").click()
    page.wait_for_selector("#twin[data-time=live]")
    expect(legend).to_be_hidden()
    expect(page.locator("#heading .live").first).to_have_text(re.compile(r"^\d"))


@pytest.mark.parametrize("mode", ["2d", "plan"])
def test_map_and_plans_show_the_same_instant(open_page: Opener, mode: str) -> None:
    page = open_page(f"/?lang=en&mode={mode}&at={iso(5 * HOUR)}&vs={iso(29 * HOUR)}&cmp=swipe")
    until(page, "document.getElementById('twin').dataset.time !== ''")
    at_rest(page)
    assert drawn(page) == state(page)["wished"] / 1000
    if mode == "plan":
        assert page.locator("#twin").get_attribute("data-compare") == "", "plans are not drawn twice"
        page.locator('[data-compare="diff"]').click()
        page.wait_for_selector("#twin[data-compare=difference]")
        until(page, f"{VIEW}.state.legend.diverging === true && !isNaN({VIEW}.scene.state.number(0))")
        expect(page.locator("#difference")).to_be_visible()
    else:
        page.wait_for_selector("#twin[data-compare=swipe]")
    before = total(page)
    page.locator('[data-time="back"]').click()
    at_rest(page)
    until(page, f"{VIEW}.scene.state.number(0) !== {before}")


def test_last_week_beside_now_is_framed_and_goes_with_escape(open_page: Opener) -> None:
    page = opened(open_page)
    page.locator('[data-compare="week"]').click()
    page.wait_for_selector("#twin[data-compare=swipe]")
    until(page, f"{VIEW}.stage.split !== null")
    assert page.locator("#twin").get_attribute("data-time") == "live"
    assert "at" not in query(page)
    expect(page.locator("#time-frame .time-word")).to_have_text("Compare")
    expect(page.locator("#time-stamp")).to_have_text("Live")
    plates = page.locator(".campus-swipe span:not(:has(*))").all_inner_texts()
    assert "live" in plates
    heard = page.evaluate(f"{VIEW}.scene.state.seq")
    until(page, f"{VIEW}.scene.state.seq > {heard}")
    page.keyboard.press("Escape")
    page.wait_for_selector("#twin[data-compare='']")
    expect(page.locator("#time-frame")).to_be_hidden()
    assert not {"vs", "cmp"} & set(query(page))
