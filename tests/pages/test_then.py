"""Pages of a past moment without a browser: feeds and the strip at the foot tell what stood then, nothing of now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasources.runner import SourceConfig
from pages import console, feeds
from pages._parts import format as fmt
from pages._parts.context import Context
from pages._parts.text import Lang
from server.runtime import runtime_of
from tests.fake_past import DAY, FakeEvent, FakePast
from tests.pages.campus import small_campus
from tests.pages.test_application import text_of
from tests.pages.test_feeds import bring, ran


@pytest.fixture(params=["zh", "en"])
def fed(request: pytest.FixtureRequest, tmp_path: Path) -> Context:
    lang: Lang = request.param
    runtime = runtime_of(small_campus(), [SourceConfig("plant", "mqtt", {"host": "127.0.0.1"})], tmp_path)
    now = runtime.live.clock()
    runtime.past = FakePast(runtime, now - 2 * DAY, happened=[
        FakeEvent(now - DAY, None, "source", "plant", "down", "", "", ""),
        FakeEvent(now - DAY, now - 60, "finding", "flat-1", "open", "1", "读数一小时不变", "flat for an hour"),
        FakeEvent(now - DAY, None, "configuration", "campus.yaml", "refused", "", "配置被拒绝", "refused it"),
    ])  # fmt: skip
    bring(Context(runtime, lang), ("nobody/wants/this", 1.0))
    return Context(runtime, lang, query={"source": "plant"})


def at(context: Context, ago: float) -> tuple[Context, str]:
    moment = fmt.iso(context.runtime.live.clock() - ago)
    return replace(context, query={**context.query, "at": moment}), moment


def test_the_feeds_of_then_are_marked_and_hold_nothing_of_now(fed: Context) -> None:
    context, _ = at(fed, DAY / 2)
    page = ran(feeds.layout(context))
    words = text_of(page)
    stamp = fmt.stamp(context.runtime.live.clock() - DAY / 2, context.timezone, context.lang)
    assert stamp[:12] in words, "the instant, with its day"
    assert context.text("time.replay") in words
    assert context.text("source.down") in words
    assert ("flat for an hour" if context.lang == "en" else "读数一小时不变") in words
    assert ("refused it" if context.lang == "en" else "配置被拒绝") in words
    assert context.text("then.unmapped") in words
    assert "nobody/wants/this" not in words
    drawn = str(page)
    assert "feeds-tick" not in drawn, "nothing of it is asked for again"
    assert "Interval" not in drawn
    assert '"href": "/feeds?source=plant"' in words, "one way back to live"


def test_before_anything_was_kept_it_says_so(fed: Context) -> None:
    context, _ = at(fed, 1.5 * DAY)
    words = text_of(ran(feeds.layout(context)))
    assert context.text("then.state-unknown") in words
    assert context.text("then.no-findings") in words
    assert context.text("then.no-configuration") in words


@pytest.mark.parametrize("ago", [3 * DAY, -DAY])
def test_a_moment_of_which_nothing_is_known_is_an_error_with_the_way_back(fed: Context, ago: float) -> None:
    context, _ = at(fed, ago)
    if ago < 0:
        context = replace(context, query={"at": "yesterday"})
    page = ran(feeds.layout(context))
    assert context.text("time.unknown") in text_of(page)
    assert context.text("time.live") in text_of(page)
    assert '"data-state": "error"' in text_of(page)


def test_the_strip_tells_states_and_ages_of_then(fed: Context) -> None:
    route = {"lang": fed.lang, "theme": "light", "search": ""}
    _, moment = at(fed, DAY / 2)
    strip, told = ran(console._strip_then(fed.runtime, route, moment))
    words = text_of(strip)
    assert fed.text("source.down") in words
    assert told.startswith(moment), "it is told once"
    early = fmt.iso(fed.runtime.live.clock() - 3 * DAY)
    lost, again = ran(console._strip_then(fed.runtime, route, early))
    assert fed.text("time.unknown") in text_of(lost)
    assert not again.startswith(early), "what could not be told is asked for again"
    live, _ = console._strip(fed.runtime, {**route, "search": f"?at={moment}"})
    assert fed.text("source.down") not in text_of(live), "back at live it is the present"
