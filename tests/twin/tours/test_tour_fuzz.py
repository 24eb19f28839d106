"""Whatever stands in a file of ``tours/``: it is read, or refused in words with a place; nothing is raised."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models3d.demo import demo_campus
from tests.twin.tours.test_tours import GOOD, RUSSIAN
from twin.index import SpaceIndex
from twin.tours.condition import Facts
from twin.tours.plan import plan_of, skips_now
from twin.tours.telling import words_now
from twin.tours.tour_check import check_tours
from twin.tours.tour_files import read_tours

STRANGE: tuple[Any, ...] = (
    None, "", " ", "{", "{kpi:energy.power}", "live", "0", "-1", "1e999", "nan", "好" * 500, "a\x00b", "../x",
    "yesterday 10:00 to", [], {}, [None], [[]],
    {"zh": None}, {"kind": "kpi", "key": "no", "place": ""}, {"when": "night"}, ["night", "day"],
    {"zh": "一", "en": "one", "../x": "y"}, "9" * 400, "kpi:energy.power > " + "9" * 12, "\U0001f600", "true",
)  # fmt: skip


def _keys(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    rows = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, below in rows:
        yield (*above, name)
        yield from _keys(below, (*above, name))


TOUR, LANGUAGE = yaml.safe_load(GOOD), yaml.safe_load(RUSSIAN)
PLACES = [("round.yaml", key) for key in _keys(TOUR)] + [("round.ru.yaml", key) for key in _keys(LANGUAGE)]


@pytest.fixture(scope="module")
def index() -> SpaceIndex:
    return SpaceIndex(demo_campus(seed=1, spaces=250).campus)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(STRANGE)), min_size=1, max_size=2))
def test_what_is_strange_is_refused_in_words(tmp_path: Path, index: SpaceIndex, changes: list[Any]) -> None:
    trees = {"round.yaml": copy.deepcopy(TOUR), "round.ru.yaml": copy.deepcopy(LANGUAGE)}
    for (file, key), value in changes:
        above: Any = trees[file]
        try:
            for part in key[:-1]:
                above = above[part]
            above[key[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):  # the other change took it away
            continue
    for file, tree in trees.items():
        (tmp_path / file).write_text(yaml.dump(tree, allow_unicode=True), "utf-8")
    tours, mistakes = read_tours(tmp_path, "tours")
    assert all(mistake.message and mistake.file.startswith("tours/") for mistake in mistakes)
    assert tours or any(mistake.severity == "error" for mistake in mistakes)
    assert all(mistake.message for mistake in check_tours(tours, index, (), ()))
    for tour in tours.values():
        assert plan_of(tour).stops
        assert skips_now(tour, index, Facts()).keys() <= {step.id for step in tour.steps}
        assert all(words_now(step, Facts()).words.said("zh") for step in tour.steps)
