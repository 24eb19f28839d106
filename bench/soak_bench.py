"""Hours of the whole product: MQTT in at 5,000 messages a second, and a wall, a console and a phone that watch.

What must not grow does not: the server's memory, and the heap of each page after its garbage is collected. Then the
server is gone for a while, and every display has to come back by itself. An hour (``--minutes 60``) is what the bars
are meant for; of a few minutes the slope is mostly that of the start.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from bench.broker import broker, free_port
from bench.process import memory_mb, running
from bench.report import Bar, Report, against_limit, machine, versions
from bench.viewer_bench import CHROMIUM

MINUTES = 60.0
RATE = 5000
POINTS = 5000
SETTLED_MIN = 5.0
"""What the first minutes take is taken once: figures begin here; of a short run at a third."""
OUTAGE_MIN = 5.0
SAMPLE_S = 10.0
READY_S = 120.0
SLOPE_MB_H, HEAP_RATIO, BACK_S = 5.0, 1.2, 20.0
WALL = "/wall/lobby"


@dataclass
class Display:
    """A page that watches: its heap after the collection of garbage [MB], at first and at the end; how long after the
    server it was back [s]."""

    name: str
    page: Page
    first: float = 0.0
    last: float = 0.0
    back: float = float("inf")


@dataclass
class Soak:
    """What was measured: resident memory of the server [MB] over time [s]."""

    times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def slope(self) -> float:
        """Its growth [MB/h], by least squares."""
        if len(self.times) < 3:
            return float("nan")
        return float(np.polyfit(np.array(self.times) / 3600, np.array(self.memory), 1)[0])


def run(minutes: float = MINUTES, outage: float | None = None) -> Report:
    """Soak for so long, then take the server away for ``outage`` minutes (left out: 5, in a short run a twelfth)."""
    gone = min(OUTAGE_MIN, minutes / 12) if outage is None else outage
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broken = stack.enter_context(broker())
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        seconds = (minutes + gone) * 60 + 4 * READY_S
        stack.enter_context(running("bench.mqtt_load", broken.port, RATE, seconds, POINTS))
        words = ("bench.soak_server", port, broken.port, folder, POINTS)
        soak = Soak()
        with running(*words) as server:
            wait_ready(url)
            displays = stack.enter_context(watching(url))
            measure(server.pid, displays, minutes * 60, soak)
            server.terminate()
            server.wait(60)
        linger(displays, gone * 60)
        with running(*words):
            wait_ready(url)
            come_back(displays)
    return Report(
        name="soak", machine=machine(), versions=versions("dash", "fastapi", "uvicorn", "playwright"),
        bars=bars(soak, displays),
    )  # fmt: skip


def bars(soak: Soak, displays: list[Display]) -> list[Bar]:
    """The promises."""
    found = [against_limit("the server's memory grows", "MB/h", SLOPE_MB_H, [soak.slope()])]
    for each in displays:
        ratio = each.last / each.first if each.first else float("inf")
        found.append(against_limit(f"heap of the {each.name} against that of its beginning", "", HEAP_RATIO, [ratio]))
    found += [against_limit(f"the {each.name} is back after an outage", "s", BACK_S, [each.back]) for each in displays]
    return found


def wait_ready(url: str) -> None:
    """Until the server serves."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310  # our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server was not ready within {READY_S:.0f} s")


@contextmanager
def watching(url: str) -> Iterator[list[Display]]:
    """A wall, a console and a phone, each in a context of its own."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        made = [
            _open(browser, "wall", url + WALL, 1920, 1080), _open(browser, "console", url + "/", 1600, 900),
            _open(browser, "phone", url + "/?mode=plan", 390, 844),
        ]  # fmt: skip
        yield made
        browser.close()


def _open(browser: Browser, name: str, address: str, width: int, height: int) -> Display:
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.goto(address)
    page.wait_for_selector("[data-state=ready]", timeout=READY_S * 1000)
    return Display(name, page)


def measure(pid: int, displays: list[Display], seconds: float, soak: Soak) -> None:
    """Watch for so long."""
    begun = time.monotonic()
    settled = min(SETTLED_MIN * 60, seconds / 3)
    while (now := time.monotonic() - begun) < seconds:
        if now >= settled:
            soak.times.append(now)
            soak.memory.append(memory_mb(pid))
            for each in displays:
                each.first = each.first or heap_mb(each.page)
        displays[0].page.wait_for_timeout(SAMPLE_S * 1000)
    for each in displays:
        each.last = heap_mb(each.page)


def heap_mb(page: Page) -> float:
    """What is left in a page's heap after its garbage was collected [MB]."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


def linger(displays: list[Display], seconds: float) -> None:
    """Let the displays be without a server for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        displays[0].page.wait_for_timeout(500)


def come_back(displays: list[Display]) -> None:
    """How long after the server each display shows what is new: its view gets frames again."""
    begun = time.monotonic()
    before = {each.name: _frames(each.page) for each in displays}
    waiting = list(displays)
    while waiting and time.monotonic() - begun < 3 * BACK_S:
        for each in list(waiting):
            if _state(each.page) == "ready" and _frames(each.page) != before[each.name]:
                each.back = time.monotonic() - begun
                waiting.remove(each)
        displays[0].page.wait_for_timeout(200)


def _frames(page: Page) -> str:
    return str(page.evaluate("document.querySelector('[data-seq]')?.dataset.seq ?? ''"))


def _state(page: Page) -> str:
    return str(page.evaluate("document.querySelector('[data-seq]')?.dataset.state ?? ''"))
