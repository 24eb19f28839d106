"""Keys: each presses its button, '?' lists them all in the reader's language, nobody who types is disturbed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from pages._parts.text import Lang, text
from tests.pages.browser import query
from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser


def test_one_key_recolours_by_trust_and_others_press_their_buttons(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    trust = page.locator("[data-flip=lens]")
    page.keyboard.press("t")
    expect(trust).to_have_attribute("aria-pressed", "true")
    assert query(page)["lens"] == "trust"
    campus = page.locator("[role=treeitem]").first
    expect(campus.locator(".node-value")).to_have_text(re.compile(r"^\d+ / \d+$"))
    tone = "return getComputedStyle(e.querySelector('.swatch')).backgroundColor"
    trusted = campus.evaluate(f"e => {{ {tone} }}")
    page.keyboard.press("T")
    expect(trust).to_have_attribute("aria-pressed", "false")
    expect(campus.locator(".node-value")).not_to_have_text(re.compile("/"))
    assert campus.evaluate(f"e => {{ {tone} }}") != trusted
    page.keyboard.press("2")
    expect(page.locator("[data-domain]").nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    assert query(page)["mode"] == "2d"
    page.keyboard.press("s")
    expect(page.locator("[data-flyout=section]")).to_be_visible()
    page.keyboard.press("Control+t")
    expect(trust).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_names_every_key_once_and_goes_with_escape(open_page: Opener, lang: Lang) -> None:
    page = open_page(f"/?lang={lang}&sel=A")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name=text("keys.title", lang))
    expect(dialog).to_be_visible()
    keys = dialog.locator("kbd").all_inner_texts()
    assert len(keys) == len(set(keys))
    buttons = page.locator("[aria-keyshortcuts]")
    assert {button.get_attribute("aria-keyshortcuts") for button in buttons.all()} <= set(keys)
    expect(dialog).to_contain_text(text("lens.trust", lang))
    expect(dialog).to_contain_text(text("keys.search", lang))
    page.keyboard.press("t")
    assert "lens" not in query(page), "keys of a page behind the list do nothing"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert query(page)["sel"] == "A", "closing the list is no step back"
    page.locator("[data-do=keys]").click()
    expect(dialog).to_be_visible()
    page.mouse.click(5, 500)
    expect(dialog).to_have_count(0)


BUSY = """window.busy = setInterval(() => {
  for (const end = performance.now() + 150; performance.now() < end;);
}, 160)"""


@pytest.mark.flat
def test_letters_that_are_typed_press_nothing(open_page: Opener) -> None:
    page = open_page("/?lang=en")
    page.keyboard.press("/")
    page.evaluate(BUSY)
    page.keyboard.type("t2m? of 1/01/101", delay=90)
    expect(page.locator("#query")).to_have_value("t2m? of 1/01/101")
    page.evaluate("clearInterval(window.busy)")
    assert not {"lens", "ch", "mode"} & set(query(page))
    page.keyboard.press("Escape")
    tree = page.locator("[role=tree]")
    tree.click(position={"x": 5, "y": 5})
    tree.focus()
    page.keyboard.press("t")
    assert "lens" not in query(page), "in the tree a letter goes to the next name that begins with it"
