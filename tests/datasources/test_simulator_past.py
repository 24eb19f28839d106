"""Sums of past days: kept from one start to the next, and the very same numbers as when they are made again."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from datasources import simulator_past
from datasources.runner import SourceConfig
from datasources.simulator import Settings, Simulation
from datasources.simulator_campus import CampusModel
from datasources.simulator_daysums import DaySums
from datasources.simulator_energy import INSTALLED_DAY, NODE_H
from datasources.simulator_past import Past, file_of
from datasources.simulator_power import NODES, PowerModel
from models3d.demo import demo_campus
from server.campus_folder import furnished
from twin.point import Point

F64 = npt.NDArray[np.float64]

MARCH = datetime(2026, 3, 10, 4, 0, tzinfo=UTC).timestamp()  # day 69 of the registers


@pytest.fixture(scope="module")
def meters() -> list[Point]:
    return [p for p in demo_campus(seed=1, spaces=300).points if p.quantity in ("power", "energy")]


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days whose sums are worked out."""
    found: list[int] = []
    of = DaySums.of

    def counted(self: DaySums, day: int) -> F64:
        found.append(day)
        return of(self, day)

    monkeypatch.setattr(DaySums, "of", counted)
    return found


def energy(meters: list[Point], model: CampusModel, when: float) -> F64:
    values: F64 = model.at([when])[[p.quantity == "energy" for p in meters], 0]
    return values


def test_a_later_start_makes_no_day_again_and_shows_the_same(
    meters: list[Point], tmp_path: Path, days: list[int]
) -> None:
    plain = energy(meters, CampusModel(meters, 1), MARCH)
    assert len(days) == 68
    days.clear()
    first = energy(meters, CampusModel(meters, 1, tmp_path), MARCH)
    assert len(days) == 68
    days.clear()
    again = CampusModel(meters, 1, tmp_path)
    assert energy(meters, again, MARCH).tolist() == first.tolist() == plain.tolist()
    assert days == []
    tomorrow = energy(meters, again, MARCH + 86_400)
    earlier = energy(meters, again, MARCH - 30 * 86_400)
    assert days == [INSTALLED_DAY + 68]
    days.clear()
    fresh = CampusModel(meters, 1, tmp_path)
    assert energy(meters, fresh, MARCH - 30 * 86_400).tolist() == earlier.tolist()
    assert energy(meters, fresh, MARCH + 86_400).tolist() == tomorrow.tolist()
    assert days == [], "the next day was kept too"


def test_the_registers_are_the_plain_sum_of_every_node(meters: list[Point], tmp_path: Path) -> None:
    power = PowerModel([p for p in meters if p.quantity == "power"], 1)
    midnight = (INSTALLED_DAY + 12) * 86_400 - 8 * 3_600
    first = INSTALLED_DAY * NODES - 32
    nodes = power.mains_at_nodes(range(first, first + 12 * NODES + 1))
    plain = (nodes[:, :-1].sum(axis=1) - nodes[:, 0] / 2 + nodes[:, -1] / 2) * NODE_H
    for _ in range(2):  # made, and read from the file
        assert energy(meters, CampusModel(meters, 1, tmp_path), midnight) == pytest.approx(plain, rel=1e-6)


def test_a_day_has_one_sum_whatever_was_asked_before(meters: list[Point]) -> None:
    power = PowerModel([p for p in meters if p.quantity == "power"], 1)
    asked = DaySums(power)
    for day in (20_479, 20_480, 20_511, 20_512, 20_480, 20_700):  # on both sides of where the air is made anew
        assert asked.of(day).tolist() == DaySums(power).of(day).tolist()


def test_other_points_another_seed_and_other_code_have_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {file_of(tmp_path, 1, ["a", "b"])}
    for seed, addresses in ((2, ["a", "b"]), (1, ["b", "a"]), (1, ["a"]), (1, ["a", "b", "c"])):
        known.add(file_of(tmp_path, seed, addresses))
    assert file_of(tmp_path, 1, iter(["a", "b"])) in known
    monkeypatch.setattr(simulator_past, "_code", lambda: "another")
    known.add(file_of(tmp_path, 1, ["a", "b"]))
    assert len(known) == 6


def days_of(day: int) -> F64:
    return np.array([day, 0.1])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04 and then nothing", {"other": np.zeros((3, 2))}, {"sums": np.zeros((3, 5))},
        {"sums": np.zeros(4)}, {"sums": np.zeros((0, 2))}, {"sums": np.full((3, 2), np.nan)},
        {"sums": np.ones((3, 2))}, {"sums": np.array([{}], dtype=object)},
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | dict[str, npt.NDArray[np.float64]]
) -> None:
    file = tmp_path / "x.npz"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.savez(file, **content)  # type: ignore[arg-type]
    past = Past(days_of, 100, 2, file)
    assert past.before(100).tolist() == [0, 0]
    assert past.before(104).tolist() == [100 + 101 + 102 + 103, pytest.approx(0.4)]
    assert "made again" in caplog.text
    assert Past(lambda day: pytest.fail("it is kept"), 100, 2, file).before(104)[0] == 406


def test_a_folder_that_cannot_be_written_to_costs_only_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    assert Past(days_of, 100, 2, tmp_path / "file" / "x.npz").before(102)[0] == 201
    assert "cannot be kept" in caplog.text


def test_files_that_nobody_writes_any_more_go(tmp_path: Path) -> None:
    for name, age in (("old.npz", 8 * 86_400), ("young.npz", 86_400)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Past(days_of, 100, 2, tmp_path / "x.npz").before(102)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.npz", "young.npz"]


def test_the_server_gives_simulators_its_cache(meters: list[Point], tmp_path: Path) -> None:
    (source, other) = furnished([SourceConfig("s", "simulator", {"seed": 3}), SourceConfig("m", "mqtt")], tmp_path)
    assert dict(other.context) == {}
    settings = Settings.model_validate(dict(source.settings), context=dict(source.context))
    Simulation(settings, meters).values_at([MARCH])
    assert len(list((tmp_path / "simulator").glob("*.npz"))) == 1
    assert Settings().folder is None
