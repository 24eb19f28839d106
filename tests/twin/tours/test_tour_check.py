"""Tours against the campus: places, figures, sources, what visitors may know, time to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from models3d.cache import ModelCache
from models3d.check import check_folder
from models3d.demo import demo_campus
from twin.index import SpaceIndex
from twin.tours.telling import lost
from twin.tours.tour import NEEDED
from twin.tours.tour_check import check_tours
from twin.tours.tour_files import default_tours, read_tours

HEAD = """
names: {zh: 走一圈, en: A round}
summary: {zh: 一圈, en: One round}
AUDIENCE
chapters:
  - id: first
    names: {zh: 第一章, en: Chapter one}
    steps:
      - id: one
        text: {zh: 一, en: One}
"""


@pytest.fixture(scope="module")
def demo() -> SpaceIndex:
    return SpaceIndex(demo_campus(seed=1).campus)


def test_the_tours_of_the_product_are_true_of_the_demo_campus(demo: SpaceIndex) -> None:
    assert [str(mistake) for mistake in check_tours(default_tours(), demo, (), ())] == []
    for tour in default_tours().values():
        assert lost(tour.steps, demo) == {}
        for step in tour.steps:
            for texts in (step.words.text, *([step.words.notes] if step.words.notes else [])):
                assert set(NEEDED) <= set(texts)


ROWS = [
    ('highlights: ["99"]', "tour-lost-place", "there is no '99' in the campus: the step is left out"),
    ("camera: {of: 14/99}", "tour-lost-place", "'14/99'"),
    ("number: kpi:energy.power@99", "tour-lost-place", "'99'"),
    ("number: point:no/such", "tour-not-for-visitors", "visitors get sums, no point"),
    ("number: kpi:occupancy.people", "tour-not-for-visitors", "tells of people"),
    ("number: channel:network.clients@14", "tour-not-for-visitors", "tells of people"),
    ("channel: occupancy.people", "tour-not-for-visitors", "tells of people"),
    ("number: kpi:energy.power@14/05", "tour-not-for-visitors", "buildings and of the campus alone"),
    ("number: kpi:energy.power@D1", "tour-not-for-visitors", "in which people live"),
    ("when: dead(source:mqtt)", "tour-unknown-source", "there is no source 'mqtt'"),
    ("when: dead(point:no/such)", "tour-unknown-point", "'no/such'"),
    ("notes: {zh: '{kpi:occupancy.people}', en: x}", "tour-not-for-visitors", "tells of people"),
    ("when: kpi:occupancy.people@TSG > 5", "tour-not-for-visitors", "the whole campus only"),
    ("when: channel:energy.power@14/05 > 5", "tour-not-for-visitors", "buildings and of the campus alone"),
    ("caption: {zh: '" + "长" * 50 + "', en: x}\n        dwell: 12s", "tour-hurried", "takes 13 s"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "code", "said"), ROWS)
def test_what_does_not_fit_the_campus_is_told(tmp_path: Path, demo: SpaceIndex, row: str, code: str, said: str) -> None:
    text = HEAD.replace("AUDIENCE", "audience: visitors") + f"        {row}\n"
    (tmp_path / "round.yaml").write_text(text, "utf-8")
    tours, wrong = read_tours(tmp_path, "tours")
    assert wrong == []
    found = check_tours(tours, demo, (), ())
    assert [mistake for mistake in found if mistake.code == code and said in mistake.message]
    assert all((m.severity, m.line, m.file) == ("warning", 9, "tours/round.yaml") for m in found)
    (tmp_path / "round.yaml").write_text(text.replace("visitors", "operators"), "utf-8")
    tours, _ = read_tours(tmp_path, "tours")
    assert "tour-not-for-visitors" not in {mistake.code for mistake in check_tours(tours, demo, (), ())}


def test_a_length_that_promises_too_much_is_told(tmp_path: Path, demo: SpaceIndex) -> None:
    (tmp_path / "round.yaml").write_text(HEAD.replace("AUDIENCE", "minutes: [5]"), "utf-8")
    tours, _ = read_tours(tmp_path, "tours")
    (found,) = check_tours(tours, demo, (), ())
    assert (found.code, found.key) == ("tour-short-length", "minutes")
    assert "its 5 minutes tell 0.7 only" in found.message


def test_check_of_a_folder_tells_of_its_tours(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n", "utf-8")
    (tmp_path / "tours").mkdir()
    text = HEAD.replace("AUDIENCE", "") + '        highlights: ["99"]\n'
    (tmp_path / "tours/round.yaml").write_text(text, "utf-8")
    found = [m for m in check_folder(tmp_path, ModelCache(tmp_path / "cache").load).mistakes if "tour" in m.code]
    assert [str(mistake) for mistake in found] == [
        "tours/round.yaml:9: warning: step 'one': there is no '99' in the campus: the step is left out"
    ]
