"""What the ingest makes of readings: units, clocks, order, duplicates, bounds, garbage; nothing lost silently."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.test_live import POINTS, T0, Clock
from tests.twin.trees import TREE
from twin.ingest import MAX_SAMPLES, MAX_UNMAPPED, Ingest, IngestReport, Judged
from twin.live import LiveState
from twin.point import Point
from twin.reading import Quality, RawReading

EXTRA = [
    *POINTS,
    Point("r", "B/1/1", "temperature", "°C", source="s", address="r", low=5, high=35, sentinels=(-9999.0, 85.0)),
    Point("both-1", "B/1/1", "power", "kW", source="s", address="twice"),
    Point("both-2", "B/1", "power", "kW", source="s", address="twice"),
]


def build(origins: dict[str, str] | None = None) -> tuple[Ingest, LiveState, Clock]:
    clock = Clock()
    live = LiveState(EXTRA, TREE, clock)
    return Ingest(EXTRA, live, clock, origins), live, clock  # type: ignore[arg-type]


def test_units_become_canonical_and_the_report_adds_up() -> None:
    ingest, live, _ = build()
    report = ingest.accept([RawReading("a1", "1500", T0), RawReading("t1", 300.15, T0), RawReading("x", 1, T0)], "s")
    assert report == IngestReport(accepted=2, unmapped=1)
    assert live.latest("p1").value == pytest.approx(1.5)
    assert live.latest("t1").value == pytest.approx(27)


def test_another_sources_address_is_not_ours() -> None:
    ingest, live, _ = build()
    assert ingest.accept([RawReading("a1", 5, T0)], "other").unmapped == 1
    assert live.latest("p1").quality == Quality.NONE


def test_one_address_may_feed_two_points() -> None:
    ingest, live, _ = build()
    assert ingest.accept([RawReading("twice", 5, T0)], "s").accepted == 2
    assert live.latest("both-1").value == live.latest("both-2").value == 5


def test_device_time_is_kept_and_judges_the_age() -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("a1", 5, T0, time=T0 - 20)], "s")
    latest = live.latest("p1")
    assert (latest.time, latest.received, latest.age_s) == (T0 - 20, T0, 20)


@pytest.mark.parametrize(("ahead", "flagged"), [(59.0, False), (61.0, True), (1e9, True), (math.inf, True)])
def test_a_clock_far_ahead_gives_way_to_the_time_of_reception(ahead: float, flagged: bool) -> None:
    ingest, live, _ = build()
    report = ingest.accept([RawReading("a1", 5, T0, time=T0 + ahead)], "s")
    latest = live.latest("p1")
    assert latest.time == (T0 if flagged else T0 + ahead)
    assert latest.reasons == (("device clock ahead",) if flagged else ())
    assert latest.quality == (Quality.UNCERTAIN if flagged else Quality.GOOD)
    assert report.flagged == int(flagged)
    ingest.accept([RawReading("a1", 6, T0 + 100)], "s")
    assert live.latest("p1").value == pytest.approx(0.006), "a clock ahead must not block what comes after"


@pytest.mark.parametrize("device", [0.0, -math.inf, 3600.0])
def test_a_clock_that_was_never_set_gives_way_too(device: float) -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("a1", 5, T0, time=device)], "s")
    assert live.latest("p1").time == T0
    assert live.latest("p1").reasons == ("device clock not set",)


def test_retained_values_are_judged_by_their_own_time_or_stale() -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("a1", 5, T0, retained=True), RawReading("a2", 5, T0, time=T0 - 5, retained=True)], "s")
    assert live.latest("p1").stale
    assert live.latest("p1").age_s is None
    assert not live.latest("p2").stale


def test_the_live_value_never_moves_back_and_duplicates_count_once() -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("a1", 10, T0, time=T0 - 10)], "s")
    assert ingest.accept([RawReading("a1", 10, T0 + 1, time=T0 - 10)], "s") == IngestReport(duplicate=1)
    assert ingest.accept([RawReading("a1", 99, T0 + 2, time=T0 - 11)], "s") == IngestReport(late=1)
    assert live.latest("p1").value == pytest.approx(0.010)
    assert live.latest("p1").received == T0
    assert ingest.accept([RawReading("a1", 11, T0 + 3, time=T0 - 10)], "s").accepted == 1, "a correction"
    assert live.latest("p1").value == pytest.approx(0.011)


def test_within_a_batch_the_newest_wins_whatever_the_order() -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("a1", n, T0, time=T0 - n) for n in (3, 1, 2, 5)], "s")
    assert live.latest("p1").value == pytest.approx(0.001)
    ingest.accept([RawReading("a2", n, T0) for n in (3, 1, 2)], "s")
    assert live.latest("p2").value == 2, "of equal times the last that came"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-9999.0, "sentinel"), (85.0, "sentinel"), (4.9, "out of range"), (36, "out of range"),
        (math.nan, "not a finite number"), (math.inf, "not a finite number"), ("1e999", "not a finite number"),
        (10**400, "not a finite number"), ("null", "not a number"), ("", "not a number"),
        ("1_0", "not a finite number"), (None, "no value"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_bad_with_its_reason_and_a_sample(value: object, reason: str) -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("r", 20, T0 - 1)], "s")
    report = ingest.accept([RawReading("r", value, T0)], "s")  # type: ignore[arg-type]
    latest = live.latest("r")
    assert (report.accepted, report.bad) == (1, 1)
    assert (latest.value, latest.quality) == (None, Quality.BAD)
    assert reason in latest.reasons
    assert ingest.counts["s"].samples[reason].raw == str(value)[:200]


def test_the_protocols_own_complaint_is_the_reason() -> None:
    ingest, live, _ = build()
    ingest.accept([RawReading("r", 20.0, T0, bad="overridden by hand")], "s")
    assert live.latest("r").reasons == ("overridden by hand",)
    assert live.latest("r").quality == Quality.BAD


def test_a_remark_of_the_protocol_keeps_the_value_and_makes_it_uncertain() -> None:
    ingest, live, _ = build()
    report = ingest.accept([RawReading("a1", 1500, T0, remark="overridden"), RawReading("t1", 300.15, T0)], "s")
    latest = live.latest("p1")
    assert (latest.value, latest.quality, latest.reasons) == (1.5, Quality.UNCERTAIN, ("overridden",))
    assert live.latest("t1").quality == Quality.GOOD
    assert (report.accepted, report.bad, report.flagged) == (2, 0, 1)
    assert ingest.counts["s"].reasons["overridden"] == 1
    ingest.accept([RawReading("a1", 1, T0 + 1, bad="fault", remark="overridden")], "s")
    latest = live.latest("p1")
    assert latest.quality == Quality.BAD, "a remark makes nothing better"
    assert latest.reasons == ("fault", "overridden")


def test_what_is_kept_of_garbage_is_bounded() -> None:
    ingest, _, _ = build()
    flood = [RawReading(f"x{n}", 1, T0) for n in range(MAX_UNMAPPED * 2)]
    ingest.accept(flood, "s")
    ingest.accept([RawReading("r", None, T0 + n, bad=f"word {n}", raw=b"\xff" * 1000) for n in range(100)], "s")
    counts = ingest.counts["s"]
    assert counts.unmapped == MAX_UNMAPPED * 2
    assert len(counts.unmapped_names) == MAX_UNMAPPED
    assert len(counts.samples) == MAX_SAMPLES
    assert all(len(sample.raw) <= 200 for sample in counts.samples.values())


def test_listeners_get_late_rows_too_and_simulated_values_say_so() -> None:
    ingest, live, _ = build({"s": "simulated"})
    seen: list[Judged] = []
    ingest.listeners.append(seen.append)
    ingest.accept([RawReading("a1", 1, T0)], "s")
    ingest.accept([RawReading("a1", 2, T0 - 50)], "s")
    assert [bool(batch.applied.late[0]) for batch in seen] == [False, True]
    assert live.latest("p1").origin == "simulated"


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
reading = st.builds(
    RawReading,
    address=st.sampled_from(["a1", "a2", "r", "t1", "twice", "unknown"]),
    value=anything,
    received=st.floats(T0 - 100, T0 + 50),
    time=st.none() | st.floats(),
    retained=st.booleans(),
    bad=st.sampled_from(["", "", "protocol"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(reading, max_size=12), max_size=5))
def test_any_readings_at_all_are_counted_exactly_once_and_keep_the_state_whole(batches: list[list[RawReading]]) -> None:
    ingest, live, _ = build()
    rows = {"twice": 2, "unknown": 1}
    last, unknown = live.time.copy(), np.isneginf(live.judged)
    for batch in batches:
        report = ingest.accept(batch, "s")
        total = report.accepted + report.duplicate + report.late + report.unmapped
        assert total == sum(rows.get(r.address, 1) for r in batch)
        assert (live.time >= last)[~unknown].all(), "never back, unless from a kept value of unknown age"
        last, unknown = live.time.copy(), np.isneginf(live.judged)
        spoken = live.quality != Quality.NONE
        assert ((live.quality == Quality.BAD) == (~(~spoken) & (live.value != live.value))).all()
        assert (live.time[spoken] <= T0 + 60).all()


def test_20000_readings_take_less_than_a_quarter_of_a_second() -> None:
    """20,000 messages a second on half a core leave 25 us each; the ingest may take half of that."""
    points = [Point(f"p{n}", "A/1/1", "power", "W", source="s", address=f"a{n}") for n in range(20_000)]
    clock = Clock()
    ingest = Ingest(points, LiveState(points, TREE, clock), clock)
    times = []
    for turn in range(5):
        batch = [RawReading(f"a{n}", n % 977, T0 + turn) for n in range(20_000)]
        start = time.thread_time()
        assert ingest.accept(batch, "s").accepted == 20_000
        times.append(time.thread_time() - start)
    assert min(times) < 0.25, times
