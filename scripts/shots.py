"""Photographs every page of the product: languages, themes, screen sizes and designed states, with a contact sheet.

    sh scripts/shots                          everything, of the demo campus, into shots/
    sh scripts/shots --only console --only dark --size 1920x1080
    sh scripts/shots --url http://127.0.0.1:8050 --only building

``--only`` keeps pictures whose name holds every given word. Names are PAGE-STATE-LANG-THEME-WIDTH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, Playwright, Route, sync_playwright
from playwright.sync_api import Error as BrowserError
from shots_broker import devices
from shots_switches import switches

ROOT = Path(__file__).resolve().parent.parent
SIZES = ("1920x1080", "3840x2160")
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]  # fmt: skip
NO_GPU = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--no-first-run", "--disable-background-networking"]

Act = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: ``page`` and ``state`` name it, ``query`` completes the address, ``act`` happens before it."""

    page: str
    state: str
    path: str = "/"
    query: str = ""
    act: Act | None = None
    before: Act | None = None
    server: str = "demo"
    webgl: bool = True
    wait: str = "[data-state=ready],[data-state=stale]"


def hold_models(page: Page) -> None:
    """The scene never comes: the loading state."""

    def never(_route: Route) -> None:
        return

    page.route("**/models/*", never)


def break_models(page: Page) -> None:
    """The scene cannot be had: the error state."""
    page.route("**/models/*", lambda route: route.abort())


def cut_line(page: Page) -> None:
    """The network goes away under a running page: the stale state."""
    page.context.set_offline(True)
    page.wait_for_selector("#twin[data-state=stale]", timeout=30_000)


def cut_feeds(page: Page) -> None:
    """The network goes away under the feeds: old numbers are said to be old."""
    page.context.set_offline(True)
    page.wait_for_selector("#feeds-stale:not([hidden])", timeout=30_000)


TRENDS = "[data-page=trends]:is([data-state=ready],[data-state=empty],[data-state=error])"


def hold_trends(page: Page) -> None:
    """The answer never comes: the loading state."""
    page.route("**/api/v1/trends?*", lambda _route: None)


def cut_trends(page: Page) -> None:
    """The network goes away under the trends, and they are asked for again."""
    page.context.set_offline(True)
    page.click("[data-trend-set='span=7d']")
    page.wait_for_selector("#trends-stale:not([hidden])", timeout=30_000)


def search_trends(page: Page) -> None:
    """The search of the trends with a few letters typed."""
    page.fill("#trends-query", "14 sys" if "lang=zh" in page.url else "14 lab")
    page.wait_for_selector("#trends-results .trends-hit")


def let_speak(page: Page) -> None:
    """Devices have sent for a while: rates, and signals that come unmapped."""
    page.wait_for_timeout(25_000)
    page.click("[data-feeds=again]")
    page.wait_for_timeout(4_000)


def search_initials(page: Page) -> None:
    """The search with a few letters typed."""
    page.keyboard.press("/")
    page.keyboard.type("14 sys" if "lang=zh" in page.url else "14 lab")
    page.wait_for_selector("#results .result, #results .results-none")


def press(selector: str) -> Act:
    """An act that clicks one thing."""

    def act(page: Page) -> None:
        page.click(selector)
        page.wait_for_timeout(2500)

    return act


