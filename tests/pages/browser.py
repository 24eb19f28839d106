"""The product as a real process, and a browser that fails a test when a page complains or asks another host."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Request

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--disable-audio-output",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-compositing",  # the page is composed by the processor itself, not by a card that it plays
]
READY_MS = 45_000
"""Software WebGL on two shared cores is slow; a healthy page is ready in a few seconds."""


@dataclass(slots=True)
class Product:
    """A running server; ``check`` fails when it died silently."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        assert self.process.poll() is None, f"the server died:\n{self.log.read_text()[-4000:]}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start_product(cache: Path, port: int = 0, module: str = "tests.pages.serve", spaces: int = 0) -> Product:
    """Start it on a port, 0 for a free one, and wait until it is ready; ``spaces`` 0: as many as usual."""
    if port == 0:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
    log = cache / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(port), str(cache), *([str(spaces)] if spaces else [])],
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
    product = Product(f"http://127.0.0.1:{port}", process, log)
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        product.check()
        try:
            with urllib.request.urlopen(f"{product.url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return product
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"the server was not ready within 120 s:\n{log.read_text()[-4000:]}")


@dataclass  # without slots: Playwright hangs its wrappers on the object whose methods listen
class Complaints:
    """What a page said that it should not: errors, console errors, requests elsewhere."""

    url: str
    found: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.expected):
            self.found.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        own = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:", "about:")
        if not request.url.startswith(own):
            self.found.append(f"request elsewhere: {request.url}")


def query(page: Page) -> dict[str, str]:
    """The query of the page's address."""
    found: dict[str, str] = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    return found


def distinct_pixels(page: Page) -> int:
    """How many different colours the view shows, as the screen has it; 1 for a blank one."""
    picture = base64.b64encode(page.locator("#twin canvas").first.screenshot()).decode()
    found = page.evaluate(
        """async (picture) => {
            const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
            const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
            const copy = new OffscreenCanvas(160, 100);
            const ink = copy.getContext('2d');
            ink.imageSmoothingEnabled = false;
            ink.drawImage(image, 0, 0, 160, 100);
            const { data } = ink.getImageData(0, 0, 160, 100);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
            return seen.size;
        }""",
        picture,
    )
    return int(found)


def until(page: Page, expression: str, timeout_s: float = 60) -> None:
    """Ask the page until something holds: its security policy forbids it to evaluate text by itself."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never so within {timeout_s:.0f} s: {expression}"
        page.wait_for_timeout(100)
