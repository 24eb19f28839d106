"""The journal: what it acknowledged is there after any end, in order and once."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from twin.history.contract import HistoryError, HistoryFullError, KeptPoint
from twin.history.spool import HEAD, ROW, Batch, Event, Spool, _size

POINTS = [KeptPoint("a", "power", 60.0), KeptPoint("中/电", "co2", 30.0)]


def batch(number: int, points: list[KeptPoint] | None = None, n: int = 3) -> Batch:
    rows = np.zeros(n, ROW)
    rows["time"], rows["value"], rows["reason"] = np.arange(n), number + np.arange(n) / 10, np.arange(n) % 2
    return Batch(number, POINTS if points is None else points, rows, [(), ("spike", "clock")],
                 (Event(number, "source", "mqtt", "down", '{"zh": "断"}'),))  # fmt: skip


def same(one: Batch, other: Batch) -> bool:
    return (
        (one.number, list(one.points), list(one.words), list(one.events))
        == (other.number, list(other.points), list(other.words), list(other.events))
    ) and one.rows.tobytes() == other.rows.tobytes()


def numbers(spool: Spool, after: int) -> list[int]:
    return [each.number for each in spool.read(after)]


def test_what_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    written = [batch(n) for n in (3, 4, 9)]
    for each in written:
        spool.write(each)
    assert all(same(a, b) for a, b in zip(spool.read(0), written, strict=True))
    assert numbers(spool, 4) == [9]
    spool.close()
    again = Spool(tmp_path)
    assert again.last == 9
    assert all(same(a, b) for a, b in zip(again.read(3), written[1:], strict=True))
    with pytest.raises(HistoryError, match="not above"):
        again.write(batch(9))


def test_reading_goes_on_where_it_stopped_and_begins_again_when_asked_for_what_was_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path, file_bytes=400)
    for n in range(1, 6):
        spool.write(batch(n))
    assert numbers(spool, 0) == [1, 2, 3, 4, 5]
    spool.write(batch(6))
    assert numbers(spool, 5) == [6]
    assert numbers(spool, 2) == [3, 4, 5, 6]
    assert numbers(spool, 6) == []


def test_files_go_when_all_of_them_is_kept_but_the_newest_remembers_the_number(tmp_path: Path) -> None:
    spool = Spool(tmp_path, file_bytes=1)
    for n in (10, 20, 30):
        spool.write(batch(n))
    assert len(spool.files()) == 3
    spool.trim(19)
    assert numbers(spool, 0) == [20, 30]
    spool.trim(30)
    assert len(spool.files()) == 1
    spool.close()
    assert Spool(tmp_path).last == 30


def test_a_file_has_one_set_of_points(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    other = [KeptPoint("b", "power", 1.0)]
    for each in (batch(1), batch(2, other), batch(3, other)):
        spool.write(each)
    assert [[p.id for p in each.points] for each in spool.read(0)] == [["a", "中/电"], ["b"], ["b"]]
    assert len(spool.files()) == 2


@pytest.mark.parametrize("cut", [1, HEAD.size - 1, HEAD.size + 5, 40])
def test_what_a_crash_left_half_written_was_never_acknowledged(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    spool.write(batch(1))
    whole = spool.files()[0].stat().st_size
    spool.write(batch(2))
    spool.close()
    os.truncate(spool.files()[0], whole + cut)
    again = Spool(tmp_path)
    assert (again.last, numbers(again, 0), again.waiting()) == (1, [1], whole)
    again.write(batch(2))
    assert numbers(again, 0) == [1, 2]


def test_a_damaged_file_costs_its_own_rest_and_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, file_bytes=500)
    for n in range(1, 9):
        spool.write(batch(n))
    first = spool.files()[0]
    inside = [each.number for each in spool.read(0) if each.number < int(spool.files()[1].stem)]
    spool.close()
    data = bytearray(first.read_bytes())
    data[-3] ^= 0xFF
    first.write_bytes(bytes(data))
    again = Spool(tmp_path)
    assert numbers(again, 0) == [n for n in range(1, 9) if n != inside[-1]]
    assert "damaged" in caplog.text
    assert again.last == 8


def test_a_full_disk_is_said_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.write(batch(1))
    size = spool.waiting()
    real = os.write

    def full(file: int, data: memoryview) -> int:
        if len(data) > 10:
            return real(file, data[:10])  # a little of it still fits
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HistoryFullError, match="no room left"):
        spool.write(batch(2))
    assert spool.waiting() == size
    with pytest.raises(HistoryFullError):  # a new file, and no room for its points
        spool.write(batch(2, [KeptPoint("b", "power", 1.0)]))
    assert len(spool.files()) == 1
    monkeypatch.setattr(os, "write", real)
    spool.write(batch(2))
    assert numbers(spool, 0) == [1, 2]


def test_a_disk_that_fails_otherwise_is_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)

    def broken(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(HistoryError, match="Input/output error"):
        spool.write(batch(1))


def test_no_more_waits_than_may(tmp_path: Path) -> None:
    spool = Spool(tmp_path, file_bytes=1, most_bytes=400)
    spool.write(batch(1))
    spool.write(batch(2))
    with pytest.raises(HistoryFullError, match="wait in"):
        spool.write(batch(3))
    spool.trim(2)
    spool.write(batch(9))


def test_a_file_that_has_just_gone_has_no_size(tmp_path: Path) -> None:
    assert _size(tmp_path / "gone.spool") == 0


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(HistoryError, match="in use by another process"):
        Spool(tmp_path)
    spool.close()
    spool.close()
    Spool(tmp_path).close()


def test_a_folder_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot be written"):
        Spool(tmp_path / "file" / "journal")
