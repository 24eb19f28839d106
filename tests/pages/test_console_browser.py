"""The console in a real browser: it draws, selection is one everywhere, links restore, keyboard and search work."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.browser import READY_MS, Complaints, distinct_pixels, query
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser


def selected_row(page: Page) -> str:
    """The id of the tree's selected row; '' when it is out of sight."""
    row = page.locator("#tree [role=treeitem][aria-selected=true]")
    return (row.first.get_attribute("data-node") or "") if row.count() else ""


def view(page: Page, key: str) -> str:
    """One field of the view's state."""
    return str(page.evaluate("key => window.campus.view.get()[key]", key))


def first_storey(page: Page) -> str:
    """The lowest storey with rooms of the first building."""
    found = page.evaluate(
        """async () => {
            const model = await window.campus.model();
            await model.ready;
            return model.children(model.index.buildings[0].id).findLast((id) => model.hasChildren(id));
        }"""
    )
    return str(found)


def test_the_console_draws_shows_live_values_and_asks_nobody_else(open_page: Opener) -> None:
    page = open_page("/?lang=en&theme=light")
    twin = page.locator("#twin")
    assert int(twin.get_attribute("data-buildings") or 0) > 0
    assert int(twin.get_attribute("data-spaces") or 0) > 500
    assert page.title().endswith("Operations")
    assert distinct_pixels(page) > 50
    expect(page.locator("#tree [role=treeitem]").first).to_have_attribute("aria-level", "1")
    expect(page.locator("#details h2")).to_have_text("Science and education block")
    expect(page.locator("#details .hero-value")).to_have_text(re.compile(r"^[\d\u202f.]+$"), timeout=READY_MS)
    expect(page.locator("[data-source]").first).to_have_attribute("data-state", "live", timeout=READY_MS)
    expect(page.locator("#feed-word")).to_have_text("live", timeout=READY_MS)