SHOTS = (
    Shot("console", "campus"),
    Shot("console", "building", query="sel=14"),
    Shot("console", "storey", query="sel=14/05&storey=14/05"),
    Shot("console", "room", query="sel={room}"),
    Shot("console", "map", query="mode=2d"),
    Shot("console", "floor", query="sel={room}&mode=2d"),
    Shot("console", "trust", query="lens=trust"),
    Shot("console", "exploded", query="sel=14&x=0.6"),
    Shot("console", "section", query="sel=14&cut=y", act=press('[data-fly="section"]')),
    Shot("console", "xray", query="sel=14&xray=1"),
    Shot("console", "clay", query="ch="),
    Shot("console", "network", query="ch=network.clients"),
    Shot("console", "occupancy", query="sel=14&ch=occupancy.people"),
    Shot("console", "figure", query="sel=14", act=press('[data-kpi="energy.emissions_today"]')),
    Shot("console", "search", act=search_initials),
    Shot("console", "time", act=press("#time-open")),
    Shot("console", "unknown", query="sel=nowhere/99"),
    Shot("console", "loading", before=hold_models, wait="[data-state=loading]"),
    Shot("console", "error", before=break_models, wait="[data-state=error]"),
    Shot("console", "stale", act=cut_line),
    Shot("console", "nowebgl", query="sel=14/05&storey=14/05", webgl=False, wait="[data-page]"),
    Shot("console", "silent", server="silent"),
    Shot("console", "nosources", server="bare"),
    Shot("console", "empty", server="empty", wait="[data-page]"),
    Shot("building", "whole", path="/building/14"),
    Shot("building", "storey", path="/building/14", query="storey=14/03"),
    Shot("incidents", "list", path="/incidents", query="state=all", wait="[data-page=incidents]"),
    Shot("incidents", "one", path="/incidents/I1", wait="[data-page=incident]"),
    Shot("incidents", "log", path="/log", wait="[data-page=log]"),
    Shot("trends", "day", path="/trends", query="what=14:power", wait=TRENDS),
    Shot("trends", "week", path="/trends", query="what=14:power&span=7d&compare=week", wait=TRENDS),
    Shot("trends", "several", path="/trends", query="what=14:power&what=15:power&what=14:people", wait=TRENDS),
    Shot("trends", "carpet", path="/trends", query="what=14:power&view=carpet&span=7d", wait=TRENDS),
    Shot("trends", "duration", path="/trends", query="what=14:power&what=15:power&view=duration", wait=TRENDS),
    Shot("trends", "flows", path="/trends", query="view=flows", wait=TRENDS),
    Shot("trends", "ranking", path="/trends", query="view=ranking&by=intensity&of=spaces", wait=TRENDS),
    Shot("trends", "find", path="/trends", query="what=14:power", wait=TRENDS, act=search_trends),
    Shot("trends", "refused", path="/trends", query="what=14:power&normalise=heating", wait=TRENDS),
    Shot(
        "trends",
        "empty",
        path="/trends",
        query="what=14:power&from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z",
        wait=TRENDS,
    ),
    Shot("trends", "loading", path="/trends", query="what=14:power", before=hold_trends, wait="[data-state=loading]"),
    Shot("trends", "stale", path="/trends", query="what=14:power", wait=TRENDS, act=cut_trends),
    Shot("feeds", "demo", path="/feeds", wait="#feeds-unmapped section"),
    Shot("feeds", "points", path="/feeds", query="source=simulator", wait="#feeds-unmapped section"),
    Shot("feeds", "stale", path="/feeds", wait="#feeds-unmapped section", act=cut_feeds),
    Shot("feeds", "broker", path="/feeds", server="broker", wait="#feeds-unmapped section", act=let_speak),
    Shot("feeds", "switches", path="/feeds", server="switches", wait="#feeds-unmapped section", act=let_speak),
    Shot("feeds", "down", path="/feeds", server="silent", wait="#feeds-unmapped section"),
    Shot("feeds", "nosources", path="/feeds", server="bare", wait="#feeds-unmapped section"),
    Shot("reports", "day", path="/reports", wait="[data-page][data-report]"),
    Shot("reports", "building", path="/reports", query="kind=week&of=14", wait="[data-page][data-report]"),
    Shot("reports", "empty", path="/reports", query="kind=month&date=2019-05-01", wait="[data-page][data-report]"),
    Shot("reports", "nowhere", path="/reports", query="of=nowhere", wait="#reports-paper .state-title"),
    Shot("check", "generated", path="/check"),
    Shot("check", "findings", path="/check", server="bare"),
    Shot("missing", "page", path="/nowhere", wait=".lonely"),
)


