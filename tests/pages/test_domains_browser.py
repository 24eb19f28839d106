"""Domains in a real browser: the switch is at once and asks no page of the server, the strip follows and says why."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.browser import READY_MS, Complaints, query, until
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser


def figure(page: Page, key: str, part: str) -> str:
    return page.locator(f'[data-kpi="{key}"] .kpi-{part}').inner_text()


@pytest.mark.flat
def test_the_strip_shows_figures_with_coverage_and_their_formula(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    expect(page.locator("#kpis")).to_have_attribute("data-state", "ready", timeout=READY_MS)
    expect(page.locator('[data-kpi="energy.power"] .kpi-value')).to_have_text(re.compile(r"^[\d\u202f]+$"))
    assert figure(page, "energy.power", "unit") == "kW"
    assert re.search(r"simulated · \d+\u202f/\u202f\d+ points", figure(page, "energy.power", "state"))
    assert figure(page, "energy.base_load", "value") == "–"
    assert "of 24 h in memory" in figure(page, "energy.base_load", "state")
    page.locator('[data-kpi="energy.power"]').hover()
    expect(page.locator("#kpi-card")).to_contain_text("wins over the sum of its rooms")
    page.locator('[data-kpi="energy.cost_today"]').click()
    expect(page.locator("#kpi-card")).to_contain_text("campus.yaml: kpis.tariff")
    page.mouse.move(600, 500)
    expect(page.locator("#kpi-card")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#kpi-card")).to_be_hidden()


@pytest.mark.flat
def test_a_selection_makes_the_strip_that_of_its_building(open_page: Opener) -> None:
    page = open_page("/?lang=zh")
    building = page.evaluate(
        "async () => { const m = await window.campus.model(); await m.ready; return m.index.buildings[0].id; }"
    )
    expect(page.locator("#kpis")).to_have_attribute("data-state", "ready", timeout=READY_MS)
    whole = figure(page, "energy.power", "value")
    page.evaluate("id => window.campus.view.go(id)", building)
    expect(page.locator("#kpis")).to_have_attribute("data-entity", building)
    expect(page.locator('[data-kpi="energy.power"] .kpi-state')).to_contain_text("1\u202f/\u202f1")
    assert figure(page, "energy.power", "value") != whole
    assert page.locator("[data-kpis-place]").inner_text() == page.locator("#selected-name").inner_text()


@pytest.mark.flat
def test_the_domain_changes_at_once_without_asking_a_page(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    expect(page.locator("#kpis")).to_have_attribute("data-state", "ready", timeout=READY_MS)
    loads = page.evaluate("performance.getEntriesByType('navigation').length + performance.timeOrigin")
    page.locator('[data-domain="network"]').click()
    # before anything is answered: the row, the choice of colour, the legend and the address
    now = page.evaluate(
        """() => Object.fromEntries(["kpisOf", "channelsOf", "legend"].map((name) => {
            const all = [...document.querySelectorAll("[data-kpis-of],[data-channels-of],[data-legend]")];
            return [name, all.filter((part) => !part.hidden && name in part.dataset).map((part) => part.dataset[name])];
        }))"""
    )
    assert now == {"kpisOf": ["network"], "channelsOf": ["network"], "legend": ["network.clients"]}
    assert query(page)["ch"] == "network.clients"
    expect(page.locator('[data-domain="network"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator('[data-domain="energy"]')).to_have_attribute("aria-pressed", "false")
    until(page, "window.campusTwin.views.at(-1).props.channel === 'network.clients'")
    page.locator('[data-set="ch=network.utilisation"]').click()
    expect(page.locator('[data-set="ch=network.utilisation"]')).to_have_attribute("aria-pressed", "true")
    page.locator('[data-channels-of="network"] [data-set="ch="]').click()
    expect(page.locator('[data-kpis-of="network"]')).to_have_js_property("hidden", False)
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator('[data-kpis-of="energy"]')).to_have_js_property("hidden", False)
    assert page.evaluate("performance.getEntriesByType('navigation').length + performance.timeOrigin") == loads


@pytest.mark.flat
def test_the_course_of_the_first_figure_is_drawn_and_follows_the_domain(open_page: Opener) -> None:
    page = open_page("/?lang=en", prepare=lambda page: page.set_viewport_size({"width": 1920, "height": 900}))
    until(page, "/[ML]/.test(document.querySelector('#trend .trend-line')?.getAttribute('d') ?? '')")
    expect(page.locator("#trend-name")).to_have_text("Power now · last 24 h")
    told = page.locator("#trend-name")
    for turn in range(60):  # a value of the last minute stands near the end, and the line is drawn anew meanwhile
        box = page.locator("#trend svg").bounding_box()
        assert box is not None
        # where the newest values stand; the name gives way to what is pointed at
        page.mouse.move(box["x"] + box["width"] - 36 - turn % 3, box["y"] + box["height"] / 2)
        if re.fullmatch(r"\d\d:\d\d  [\d,]+ kW", told.text_content() or ""):
            break
        page.wait_for_timeout(500)
    else:
        raise AssertionError(told.text_content())
    page.mouse.move(10, 500)
    expect(page.locator("#trend-name")).to_have_text("Power now · last 24 h")
    page.locator('[data-domain="network"]').click()
    expect(page.locator("#trend-name")).to_have_text("Wi-Fi clients · last 24 h")


@pytest.mark.flat
def test_a_domain_without_points_says_so_and_what_to_do(open_page: Opener) -> None:
    def nothing(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["has_points"] = False
        for row in body["kpis"]:
            row.update(value=None, reason={"zh": "无", "en": "none"})
        route.fulfill(response=answer, body=json.dumps(body))

    page = open_page("/?lang=en&ch=occupancy.people", prepare=lambda page: page.route("**/api/v1/kpis?*", nothing))
    expect(page.locator("#kpis-none")).to_contain_text("no points of “Occupancy”", timeout=READY_MS)
    expect(page.locator("#kpis-none")).to_contain_text("campus.yaml")


@pytest.mark.flat
def test_figures_that_are_not_answered_are_said_to_be_old(open_page: Opener, complaints: Complaints) -> None:
    complaints.expected = ("net::ERR_FAILED",)
    page = open_page("/?lang=en")
    expect(page.locator("#kpis")).to_have_attribute("data-state", "ready", timeout=READY_MS)
    page.route("**/api/v1/kpis?*", lambda route: route.abort())
    expect(page.locator("#kpis-error")).to_be_visible(timeout=READY_MS)
    page.unroute("**/api/v1/kpis?*")
    expect(page.locator("#kpis-error")).to_be_hidden(timeout=READY_MS)


def test_the_colour_of_another_channel_comes_without_any_callback(open_page: Opener) -> None:
    page = open_page("/?lang=en")

    def never(_route: Route) -> None:
        return

    page.route("**/_dash-update-component*", never)
    page.route("**/api/v1/**", never)
    drawn = page.evaluate(
        """async () => {
            const { state } = window.campusTwin.views.at(-1).scene;
            const apply = state.apply.bind(state);
            const first = new Promise((done) => {
                state.apply = (...frame) => {
                    apply(...frame);
                    requestAnimationFrame(() => done(window.campusTwin.views.at(-1).props.channel));
                };
            });
            document.querySelector('[data-set="ch=energy.temperature"]').click();
            return Promise.race([first, new Promise((done) => setTimeout(() => done("nothing came"), 20000))]);
        }"""
    )
    assert drawn == "energy.temperature"
    page.unroute("**/_dash-update-component*")
    page.unroute("**/api/v1/**")


def test_the_panel_follows_the_colour_though_the_scene_comes_first(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    unit = page.locator("#details .hero-unit")
    expect(unit).to_have_text("kW", timeout=READY_MS)
    page.locator('[data-set="ch=energy.temperature"]').click()
    expect(unit).to_have_text("°C", timeout=READY_MS)
