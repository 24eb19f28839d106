"""The watch's statistic: blocks of known size are measured, and its noise is of unit size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from twin.forecast.watch import HOURS, LEADS, WINDOW, Bounds, Watch, best_block, learn, standardise, to_hours

F64 = npt.NDArray[np.float64]
ANY = Bounds(shortest=8, longest=WINDOW, ago=18, least=0.1, less=1.0)
REAL = Bounds(shortest=10, longest=WINDOW, ago=WINDOW, least=3.0, less=1.0)
DAYS = 400
PLACES = np.tile(np.arange(HOURS), (DAYS, 1))
BINS = np.zeros((DAYS, HOURS), np.int64)


def residuals(seed: int = 0) -> list[F64]:
    """Three leads of one noise: hours that err together, nights quieter than noons."""
    random = np.random.default_rng(seed)
    noise = np.zeros(DAYS * HOURS)
    for k in range(1, len(noise)):
        noise[k] = 0.8 * noise[k - 1] + random.normal(0, 0.6)
    table = noise.reshape(DAYS, HOURS) * (1 + np.sin(np.pi * np.arange(HOURS) / 23))
    return [np.asarray(table, np.float64)] * LEADS


@pytest.fixture(scope="module")
def watch() -> Watch:
    return learn(residuals(), PLACES)


def windows(watch: Watch, off: list[F64]) -> tuple[F64, F64]:
    return standardise(watch, off, PLACES, BINS)


def test_a_block_is_measured_where_it_is(watch: Watch) -> None:
    for begin, end, size in ((20, 44, 8.0), (30, 60, -9.0), (10, 72, 9.0)):
        off = [table.copy() for table in residuals(seed=3)]
        for hour in range(begin, end):
            off[hour // HOURS][100 + hour // HOURS, hour % HOURS] += size
        z, a = windows(watch, off)
        block = best_block(watch, z[102], a[102], WINDOW, REAL)
        assert block is not None
        assert (block.begin, block.end) == pytest.approx((begin, end), abs=2)
        assert block.size == pytest.approx(size, rel=0.35)
        assert block.statistic > 6


def test_the_statistic_of_one_block_has_the_size_of_noise(watch: Watch) -> None:
    z, a = windows(watch, residuals(seed=5))
    p = watch.inverses[WINDOW]
    block = np.zeros(WINDOW)
    block[20:44] = 1.0
    values = [(block * a[k]) @ p @ z[k] / np.sqrt((block * a[k]) @ p @ (block * a[k])) for k in range(10, DAYS)]
    assert 0.8 < np.std(values) < 1.3


def test_what_can_be_detected_is_what_is_found_four_times_of_five(watch: Watch) -> None:
    size = watch.detectable(6.0)
    found = 0
    off = residuals(seed=7)
    clean = [table.copy() for table in off]
    for day in range(50, 350, 3):
        for hour in range(12, 36):
            off[hour // HOURS][day + hour // HOURS, hour % HOURS] += size
        # the three leads are one table: each window reads its own day of it
        z, a = windows(watch, off)
        block = best_block(watch, z[day + 2], a[day + 2], WINDOW, REAL)
        found += block is not None and block.statistic >= 6.0 and block.begin < 36 and block.end > 12
        for table, original in zip(off, clean, strict=True):
            table[day : day + 3] = original[day : day + 3]
    assert 0.5 <= found / 100 <= 0.95


def test_unknown_hours_prove_nothing(watch: Watch) -> None:
    off = [np.full((DAYS, HOURS), np.nan)] * LEADS
    z, a = windows(watch, off)
    assert best_block(watch, z[50], a[50], WINDOW - 5, ANY) is None


def test_bounds_of_size_length_and_direction_hold(watch: Watch) -> None:
    off = [table.copy() for table in residuals(seed=9)]
    for lead in range(LEADS):
        off[lead][100:103] -= 8.0
    z, a = windows(watch, off)
    free = best_block(watch, z[102], a[102], WINDOW, ANY)
    assert free is not None
    assert free.size < 0
    stricter = best_block(watch, z[102], a[102], WINDOW, Bounds(8, WINDOW, 18, 0.1, 2.0))
    assert stricter is not None
    assert stricter.statistic == pytest.approx(free.statistic / 2, rel=0.3)
    assert best_block(watch, z[102], a[102], WINDOW, Bounds(8, WINDOW, 18, 50.0, 1.0)) is None


def test_temperature_has_figures_of_its_own() -> None:
    off = residuals()
    random = np.random.default_rng(0)
    warm = np.repeat(random.uniform(0, 30, DAYS)[:, None], HOURS, axis=1)
    louder = [np.asarray(table * np.where(warm > 20, 4.0, 1.0), np.float64) for table in off]
    by_weather = learn(louder, PLACES, warm)
    assert len(by_weather.edges) == 2
    assert by_weather.sigma[0, 2].mean() > 2.5 * by_weather.sigma[0, 0].mean()
    assert by_weather.bins(np.array([[1.0, np.nan, 29.0]]), (1, 3)).tolist() == [[0, 1, 2]]
    assert by_weather.bins(None, (1, 2)).tolist() == [[1, 1]]
    kept = Watch.from_dict(by_weather.to_dict())
    assert kept.sigma == pytest.approx(by_weather.sigma)


def test_too_little_gives_a_watch_that_knows_only_that() -> None:
    few = learn([table[:3] for table in residuals()], PLACES[:3])
    assert few.covariance == pytest.approx(np.eye(WINDOW))
    empty = learn([np.full((5, HOURS), np.nan)] * LEADS, PLACES[:5])
    assert (empty.sigma > 0).all()


def test_quarters_become_hours() -> None:
    quarters = np.arange(96.0)[None]
    quarters[0, 4:8] = np.nan
    quarters[0, 8] = np.nan
    hours = to_hours(quarters)
    assert hours[0, :3] == pytest.approx([1.5, np.nan, 10.0], nan_ok=True)
