"""Rows 4 to 9, 12, 13, 20 and 21 at the one gate that all sources pass: twin/ingest.py with the watch behind it."""

from __future__ import annotations

import math
import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasources.payload import Decoder
from tests.twin.quality.replay import HOUR, MONDAY, Replay
from twin.ingest import Judged
from twin.point import Point
from twin.reading import Quality, RawReading

DAY = 24 * HOUR


def replay_of(**point: object) -> tuple[Replay, list[Judged]]:
    kept: list[Judged] = []
    how = {"quantity": "power", "unit": "kW", "source": "s", "address": "p", "stale_s": 180.0, **point}
    replay = Replay([Point("p", "A/1/1", **how)], start=MONDAY + 2 * DAY)  # type: ignore[arg-type]
    replay.ingest.listeners.append(kept.append)
    return replay, kept


def history(kept: list[Judged]) -> dict[float, float]:
    """What a history that is keyed by point and time holds of the batches that it got."""
    return {
        float(t): float(v)
        for batch in kept
        for t, v, known in zip(batch.rows.time, batch.rows.value, np.isfinite(batch.rows.judged), strict=True)
        if known
    }


def test_row_4_a_kept_value_without_a_time_is_stale_and_can_be_told_from_news() -> None:
    replay, kept = replay_of()
    replay.ingest.accept([RawReading("p", 5.0, replay.now, retained=True)], "s")
    assert replay.live.latest("p").stale
    assert replay.live.latest("p").age_s is None
    assert history(kept) == {}
    replay.ingest.accept([RawReading("p", 5.0, replay.now, replay.now - 40, retained=True)], "s")
    assert not replay.live.latest("p").stale
    assert history(kept) == {replay.now - 40: 5.0}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 60))
def test_rows_5_and_6_any_order_and_any_doubles_within_a_day_are_the_same_campus(seed: int, n: int) -> None:
    rng = random.Random(seed)
    replay, kept = replay_of()
    sent = {replay.now - rng.uniform(0, DAY): rng.uniform(1, 9) for _ in range(n)}
    batch = [RawReading("p", value, replay.now, time) for time, value in sent.items()] * 2
    rng.shuffle(batch)
    cut = rng.randint(0, len(batch))
    high = -math.inf
    for part in (batch[:cut], batch[cut:]):
        replay.ingest.accept(part, "s")
        now = replay.live.latest("p").time or -math.inf
        assert now >= high, "the live value never moves back"
        high = now
    assert replay.live.latest("p").value == pytest.approx(sent[max(sent)])
    assert history(kept) == pytest.approx(sent), "late rows reach history, each once by its time"
    counts = replay.ingest.counts["s"]
    assert counts.accepted + counts.duplicate + counts.late == 2 * n


def test_row_7_both_times_are_kept_and_a_clock_ahead_is_flagged() -> None:
    replay, kept = replay_of()
    replay.ingest.accept([RawReading("p", 5.0, replay.now, replay.now + 61)], "s")
    latest = replay.live.latest("p")
    assert (latest.time, latest.received) == (replay.now, replay.now)
    assert kept[0].device.tolist() == [replay.now + 61], "the device's own time is not lost"
    assert (latest.quality, latest.reasons) == (Quality.UNCERTAIN, ("device clock ahead",))
    replay.inspect()
    assert [f.variant for f in replay.open("clock")] == ["ahead"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), min_size=2, max_size=30))
