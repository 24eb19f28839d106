"""What tests of the time machine share: instants, what is drawn, the console with its bar open."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.pages.browser import until
from tests.pages.conftest import Opener

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
HOUR = 3600
DRAG = """async (shift) => {
    const axis = document.getElementById('time-axis'), box = axis.getBoundingClientRect();
    axis.setPointerCapture = () => {};
    const fire = (type, share) => axis.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 1, pointerType: 'touch', button: 0,
        clientX: box.left + share * box.width, clientY: box.top + 30,
    }));
    window.told = [];
    let [last, rested] = [performance.now(), 0];
    fire('pointerdown', 0.3);
    for (let i = 30; i < 70; i++) {
        fire('pointermove', (i + shift) / 100);
        await new Promise((done) => setTimeout(done, 20));
        rested = Math.max(rested, performance.now() - last);
        last = performance.now();
    }
    const told = [...window.told];
    if (!document.querySelector('.page[data-behind]')) told.push('the figures are not seen to be behind');
    fire('pointerup', (69 + shift) / 100);
    return [rested, told];
}"""
"""A hand that does not rest; how long it did [ms] all the same, for a machine may be busy."""
VIEW = "window.campusTwin.views.at(-1)"


def iso(ago_s: float) -> str:
    """An instant so long ago, on the minute."""
    return datetime.fromtimestamp((time.time() - ago_s) // 60 * 60, UTC).isoformat().replace("+00:00", "Z")


def drawn(page: Page) -> float:
    """The instant on the screen [s since epoch]; 0 for live."""
    text = page.locator("#twin").get_attribute("data-time")
    assert text is not None
    return 0.0 if text == "live" else datetime.fromisoformat(text).timestamp()


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("window.campus.time.get()")
    return found


def total(page: Page) -> float:
    """What the view knows of the campus's total."""
    return float(page.evaluate(f"{VIEW}.scene.state.number(0)"))


def at_rest(page: Page) -> None:
    """What is wanted is drawn, and Dash knows of it."""
    until(page, "(() => { const t = window.campus.time.get(); return t.wished === t.drawn })()")
    page.wait_for_timeout(450)


def opened(open_page: Opener, path: str = "/?lang=en") -> Page:
    """The console with the bar open."""
    page = open_page(path)
    if not page.locator("#time-panel").is_visible():
        page.keyboard.press("b")
    expect(page.locator("#time-panel")).to_be_visible()
    page.wait_for_selector("#time-strip svg .strip-heard")
    return page
