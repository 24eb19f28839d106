"""Colours keep apart for every kind of sight: alarms, data from alarms, steps of a ramp, kinds of trust."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from tests.colour import SIGHT, ciede2000, difference
from tests.conftest import ROOT

THEMES: dict[str, Any] = json.loads((ROOT / "assets" / "tokens.json").read_text("utf-8"))["themes"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_agrees_with_the_published_pairs(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert float(ciede2000(np.array(one), np.array(other))) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_alarms_are_told_apart(theme: str, sight: str) -> None:
    assert min(difference(a, b, sight) for a, b in combinations(THEMES[theme]["alarm"], 2)) >= 15


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_no_data_colour_looks_like_an_alarm(theme: str, sight: str) -> None:
    table = THEMES[theme]
    for colour in (*table["ramp"], *table["diverge"], *table["trust"].values()):
        assert min(difference(colour, alarm, sight) for alarm in table["alarm"]) >= 11, colour


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_neighbouring_steps_of_the_ramp_differ_and_grow_one_way(theme: str, sight: str) -> None:
    ramp = THEMES[theme]["ramp"]
    assert min(difference(a, b, sight) for a, b in pairwise(ramp)) >= 5
    far = [difference(ramp[0], c, sight) for c in ramp]
    assert far == sorted(far)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_less_and_more_are_told_apart_and_from_the_page(theme: str, sight: str) -> None:
    table = THEMES[theme]
    steps = table["diverge"]
    assert len(steps) == 7
    assert min(difference(a, b, sight) for a, b in pairwise(steps)) >= 5
    assert min(difference(steps[i], steps[6 - i], sight) for i in range(3)) >= 15
    assert min(difference(step, table["bg"], sight) for step in steps) >= 5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_kinds_of_trust_are_told_apart(theme: str) -> None:
    """Fresh and simulated are 7 apart for one kind of sight on dark: they have a second mark (dots)."""
    trust = THEMES[theme]["trust"]
    for sight in SIGHT:
        for a, b in combinations(("fresh", "late", "stale", "simulated"), 2):
            least = 6.5 if {a, b} == {"fresh", "simulated"} else 11
            assert difference(trust[a], trust[b], sight) >= least, (sight, a, b)
