"""From the pointer on the axis of time to painted pixels of that instant: the demo campus, the console, a browser.

A real pointer is dragged along the axis. Each step is timed from the browser's own time of the pointer's event to the
drawing of that instant (what the product takes), and to the end of the renderer's last command (a fence) and the next
animation frame (what a browser that paints by software adds).
"""

from __future__ import annotations

import os
import random
import time

from playwright.sync_api import Page, sync_playwright

from bench.painted import listening
from bench.process import line, running
from bench.report import Bar, against_limit
from bench.viewer_bench import CHROMIUM

YOUNG_MS, OLD_MS = 100.0, 200.0
DAYS = 3.2
"""The first of these days is put away in its file."""
SPACES = 7_700
"""Of the demo campus: 22,000 points."""
STEPS = 25
READY_MS = 120_000

_ARM = """() => {
  const axis = document.getElementById('time-axis'), twin = document.getElementById('twin');
  const view = window.campusTwin.views.at(-1), gl = view.stage.renderer.getContext();
  window.scrubbed = new Promise((done) => {
    let began = 0;
    axis.addEventListener('pointermove', (event) => { began ||= event.timeStamp; }, { capture: true, once: true });
    const drawn = async () => {
      if (!began) return;
      twin.removeEventListener('campus:drawn', drawn);
      const shown = performance.now() - began;
      const end = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      while (gl.getSyncParameter(end, gl.SYNC_STATUS) !== gl.SIGNALED) await new Promise((next) => setTimeout(next, 2));
      gl.deleteSync(end);
      await new Promise(requestAnimationFrame);
      done([shown, performance.now() - began]);
    };
    twin.addEventListener('campus:drawn', drawn);
  });
}"""


def bars() -> list[Bar]:
    """Steps within the last 24 h, and within a day that is put away."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with running("bench.history_server", DAYS, SPACES) as server, sync_playwright() as playwright:
        port = listening(int(line(server)))
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        try:
            young = _steps(browser.new_page(viewport={"width": 1920, "height": 1080}), port, hours_ago=12.0)
            old = _steps(browser.new_page(viewport={"width": 1920, "height": 1080}), port, hours_ago=24 * DAYS - 14.0)
        finally:
            browser.close()
    return [
        against_limit("a scrub step of the last 24 h to its colours drawn", "ms", YOUNG_MS, [row[0] for row in young]),
        against_limit("a scrub step of the last 24 h to its painted pixels", "ms", YOUNG_MS, [row[1] for row in young]),
        against_limit("a scrub step of an older day to its colours drawn", "ms", OLD_MS, [row[0] for row in old]),
        against_limit("a scrub step of an older day to its painted pixels", "ms", OLD_MS, [row[1] for row in old]),
    ]


def _steps(page: Page, port: int, hours_ago: float) -> list[tuple[float, float]]:
    """A hand that goes along the axis around an instant: each step to another one that was not asked for before."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600 * hours_ago))
    page.goto(f"http://127.0.0.1:{port}/?at={at}")
    page.wait_for_selector('[data-seq][data-state="ready"]', timeout=READY_MS)
    page.wait_for_selector("[data-smooth=yes]", timeout=READY_MS)
    box = page.locator("#time-axis").bounding_box()
    assert box is not None
    chance = random.Random(4)
    y = box["y"] + 0.3 * box["height"]
    middle = box["x"] + 0.5 * box["width"]
    page.mouse.move(middle, y)
    page.mouse.down()
    took = []
    for _ in range(STEPS + 3):
        page.evaluate(_ARM)
        page.mouse.move(middle + chance.uniform(-0.2, 0.2) * box["width"], y)
        took.append(tuple(page.evaluate("() => window.scrubbed")))
        page.wait_for_timeout(150)
    page.mouse.up()
    return took[3:]
