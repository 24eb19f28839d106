"""From an MQTT message to the painted pixel: a real broker, the whole product, a real browser with software WebGL.

The server logs after which live frame each message came into the live state; the page notes when it had drawn which
frame: once ``data-seq`` says so, the renderer's end of the last drawing command is waited for (a fence), then the
browser's next animation frame, by which the picture has been handed to the screen. A message is painted with the first
frame noted that is newer than the one it came after. Every message counts, all on one machine's clock.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.broker import broker
from bench.process import ask, line, running
from bench.report import Bar, against_limit
from bench.viewer_bench import CHROMIUM

RATES = ((1_000, 150.0), (20_000, 500.0))
"""Messages a second, and the limit of the p99 [ms]."""
ROUNDS = 5
ROUND_S = 3.0
WARM_S = 10.0
STILL_S = 60.0
"""How long the view may take, under the load, until its light is gathered and its edges are smooth."""
PATIENCE_S = 30.0

_NOTE = """() => {
  const root = document.querySelector("[data-seq]"), gl = root.querySelector("canvas").getContext("webgl2");
  window.painted = [];
  new MutationObserver(() => {
    const seq = Number(root.dataset.seq), end = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    const note = () => window.painted.push([seq, Date.now() / 1000]);
    const look = () => gl.getSyncParameter(end, gl.SYNC_STATUS) === gl.SIGNALED
      ? (gl.deleteSync(end), requestAnimationFrame(note)) : setTimeout(look, 3);
    gl.flush();
    look();
  }).observe(root, { attributeFilter: ["data-seq"] });
}"""


def delays(log: Sequence[tuple[int, Sequence[float]]], painted: Sequence[tuple[int, float]]) -> list[float]:
    """How long each message of ``log`` took to its pixel [ms], in no order; RuntimeError if one was never painted.

    ``log``: the number of the frame after which messages came, and when they were published; ``painted``: the number of
    a drawn frame, and when it was on the screen; times in s since epoch.
    """
    numbers = [seq for seq, _ in painted]
    found = []
    for after, published in log:
        at = bisect_right(numbers, after)
        if at == len(painted):
            raise RuntimeError(f"what came after frame {after} was never painted; the last frame is {numbers[-1:]}")
        found += [(painted[at][1] - when) * 1000 for when in published]
    return found


def p99(values: Sequence[float]) -> float:
    """The value that one in a hundred exceeds."""
    return sorted(values)[len(values) * 99 // 100]


def bars(rounds: int = ROUNDS, seconds: float = ROUND_S) -> list[Bar]:
    """The bars of both rates."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with broker() as there, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        try:
            return [
                against_limit(f"published by MQTT to painted pixel, p99, {rate:,} messages a second", "ms", limit,
                              _measure(browser, there.port, rate, rounds, seconds))
                for rate, limit in RATES
            ]  # fmt: skip
        finally:
            browser.close()


def _measure(browser: Browser, broker_port: int, rate: int, rounds: int, seconds: float) -> list[float]:
    """p99 of each round [ms]."""
    with running("bench.painted_server", broker_port) as server:
        port = listening(int(line(server)))
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector('[data-seq][data-state="ready"]', timeout=60_000)
        with running("bench.mqtt_load", broker_port, rate, WARM_S + STILL_S + rounds * (seconds + PATIENCE_S)):
            time.sleep(WARM_S)
            page.wait_for_selector("[data-smooth=yes]", timeout=1000 * STILL_S)
            page.evaluate(_NOTE)
            time.sleep(0.5)
            found = [_round(server, page, seconds) for _ in range(rounds)]
        page.close()
        return found


def _round(server: subprocess.Popen[str], page: Any, seconds: float) -> float:
    ask(server)
    time.sleep(seconds)
    log: Any = ask(server)
    newest = max(after for after, _ in log)
    end = time.monotonic() + PATIENCE_S  # the page's policy forbids what wait_for_function does
    while not (painted := page.evaluate("window.painted")) or painted[-1][0] <= newest:
        if time.monotonic() > end:
            raise RuntimeError(f"the page draws nothing newer than frame {newest}")
        time.sleep(0.1)
    return p99(delays(log, painted))


def listening(port: int) -> int:
    """The port, once somebody listens there; RuntimeError after half a minute."""
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return port
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")
