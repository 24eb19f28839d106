"""The links in the panel without a browser: what is known of each, and why one has no data."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages._parts.context import Context
from pages._parts.links import links
from pages._parts.text import Lang
from server.runtime import runtime_of
from tests.pages.test_application import text_of
from tests.server.net import net_campus
from twin.domains import channels


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_link_without_points_says_so_and_one_with_points_names_their_source(lang: Lang, tmp_path: Path) -> None:
    assembled = net_campus()
    context = Context(runtime_of(assembled, [], tmp_path), lang)
    devices = {item.id: item for item in assembled.campus.equipment}
    why = context.text("links.why.no-points")
    silent = text_of(links(context, devices["1/AP"], channels()["network.utilisation"]))
    assert why in silent
    assert "data-link" in silent, "the feed fills in what it may learn yet"
    told = text_of(links(context, devices["2/SW"], channels()["network.utilisation"]))
    assert why not in told
    assert "feed" in told
    assert links(context, devices["2/SW"], channels()["energy.power"]) == []
