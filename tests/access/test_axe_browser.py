"""axe-core on every page there is, in both themes and a language each: no violation of WCAG 2.2 AA.

The pages come from the registry of screens, so that a new one is walked by itself.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from pages.application import PAGES
from tests.access.conftest import Walk
from tests.pages.browser import READY_MS, until

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SETTLED = """[...document.querySelectorAll('.loading-bar, [aria-busy=true]')]
    .every((part) => !part.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    && ['ready', undefined].includes(document.querySelector('#twin')?.dataset.state)"""
CUT = """() => [...document.querySelectorAll('.bar *')].filter((part) => part.checkVisibility()).filter((part) => {
    const { left, right, width } = part.getBoundingClientRect();
    return width && (left < 0 || right > innerWidth + 0.5
        || (getComputedStyle(part).overflowX !== 'visible' && part.scrollWidth > part.clientWidth + 1));
}).map((part) => part.className + ' ' + part.textContent)"""
"""What of the bar at the top is cut off, or out of the window."""
WORDS = {"building": "1", "name": "x", "id": "x", "wall": "lobby"}
RUN = """async ([tags, rules]) => {
    const only = rules.length ? { type: 'rule', values: rules } : { type: 'tag', values: tags };
    const found = await axe.run(document, { runOnly: only, resultTypes: ['violations'] });
    return found.violations.map((row) => [row.id, row.help, row.nodes.slice(0, 4).map((node) =>
        `${node.target.join(' ')} ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`)]);
}"""


def violations(page: Page, axe: str) -> list[Any]:
    """Of the page as it is, and of its colours in the other theme."""
    page.evaluate(axe)
    found: list[Any] = page.evaluate(RUN, [TAGS, []])
    other = page.evaluate(
        """() => {
            const now = document.documentElement.dataset.theme ?? 'light';
            return document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
        }"""
    )
    return found + [[f"{row[0]} ({other})", *row[1:]] for row in page.evaluate(RUN, [[], ["color-contrast"]])]


def paths() -> list[str]:
    """An address of each screen."""
    return [re.sub(r"<(\w+)>", lambda match: WORDS.get(match[1], "x"), page.PATH) for page in PAGES]


def test_every_page_of_the_product(walk: Walk) -> None:
    page, wrong = walk.admin.new_page(), {}
    for number, path in enumerate([*paths(), "/no/such/page", "/feeds?at=2020-01-01T00:00Z", "/?sel=1"]):
        lang, theme = ("zh", "en")[number % 2], ("light", "dark")[number // 2 % 2]
        mark = "&" if "?" in path else "?"
        page.goto(f"{walk.product.url}{path}{mark}lang={lang}&theme={theme}")
        page.wait_for_selector("[data-page], .lonely, .gate, .state", timeout=READY_MS)
        until(page, SETTLED, 30)
        for width in (1024, 1440, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(CUT) == [], f"{path} {lang} at {width} px"
        if path == "/reports":
            _more(page)
        if found := violations(page, walk.axe):
            wrong[f"{path} {lang} {theme}"] = found
    page.close()
    walk.product.check()
    assert wrong == {}


def _more(page: Page) -> None:
    """The keyboard goes through the screens under 'More' and back; it is left open, for axe to read."""
    more = page.locator("details.more")
    more.locator("summary").focus()
    for key, name in (("ArrowDown", "/reports"), ("ArrowDown", "/feeds"), ("End", "/admin"), ("ArrowDown", "/reports")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('href')") == name
    page.keyboard.press("Escape")
    assert not more.evaluate("menu => menu.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    page.mouse.click(5, 500)
    assert not more.evaluate("menu => menu.open"), "a click elsewhere closes it"
    more.locator("summary").click()


def test_every_page_before_it(walk: Walk) -> None:
    page, wrong = walk.nobody.new_page(), {}
    base = walk.product.url
    for number, path in enumerate(["/sign-in", walk.invitation, "/set-up/none", "/kiosk/none", "/sign-in?why=ended"]):
        lang, theme = ("en", "zh")[number % 2], ("dark", "light")[number // 2 % 2]
        page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={lang}&theme={theme}")
        if found := violations(page, walk.axe):
            wrong[path] = found
    page.goto(f"{base}/sign-in?lang=zh&theme=light")
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", "wrong wrong wrong")
    page.click("button[type=submit]")
    page.wait_for_selector(".gate-note.wrong")
    if found := violations(page, walk.axe):
        wrong["/sign-in, wrong"] = found
    page.close()
    own = walk.admin.new_page()
    own.goto(f"{base}/account?lang=en&theme=dark")
    if found := violations(own, walk.axe):
        wrong["/account"] = found
    own.close()
    assert wrong == {}
