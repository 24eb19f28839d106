"""The entrance: what is refused, what the card says, what is expected with and without recent readings."""

from __future__ import annotations

import json
import time

import numpy as np
import numpy.typing as npt
import pytest

from tests.twin.forecast.made import UTC, office
from tests.twin.forecast.real import CAMBRIDGE, Meter, cv_rmse
from twin.forecast.card import Card
from twin.forecast.meter_model import Band, MeterModel, Recent, UnfitError, train

F64 = npt.NDArray[np.float64]
YEAR = office(365, warm=1.5)


@pytest.fixture(scope="module")
def model() -> MeterModel:
    return train(YEAR.times, YEAR.values, interval_s=3600, zone=UTC, temperature=YEAR.temperature)


def inside(values: F64, band: Band) -> float:
    return float(np.mean((values >= band.low) & (values <= band.high)))


def test_a_year_of_hours_trains_in_a_moment() -> None:
    began = time.perf_counter()
    train(YEAR.times, YEAR.values, interval_s=3600, zone=UTC, temperature=YEAR.temperature)
    assert time.perf_counter() - began < 5.0  # about 0.3 s; wide for machines that run other things beside it


def test_the_card_of_a_good_model(model: MeterModel) -> None:
    card = model.card
    assert (card.model, card.verdict, card.reasons, card.blocks) == ("TOWT", "calibrated", (), "months")
    assert (card.n, card.coverage, card.interval_s, card.zone) == (8760, 1.0, 3600.0, "UTC")
    assert card.until - card.since == 365 * 86_400
    assert card.monthly.n == 12
    assert card.day_ahead.cv_rmse < card.held_out.cv_rmse < 30
    assert 0.87 <= card.band_coverage <= 0.93
    assert 0.87 <= card.day_ahead_coverage <= 0.93
    assert 25 < card.base_load < 30
    assert 0 < card.detectable < 0.2 * card.base_load
    assert card.parameters == card.fit.parameters > 168
    assert len(card.knots) >= 3


def test_a_new_year_lies_in_the_band_and_recent_readings_make_it_narrower(model: MeterModel) -> None:
    both = office(500, warm=1.5)
    late = slice(400 * 24, None)
    plain = model.expected(both.times[late], both.temperature[late])
    recent = Recent(both.times, both.values, both.temperature)
    ahead = model.expected(both.times[late], both.temperature[late], recent=recent)
    assert 0.85 <= inside(both.values[late], plain) <= 0.95
    assert 0.87 <= inside(both.values[late], ahead) <= 0.93
    assert cv_rmse(both.values[late], ahead.value) < 0.97 * cv_rmse(both.values[late], plain.value)
    assert np.mean(ahead.high - ahead.low) < 0.97 * np.mean(plain.high - plain.low)


def test_what_is_expected_of_a_day_does_not_know_it(model: MeterModel) -> None:
    day = slice(300 * 24, 301 * 24)
    known = Recent(YEAR.times[: 300 * 24], YEAR.values[: 300 * 24], YEAR.temperature[: 300 * 24])
    wild = Recent(YEAR.times, np.where(YEAR.times >= YEAR.times[day][0], 1e5, YEAR.values), YEAR.temperature)
    asked = (YEAR.times[day], YEAR.temperature[day])
    a, b = (model.expected(*asked, recent=recent) for recent in (known, wild))
    assert a.value == pytest.approx(b.value)
    assert a.high == pytest.approx(b.high)


def test_further_ahead_the_band_is_no_narrower_than_the_long_term_one(model: MeterModel) -> None:
    recent = Recent(YEAR.times[: 300 * 24], YEAR.values[: 300 * 24], YEAR.temperature[: 300 * 24])
    week = slice(300 * 24, 307 * 24)
    plain = model.expected(YEAR.times[week], YEAR.temperature[week])
    ahead = model.expected(YEAR.times[week], YEAR.temperature[week], recent=recent)
    wide, narrow = plain.high - plain.value, ahead.high - ahead.value
    assert (narrow[24:] >= wide[24:] - 1e-9).all()
    assert narrow[:24].mean() < wide[:24].mean()


