"""The feeds in a real browser: a real broker, a name that nobody mapped, accepted, and its value."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.datasources.broker import Broker, free_port
from tests.models3d.test_geojson import box, feature, write
from tests.pages.browser import READY_MS, ROOT, Complaints, Product
from tests.pages.conftest import Opener

pytestmark = [pytest.mark.browser, pytest.mark.broker]

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SENT = {
    "site/B1/power": "12.5", "site/B2/power": "31.25", "odd/thing": "@cmd",
    "em/B2/em-7": json.dumps({"d": {"p": 3.5, "e": 90.0}}),
}  # fmt: skip


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Broker]:
    running = Broker(mosquitto, tmp_path)
    stop = threading.Event()
    # A thread of its own, because Playwright's loop runs in this one.
    thread = threading.Thread(target=lambda: asyncio.run(_publish(running, stop)))
    thread.start()
    yield running
    stop.set()
    thread.join()
    running.kill()


async def _publish(broker: Broker, stop: threading.Event) -> None:
    await broker.start()
    async with broker.publisher() as client:
        while not stop.is_set():
            for topic, payload in SENT.items():
                client.publish(topic, payload)
            await asyncio.sleep(0.3)


@pytest.fixture
def campus(broker: Broker, tmp_path: Path) -> Path:
    folder = tmp_path / "campus"
    (folder / "templates").mkdir(parents=True)
    houses = (feature(box(60.0 * n, 0, 40, 20), f"way/{n}", ref=f"B{n}", building="yes") for n in (1, 2))
    write(folder / "plan.geojson", *houses)
    (folder / "campus.yaml").write_text(
        f"campus: {{id: c}}\nmodels: [{{file: plan.geojson}}]\nsources:\n"
        f"  plant: {{type: mqtt, host: 127.0.0.1, port: {broker.port}, topics: ['#']}}\n"
        f"  dead: {{type: mqtt, host: 127.0.0.1, port: {free_port()}}}\npoints: points.csv\ndevices: devices.csv\n",
        "utf-8",
    )
    header = "point,entity,quantity,unit,source,address\n"
    rows = "b1,B1,power,kW,plant,site/B1/power\nd1,B1,power,kW,dead,x/power\n"
    (folder / "points.csv").write_text(header + rows, "utf-8")
    (folder / "devices.csv").write_text("id,type,entity,building\nem-1,meter,B1,B1\n", "utf-8")
    template = '"em/{building}/{id}#/d/{path}", points: {p: power kW, e: energy kWh counter}'
    (folder / "templates" / "t.yaml").write_text(
        f"meter: {{class: Electrical_Meter, source: plant, address: {template}}}\n", "utf-8"
    )
    return folder


@contextmanager
def serving(folder: Path, cache: Path) -> Iterator[Product]:
    """The product itself over a campus folder, as ``python app.py serve`` runs it."""
    port, log = free_port(), cache.with_suffix(".log")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py", "serve", "--campus", str(folder), "--port", str(port)], cwd=ROOT,
            stdout=out, stderr=out, env={"CAMPUS_CACHE": str(cache), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    product = Product(f"http://127.0.0.1:{port}", process, log)
    try:
        limit = time.monotonic() + 120
        while not _answers(f"{product.url}/readyz"):
            product.check()
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.2)
        yield product
    finally:
        if process.poll() is None:
            product.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _latest(url: str, point: str) -> Any:
    """The point's latest value as the product tells it; nothing while it does not know the point."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/points/{point}/latest", timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return {}


def _open(browser: Browser, complaints: Complaints, address: str, **options: Any) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce", **options)
    complaints.listen(page)
    page.goto(address)
    page.wait_for_selector('[data-page="feeds"]', timeout=READY_MS)
    return page