def chromium() -> str:
    """CHROMIUM, or chromium on PATH; ends with a sentence when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if not found:
        sys.exit("shots: there is no Chromium: install it (apt-get install chromium fonts-noto-cjk) or set CHROMIUM")
    return found


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


GEOJSON = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"building": "university", "name": "North hall", "building:levels": "4"},
  "geometry": {"type": "Polygon", "coordinates": [[[108.65, 34.25], [108.6508, 34.25], [108.6508, 34.2503],
  [108.65, 34.2503], [108.65, 34.25]]]}},
 {"type": "Feature", "properties": {"building": "university", "name": "South hall"},
  "geometry": {"type": "Polygon", "coordinates": [[[108.65, 34.2493], [108.6506, 34.2493], [108.6506, 34.2496],
  [108.65, 34.2496], [108.65, 34.2493]]]}}]}
"""
HEAD = "campus:\n  id: {id}\n  names: {{zh: 样例园区, en: Sample campus}}\n  timezone: Asia/Shanghai\n"
MODEL = "models:\n  - file: models/halls.geojson\n"
POINTS = "point,entity,quantity,unit,kind,interval_s,stale_s,source,address\n"
DEAD = (
    "sources:\n  meters: {{type: mqtt, host: 127.0.0.1, port: {port}, topics: ['site/+/power']}}\npoints: points.csv\n"
)


def folder_of(server: str, base: Path) -> Path | None:
    """The campus folder of a kind of server; None for the demo."""
    if server == "demo":
        return None
    folder = base / server
    (folder / "models").mkdir(parents=True)
    text = HEAD.format(id=server)
    if server != "empty":
        (folder / "models" / "halls.geojson").write_text(GEOJSON, "utf-8")
        text += MODEL
    if server == "silent":
        (folder / "points.csv").write_text(POINTS, "utf-8")
        text += DEAD.format(port=free_port())
    (folder / "campus.yaml").write_text(text, "utf-8")
    return folder