def test_rows_8_and_9_wraps_and_restarts_never_make_a_spike(steps: list[tuple[int, bool]]) -> None:
    replay, kept = replay_of(quantity="traffic", unit="B/s", kind="counter", high=1.25e8)
    count, boot = 2**32 - 5 * 10**8, replay.now - DAY
    fastest = 0.0
    for step, restarts in steps:
        count, boot = (step, replay.now) if restarts else (count + step, boot)
        fastest = max(fastest, step / 60)
        reading = RawReading("p", count % 2**32, replay.now, boot=boot, wrap=2**32)
        replay.ingest.accept([reading], "s")
        replay.now += 60
    rates = np.concatenate([batch.rows.value for batch in kept])
    assert np.nanmax(np.r_[0.0, rates]) <= min(fastest, 1.25e8) * 8e-6 + 1e-9
    assert np.nanmin(np.r_[0.0, rates]) >= 0


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "reason"),
    [
        ("temperature", "°C", -9999.0, "out of range"), ("temperature", "°C", 6553.5, "out of range"),
        ("humidity", "%", 65535, "out of range"), ("co2", "ppm", 0, "out of range"),
        ("co2", "ppm", 236.0, "out of range"),
        ("power", "kW", math.nan, "not a finite number"), ("power", "kW", "null", "not a number"),
        ("power", "kW", "NaN", "not a finite number"), ("power", "kW", None, "no value"),
    ],
)  # fmt: skip
def test_row_12_sentinels_are_bad_counted_and_no_value(quantity: str, unit: str, value: object, reason: str) -> None:
    replay, _ = replay_of(quantity=quantity, unit=unit)
    replay.ingest.accept([RawReading("p", value, replay.now)], "s")  # type: ignore[arg-type]
    latest = replay.live.latest("p")
    assert (latest.value, latest.quality, latest.reasons) == (None, Quality.BAD, (reason,))
    assert replay.ingest.counts["s"].reasons[reason] == 1


def test_row_13_the_protocols_own_bad_status_is_kept_as_the_reason() -> None:
    replay, _ = replay_of()
    replay.ingest.accept([RawReading("p", 5.0, replay.now, bad="sensor failure (OPC UA)")], "s")
    assert replay.live.latest("p").reasons == ("sensor failure (OPC UA)",)
    assert replay.live.latest("p").value is None


def test_row_20_malformed_huge_and_miscoded_payloads_are_counted_with_a_sample_and_the_feed_goes_on() -> None:
    replay, _ = replay_of(address="meter#/kw")
    decoder = Decoder(["meter#/kw"])
    for payload in (
        b"\xff\xfe\x00",
        b"{" * 100_000,
        b'{"kw": ' + b"9" * 50_000 + b"}",
        '{"kw": "功率"}'.encode("gb18030"),
    ):
        replay.ingest.accept(list(decoder.decode("meter", payload, False, replay.now)), "s")
        replay.now += 1
    counts = replay.ingest.counts["s"]
    assert counts.bad == 4
    assert counts.samples
    assert all(len(sample.raw) <= 200 for sample in counts.samples.values())
    replay.ingest.accept(list(decoder.decode("meter", b'{"kw": 7}', False, replay.now)), "s")
    assert replay.live.latest("p").value == 7


def test_row_21_a_burst_costs_no_memory_and_the_newest_of_each_point_stays() -> None:
    points = [Point(f"p{k}", "A/1/1", "power", "kW", source="s", address=f"p{k}") for k in range(500)]
    replay = Replay(points)

    def burst(times: int) -> None:
        for k in range(times):
            replay.ingest.accept(
                [RawReading(p.address, k + 1.0, replay.now, replay.now + k * 1e-3) for p in points], "s"
            )
        replay.now += 60

    burst(20)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    burst(200)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200_000, f"{grown} bytes are left of 100,000 readings"
    assert {replay.live.latest(p.id).value for p in points} == {200.0}
    counts = replay.ingest.counts["s"]
    assert counts.readings == counts.accepted + counts.duplicate + counts.late == 110_000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(), st.text(max_size=4), st.none(), st.integers(-(10**20), 10**20), st.just(0.0)),
            st.one_of(st.none(), st.floats(), st.floats(MONDAY, MONDAY + 3 * DAY)),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_no_reading_at_all_upsets_the_watch(rows: list[tuple[object, float | None, bool]]) -> None:
    replay, _ = replay_of()
    for value, time, retained in rows:
        replay.ingest.accept([RawReading("p", value, replay.now, time, retained)] * 2, "s")  # type: ignore[arg-type]
        replay.now += 1800
        replay.inspect()
    for finding in replay.watch.findings():
        assert finding.points == ("p",)
