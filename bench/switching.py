"""From a click on another domain to its painted colours: the demo campus, the console, a browser with software WebGL.

The page waits for the first whole frame of values of the new channel and the drawing of it (what the product takes),
then for the renderer's end of the last drawing command (a fence) and the browser's next animation frame, by which the
picture has been handed to the screen (what a browser that paints by software adds).
"""

from __future__ import annotations

import os
from statistics import median

from playwright.sync_api import Page, sync_playwright

from bench.painted import listening
from bench.process import line, running
from bench.report import Bar, against_limit
from bench.viewer_bench import CHROMIUM

DRAWN_MS, PAINTED_MS = 200.0, 400.0
ROUNDS = 5
CHANNELS = ("network.clients", "occupancy.people", "energy.temperature", "energy.power")
READY_MS = 120_000

_SWITCH = """async (channel) => {
  const view = window.campusTwin.views.at(-1), { state } = view.scene, gl = view.stage.renderer.getContext();
  const frame = () => new Promise(requestAnimationFrame);
  const began = performance.now();
  const came = new Promise((done) => {
    const apply = state.apply;
    state.apply = (message, now) => {
      apply.call(state, message, now);
      if (message.kind !== 1 || view.props.channel !== channel) return;
      state.apply = apply;
      done();
    };
  });
  document.querySelector(`[data-set="ch=${channel}"]`).click();
  await came;
  const before = view.stage.counters.frames;
  while (view.stage.counters.frames === before) await frame();
  const drawn = performance.now() - began;
  const end = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  while (gl.getSyncParameter(end, gl.SYNC_STATUS) !== gl.SIGNALED) await new Promise((done) => setTimeout(done, 3));
  gl.deleteSync(end);
  await frame();
  return [drawn, performance.now() - began];
}"""


def bars(rounds: int = ROUNDS) -> list[Bar]:
    """The medians of each round over the channels."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with running("bench.demo_server") as server, sync_playwright() as playwright:
        port = listening(int(line(server)))
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        try:
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{port}/")
            page.wait_for_selector('[data-seq][data-state="ready"]', timeout=READY_MS)
            found = [_round(page) for _ in range(rounds + 1)][1:]  # the first compiles
        finally:
            browser.close()
    drawn, painted = zip(*found, strict=True)
    return [
        against_limit("click on another domain to its colours drawn", "ms", DRAWN_MS, drawn),
        against_limit("click on another domain to its painted pixels", "ms", PAINTED_MS, painted),
    ]


def _round(page: Page) -> tuple[float, float]:
    took = []
    for channel in CHANNELS:
        page.wait_for_selector("[data-smooth=yes]", timeout=READY_MS)  # as on a wall that hangs there
        took.append(page.evaluate(_SWITCH, channel))
    return median(row[0] for row in took), median(row[1] for row in took)