def test_a_short_past_does_not_overrule_a_year(model: MeterModel) -> None:
    odd = slice(298 * 24, 300 * 24)
    recent = Recent(YEAR.times[odd], YEAR.values[odd], YEAR.temperature[odd])
    day = slice(300 * 24, 301 * 24)
    ahead = model.expected(YEAR.times[day], YEAR.temperature[day], recent=recent)
    assert cv_rmse(YEAR.values[day], ahead.value) < 12
    none = Recent(np.zeros(0), np.zeros(0), np.zeros(0))
    plain = model.expected(YEAR.times[day], YEAR.temperature[day])
    assert model.expected(YEAR.times[day], YEAR.temperature[day], recent=none).value == pytest.approx(plain.value)
    deaf = Recent(YEAR.times[odd], np.full(48, np.nan), YEAR.temperature[odd])
    assert model.expected(YEAR.times[day], YEAR.temperature[day], recent=deaf).value == pytest.approx(plain.value)


def test_a_kept_model_expects_the_same(model: MeterModel) -> None:
    kept = MeterModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    recent = Recent(YEAR.times[:5000], YEAR.values[:5000], YEAR.temperature[:5000])
    for argument in (None, recent):
        a, b = (m.expected(YEAR.times[4990:5100], YEAR.temperature[4990:5100], recent=argument) for m in (model, kept))
        assert a.value == pytest.approx(b.value)
        assert a.low == pytest.approx(b.low)
    assert kept.card == model.card
    assert kept.watch is not None
    assert model.watch is not None
    assert kept.watch.covariance == pytest.approx(model.watch.covariance, abs=1e-4)
    with pytest.raises(UnfitError, match=r"version 0, not 1.*again"):
        MeterModel.from_dict({"version": 0})


def test_a_week_to_week_meter_of_few_weeks_is_indicative() -> None:
    short = office(40, 3)
    modes = ["term"] * 480 + ["exams"] * 480
    few = train(short.times, short.values, interval_s=3600, zone=UTC, modes=modes)
    assert (few.card.blocks, few.card.verdict, few.card.model) == ("weeks", "indicative", "TOW")
    assert few.card.reasons == (f"monthly figures need 3 whole months, there are {few.card.monthly.n}",)
    assert few.card.modes == ("exams", "term")
    assert np.isfinite(few.expected(short.times[:24], modes=modes[:24]).value).all()


def test_excluded_readings_teach_nothing_and_are_counted() -> None:
    wrong = YEAR.values.copy()
    wrong[1000:1100] = 1e6
    wrong[2000:2010] = -5.0
    why = np.array([""] * 8760, dtype="U10")
    why[1000:1100], why[2000:2010] = "spike", "zero"
    told = train(YEAR.times, wrong, interval_s=3600, zone=UTC, excluded=why.tolist())
    assert told.card.excluded == {"spike": 100, "zero": 10}
    assert told.card.n == 8650
    marked = train(YEAR.times, wrong, interval_s=3600, zone=UTC, excluded=why != "")
    assert marked.card.excluded == {"excluded": 110}
    assert marked.expected(YEAR.times[:48]).value == pytest.approx(told.expected(YEAR.times[:48]).value)


def test_a_meter_that_never_goes_below_zero_is_not_expected_to() -> None:
    idle = office(60, base=0.5)
    counted = train(idle.times, np.maximum(idle.values - 1, 0), interval_s=3600, zone=UTC)
    assert counted.expected(idle.times[:168]).low.min() == 0.0
    solar = train(idle.times, idle.values - 40, interval_s=3600, zone=UTC)
    kept = MeterModel.from_dict(solar.to_dict())
    assert kept.expected(idle.times[:168]).low.min() < 0


