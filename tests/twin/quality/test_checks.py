"""Each check against a fault that is put into a clean office load, and against the clean load itself."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.twin.quality.replay import HOUR, MONDAY, Replay, hourly, office
from tests.twin.trees import TREE
from twin.domains import channels
from twin.point import Point
from twin.quality.engine import TABLE
from twin.quality.finding import Check, Hit
from twin.quality.ledger import GROUP_OVER, MAX_ENDED, Ledger
from twin.reading import Quality, RawReading

POWER = channels()["energy.power"]


@cache
def _learned(weeks: float) -> Replay:
    replay = Replay(hourly("m", "n", "o"))
    replay.play({name: office(weeks, seed=k) for k, name in enumerate("mno")})
    return replay


def learned(weeks: float = 3) -> Replay:
    """A watch that has seen so many clean weeks of three meters: played once, copied for each test."""
    return deepcopy(_learned(weeks))


def after(weeks: float, hours: int, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return office(weeks + 2, seed)[round(weeks * 168) :][:hours]


def test_five_clean_weeks_flag_nothing_and_find_nothing() -> None:
    replay = learned(5)
    assert replay.readings == 3 * 840
    assert sum(len(times) for times in replay.flagged.values()) == 0
    assert [f.check for f in replay.watch.findings()] == []


def test_before_it_has_learned_a_check_says_so_and_judges_nothing() -> None:
    replay = learned(0.25)
    states = {row.check: row for row in replay.watch.readiness}
    assert set(states) == set(TABLE)
    assert {check for check, row in states.items() if row.ready == 0} >= {"flat", "spike", "unit", "zero", "twins"}
    assert states["flat"].of == 3
    assert states["flat"].needs == "72 h"
    replay.play({"m": [9_999.0], "n": [0.0]})
    assert replay.flagged == {"m": [], "n": [], "o": []}
    assert {row.check: row.ready for row in learned(2).watch.readiness}["zero"] == 3


def test_a_flat_line_is_uncertain_in_no_total_and_over_with_the_first_move() -> None:
    replay = learned(3)
    began = replay.now
    clean = after(3, 24)
    replay.play({"m": np.full(12, 31.4), "n": clean[:12] + 1, "o": clean[:12] + 2})
    replay.now -= HOUR
    (finding,) = replay.open("flat")
    assert (finding.points, finding.since) == (("m",), began)
    assert finding.figures["value"] == 31.4
    assert finding.figures["n"] == 12
    latest = replay.live.latest("m")
    assert (latest.value, latest.quality, latest.reasons) == (31.4, Quality.UNCERTAIN, ("flat line",))
    rolled = replay.live.rolled(POWER)
    campus = TREE.index["c"]
    others = [replay.live.latest(name).value or 0.0 for name in ("n", "o")]
    assert rolled.value[campus] == pytest.approx(sum(others))
    assert (rolled.have[campus], rolled.of[campus]) == (2, 3)
    assert len(replay.flagged["m"]) >= 6, "half of twelve hours"
    replay.now += HOUR
    replay.play({"m": [33.0], "n": [30.0], "o": [30.0]})
    assert replay.live.latest("m").quality == Quality.GOOD
    assert replay.open("flat") == []
    assert replay.ever("flat")[0].until is not None


def test_what_stands_still_by_habit_is_no_flat_line() -> None:
    replay = Replay(hourly("fan", "pulse"))
    night = np.tile(np.r_[np.full(8, 3.0), 5 + np.arange(10) / 7, np.full(6, 3.0)], 28)
    rng = np.random.default_rng(5)
    pulses = np.where(rng.random(672) < 0.3, 5.8, 11.6)
    pulses[500:] = 5.8  # a meter of one pulse an hour may go on with one pulse an hour
    replay.play({"fan": night, "pulse": pulses})
    assert replay.ever("flat") == []


@pytest.mark.parametrize(("factor", "least"), [(21.0, 5), (8.0, 2)])
def test_spikes_are_found_one_by_one(factor: float, least: int) -> None:
    replay = learned(3)
    clean = after(3, 96)
    spiky = clean.copy()
    hits = [10, 35, 60, 61, 90]
    spiky[hits] *= factor
    start = replay.now
    replay.play({"m": spiky, "n": clean, "o": clean + 1})
    found = [round((at - start) / HOUR) for at in replay.flagged["m"]]
    assert set(found) <= set(hits)
    assert len(found) >= least, "the night's load times eight is what the day may bring"
    assert replay.flagged["n"] == []
    assert replay.ever("spike")[0].points == ("m",)


def test_a_new_level_is_a_spike_only_at_first() -> None:
    replay = learned(3)
    replay.play({"m": after(3, 72) * 7.1 + 300})  # not one factor: no unit
    assert 5 <= len(replay.flagged["m"]) <= 14
    assert replay.open("unit") == []


@pytest.mark.parametrize(
    ("factor", "within_h", "likely"),
    [(1000.0, 8, "W"), (0.001, 8, "MW"), (10.0, 30, ""), (0.1, 30, ""), (3.6, 30, ""), (1 / 3.6, 30, "")],
)
def test_a_change_of_unit_is_found_with_the_unit_that_explains_it(factor: float, within_h: int, likely: str) -> None:
    replay = learned(4)
    start = replay.now
    clean = after(4, 72)
    replay.play({"m": clean * factor, "n": clean + 1})
    (finding,) = replay.open("unit")
    assert finding.points == ("m",)
    assert finding.figures["factor"] == pytest.approx(factor)
    assert finding.figures["likely"] == likely
    assert abs(finding.since - start) <= 6 * HOUR
    marked = [at for at in replay.flagged["m"] if at >= start]
    assert marked[-1] == replay.now - HOUR
    assert sum(at >= start + within_h * HOUR for at in marked) == 72 - within_h
    replay.play({"m": after(4, 84)[72:], "n": after(4, 84)[72:]})
    assert replay.open("unit") == [], "as it was again"
    assert replay.live.latest("m").quality == Quality.GOOD


def test_fahrenheit_instead_of_celsius() -> None:
    points = hourly("t", "u", quantity="temperature", unit="°C")
    replay = Replay(points)
    clean = (
        21 + np.tile(2.5 * np.sin(np.arange(24) / 24 * 2 * np.pi), 28) + np.random.default_rng(3).normal(0, 0.2, 672)
    )
    replay.play({"t": clean, "u": clean[::-1]})
    assert sum(map(len, replay.flagged.values())) == 0
    replay.play({"t": clean[:12] * 1.8 + 32, "u": clean[:12]})
    (finding,) = replay.open("unit")
    assert (finding.points, finding.variant, finding.figures["likely"]) == (("t",), "fahrenheit", "°F")


def test_zero_where_nothing_was_to_say_until_it_has_become_a_habit() -> None:
    replay = learned(2)
    start = replay.now
    zeros = after(2, 48)
    zeros[5:29] = 0.0
    replay.play({"m": zeros, "n": after(2, 48)})
    assert replay.flagged["m"] == [start + k * HOUR for k in range(5, 29)]
    assert replay.ever("zero")[0].figures["n"] == 24
    replay.play({"m": np.zeros(24 * 20)})
    assert replay.live.latest("m").quality == Quality.GOOD, "switched off for good: after two weeks 0 is a value"


def test_a_point_that_is_often_zero_may_be() -> None:
    replay = Replay(hourly("pv"))
    replay.play({"pv": np.maximum(office(4) - 30, 0)})
    assert replay.flagged["pv"] == []


def test_one_meter_twice_and_one_apportioned_are_told_from_likes() -> None:
    replay = Replay(hourly("m", "copy", "share", "other"))
    load = office(3, seed=9)
    replay.play({"m": load, "copy": load, "share": np.round(load / 2.626, 1), "other": office(3, seed=8)})
    (finding,) = replay.open("twins")
    assert finding.points == ("m", "copy", "share")
    assert finding.variant == "apportioned"
    assert finding.figures["ratio"] == pytest.approx(2.626, abs=0.01)
    pair = Replay(hourly("m", "other", "copy"))
    pair.play({"m": load, "other": office(3, seed=8), "copy": load})
    assert [(f.points, f.variant) for f in pair.open("twins")] == [(("m", "copy"), "bound")]
    assert pair.live.latest("copy").quality == Quality.GOOD, "reported, not doubted"


def test_silence_and_holes() -> None:
    points = [
        Point(f"p{k}", "A/1/1", "power", "kW", interval_s=60, stale_s=180, source="s", address=f"p{k}") for k in (1, 2)
    ]
    replay = Replay(points)
    rng = np.random.default_rng(1)
    for minute in range(60 * 30):
        hole = 60 * 28 <= minute < 60 * 29 and minute % 3
        silent = minute >= 60 * 29 + 30
        values = {"p1": None if silent else rng.normal(5, 1), "p2": None if hole else rng.normal(5, 1)}
        replay.send(values, inspect=minute % 30 == 0)
        replay.now += 60
    replay.inspect()
    (stale,) = replay.open("stale")
    assert (stale.points, stale.since) == (("p1",), MONDAY + 60 * (60 * 29 + 29))
    assert replay.ever("gap")[0].points == ("p2",)
    assert replay.ever("gap")[0].figures["n"] == 20
    replay.send({"p1": 5.0, "p2": 5.0})
    assert replay.open("stale") == []
    ended = replay.ever("stale")[0]
    assert ended.until == replay.now


def test_clocks_ahead_never_set_in_another_zone_and_stored_readings() -> None:
    points = [Point(n, "A/1/1", "power", "kW", interval_s=60, stale_s=1e6, source="s", address=n) for n in "abcd"]
    replay = Replay(points, start=MONDAY + 30 * 86_400)
    for minute in range(40):
        now = replay.now
        times = {"a": now + 7200, "b": 1000.0, "c": now - 8 * HOUR, "d": now - HOUR * (1 - minute / 40)}
        replay.ingest.accept([RawReading(n, minute, now, t) for n, t in times.items()], "s")
        replay.now += 60
    replay.inspect()
    found = {f.points[0]: (f.variant, f.figures) for f in replay.open("clock")}
    assert {name: variant for name, (variant, _) in found.items()} == {"a": "ahead", "b": "unset", "c": "zone"}
    assert found["a"][1]["offset_s"] == pytest.approx(7200)
    assert found["c"][1]["lag_s"] == pytest.approx(8 * HOUR)


def test_placeholders_declared_and_not_and_values_out_of_range() -> None:
    points = [
        Point("s", "A/1/1", "temperature", "°C", source="s", address="s", sentinels=(85.0,)),
        Point("k", "A/1/1", "temperature", "°C", source="s", address="k"),
        Point("r", "A/1/1", "temperature", "°C", source="s", address="r", low=-20, high=50),
    ]
    replay = Replay(points)
    replay.send({"s": 85.0, "k": -9999.0, "r": 61.0})
    found = {(f.check, f.points[0], f.variant): f.figures for f in replay.watch.findings()}
    assert found["sentinel", "s", ""]["raw"] == 85.0
    assert found["sentinel", "k", "undeclared"]["raw"] == -9999.0
    assert found["range", "r", ""]["raw"] == 61.0
    assert len(found) == 3
    replay.now += 4 * HOUR
    replay.inspect()
    assert [f for f in replay.watch.findings() if f.until is None and f.check != "stale"] == []


def test_sub_meters_that_exceed_their_main_or_change_their_share() -> None:
    replay = Replay(hourly("main", "a", "b"), meters=[(0, (1, 2))])
    a, b = office(3, 1), office(3, 2)
    main = (a + b) * 1.02 + 5
    replay.play({"main": main, "a": a, "b": b})
    assert replay.ever("submeter") == []
    x, y = office(5, 1)[504:][:48], office(5, 2)[504:][:48]
    true = (x + y) * 1.02 + 5
    replay.play({"main": true[:24], "a": x[:24] * 0.4, "b": y[:24]})  # a ratio set wrong
    (finding,) = replay.open("submeter")
    assert (finding.points, finding.variant) == (("main", "a", "b"), "changed")
    replay.play({"main": true[24:], "a": x[24:] * 2.2, "b": y[24:]})
    (finding,) = replay.open("submeter")
    assert finding.variant == "over"
    assert float(finding.figures["share_percent"]) > 103


def test_what_was_learned_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "learned.npz"
    before = learned(2)
    before.watch.memory = file
    before.watch.remember()
    again = Replay(hourly("n", "new", "m"), start=before.now, memory=file)
    assert again.watch.recall() == 2
    again.inspect()
    again.play({"m": [0.0, 40.0, 4000.0], "n": [30.0, 30.0, 31.0], "new": [0.0, 1.0, 2.0]})
    assert len(again.flagged["m"]) == 2
    assert again.flagged["new"] == []
    file.write_bytes(file.read_bytes()[:5000])
    assert Replay(hourly("m"), memory=file).watch.recall() == 0
    file.write_bytes(b"no archive")
    assert Replay(hourly("m"), memory=file).watch.recall() == 0


def test_many_points_of_one_source_are_one_finding_and_the_ledger_is_bounded() -> None:
    points = [Point(f"p{k}", "A/1/1", "power", "kW", source="s") for k in range(30)]
    ledger = Ledger(points)

    def see(check: Check, hits: list[Hit], now: float) -> None:
        ledger.update(check, ledger.keyed(hits), now)

    see("stale", [Hit((k,), 100.0 + k, {"age_s": 5.0}) for k in range(GROUP_OVER + 5)], 200.0)
    (group,) = ledger.findings()
    assert (group.n_points, group.since, group.variant, group.figures["source"]) == (25, 100.0, "many", "s")
    see("stale", [Hit((1,), 101.0, {"age_s": 5.0})], 210.0)
    assert next((f.points, f.until) for f in ledger.findings()) == (("p1",), None)
    for turn in range(MAX_ENDED + 100):
        see("flat", [Hit((turn % 30,), float(turn), {})], float(turn))
    assert len(ledger.findings()) == MAX_ENDED + 2
    assert ledger.tally["flat"].opened == MAX_ENDED + 100