def test_an_unmapped_name_is_accepted_and_its_value_arrives(browser: Browser, campus: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with serving(campus, cache) as product:
        complaints = Complaints(product.url, expected=("422",))
        page = _open(browser, complaints, f"{product.url}/feeds?lang=en&source=plant")
        expect(page.locator('tr[data-source="plant"]')).to_have_attribute("data-state", "live", timeout=READY_MS)
        expect(page.locator('tr[data-source="dead"] .state-word')).to_have_text("down", timeout=READY_MS)
        rows = page.locator(".feeds-points tbody tr")
        expect(rows.first).to_contain_text("em-1/p")  # without a value: before those that are well
        expect(rows.filter(has_text="site/B1/power")).to_contain_text("12.50")
        page.wait_for_timeout(1000)
        page.locator('[data-feeds="again"]').click()
        row = page.locator('tr[data-address="site/B2/power"]')
        expect(row).to_contain_text("31.25", timeout=READY_MS)
        expect(row).to_contain_text("kW")
        assert page.locator('tr[data-address="odd/thing"] .tick').is_disabled()
        # the keyboard alone: tick the signal, tick the device, accept both
        for address in ("site/B2/power", "em/B2/em-7"):
            tick = page.locator(f'tr[data-address="{address}"] .tick')
            limit = time.monotonic() + 30  # on a busy machine the list may be drawn anew between focus and key
            while tick.get_attribute("aria-checked") != "true":
                assert time.monotonic() < limit, f"{address} is not ticked by the keyboard"
                tick.focus()
                page.keyboard.press("Space")
                page.wait_for_timeout(200)
        page.wait_for_timeout(2500)  # the figures are read again meanwhile: the ticks stay
        button = page.locator("#feeds-accept")
        expect(button).to_have_text("Accept 2")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#feeds-answer")).to_have_attribute("data-state", "written", timeout=READY_MS)
        expect(row.locator(".accepted")).to_be_visible()
        assert (campus / "points.csv.bak").is_file()
        assert (campus / "devices.csv.bak").is_file()
        limit = time.monotonic() + 30  # the product takes the tables over by itself
        while time.monotonic() < limit and _latest(product.url, "site/B2/power").get("value") != 31.25:
            time.sleep(0.3)
        assert _latest(product.url, "site/B2/power")["value"] == 31.25
        limit = time.monotonic() + 45
        while row.count():  # looked for again as somebody would who still sees it
            assert time.monotonic() < limit, "what was accepted is still offered"
            page.locator('[data-feeds="again"]').click()
            page.wait_for_timeout(2000)
        expect(page.locator('tr[data-address="em/B2/em-7"]')).to_have_count(0)
        expect(page.locator('tr[data-address="odd/thing"]')).to_have_count(1)
        page.close()
        assert complaints.found == []


def test_a_refusal_lists_its_mistakes_and_a_dead_server_is_told(browser: Browser, campus: Path, tmp_path: Path) -> None:
    with serving(campus, tmp_path / "cache") as product:
        complaints = Complaints(product.url, expected=("422", "ERR_CONNECTION", "Failed to fetch", "Callback failed"))
        page = _open(browser, complaints, f"{product.url}/feeds?lang=en")
        page.wait_for_timeout(1500)
        page.locator('[data-feeds="again"]').click()
        tick = page.locator('tr[data-address="site/B2/power"] .tick')
        tick.click(timeout=READY_MS)
        with (campus / "points.csv").open("a", encoding="utf-8") as table:
            table.write("mine,B2,power,kW,plant,site/B2/power\n")  # somebody mapped it by hand meanwhile
        page.locator("#feeds-accept").click()
        expect(page.locator("#feeds-answer")).to_have_attribute("data-state", "refused", timeout=READY_MS)
        expect(page.locator("#feeds-answer li").first).to_contain_text("points.csv:5")
        product.stop()
        expect(page.locator("#feeds-stale")).to_contain_text("has not answered since", timeout=READY_MS)
        expect(page.locator('[data-page="feeds"]')).to_have_attribute("data-state", "stale")
        page.close()


@pytest.mark.parametrize(("lang", "theme"), [("zh", "light"), ("en", "dark")])
def test_the_page_of_the_demo_is_for_reading_and_stands_the_audit(open_page: Opener, lang: str, theme: str) -> None:
    page = open_page(f"/feeds?lang={lang}&theme={theme}", wait=".feeds-sources")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#feeds-unmapped h2")).to_be_visible()
    assert page.evaluate(AUDIT) == []
    assert page.locator("#feeds-accept").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('.feeds-sheet').scrollWidth <= innerWidth")
    at = page.locator("#feeds-at").get_attribute("data-at")
    page.wait_for_function("at => document.getElementById('feeds-at').dataset.at !== at", arg=at)
    page.locator(".source-name").first.click()
    page.wait_for_selector(".feeds-points .place-link", timeout=READY_MS)
    assert page.evaluate(AUDIT) == []
