"""The feeds without a browser: every state in both languages, rates, shares, findings that may lack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from datasources.contract import Neighbour, Neighbours, TargetReport
from datasources.runner import SourceConfig, SourceState, State
from pages import feeds
from pages._parts import feed_mapping, feed_neighbours, feed_quality, feed_sources
from pages._parts.context import Context
from pages._parts.text import Lang
from server.runtime import runtime_of
from server.unmapped import Suggester
from server.wiring_text import change_words
from tests.pages.campus import small_campus
from tests.pages.test_application import text_of
from twin.ingest import SourceCounts
from twin.live import LiveState
from twin.point import DERIVED
from twin.quality.finding import Hit
from twin.reading import RawReading
from twin.space import Building
from twin.topology_wiring import Disagreement

Result = TypeVar("Result")


@pytest.fixture(params=["zh", "en"])
def fed(request: pytest.FixtureRequest, tmp_path: Path) -> Context:
    lang: Lang = request.param
    runtime = runtime_of(small_campus(), [SourceConfig("plant", "mqtt", {"host": "127.0.0.1"})], tmp_path)
    return Context(runtime, lang, query={"source": "plant"})


def ran(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine; on a thread, because Playwright's loop may run in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(coroutine)).result()


def bring(context: Context, *readings: tuple[str, object]) -> None:
    now = time.time()
    batch = [
        RawReading(address, None, now, raw=value) if isinstance(value, bytes) else RawReading(address, value, now)  # type: ignore[arg-type]
        for address, value in readings
    ]
    context.runtime.ingest.accept(batch, "plant")


def test_without_a_source_the_page_says_what_to_do(context: Context) -> None:
    words = text_of(ran(feeds.layout(context)))
    assert context.text("feeds.none") in words
    assert "campus.yaml" in words
    assert context.text("feeds.no-bad") in words


@pytest.mark.parametrize("state", ["connecting", "live", "silent", "down", "misconfigured"])
def test_every_state_has_a_word_a_reason_and_a_since(fed: Context, state: State) -> None:
    now = time.time()
    targets = (TargetReport("ahu-1", "down", "timed out"),) if state == "live" else ()
    row = feed_sources.Row(
        SourceState("plant", "mqtt", state, "values arrive", now - 90, 2, now - 75, targets=targets),
        SourceCounts(readings=200, unmapped=1, bad=199), 120.0, 1,
    )  # fmt: skip
    words = text_of(feed_sources.table(fed, [row], ""))
    assert fed.text(f"source.{state}") in words
    assert f"source-dot {state}" in words
    assert ("已 1 分钟" if fed.lang == "zh" else "1\u202fmin") in words
    assert "99.5\u202f%" in words  # mapped: never rounded up to all
    assert ("ahu-1" in words and ("超时" if fed.lang == "zh" else "timed out") in words) == (state == "live")
    if state == "silent":
        assert ("没有数值" if fed.lang == "zh" else "no value for") in words
    summary = feed_sources.summary(fed, [row])
    assert (fed.text(f"feeds.count.{state}", n=1) in summary) if state in feed_sources.ABNORMAL else True


def test_the_rate_is_that_of_the_last_minute_and_never_negative() -> None:
    rates = feed_sources.Rates()
    assert rates.of(1000.0, {"a": 600}, started=940.0) == {"a": 600.0}
    assert rates.of(1010.0, {"a": 610}, started=940.0)["a"] == pytest.approx(60 * 610 / 70)
    assert rates.of(1050.0, {"a": 610}, started=940.0)["a"] == pytest.approx(60 * 10 / 50)
    assert rates.of(1065.0, {"a": 610}, started=940.0)["a"] == 0.0
    assert rates.of(1200.0, {"a": 5}, started=1190.0) == {}, "ten seconds tell nothing of a minute"
    assert rates.of(1230.0, {"a": 0}, started=1190.0)["a"] == 0.0


@pytest.mark.parametrize(
    ("percent", "shown"), [(None, "–"), (0.0, "0"), (0.01, "0.1"), (99.99, "99.9"), (100.0, "100")]
)
def test_a_share_is_all_or_nothing_only_where_it_is(percent: float | None, shown: str) -> None:
    assert feed_sources.share(percent).partition("\u202f")[0] == shown


def test_what_the_twin_works_out_itself_waits_for_no_source(fed: Context) -> None:
    live = fed.runtime.live
    estimate = replace(live.points[0], id="p-people", source=DERIVED, address="")
    fed = replace(fed, runtime=replace(fed.runtime, live=LiveState([*live.points, estimate], live.tree)))
    bring(fed, ("site/A/power", 1.0))
    count = len(live.points)
    words = text_of(feed_mapping.coverage(fed, feed_sources.rows(fed.runtime)))
    assert f"\u202f/\u202f{count}" in words
    assert f"\u202f/\u202f{count + 1}" not in words
    assert fed.text("feeds.estimated", n=1) in words


def test_points_of_a_source_lead_to_their_places_and_bad_ones_come_first(fed: Context) -> None:
    bring(fed, ("site/A/power", "NaN"), ("site/A/101/power#/kW", 3.0))
    words = text_of(feed_sources.points(fed, "plant"))
    assert words.index("p-A") < words.index("p-101")
    assert "/?sel=A/01/101" in words
    assert fed.text("feeds.no-points", source="nobody") in text_of(feed_sources.points(fed, "nobody"))


def test_unmapped_signals_are_for_reading_where_there_is_no_folder(fed: Context) -> None:
    bring(fed, ("site/B/power", b"12.5"), ("<script>alert(1)</script>", b"1"), ("site/A/power", 1.0))
    found = Suggester(fed.runtime).look()
    assert [one.count for one in found.signals] == [1, 1]
    words = text_of(feed_mapping.unmapped(fed, found))
    assert fed.text("feeds.barred.demo") in words
    assert "data-tick" not in words
    assert "feeds-accept" not in words
    nothing = Suggester(Context(fed.runtime, fed.lang).runtime).look()
    nothing.signals.clear()
    assert fed.text("feeds.all-mapped") in text_of(feed_mapping.unmapped(fed, nothing))


def test_the_reasons_of_suggestions_are_in_the_language_of_the_page(fed: Context) -> None:
    bring(fed, ("x/shed/temp", b"21.5"), ("x/9/temp", b"295.0"), ("shiyanlou/2f/on", b"true"))
    words = text_of(feed_mapping.unmapped(fed, Suggester(fed.runtime).look()))
    told = {
        "zh": ("物理量：名称中有“temp”", "楼宇“shed”", "楼宇 A 的楼层", "数值如 295"),
        "en": ("quantity: 'temp' in the name", "building 'shed'", "storey of building A", "values as 295"),
    }
    for line in told[fed.lang]:
        assert line in words
    for line in told["en" if fed.lang == "zh" else "zh"]:
        assert line not in words


def test_places_that_fit_equally_well_are_offered_and_none_is_taken(fed: Context) -> None:
    other = Building("C", {"en": "Shed"}, "east")
    fed.runtime.assembled.campus.buildings.append(other)
    bring(fed, ("x/shed/power", b"1.5"))
    found = Suggester(fed.runtime).look()
    assert found.signals[0].suggestion.entity.candidates == ("B", "C")
    words = text_of(feed_mapping.unmapped(fed, found))
    assert fed.text("feeds.candidates") in words
    assert "/?sel=B" in words
    assert ("“shed”符合 2 栋楼宇" if fed.lang == "zh" else "'shed' fits 2 buildings") in words


def test_bad_readings_are_shown_as_they_came_with_findings_only_where_there_are_any(fed: Context) -> None:
    bring(fed, ("site/A/power", "NaN"), ("site/A/power", "x" * 500))
    words = text_of(feed_quality.quality(fed, None))
    assert "NaN" in words
    assert fed.text("feeds.findings") not in words
    assert fed.text("feeds.no-findings") in text_of(feed_quality.quality(fed, []))
    finding = {
        "id": "1", "severity": "warning", "entities": ["A/01/101", "nowhere"], "since": "2026-04-15T02:00:00Z",
        "text": {"zh": "读数不变", "en": "It is stuck"}, "action": {"zh": "检查", "en": "Look at it"},
    }  # fmt: skip
    told = text_of(feed_quality.quality(fed, [finding, {"since": "never"}]))
    assert ("读数不变" if fed.lang == "zh" else "It is stuck") in told
    assert "10:00:00" in told  # the campus's zone
    assert "/?sel=A/01/101" in told
    assert "/?sel=nowhere" not in told


def test_what_the_checks_find_stands_on_the_page(fed: Context) -> None:
    watch, now = fed.runtime.watch, time.time()
    row = fed.runtime.live.index["p-A"]
    watch.ledger.update("gap", {"p-A": Hit((row,), now - 60, {"n": 3, "usual_n": 60})}, now)
    words = text_of(feed_quality.quality(fed, feeds.findings(fed.runtime)))
    assert fed.text("feeds.findings") in words
    assert "p-A" in words
    watch.ledger.update("gap", {}, now + 1)
    assert feeds.findings(fed.runtime) == []


def test_neighbours_are_told_with_what_changed_and_what_differs(fed: Context) -> None:
    assert feed_neighbours.neighbours(fed) is None, "where no device tells any, there is nothing to say"
    board, now = fed.runtime.wiring, time.time()

    def tell(at: float, *rows: tuple[str, str, str]) -> None:
        wires = tuple(Neighbour("sw-1", port, remote, there) for port, remote, there in rows)
        board.take("plant", Neighbours("sw-1", (), wires), at)

    tell(now - 60, ("Gi1", "core", "Te1"), ("Gi2", "ap-7", "eth0"))
    tell(now, ("Gi1", "core", "Te1"))
    board.found = replace(
        board.found, disagreements=(Disagreement("other-uplink", "sw-1", ("core",), ("old-core",), 7),)
    )
    words = text_of(feed_neighbours.neighbours(fed))
    assert fed.text("feeds.neighbours.devices", n=1) in words
    assert fed.text("feeds.neighbours.lost", n=1) in words
    assert change_words(board.changes[-1], fed.lang) in words
    assert "old-core" in words
    assert "feeds-neighbours" in text_of(ran(feeds.layout(fed)))