@contextmanager
def serving(folder: Path | None, seconds: float = 180) -> Iterator[str]:
    """The product on a free port, as a process of its own; ends with it."""
    port = free_port()
    command = [sys.executable, str(ROOT / "app.py"), "serve", "--port", str(port)]
    process = subprocess.Popen(command + (["--campus", str(folder)] if folder else []), cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + seconds
        while not answers(f"{url}/readyz"):
            if process.poll() is not None:
                sys.exit(f"shots: the server ended with {process.returncode}: its message stands above")
            if time.monotonic() > limit:
                sys.exit(f"shots: no answer from {url} within {seconds:.0f} s")
            time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    """Whether the address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def first_room(url: str) -> str:
    """A room of storey 14/05 where the campus has one, else the first room of all."""
    import json

    for query in ("storey=14/05&category=meeting&limit=1", "storey=14/05&limit=1", "limit=1"):
        try:
            with urllib.request.urlopen(f"{url}/api/v1/spaces?{query}", timeout=10) as answer:  # noqa: S310
                items = json.load(answer)["items"]
        except urllib.error.URLError:
            continue
        if items:
            return str(items[0]["id"])
    return ""


def settle(page: Page) -> None:
    """Until the view has drawn its whole light; a machine that is too busy for that is photographed as it is."""
    # a selector: the pages' policy forbids what wait_for_function would evaluate
    if page.locator("[data-smooth]").count():
        with suppress(BrowserError):
            page.wait_for_selector("[data-smooth=yes]", timeout=60_000)


def photograph(browser: Browser, url: str, shot: Shot, name: str, room: str, out: Path) -> str:
    """Take one picture; what went wrong in words, '' when nothing did."""
    _, _, lang, theme, size = name.rsplit("-", 4)[-5:]
    width, height = (int(part) for part in size.split("x"))
    scheme: Literal["dark", "light"] = "dark" if theme == "dark" else "light"
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error).splitlines()[0]))
    query = "&".join(filter(None, [shot.query.format(room=room), f"lang={lang}", f"theme={theme}"]))
    try:
        if shot.before:
            shot.before(page)
        page.goto(f"{url}{shot.path}?{query}")
        page.wait_for_selector("[data-page], .lonely", timeout=60_000)
        page.wait_for_selector(shot.wait, timeout=90_000)
        page.wait_for_timeout(3500)
        if shot.act:
            shot.act(page)
        page.wait_for_timeout(700)
        settle(page)
    except BrowserError as error:
        trouble.append(str(error).splitlines()[0])
    page.screenshot(path=out / f"{name}.png", timeout=180_000)
    page.close()
    return "; ".join(trouble)


def sheet(out: Path, browser: Browser, pictures: list[tuple[str, str]]) -> None:
    """The contact sheet: an HTML page of all pictures, and a picture of that page."""
    cells = "".join(
        f'<figure><img src="{escape(name)}.png" loading="eager"><figcaption>{escape(name)}'
        + (f"<b>{escape(trouble)}</b>" if trouble else "")
        + "</figcaption></figure>"
        for name, trouble in pictures
    )
    style = (
        "body{margin:20px;background:#777;font:13px sans-serif}main{display:grid;gap:16px;"
        "grid-template-columns:repeat(4,1fr)}figure{margin:0}img{width:100%;display:block}b{color:#900;display:block}"
    )
    html = f"<!DOCTYPE html><meta charset=utf-8><title>Contact sheet</title><style>{style}</style><main>{cells}</main>"
    (out / "index.html").write_text(html, "utf-8")
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto((out / "index.html").as_uri())
    page.screenshot(path=out / "index.png", full_page=True)
    page.close()


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/shots", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="names that hold every WORD")
    parser.add_argument("--size", action="append", metavar="WxH", help=f"default {' and '.join(SIZES)}")
    parser.add_argument("--url", help="a product that runs already; only pictures of it are taken")
    parser.add_argument("--out", type=Path, default=ROOT / "shots", help="folder of the pictures")
    return parser.parse_args()


def wanted(args: argparse.Namespace) -> dict[str, Shot]:
    """The pictures that were asked for, by name."""
    sizes = args.size or SIZES
    named = {
        f"{shot.page}-{shot.state}-{lang}-{theme}-{size}": shot
        for shot in SHOTS for lang in ("zh", "en") for theme in ("light", "dark") for size in sizes
    }  # fmt: skip
    return {
        name: shot for name, shot in named.items()
        if all(word in name for word in args.only) and not (args.url and shot.server != "demo")
    }  # fmt: skip


def take(playwright: Playwright, args: argparse.Namespace, names: dict[str, Shot]) -> list[tuple[str, str]]:
    """Take them all, one server after another; (name, trouble) of each."""
    path = chromium()
    taken: list[tuple[str, str]] = []
    browsers = {True: FLAGS, False: NO_GPU}
    with tempfile.TemporaryDirectory() as base:
        for server in dict.fromkeys(shot.server for shot in names.values()):
            with ExitStack() as stack:
                url = stack.enter_context(existing(args.url) if args.url else provided(server, Path(base)))
                room = first_room(url)
                for webgl, flags in browsers.items():
                    mine = {n: s for n, s in names.items() if s.server == server and s.webgl == webgl}
                    if not mine:
                        continue
                    browser = playwright.chromium.launch(executable_path=path, args=["--headless=new", *flags])
                    for name, shot in mine.items():
                        trouble = photograph(browser, url, shot, name, room, args.out)
                        print(f"{name}{': ' + trouble if trouble else ''}", flush=True)
                        taken.append((name, trouble))
                    browser.close()
        browser = playwright.chromium.launch(executable_path=path, args=["--headless=new", *FLAGS])
        sheet(args.out, browser, taken)
        browser.close()
    return taken


@contextmanager
def provided(server: str, base: Path) -> Iterator[str]:
    """The product with a campus of this kind, and the devices that it listens to."""
    folder = folder_of(server, base)
    peers = {"broker": devices, "switches": switches}.get(server)
    with peers(folder) if peers and folder else nullcontext(), serving(folder) as url:
        yield url


@contextmanager
def existing(url: str) -> Iterator[str]:
    """A product that somebody else runs."""
    yield url.rstrip("/")


def main() -> int:
    """Take the pictures; 1 when any page had an error."""
    args = parsed()
    # who ends this also ends the servers that it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = wanted(args)
    if not names:
        sys.exit(f"shots: no picture's name holds {' and '.join(args.only)}")
    args.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        taken = take(playwright, args, names)
    print(f"{len(taken)} pictures in {args.out}; contact sheet {args.out / 'index.html'}")
    return int(any(trouble for _, trouble in taken))


if __name__ == "__main__":
    sys.exit(main())
