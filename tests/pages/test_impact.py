"""The panel's sections of what depends on the selection and what serves it, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages._parts import details
from pages._parts.context import Context
from pages._parts.impact import legend, sections
from pages._parts.text import Lang
from server.runtime import runtime_of
from tests.pages.test_application import text_of
from tests.server.net import net_campus


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_switch_tells_what_it_takes_and_a_link_has_a_panel(lang: Lang, tmp_path: Path) -> None:
    context = Context(runtime_of(net_campus(), [], tmp_path), lang)
    told = text_of(sections(context, "3/SW"))
    for key in ("impact.depends", "impact.serves", "impact.show"):
        assert context.text(key) in told
    assert context.text("impact.lost", n=2) in told, "two switches"
    assert context.text("medium.network") in told
    assert '"data-set": "impact=3/SW"' in told
    link = text_of(details.details(context, "1/SW>3/SW", "energy.power"))
    assert " → " in link
    assert context.text("impact.depends") in link
    assert context.text("unknown.title") in text_of(details.details(context, "nobody", "energy.power"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_nothing_hangs_on_says_so_and_shows_no_button(lang: Lang, tmp_path: Path) -> None:
    context = Context(runtime_of(net_campus(), [], tmp_path), lang)
    told = text_of(sections(context, "NET"))
    assert context.text("impact.show") in told
    assert sections(context, "demo") == [], "the campus as a whole"
    quiet = text_of(legend(context))
    assert context.text("impact.back") in quiet
