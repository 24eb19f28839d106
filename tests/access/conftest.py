"""The product with accounts as a process, and browsers in which somebody is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

import viewer
from tests.access.node import package
from tests.access.serve import SESSION
from tests.conftest import require
from tests.pages.browser import Product, start_product

FLAGS = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-3d-apis"]
"""Without WebGL the view draws plans: what axe reads is the same, and nothing waits for light."""


@dataclass(frozen=True)
class Walk:
    """The product, a browser in which an administrator is signed in, one in which nobody is, and an invitation."""

    product: Product
    admin: BrowserContext
    nobody: BrowserContext
    invitation: str
    axe: str


@pytest.fixture(scope="package")
def walk(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    require(viewer.is_built(), "the viewer is not built: run sh scripts/setup")
    axe = (package("axe-core") / "axe.min.js").read_text("utf-8")
    cache: Path = tmp_path_factory.mktemp("axe")
    product = start_product(cache, module="tests.access.serve")
    try:
        cookie, invitation = (cache / SESSION).read_text("utf-8").split()
        with sync_playwright() as playwright:
            browser: Browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
            admin, nobody = browser.new_context(**options), browser.new_context(**options)
            admin.add_cookies([{"name": "campus-session", "value": cookie, "url": product.url}])
            yield Walk(product, admin, nobody, invitation, axe)
            browser.close()
    finally:
        product.stop()
