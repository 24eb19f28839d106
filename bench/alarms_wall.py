"""From a value that is over its limit to the card of its alarm on a wall: a real server, its page in a real browser."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.alarms_push import PAUSES_S, Served, served
from pages.application import create_app
from twin.alarms.alarm import CRITICAL

SCREEN = "/wall/operations?screen=incidents&lang=en"
"""The screen that shows whatever is wrong."""
FLAGS = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-3d-apis"]
"""Without WebGL the model is drawn as plans: measured is the way of an alarm, not a processor that plays a card."""
READY_MS = 90_000
WATCH = """() => {
    const wall = document.getElementById('wall');
    window.shownAt = [];
    new MutationObserver(() => {
        if (!wall.hasAttribute('data-incident')) return;
        requestAnimationFrame(() => requestAnimationFrame(() => window.shownAt.push(Date.now())));
    }).observe(wall, { attributes: true, attributeFilter: ['data-incident'] });
}"""
LONGEST_S = 30.0
SETTLED_S = 0.6


def delays_ms(folder: Path, count: int) -> list[float]:
    """The delays of ``count`` alarms [ms], one after the other: from the value to the second frame with its card."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with served(folder, priority=CRITICAL, screens=create_app) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
        page.goto(running.url + SCREEN)
        page.wait_for_selector("#wall .wall-alarms[data-state=none]", state="attached", timeout=READY_MS)
        page.evaluate(WATCH)
        found = [_one(running, page, number) for number in range(count)]
        browser.close()
    return found


def _one(running: Served, page: Page, number: int) -> float:
    """One alarm from the value to the screen; then it ends again."""
    page.wait_for_timeout(1000 * (SETTLED_S + PAUSES_S[number % len(PAUSES_S)]))  # the model has come back meanwhile
    address = running.addresses[number % len(running.addresses)]
    begun = time.time()
    running.say([(address, 2e4)])
    _until(page, f"window.shownAt.length > {number}")
    shown = page.evaluate(f"window.shownAt[{number}]") / 1000
    running.say([(address, 0.0)])
    _until(page, "!document.getElementById('wall').hasAttribute('data-incident')")
    return float((shown - begun) * 1000)


def _until(page: Page, holds: str) -> None:
    end = time.monotonic() + LONGEST_S
    while not page.evaluate(holds):
        if time.monotonic() > end:
            raise RuntimeError(f"the wall did not follow within {LONGEST_S:.0f} s: {holds}")
        page.wait_for_timeout(20)
