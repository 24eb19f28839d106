"""Anomalies: loads left on are found, in made and in real meters, and hardly anything else is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest

from tests.twin.forecast.made import UTC, Office, inject, office
from tests.twin.forecast.real import CAMBRIDGE, Meter
from twin.forecast.anomaly import Anomaly, find_anomalies
from twin.forecast.clock import local_time
from twin.forecast.days import at_times, by_day
from twin.forecast.meter_model import MeterModel, Recent, UnfitError, train
from twin.forecast.patrol import Settings
from twin.quality.finding import Finding

F64 = npt.NDArray[np.float64]
HALF = 181 * 24
"""Hours of the training; the rest of the year is watched [h]."""
TEACH = slice(HALF - 60 * 24, None)
"""What the watch is given: sixty days that teach, and the half-year."""
MONTHS = 6.0


@lru_cache
def watched(seed: int) -> tuple[Office, MeterModel]:
    made = office(365, seed)
    return made, train(made.times[:HALF], made.values[:HALF], interval_s=3600, zone=UTC)


def score(found: list[Anomaly], faults: list[range], times: F64) -> tuple[int, int]:
    """How many of the faults were found, and how many of the anomalies are none."""
    spans = [(times[fault.start], times[fault.stop]) for fault in faults]

    def meets(anomaly: Anomaly, begin: float, end: float) -> bool:
        return anomaly.begins < end and (anomaly.ends or np.inf) > begin

    hits = sum(any(meets(a, *span) and a.size > 0 for a in found) for span in spans)
    return hits, sum(not any(meets(a, *span) for span in spans) for a in found)


def test_loads_of_a_fifth_of_the_base_load_are_found_and_nothing_else() -> None:
    hits = false = there = quiet = 0
    for seed in range(3):
        made, model = watched(seed)
        base = np.full(len(made.values), model.card.base_load)
        faulty, faults = inject(made.values, base, HALF + 168, seed, (0.2, 0.2))
        found = find_anomalies(model, Recent(made.times[TEACH], faulty[TEACH]), since=made.times[HALF])
        hit, wrong = score(found, faults, made.times)
        hits, false, there = hits + hit, false + wrong, there + len(faults)
        quiet += len(find_anomalies(model, Recent(made.times[TEACH], made.values[TEACH]), since=made.times[HALF]))
    assert there > 50
    assert hits / there >= 0.8, (hits, there)
    assert hits / (hits + false) >= 0.8, (hits, false)
    assert quiet / (3 * MONTHS) < 1.0


@pytest.mark.samples
def test_real_meters_with_loads_left_on(meters: dict[str, Meter]) -> None:
    """Trained on January to June, watched from July to December; faults of 20 to 60 % of the base load."""
    hits = false = there = quiet = 0
    for number, meter in enumerate(meters.values()):
        half, modes = HALF, meter.modes
        model = train(meter.times[:half], meter.values[:half], interval_s=3600, zone=CAMBRIDGE, modes=modes[:half])
        faulty, faults = inject(meter.values, base_of(meter), half + 168, number, (0.2, 0.6))
        since = meter.times[half]
        found = find_anomalies(model, Recent(meter.times[TEACH], faulty[TEACH], modes=modes[TEACH]), since=since)
        hit, wrong = score(found, faults, meter.times)
        hits, false, there = hits + hit, false + wrong, there + len(faults)
        quiet += len(
            find_anomalies(model, Recent(meter.times[TEACH], meter.values[TEACH], modes=modes[TEACH]), since=since)
        )
    assert there > 100
    assert hits / there >= 0.8, (hits, there)
    assert hits / (hits + false) >= 0.8, (hits, false)
    assert quiet / (len(meters) * MONTHS) < 1.0, quiet


def base_of(meter: Meter) -> F64:
    """The base load (n,) at each time: the median of the daily minima of the 28 days before."""
    when = local_time(meter.times, CAMBRIDGE, 3600)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    table = by_day(when, meter.values, first, days)
    lowest = np.where(np.isfinite(table), table, np.inf).min(axis=1)
    lowest = np.where(np.isfinite(lowest), lowest, np.nan)
    base = [float(np.nanmedian(lowest[max(day - 28, 0) : day])) if day > 2 else np.nan for day in range(days)]
    return at_times(np.repeat(np.array(base)[:, None], 24, axis=1), first, when)


def left_on(hours: slice, size: float, seed: int = 1) -> tuple[Office, MeterModel, F64]:
    made, model = watched(seed)
    values = made.values.copy()
    values[hours] += size
    return made, model, values


def test_a_load_left_on_is_told_in_kilowatts_hours_and_money() -> None:
    hours = slice(253 * 24 + 15, 255 * 24 + 7)
    made, model, values = left_on(hours, 12.0)
    price = np.where(np.arange(len(values)) % 24 < 7, 0.1, 0.3)
    recent = Recent(made.times[: 259 * 24], values[: 259 * 24])
    (found,) = find_anomalies(model, recent, since=made.times[240 * 24], tariff=price[: 259 * 24])
    assert found.begins == pytest.approx(made.times[hours.start], abs=2 * 3600)
    assert found.ends == pytest.approx(made.times[hours.stop], abs=2 * 3600)
    assert found.begins < found.seen <= made.times[hours.start] + 18 * 3600
    assert found.size == pytest.approx(12.0, rel=0.2)
    assert found.energy == pytest.approx(12.0 * 40, rel=0.2)
    assert 0 < found.beyond < found.energy
    assert found.cost is not None
    assert found.cost == pytest.approx(float(price[hours].sum()) * 12.0, rel=0.2)
    assert found.share == pytest.approx(12.0 / model.card.base_load, rel=0.25)
    assert not found.accepted
    assert found.causes[0].name == "base-load"


def test_one_that_lasts_is_open_and_counts_so_far() -> None:
    made, model, values = left_on(slice(250 * 24 + 15, None), 12.0)
    recent = Recent(made.times[: 253 * 24], values[: 253 * 24])
    (found,) = find_anomalies(model, recent, since=made.times[240 * 24], tariff=0.2)
    assert found.ends is None
    assert found.energy == pytest.approx(12.0 * 57, rel=0.2)
    assert found.cost == pytest.approx(0.2 * found.energy)


def test_what_lasts_a_week_is_the_new_normal_and_reported_once() -> None:
    made, model, values = left_on(slice(250 * 24 + 15, None), 12.0)
    found = find_anomalies(model, Recent(made.times, values), since=made.times[240 * 24])
    assert found[0].accepted
    assert found[0].ends is not None
    assert found[0].ends - found[0].begins > 7 * 86_400
    assert len(found) <= 2, [(a.begins - made.times[250 * 24], a.ends, a.size, a.statistic) for a in found]


def test_one_reading_never_makes_an_anomaly() -> None:
    made, model, values = left_on(slice(250 * 24 + 3, 250 * 24 + 4), 400.0)
    assert find_anomalies(model, Recent(made.times, values), since=made.times[240 * 24]) == []
    values[260 * 24 : 260 * 24 + 3] += 300.0
    assert find_anomalies(model, Recent(made.times, values), since=made.times[240 * 24]) == []


def test_less_use_is_found_too() -> None:
    made, model, values = left_on(slice(250 * 24, 252 * 24), -14.0)
    (found,) = find_anomalies(model, Recent(made.times, values), since=made.times[240 * 24])
    assert found.size == pytest.approx(-14.0, rel=0.2)
    assert found.energy < 0
    assert found.beyond < 0


def test_energy_of_an_interval_and_quarters_of_an_hour_give_the_same_power() -> None:
    made = office(100, 2)
    times = np.asarray(made.times[0] + 900.0 * np.arange(100 * 96), np.float64)
    values = np.repeat(made.values, 4) / 4.0  # kWh in a quarter of an hour
    model = train(times[: 70 * 96], values[: 70 * 96], interval_s=900, zone=UTC)
    values[80 * 96 : 81 * 96] += 3.0
    (found,) = find_anomalies(model, Recent(times, values), since=times[70 * 96], unit="kWh")
    assert found.size == pytest.approx(12.0, rel=0.2)
    assert found.energy == pytest.approx(12.0 * 24, rel=0.2)
    assert found.ends == pytest.approx(times[81 * 96], abs=2 * 3600)


def test_the_quality_of_the_data_and_the_weather_are_among_the_causes() -> None:
    warm = office(365, 5, warm=1.0)
    model = train(warm.times[:HALF], warm.values[:HALF], interval_s=3600, zone=UTC, temperature=warm.temperature[:HALF])
    values, temperature = warm.values.copy(), warm.temperature.copy()
    values[250 * 24 : 251 * 24] += 15.0
    temperature[250 * 24 : 251 * 24] = 39.0
    temperature[260 * 24 : 262 * 24] = np.nan
    report = Finding("unit-1", "unit", "error", ("m",), 1, (), "s", warm.times[249 * 24], warm.times[252 * 24])
    found = find_anomalies(
        model, Recent(warm.times, values, temperature), since=warm.times[245 * 24], findings=[report],
    )  # fmt: skip
    first = next(a for a in found if a.begins < warm.times[251 * 24])
    assert first.causes[0].name == "meter-fault"
    assert "temperature" in [cause.name for cause in first.causes]


def test_a_watch_may_be_made_sharper_or_slower() -> None:
    made, model, values = left_on(slice(250 * 24 + 15, 251 * 24 + 15), 4.0)
    recent = Recent(made.times, values)
    sharp = find_anomalies(model, recent, since=made.times[249 * 24], settings=Settings(least_share=0.05))
    slow = find_anomalies(model, recent, since=made.times[249 * 24], settings=Settings(threshold=20.0))
    assert [a for a in sharp if a.begins < made.times[252 * 24]]
    assert slow == []


def test_a_meter_that_grew_restless_is_watched_less_sharply() -> None:
    made, model = watched(3)
    random = np.random.default_rng(0)
    wild = made.values.copy()
    level = np.repeat(random.normal(0, 6, 365), 24)
    wild[HALF:] += level[HALF:]
    found = find_anomalies(model, Recent(made.times, wild), since=made.times[HALF + 28 * 24])
    assert len(found) / 5 < 2.5


def test_what_cannot_be_watched_is_said_and_nothing_is_nothing() -> None:
    made, model = watched(0)
    none = np.zeros(0)
    assert find_anomalies(model, Recent(none, none)) == []
    assert find_anomalies(model, Recent(made.times[:48], made.values[:48]), since=made.times[100]) == []
    assert find_anomalies(model, Recent(made.times[:48], made.values[:48])) == [], "three days are looked at together"
    assert find_anomalies(model, Recent(made.times[:480], np.full(480, np.nan))) == []
    daily = train(made.times[::24], made.values[::24], interval_s=86_400, zone=UTC)
    with pytest.raises(UnfitError, match="cannot be watched"):
        find_anomalies(daily, Recent(made.times[::24], made.values[::24]))


def test_what_lasts_is_open_at_every_hour_of_the_day() -> None:
    """What came in the morning is judged in the morning: the hours to come are no silence that ends anything."""
    begin = 250 * 24 + 8
    made, model, values = left_on(slice(begin, None), 12.0)
    seen = 0
    for end in range(begin + 8, begin + 34):
        recent = Recent(made.times[:end], values[:end])
        found = find_anomalies(model, recent, since=made.times[240 * 24])
        assert [anomaly.ends for anomaly in found if anomaly.begins >= made.times[begin - 3]] in ([], [None]), (
            end - begin
        )
        assert all(anomaly.seen <= made.times[end - 1] for anomaly in found)
        seen += bool(found)
    assert seen > 15
