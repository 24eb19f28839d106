"""Causes: each shape of an excess speaks for its own, and the likeliest comes first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from twin.forecast.causes import CauseName, Shape, rank
from twin.quality.finding import Check, Finding

F64 = npt.NDArray[np.float64]
HOURS = np.arange(48) % 24
USUAL: F64 = np.asarray(np.where((HOURS >= 8) & (HOURS < 18), 70.0, 30.0), np.float64)


def shape(excess: F64, *, off: bool = False, beyond: bool = False, expected: F64 = USUAL) -> Shape:
    n = len(excess)
    return Shape(
        hour=HOURS[:n], excess=np.asarray(excess, np.float64), expected=expected[:n], off=np.full(n, off),
        beyond=np.full(n, beyond), size=float(np.mean(excess)) if n else 0.0, begins=1000.0, ends=1000.0 + 3600 * n,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "first"),
    [
        (shape(np.full(48, 12.0)), "base-load"),
        (shape(np.where((HOURS < 7) | (HOURS > 19), 20.0, 0.5)), "off-hours"),
        (shape(np.where((HOURS >= 8) & (HOURS < 18), 25.0, 0.0), off=True, expected=np.full(48, 30.0)), "off-hours"),
        (shape(np.roll(USUAL, 2) - USUAL), "schedule-shift"),
        (shape(np.roll(USUAL, -1) - USUAL), "schedule-shift"),
        (shape(np.where((HOURS >= 8) & (HOURS < 18), 9.0, 3.0), beyond=True), "temperature"),
        (shape(np.where((HOURS >= 8) & (HOURS < 18), -38.0, 0.0)), "closure"),
    ],
)
def test_each_shape_has_its_likeliest_cause(case: Shape, first: CauseName) -> None:
    causes = rank(case)
    assert causes[0].name == first, causes
    assert [c.score for c in causes] == sorted((c.score for c in causes), reverse=True)
    assert all(c.reason.endswith(".") for c in causes)


def test_a_weekend_is_named_and_a_shift_told_in_hours() -> None:
    weekend = rank(shape(np.full(48, 12.0), off=True))
    assert "weekend" in next(c.reason for c in weekend if c.name == "off-hours")
    shift = rank(shape(np.roll(USUAL, 2) - USUAL))[0]
    assert shift.figures["hours"] == 2.0
    assert "2 h later" in shift.reason
    assert "1 h earlier" in rank(shape(np.roll(USUAL, -1) - USUAL))[0].reason


@pytest.mark.parametrize(
    ("check", "since", "until", "counts"),
    [
        ("flat", 0.0, None, True), ("unit", 2000.0, 3000.0, True), ("flat", 0.0, 900.0, False),
        ("gap", 1e9, None, False), ("range", 0.0, None, False),
    ],
)  # fmt: skip
def test_a_finding_counts_where_it_overlaps_and_means_the_meter(
    check: Check, since: float, until: float | None, counts: bool
) -> None:
    finding = Finding("x-1", check, "warning", ("m",), 1, (), "s", since, since, until)
    causes = rank(shape(np.full(48, 12.0)), [finding])
    assert (causes[0].name == "meter-fault") == counts
    if counts:
        assert causes[0].figures == {"check": check, "finding": "x-1"}


def test_nothing_known_has_no_cause_and_nothing_fits_a_small_ripple() -> None:
    assert rank(shape(np.zeros(0))) == ()
    assert rank(shape(np.zeros(24))) in ((), rank(shape(np.zeros(24))))
    night_only = shape(np.full(5, 3.0))
    assert "base-load" not in [c.name for c in rank(night_only)]
    assert [c.name for c in rank(shape(np.full(6, -3.0)))] in ([], ["closure"])
    idle = shape(np.full(48, -1.0), expected=np.full(48, 30.0))
    assert "schedule-shift" not in [c.name for c in rank(idle)]
    mixed = shape(np.where(HOURS == 12, -30.0, 0.0) + 0.0)
    assert rank(mixed)[0].name == "closure"
    rising = shape(np.abs(np.where(HOURS == 12, -30.0, 0.0)) - 100.0)
    assert rank(rising)
