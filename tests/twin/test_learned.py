"""What was learned outlives a restart: found by id, whatever else the file may be."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from twin import learned
from twin.learned import Columns
from twin.occupancy import kept as people_kept
from twin.occupancy.fusion import Fusion
from twin.quality import kept as quality_kept
from twin.quality.hours import Week
from twin.quality.profile import Profiles
from twin.quality.recent import Recent


def columns(rows: int, width: int = 3) -> Columns:
    return {"a": np.zeros(rows), "b": np.zeros((rows, width), np.float32), "t": np.zeros((width, rows)).T}


def test_rows_are_found_by_id_and_what_is_new_stays_as_it_was(tmp_path: Path) -> None:
    before = columns(3)
    for value in before.values():
        value += np.arange(1, 4).reshape(3, *[1] * (value.ndim - 1))
    path = tmp_path / "folder" / "kept.npz"
    learned.save(path, ["x", "y", "学"], before, 4, newest=77)
    after = columns(3)
    assert learned.load(path, ["学", "new", "x"], after, 4, "it", ("newest",)) == (2, {"newest": 77})
    for value in after.values():
        assert value.reshape(3, -1)[:, 0].tolist() == [3, 0, 1]
    assert [file.name for file in path.parent.iterdir()] == ["kept.npz"]
    assert learned.load(path, ["z"], after, 4, "it") == (0, {})
    assert learned.load(tmp_path / "nothing.npz", ["x"], after, 4, "it") == (0, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": np.array(5)}, "another form"), ({"b": np.zeros((2, 9))}, "another form"),
        ({"a": np.zeros(7)}, "another form"), ({"ids": np.array([{}, {}], dtype=object)}, "cannot be read"),
        ({"a": None}, "cannot be read"), ({}, ""),
    ],
)  # fmt: skip
def test_a_file_of_another_form_teaches_nothing_and_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, np.ndarray | None], said: str
) -> None:
    path = tmp_path / "kept.npz"
    learned.save(path, ["x", "y"], {name: value + 1 for name, value in columns(2).items()}, 4)
    with np.load(path) as old:
        changed = {name: value for name, value in {**dict(old), **change}.items() if value is not None}
    np.savez(path, **changed)
    mine = columns(2)
    assert learned.load(path, ["x", "y"], mine, 4, "the things")[0] == (0 if said else 2)
    assert all((value == (0 if said else 1)).all() for value in mine.values())
    assert said in caplog.text
    assert not said or "the things" in caplog.text


def test_a_torn_file_is_learned_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "kept.npz"
    learned.save(path, ["x"], columns(1), 1)
    path.write_bytes(path.read_bytes()[:100])
    assert learned.load(path, ["x"], columns(1), 1, "it") == (0, {})
    assert "learned anew" in caplog.text


def test_checks_and_people_are_kept_whole(tmp_path: Path) -> None:
    """Everything that either learns goes to the file and comes back into the arrays that it works with."""
    profiles, week, recent = Profiles(2), Week(2), Recent(2, np.full(2, 900.0))
    fusion = Fusion(np.zeros(2, np.intp), np.full(2, 20.0), np.full(2, 60.0), ZoneInfo("UTC"))
    owners = {
        "quality": quality_kept._columns(profiles, week, recent), "people": people_kept._columns(fusion),
    }  # fmt: skip
    for learned_columns in owners.values():
        for value in learned_columns.values():
            value[:] = 3
    week.newest = 12
    quality_kept.save(tmp_path / "q.npz", ["p", "q"], profiles, week, recent)
    people_kept.save(tmp_path / "o.npz", ["p", "q"], fusion)
    again, weeks, steps = Profiles(1), Week(1), Recent(1, np.full(1, 900.0))
    assert quality_kept.load(tmp_path / "q.npz", ["q"], again, weeks, steps) == 1
    assert (weeks.newest, again.centre.min(), weeks.mean.max(), steps.step.tolist()) == (12, 3, 3, [3])
    other = Fusion(np.zeros(1, np.intp), np.full(1, 20.0), np.full(1, 60.0), ZoneInfo("UTC"))
    assert people_kept.load(tmp_path / "o.npz", ["q"], other) == 1
    assert (other.errors.sums.min(), other.usual.seen.max(), other.drift.tolist()) == (3, 3, [3])
