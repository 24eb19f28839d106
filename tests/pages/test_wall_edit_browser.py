"""A wall edited in a browser: what is typed is looked at and shown beside the form, mistakes stand at their fields,
order goes by keys, a save is on the screens by itself, and a second hand is told."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import viewer
from tests.conftest import require
from tests.pages.browser import READY_MS, Complaints, Product, start_product, until
from tests.pages.conftest import LITTLE_LIGHT

pytestmark = pytest.mark.browser
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SPACES = 400


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server of its own, for its walls are changed."""
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    running = start_product(tmp_path_factory.mktemp("edit"), spaces=SPACES)
    yield running
    running.stop()


def ask(product: Product, path: str, body: Any = None, method: str = "GET") -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{product.url}/api/v1/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or "null")


def opened(
    browser: Browser, product: Product, path: str, size: tuple[int, int] = (1920, 1080)
) -> tuple[Page, Complaints]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page.add_init_script(LITTLE_LIGHT)
    # a refused save is an answer that the browser's console tells of as well
    complaints = Complaints(product.url, expected=("409", "Failed to load", "Failed to fetch", "ERR_ABORTED"))
    complaints.listen(page)
    page.goto(f"{product.url}{path}")
    return page, complaints


def field(page: Page, key: str) -> Any:
    return page.locator(f'[data-key="{key}"] > :is(input, select)')


def test_a_wall_is_made_edited_and_shown(browser: Browser, product: Product) -> None:
    # a new wall, a copy of another
    page, complaints = opened(browser, product, "/walls?lang=en&theme=light")
    page.locator("#walls-new-name").fill("annexe")
    page.locator("#walls-new-from").select_option("lobby")
    page.locator("#walls-new-do").click()
    page.wait_for_url("**/wall/annexe/edit", timeout=READY_MS)
    page.goto(f"{product.url}/wall/annexe/edit?lang=en&theme=light")
    expect(page.locator("#edit-state")).to_contain_text("nothing changed", timeout=READY_MS)
    wall, told = opened(browser, product, "/wall/annexe?lang=en")
    wall.keyboard.press(" ")  # its round stands still, so that it is this scene that follows
    preview = page.frame_locator(".edit-frame")
    expect(preview.locator(".wall-title")).to_contain_text("Energy", timeout=READY_MS)
    assert page.evaluate(AUDIT) == []

    # what is typed is in the preview, and on no display
    field(page, "scenes.energy.title.en").fill("Power")
    field(page, "scenes.energy.title.zh").fill("电力")
    expect(preview.locator(".wall-title")).to_contain_text("Power")
    expect(wall.locator(".wall-title")).to_contain_text("Energy", timeout=READY_MS)
    end = time.monotonic() + 10
    while not (shown := ask(product, "displays")["items"]) and time.monotonic() < end:
        time.sleep(0.1)
    assert [row["wall"] for row in shown] == ["annexe"], "the preview is no display"

    # mistakes at their fields and at the head; too many numbers are counted
    field(page, "scenes.energy.labels").fill("8")
    field(page, "scenes.energy.worst").fill("8")
    expect(page.locator(".edit-count")).to_have_text("19 of 12 numbers")
    expect(page.locator(".edit-scene-head .edit-wrong")).to_contain_text("at most 12")
    field(page, "scenes.energy.dwell").fill("soon")
    expect(field(page, "scenes.energy.dwell")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#edit-save")).to_be_disabled()
    expect(page.locator("#edit-preview .note")).to_contain_text("mistakes")
    for theme in ("dark", "light"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        assert page.evaluate(AUDIT) == []
    field(page, "scenes.energy.labels").fill("2")
    field(page, "scenes.energy.worst").fill("0")
    field(page, "scenes.energy.dwell").fill("90s")
    expect(page.locator("#edit-mistakes li")).to_have_count(0)

    # order by keys, and the camera as it stands in the preview
    row = page.locator(".edit-scene-list .edit-row").first
    row.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".edit-scene-list .edit-row").nth(1)).to_have_text("Power")
    expect(page.locator(".edit-scene-list .edit-row").nth(1)).to_be_focused()
    ready = "document.querySelector('.edit-frame').contentWindow.campusTwin?.views.at(-1)?.pose"
    until(page, ready)
    page.get_by_role("button", name="Take it from the preview").click()
    pose = field(page, "scenes.energy.camera.pose").input_value()
    assert len(pose.split(",")) == 6

    # saved, and the screen follows by itself
    page.locator("#edit-save").click()
    expect(page.locator("#edit-state")).to_contain_text("saved")
    expect(wall.locator(".wall-title")).to_contain_text("Power", timeout=15_000)
    source = ask(product, "walls/annexe/source")
    assert source["order"]["scenes"][:2] == ["people", "energy"]
    assert source["data"]["scenes"]["energy"]["camera"] == {"pose": pose}

    # another hand
    body = {"data": {**source["data"], "lang": "en"}, "order": source["order"], "based_on": source["hash"]}
    ask(product, "walls/annexe", body, "PUT")
    field(page, "names.en").fill("Annexe")
    page.locator("#edit-save").click()
    expect(page.locator("#edit-ask")).to_contain_text("Another hand")
    page.get_by_role("button", name="Load that version").click()
    expect(field(page, "lang")).to_have_value("en")

    # and away again
    page.get_by_role("button", name="Take this wall away").click()
    page.get_by_role("button", name="Yes, take it away").click()
    page.wait_for_url("**/walls")
    assert "annexe" not in {each["id"] for each in ask(product, "walls")}
    assert complaints.found == []
    assert told.found == []
    page.close()
    wall.close()