@pytest.mark.flat
def test_a_choice_in_the_tree_is_the_same_everywhere_and_back_undoes_it(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    storey = first_storey(page)
    building = storey.rsplit("/", 1)[0]
    page.locator("#tree").focus()
    page.evaluate("id => window.campus.view.go(id)", building)
    expect(page.locator("#details h2")).not_to_have_text("Science and education block")
    assert query(page)["sel"] == building == selected_row(page)

    page.locator(f'#storeys [data-set="storey={storey}"]').click()
    expect(page.locator(f'#storeys [data-set="storey={storey}"]')).to_have_attribute("aria-pressed", "true")
    assert (query(page)["sel"], query(page)["storey"]) == (storey, storey)
    assert selected_row(page) == storey
    twin_props = page.evaluate("window.campusTwin.views.at(-1).props")
    assert (twin_props["selection"], twin_props["storey"]) == (storey, storey)

    page.go_back()
    expect(page.locator(f'#storeys [data-set="storey={storey}"]')).to_have_attribute("aria-pressed", "false")
    assert (view(page, "sel"), view(page, "storey")) == (building, "")
    assert page.evaluate("window.campusTwin.views.at(-1).props.selection") == building
    assert selected_row(page) == building


def test_a_click_into_the_view_selects_and_the_address_says_what(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    storey = first_storey(page)
    page.evaluate("id => window.campus.view.set({ sel: id, storey: id, mode: '2d' }, { fly: id })", storey)
    page.wait_for_timeout(1500)
    box = page.locator("#twin canvas").first.bounding_box()
    assert box is not None
    chosen = ""
    for across, down in itertools.product((0.3, 0.36, 0.42, 0.48, 0.54, 0.6), (0.4, 0.5, 0.6)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(200)
        chosen = query(page).get("sel", "")
        if chosen.startswith(f"{storey}/"):
            break
    assert chosen.startswith(f"{storey}/")
    expect(page.locator("#details [aria-label='Where it is'] a").last).to_have_attribute("data-go", storey)
    assert selected_row(page) == chosen


def test_a_link_restores_everything(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    storey = first_storey(page)
    wish = {"sel": storey, "storey": storey, "mode": "2d", "lens": "trust", "labels": "0", "ch": ""}
    page.evaluate("wish => window.campus.view.set(wish, { fly: wish.sel })", wish)
    page.wait_for_timeout(1500)
    address = page.evaluate("location.pathname + location.search")
    other = open_page(address.replace("lang=en", "lang=zh") + "&theme=dark")
    state = other.evaluate("window.campus.view.get()")
    assert {key: state[key] for key in wish} == wish
    assert other.locator("#twin").get_attribute("data-mode") == "2d"
    assert other.evaluate("document.documentElement.lang") == "zh-CN"
    assert other.evaluate("document.documentElement.dataset.theme") == "dark"
    assert other.evaluate("window.campusTwin.views.at(-1).props.theme") == "dark"
    expect(other.locator('[data-legend="trust"]')).to_be_visible()
    assert selected_row(other) == storey


@pytest.mark.flat
def test_language_and_theme_are_chosen_and_kept(open_page: Opener) -> None:
    page = open_page("/?lang=en&theme=light")
    page.locator('[data-flip="theme"]').click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert query(page)["theme"] == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(30, 35, 41)"
    page.locator('[data-set="lang=zh"]').click()
    page.wait_for_selector("html[lang=zh-CN] #twin[data-state=ready]", timeout=READY_MS)
    assert "运行" in page.title()
    page.goto(page.url.split("?")[0])  # neither in the address: the cookies remember
    page.wait_for_selector("#twin[data-state=ready]", timeout=READY_MS)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == ["zh-CN", "dark"]


@pytest.mark.flat
def test_search_by_pinyin_initials_and_the_tree_by_keyboard(open_page: Opener) -> None:
    page = open_page("/?lang=zh")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    page.locator("#query").fill("sys")
    # what the first letters alone found goes
    expect(page.locator("#results .result").first).to_contain_text("实验室", timeout=READY_MS)
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#results .result[aria-selected=true]").get_attribute("data-go")
    page.keyboard.press("Enter")
    page.wait_for_function("id => window.campus.view.get().sel === id", arg=chosen)
    expect(page.locator("#results .result")).to_have_count(0)
    assert view(page, "storey") != ""

    tree = page.locator("#tree")
    tree.focus()
    assert selected_row(page) == chosen
    page.keyboard.press("ArrowLeft")  # up to the storey
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.campus.view.get().sel === window.campus.view.get().storey")
    active = tree.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowLeft")
    assert page.locator(f"#{tree.get_attribute('aria-activedescendant')}").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Home")
    assert tree.get_attribute("aria-activedescendant") == "node-0"
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.campus.view.get().sel === ''")
    assert "sel" not in query(page)


@pytest.mark.flat
def test_the_search_for_nothing_says_what_to_try(open_page: Opener) -> None:
    page = open_page("/?lang=en", wait="")
    page.locator("#query").fill("qqqzzz<b>")
    expect(page.locator("#results")).to_contain_text("Nothing found for “qqqzzz<b>”", timeout=READY_MS)


def _page_colour_shows(page: Page) -> bool:
    """Whether the middle of the twin's canvas has the page's own colour."""
    script = """async () => {
      const canvas = document.querySelector('#twin canvas');
      const flat = new OffscreenCanvas(1, 1).getContext('2d');
      window.campusTwin.views[0].stage.drawNow();
      flat.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
      const shown = [...flat.getImageData(0, 0, 1, 1).data].slice(0, 3);
      const page = getComputedStyle(document.querySelector('.stage')).backgroundColor.match(/\\d+/g).map(Number);
      return shown.every((v, i) => Math.abs(v - page[i]) <= 2);
    }"""
    return bool(page.evaluate(script))


def test_a_scene_on_its_way_or_lost_is_said_in_words_on_the_page_s_own_colour(open_page: Opener) -> None:
    def hold(page: Page, answer: str | None) -> None:
        page.route("**/models/scene-*", lambda route: None if answer is None else route.fulfill(body=answer))

    for theme in ("light", "dark"):
        page = open_page(f"/?lang=en&theme={theme}", wait="", prepare=lambda page: hold(page, None))
        page.wait_for_selector("#twin[data-state=loading] canvas", timeout=READY_MS)
        expect(page.get_by_text("The model is on its way")).to_be_visible()
        assert _page_colour_shows(page)
    page = open_page("/?lang=zh", wait="#twin[data-state=error]", prepare=lambda page: hold(page, "{}"))
    expect(page.get_by_text("三维模型无法载入")).to_be_visible()
    expect(page.get_by_text("python app.py check", exact=False)).to_be_visible()
    assert _page_colour_shows(page)


@pytest.mark.flat
def test_a_number_tells_how_it_came_and_grows_old_on_the_panel(open_page: Opener, complaints: Complaints) -> None:
    complaints.expected = ("net::ERR_FAILED", "Failed to fetch", "Callback error", "did not respond")
    page = open_page("/?lang=en")
    point = page.evaluate(
        """async () => {
            const { items } = await (await fetch("/api/v1/points?quantity=power&limit=1000")).json();
            return items.sort((a, b) => a.interval_s - b.interval_s)[0];
        }"""
    )
    page.evaluate("id => window.campus.view.go(id)", point["entity"])
    how = page.locator(f'#details .how[data-how="{point["id"]}"]')
    expect(how).to_be_visible(timeout=READY_MS)
    expect(how.locator("dl")).to_be_hidden()
    how.locator("summary").click()
    for words in ("As it came", "Received", "from 0 to", "not older than"):
        expect(how.locator("dl")).to_contain_text(words)
    expect(how.locator("[data-fresh$='|range']")).to_have_text("✓ passed")
    assert point["address"] in how.inner_text()
    # the panel's texts are told again while it stands there: what was unfolded stays so, and the focus where it was
    received = how.locator(".row", has_text="Received").locator(".fact")
    before = received.inner_text()
    # the point reports once in its interval, whenever that began; the panel follows within seconds
    expect(received).not_to_have_text(before, timeout=1000 * point["interval_s"] + READY_MS)
    expect(how).to_have_attribute("open", "")
    expect(how.locator("summary")).to_be_focused()
    # a server that says no more must not leave an age that stands still
    page.route("**/_dash-update-component*", lambda route: route.abort())
    details = page.locator("#details")
    expect(details).to_have_attribute("data-old", re.compile("not updated"), timeout=READY_MS)
    page.unroute("**/_dash-update-component*")
    expect(details).not_to_have_attribute("data-old", re.compile("."), timeout=READY_MS)