def test_days_and_quarters_of_an_hour() -> None:
    daily = YEAR.values.reshape(-1, 24).sum(axis=1)
    days = train(
        YEAR.times[::24], daily, interval_s=86_400, zone=UTC, temperature=YEAR.temperature.reshape(-1, 24).mean(axis=1)
    )
    assert days.card.verdict == "calibrated"
    assert days.watch is None
    assert np.isnan(days.card.detectable)
    kept = MeterModel.from_dict(json.loads(json.dumps(days.to_dict(), allow_nan=False)))
    assert kept.watch is None
    assert np.isnan(kept.card.detectable)
    assert inside(daily, days.expected(YEAR.times[::24], YEAR.temperature.reshape(-1, 24).mean(axis=1))) > 0.85
    quick = office(40, 1)
    times = np.asarray(quick.times[0] + 900.0 * np.arange(40 * 96), np.float64)
    quarters = train(times, np.repeat(quick.values, 4), interval_s=900, zone=UTC)
    assert quarters.watch is not None
    assert quarters.card.parameters == 7 * 96


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"values": YEAR.values[:24 * 20], "times": YEAR.times[:24 * 20]}, "too-little", "20 days .* needs 28. Wait"),
        ({"values": np.where(np.arange(8760) % 5 > 0, np.nan, YEAR.values)}, "gaps", "for 20 % of the time"),
        ({"temperature": np.full(8760, np.nan)}, "too-little", "readings and a temperature; a model needs 28"),
        ({"values": np.full(8760, 7.0)}, "constant", "shows 7 nearly all the time.*stuck"),
        ({"values": np.zeros(8760)}, "constant", "shows 0 nearly all the time"),
        ({"modes": ["term"]}, "shape", "'modes' has 1 entries for 8760 values"),
        ({"times": YEAR.times[::-1]}, "shape", "do not rise"),
        ({"values": YEAR.values[:0], "times": YEAR.times[:0]}, "too-little", "there are none"),
    ],
)  # fmt: skip
def test_what_no_model_can_be_made_of_is_refused(change: dict[str, F64], reason: str, words: str) -> None:
    given = {"times": YEAR.times, "values": YEAR.values} | change
    with pytest.raises(UnfitError, match=words) as refused:
        train(given.pop("times"), given.pop("values"), interval_s=3600, zone=UTC, **given)  # type: ignore[arg-type]
    assert refused.value.reason == reason


def test_a_meter_that_changed_its_habits_is_not_called_calibrated() -> None:
    changed = np.where(np.arange(8760) > 5500, 3.0 * YEAR.values, YEAR.values)
    card = train(YEAR.times, changed, interval_s=3600, zone=UTC, temperature=YEAR.temperature).card
    assert card.verdict == "indicative"
    assert any("hourly CV(RMSE)" in reason and "exceeds 30 %" in reason for reason in card.reasons)
    assert any("monthly CV(RMSE)" in reason and "exceeds 15 %" in reason for reason in card.reasons)
    assert 0.87 <= card.day_ahead_coverage <= 0.93


def test_a_bias_is_a_reason(model: MeterModel) -> None:
    from dataclasses import replace

    biased = replace(model.card, held_out=replace(model.card.held_out, nmbe=-12.0)).judged()
    assert biased.reasons == ("hourly NMBE -12.0 % is outside of +-10 %",)
    unknown = replace(model.card, monthly=replace(model.card.monthly, cv_rmse=np.nan)).judged()
    assert unknown.verdict == "indicative"
    assert Card.from_dict(unknown.to_dict()).reasons == unknown.reasons


@pytest.mark.samples
def test_real_meters_are_covered_day_ahead_and_called_what_they_are(meters: dict[str, Meter]) -> None:
    verdicts = {}
    for name, meter in meters.items():
        card = train(meter.times, meter.values, interval_s=3600, zone=CAMBRIDGE, modes=meter.modes).card
        assert 0.87 <= card.day_ahead_coverage <= 0.93, name
        assert 0.85 <= card.band_coverage <= 0.93, name
        verdicts[name] = card.verdict
    # b119 trebled its load in October 2018
    assert {name for name, verdict in verdicts.items() if verdict == "indicative"} == {"b119_electricity_2018"}
