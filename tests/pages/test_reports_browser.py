"""The page of reports in a real browser: choose, see, take along; what it says when it cannot; the paper itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

import viewer
from pages.application import create_app
from server import paper_browser
from tests.conftest import require
from tests.memory import in_memory
from tests.pages.browser import READY_MS, Complaints, query
from tests.pdf_text import Pdf
from tests.server.reporting import BUILDINGS, DAY, YESTERDAY, reporting
from tests.server.serving import Served

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    with in_memory(tmp_path_factory.mktemp("reports-page")) as folder, reporting(folder, create_app) as running:
        yield running


def opened(browser: Browser, served: Served, search: str, complaints: Complaints, theme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    complaints.url = served.url
    complaints.listen(page)
    page.goto(f"{served.url}/reports?{search}")
    return page


def paper(page: Page, kind: str, of: str, day: date) -> Frame:
    """The report in its frame, once it is the one that was asked for."""
    page.wait_for_selector(f'[data-page=reports][data-report="{kind} {of} {day}"]', timeout=READY_MS)
    frame = page.locator("#reports-paper iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def go(page: Page, search: str) -> None:
    """What the browser's own back and forward do."""
    page.evaluate("s => { history.pushState(null, '', s); dispatchEvent(new PopStateEvent('popstate')); }", search)


def test_a_report_is_chosen_seen_and_taken_along(
    browser: Browser, served: Served, chromium: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(paper_browser.VARIABLE, chromium)
    complaints = Complaints(served.url)
    page = opened(browser, served, f"kind=day&date={DAY}&lang=en", complaints)
    frame = paper(page, "day", "", DAY)
    assert f"{BUILDINGS - 1} of {BUILDINGS} meters" in frame.locator(".strong").inner_text()
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert frame.evaluate("document.fonts.check('16px \"Inter Variable\"')")
    high = page.locator("#reports-paper iframe").evaluate("e => e.getBoundingClientRect().height")
    assert high == pytest.approx(frame.evaluate("document.documentElement.getBoundingClientRect().height"), abs=3)
    assert high > 2000, "the paper is not cut off"
    assert page.evaluate(AUDIT) == []
    assert frame.evaluate(AUDIT) == []
    expect(page.locator("a.screen[aria-current=page]")).to_have_attribute("href", "/reports")

    page.select_option("#reports-of", "3")
    frame = paper(page, "day", "3", DAY)
    expect(frame.locator("h1")).to_have_text("House 3: Daily report")
    page.locator('[data-reports-step="-1"]').click()
    paper(page, "day", "3", DAY - timedelta(days=1))
    assert query(page) == {"kind": "day", "of": "3", "date": str(DAY - timedelta(days=1)), "lang": "en"}
    page.go_back()
    paper(page, "day", "3", DAY)
    page.locator('[data-reports-kind="week"]').click()
    paper(page, "week", "3", DAY)
    expect(page.locator('[data-reports-kind="week"]')).to_have_attribute("aria-pressed", "true")
    page.locator("#reports-date input").fill(str(YESTERDAY))
    paper(page, "week", "3", YESTERDAY)
    with page.expect_download() as waiting:
        page.locator("#reports-pdf").click()
    name = waiting.value.suggested_filename
    assert re.fullmatch(r"week-\d{4}-\d\d-\d\d-3-en\.pdf", name)
    waiting.value.save_as(tmp_path / name)
    assert "House3:Weeklyreport" in Pdf((tmp_path / name).read_bytes()).pages[0]
    expect(page.locator("#reports-says")).to_have_text(f"{name} is made")

    monkeypatch.setenv(paper_browser.VARIABLE, str(tmp_path / "none"))
    complaints.expected = ("503",)
    page.locator('[data-reports-kind="day"]').click()
    paper(page, "day", "3", YESTERDAY)
    page.locator("#reports-pdf").click()
    expect(page.locator("#reports-says.bad")).to_contain_text("is no program that can be run")
    assert complaints.found == []
    page.close()


def test_what_cannot_be_reported_says_why_in_the_language_and_theme_of_the_page(
    browser: Browser, served: Served
) -> None:
    complaints = Complaints(served.url)
    page = opened(browser, served, "kind=day&of=nowhere&lang=zh", complaints, "dark")
    expect(page.locator("#reports-paper .state-title")).to_have_text("园区中没有“nowhere”")
    assert page.evaluate(AUDIT) == []
    go(page, "?kind=year&lang=zh")
    expect(page.locator("#reports-paper .state-text")).to_contain_text("use day, week, month")
    go(page, "?date=8000-01-01&lang=zh")
    expect(page.locator("#reports-paper .state-title")).to_have_text("这段时间尚未开始")
    go(page, "?kind=month&date=2019-05-05&lang=zh")
    frame = paper(page, "month", "", date(2019, 5, 5))
    expect(frame.locator("h2").first).to_have_text("没有可报告的数据")
    assert "历史从" in frame.locator("section").first.inner_text()
    assert frame.evaluate(AUDIT) == []
    assert complaints.found == []
    page.close()
