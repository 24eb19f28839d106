"""The trends in a real browser: state in the address, zoom, comparison, notes, every view, and what goes wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.application import create_app
from server import forecasts as forecasting
from server.runtime import Runtime, runtime_of
from tests.pages.browser import READY_MS, Complaints, until
from tests.server.remembering import wait
from tests.server.serving import Served, serve_runtime, small_campus
from tests.twin.forecast.kept import keep
from tests.twin.forecast.made import office
from twin.config_history import HistoryEntry
from twin.history.duckdb_parquet import DuckDbStore
from twin.point import Point

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
DAYS, HOUR = 60, 3600.0
READY = "[data-page=trends][data-state=ready]"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two houses with a meter each and 60 days of hours until a while ago; house 2 was silent for six hours."""
    base = tmp_path_factory.mktemp("trends")
    zone = ZoneInfo("Asia/Shanghai")
    now = float(int(time.time() // HOUR) * HOUR)
    times = (now - HOUR * np.arange(24 * DAYS, 0, -1)).astype(np.float64)
    first, second = office(DAYS, 1).values, office(DAYS, 2).values
    second[-60:-54] = np.nan
    store = DuckDbStore(base / "history", zone)
    keep(store, times, {"1/power": first, "2/power": second})
    store.close()
    assembled = small_campus()
    assembled.campus.timezone = "Asia/Shanghai"
    assembled.points += [
        Point(f"{house}/power", house, "power", "kW", source="feed", address=house, stale_s=HOUR) for house in "12"
    ]
    runtime: Runtime = runtime_of(assembled, [], base / "cache", clock=lambda: now + 60.0)
    runtime.config = SimpleNamespace(templates={}, devices=[], file=SimpleNamespace(kpis=None))  # type: ignore[assignment]
    runtime.keep_history(HistoryEntry(), base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasting, "LOOK_S", 0.1)
        patch.setattr(forecasting, "REST_S", 0.0)
        with serve_runtime(runtime, create_app) as running:
            forecasts = runtime.forecasts
            assert forecasts is not None
            wait(lambda: forecasts.looked, 90)
            yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    complaints = Complaints(served.url, expected=("422", "ERR_INTERNET_DISCONNECTED", "Failed to load resource"))
    # its clock is not ours: the page must take "now" of the time zone of the campus all the same
    context = browser.new_context(
        viewport={"width": 1500, "height": 1000}, reduced_motion="reduce", timezone_id="America/New_York"
    )
    opened = context.new_page()
    complaints.listen(opened)
    yield opened
    context.close()
    assert complaints.found == []


def show(page: Page, served: Served, query: str) -> None:
    page.goto(f"{served.url}/trends?{query}")
    page.wait_for_selector(READY, timeout=READY_MS)
    page.wait_for_selector("#trends-chart .main-svg", timeout=READY_MS)


def asked(page: Page) -> dict[str, list[str]]:
    found: dict[str, list[str]] = page.evaluate(
        "() => { const q = new URLSearchParams(location.search);"
        " return Object.fromEntries([...q.keys()].map((k) => [k, q.getAll(k)])); }"
    )
    return found


def test_a_reader_finds_compares_zooms_and_writes_down(page: Page, served: Served) -> None:
    show(page, served, "what=1:power&span=7d&lang=en")
    expect(page.locator(".trends-totals-table tbody tr")).to_have_count(1)
    expect(page.locator(".trends-totals-table tbody tr")).to_contain_text(re.compile(r"kWh.*\d\s%"))
    expect(page.locator("#trends-legend")).to_contain_text("expected band")
    expect(page.locator("#trends-legend")).to_contain_text(re.compile("calibrated|indicative"))
    assert (
        page.evaluate("document.querySelector('#trends-chart .js-plotly-plot').layout.xaxis.range[1]")
        > time.time() * 1000
    )

    page.fill("#trends-query", "house 2")
    page.locator('[data-trend-add="2:power"]').click()
    page.keyboard.press("Escape")
    page.wait_for_selector(READY)
    expect(page.locator(".trends-totals-table tbody tr")).to_have_count(2)
    assert asked(page)["what"] == ["1:power", "2:power"]
    expect(page.locator("#trends-legend")).to_contain_text("no data")
    page.select_option("[data-trend=compare]", "week")
    expect(page.locator(".trends-totals-table thead")).to_contain_text("Difference")
    expect(page.locator(".trends-totals-table tbody tr").nth(1)).to_contain_text("steps known of both")
    until(page, "document.querySelector('#trends-chart .js-plotly-plot').data.filter((t) => t.name).length === 4")
    page.select_option("[data-trend=compare]", "")
    page.wait_for_selector(READY)

    box = page.locator("#trends-chart .nsewdrag").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, y + 5, steps=5)
    page.mouse.up()
    page.wait_for_selector("#trends-wider:not([hidden])")
    narrow = asked(page)
    assert {"from", "to"} <= narrow.keys()
    until(page, "document.querySelector('[data-page]').dataset.state === 'ready'")
    page.click("#trends-wider")
    page.wait_for_selector("#trends-wider[hidden]", state="attached")
    assert "from" not in asked(page)

    until(page, "document.querySelector('[data-page]').dataset.state === 'ready'")
    page.mouse.click(box["x"] + box["width"] * 0.25, y)
    link = page.locator("#trends-moment a")
    assert re.fullmatch(r"/\?at=\d{4}-\d\d-\d\dT[\d:]+Z&sel=1", link.get_attribute("href") or "")
    page.click("[data-trends=note-here]")
    page.fill("#note-text", "Chiller <b>serviced</b>")
    page.fill("#note-author", "Wang")
    page.click("#note-form [type=submit]")
    note = page.locator("#trends-notes [data-note]")
    expect(note).to_have_count(1)
    expect(note.locator(".note-text")).to_have_text("Chiller <b>serviced</b>")
    until(
        page,
        "document.querySelector('#trends-chart .js-plotly-plot').layout.annotations"
        ".some((a) => a.text === '<b>1</b>' && a.yanchor === 'top')",
    )
    note.locator("button").click()
    expect(note.locator("button")).to_have_text("Really remove?")
    note.locator("button").click()
    expect(note).to_have_count(0)

    # the link shows the same to whoever opens it
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-trends=copy]")
    expect(page.locator("[data-trends=copy] span")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.goto(copied)
    page.wait_for_selector("#trends-chart .main-svg", timeout=READY_MS)
    until(page, "document.querySelector('#trends-chart .js-plotly-plot').data.filter((t) => t.name).length === 2")
    page.locator("#trends-numbers-box summary").click()
    assert page.locator("#trends-numbers tbody tr").count() > 100
    with page.expect_download() as download:
        page.locator("[data-format=csv]").click()
    assert download.value.suggested_filename == "trends.csv"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_drawn_named_and_clean(page: Page, served: Served, theme: str) -> None:
    show(page, served, f"what=1:power&what=2:power&span=7d&lang=zh&theme={theme}")
    assert "\n".join(page.evaluate(AUDIT)) == ""
    if theme == "dark":
        return
    for view, words in (("carpet", "日历热图"), ("duration", "持续曲线"), ("flows", "能流"), ("ranking", "排名")):
        page.click(f'[data-trend-set="view={view}"]')
        expect(page.locator("#trends-title")).to_contain_text(words)
        page.wait_for_selector(READY)
        expect(page.locator("#trends-totals tbody tr").first).to_contain_text("%" if view != "ranking" else "kWh")
        assert "\n".join(page.evaluate(AUDIT)) == "", view
    expect(page.locator("#trends-totals tbody a").first).to_have_attribute("href", re.compile("/trends\\?what="))
    page.click('[data-trend-set="by=deviation"]')
    expect(page.locator("#trends-method")).to_contain_text("预期")
    page.go_back()
    until(page, "new URLSearchParams(location.search).get('by') === null")


def test_what_cannot_be_shown_says_why(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/trends?what=1:power&normalise=heating&lang=zh")
    page.wait_for_selector("[data-page=trends][data-state=error]", timeout=READY_MS)
    expect(page.locator("#trends-state")).to_contain_text("室外温度计")
    page.goto(f"{served.url}/trends?what=1:power&from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z&lang=en")
    page.wait_for_selector("[data-page=trends][data-state=empty]", timeout=READY_MS)
    show(page, served, "what=1:power&span=7d&lang=en")
    page.context.set_offline(True)
    page.click('[data-trend-set="span=24h"]')
    expect(page.locator("#trends-stale")).to_be_visible()
    expect(page.locator("[data-page=trends]")).to_have_attribute("data-state", "stale")
    page.context.set_offline(False)
    page.click('[data-trend-set="span=7d"]')
    page.wait_for_selector(READY)
    expect(page.locator("#trends-stale")).to_be_hidden()
    # while the past is replayed spans end there, and a line stands at it
    at = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 20 * 24 * HOUR))
    show(page, served, f"what=1:power&span=7d&at={at}&lang=en")
    assert page.evaluate("window.campus.trends.answer().end") == page.evaluate("at => Date.parse(at)", at)
    assert "replayed instant" in page.evaluate(
        "document.querySelector('#trends-chart .js-plotly-plot').layout.annotations.map((a) => a.text).join()"
    )
