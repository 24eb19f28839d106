"""Incidents, the log and saved views in a real browser: seen, worked on, told at once; both languages, no mouse."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import viewer
from pages.application import create_app
from tests.conftest import require
from tests.memory import in_memory
from tests.pages.browser import Complaints, query
from tests.server.incident_campus import desk_of, down, incidental, until
from tests.server.serving import Served

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8").replace("#twin", "#incident-view")
"""The view has signs of its own, as on the console."""


def _png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    with (
        in_memory(tmp_path_factory.mktemp("incidents-page")) as folder,
        incidental(folder, prepare=create_app) as running,
    ):
        yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    made = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    complaints = Complaints(served.url)
    complaints.listen(made)
    yield made
    made.close()
    assert [said for said in complaints.found if "415" not in said] == []


def opened(page: Page, served: Served, path: str) -> None:
    page.goto(served.url + path)
    page.wait_for_selector("[data-page]")


def test_an_incident_comes_is_worked_on_and_is_over(page: Page, served: Served) -> None:
    opened(page, served, "/incidents?lang=en")
    expect(page.locator(".state-title")).to_have_text("Nothing is open")
    page.wait_for_timeout(300)
    down(served, [*(f"1/01/10{n}/AP" for n in range(1, 6)), "1/01/SW"])
    row = page.locator('[data-incident="I1"]')
    expect(row).to_contain_text("1/01/SW is down", timeout=15_000)
    expect(row).to_contain_text("1 incident, 5 consequences")
    expect(row).to_contain_text("Nobody yet")
    assert page.evaluate(AUDIT) == []
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("1/01/SW is down")
    expect(page.locator(".incident-domain li")).to_have_count(6)
    expect(page.locator(".incident-action")).to_have_text("Check the power on site")
    link = page.get_by_role("link", name="Show in the scene")
    assert "impact=1/01/SW" in str(link.get_attribute("href"))

    page.fill("#incident-comment", "on my way")
    page.get_by_role("button", name="Acknowledge all").click()
    expect(page.locator(".incident-facts")).to_contain_text("demo (acknowledged)")
    page.fill("#incident-assignee", "Li")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.locator(".incident-facts")).to_contain_text("Li")
    page.fill("#incident-note", "fuse F3 <b>blown</b>")
    served.http.post("/api/v1/incidents/I1/status", json={"status": "working"})
    expect(page.locator(".incident-lines")).to_contain_text("Progress: Being worked on", timeout=15_000)
    assert page.input_value("#incident-note") == "fuse F3 <b>blown</b>", "what is typed stays while the page changes"
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".incident-said").last).to_have_text("fuse F3 <b>blown</b>")
    page.locator("#incident-file input").set_input_files(
        {"name": "机柜.png", "mimeType": "image/png", "buffer": _png()}
    )
    expect(page.locator(".incident-picture")).to_be_visible()
    assert page.locator(".incident-picture").evaluate("async e => { await e.decode(); return e.naturalWidth; }") == 1
    page.locator("#incident-file input").set_input_files({"name": "a.bin", "mimeType": "x/y", "buffer": b"\x00\x01"})
    expect(page.locator("#incident-says")).to_contain_text("judged by the content")
    assert page.evaluate(AUDIT) == []

    down(served, ["1/01/SW", *(f"1/01/10{n}/AP" for n in range(1, 6))], active=False)
    expect(page.locator(".incident-facts")).to_contain_text("Over", timeout=15_000)
    opened(page, served, "/incidents?lang=zh&state=ended")
    expect(page.locator('[data-incident="I1"]')).to_contain_text("1 个事件，5 个后果")
    opened(page, served, "/incidents/I1?lang=zh&theme=dark")
    expect(page.locator(".incident-lines")).to_contain_text("事件结束")
    assert page.evaluate(AUDIT) == []
    opened(page, served, "/incidents/I77?lang=zh")
    expect(page.locator(".state-title")).to_have_text("没有这个事件")


def test_a_page_whose_server_is_silent_says_so(browser: Browser, served: Served) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.clock.install()
    opened(page, served, "/incidents?lang=en")
    if page.evaluate("Boolean(window.campusAlarms)"):
        page.close()
        return  # its stream tells, and has tests of its own
    page.wait_for_timeout(300)
    page.route("**/api/v1/incidents*", lambda route: route.abort())
    page.clock.fast_forward(6_000)
    expect(page.locator("#incident-says")).to_contain_text("may be old")
    page.unroute("**/api/v1/incidents*")
    page.clock.fast_forward(6_000)
    expect(page.locator("#incident-says")).to_have_text("")
    page.close()


def test_the_log_is_written_pinned_and_searched(page: Page, served: Served) -> None:
    opened(page, served, "/log?lang=en")
    page.fill("#log-text", "pump 2 leaks")
    page.fill("#log-tags", "#pump, water")
    page.get_by_role("button", name="For the next shift", exact=True).click()
    page.keyboard.press("Tab")
    page.locator("#log-text").press("Control+Enter")
    line = page.locator('.log-line[data-kind="note"]')
    expect(line).to_contain_text("pump 2 leaks")
    expect(line).to_contain_text("#pump · #water")
    expect(line).to_have_attribute("data-pinned", "true")
    assert page.input_value("#log-text") == ""
    assert page.evaluate(AUDIT) == []
    sheet = page.get_by_role("link", name="Hand-over sheet").get_attribute("href")
    assert "pump 2 leaks" in served.http.get(str(sheet)).text
    page.fill("#log-query", "nobody wrote this")
    page.locator("#log-query").press("Enter")
    expect(page.locator(".state-title")).to_have_text("Nothing found")
    opened(page, served, "/log?lang=zh")
    remove = page.get_by_role("button", name="删除")
    remove.click()
    page.get_by_role("button", name="确定？").click()
    expect(page.locator('.log-line[data-kind="note"]')).to_have_count(0)


def test_a_view_is_kept_and_opened_by_keyboard(page: Page, served: Served) -> None:
    opened(page, served, "/incidents?state=all&building=1&lang=en")
    page.keyboard.press("w")
    name = page.get_by_label("Name of this view")
    expect(name).to_be_focused()
    name.fill("House 1")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link")).to_have_text("House 1")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    opened(page, served, "/log?lang=en")
    page.keyboard.press("w")
    expect(page.get_by_role("dialog").get_by_role("link")).to_be_focused()
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/incidents"))
    assert query(page) == {"state": "all", "building": "1"}
    until(served, lambda: desk_of(served).ready.is_set())
