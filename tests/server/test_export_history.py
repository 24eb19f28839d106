"""``export csv|parquet|arrow``: any slice of the history as one file, while the campus is served and while not."""

from __future__ import annotations

import csv
import json
import socket
import stat
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import app
from server import owner
from server.series_out import METADATA
from tests.server.remembering import fill, remembering
from tests.server.serving import Served
from twin.history import outward, pieces
from twin.history.contract import HistoryError

MINUTE, HOUR = 60_000, 3_600_000
NOW = int(time.time()) * 1000 // HOUR * HOUR
NAMES = ["2/01/101/power", "1/01/102/power", "1/01/101/power"]
ROWS = {name: [(NOW - n * MINUTE, float(n + 1000 * at)) for n in range(600, 0, -1)] for at, name in enumerate(NAMES)}


def campus_of(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "campus.yaml").write_text("campus:\n  id: demo\n  timezone: UTC\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campus folder with a history, not served."""
    folder = campus_of(tmp_path_factory.mktemp("still"))
    fill(folder / "history", ROWS, "UTC")
    (folder / "history" / "journal").mkdir()
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    folder = campus_of(tmp_path_factory.mktemp("running") / ("a" * 90))  # longer than a socket's name may be
    with remembering(folder, ROWS) as served:
        yield served, folder


def instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def export(folder: Path, kind: str, out: Path | None, *more: str, code: int = 0) -> None:
    words = ["export", kind, "--campus", str(folder), "--from", instant(NOW - 5 * HOUR), "--to", instant(NOW)]
    assert app.main([*words, *(["--out", str(out)] if out else []), *more]) == code


def read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with path.open("rb") as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


def test_every_format_has_the_slice_by_point_and_time(
    still: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces.readings, "__defaults__", (250,))  # in many pieces, some within a point
    for kind in ("csv", "parquet", "arrow"):
        export(still, kind, tmp_path / f"out.{kind}")
    table = read(tmp_path / "out.parquet")
    assert read(tmp_path / "out.arrow").equals(table)
    wanted = [(name, at, value) for name in sorted(NAMES) for at, value in ROWS[name] if at >= NOW - 5 * HOUR]
    told = [(r["point"], round(r["time"].timestamp() * 1000), r["value"]) for r in table.to_pylist()]
    assert told == wanted
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["point"], float(line["value"])) for line in lines] == [(p, v) for p, _, v in wanted]
    assert (lines[0]["time"], lines[0]["unit"], lines[0]["origin"]) == (
        instant(wanted[0][1]).replace("+00:00", ".000Z"), "kW", "simulated",
    )  # fmt: skip
    head = json.loads(table.schema.metadata[METADATA])
    assert (head["campus"], head["timezone"], head["step"]) == ("demo", "UTC", "")
    assert list(tmp_path.glob("*.part")) == []


def test_patterns_choose_points_by_id_or_quantity(
    still: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(still, "parquet", tmp_path / "one.parquet", "--points", "1/01/*", "nothing")
    assert set(read(tmp_path / "one.parquet").column("point").to_pylist()) == set(NAMES[1:])
    export(still, "parquet", tmp_path / "all.parquet", "--points", "power")
    assert len(read(tmp_path / "all.parquet")) == 900
    export(still, "csv", None, "--points", NAMES[0], "--step", "day")
    assert len(capsys.readouterr().out.splitlines()) in (2, 3)


@pytest.mark.parametrize("step", ["hour", "900", "7200"])
def test_buckets_of_a_step(still: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    export(still, "parquet", tmp_path / "whole.parquet", "--step", step)
    monkeypatch.setattr(pieces, "PIECE", 10)
    export(still, "parquet", tmp_path / "cut.parquet", "--step", step)
    table, cut = read(tmp_path / "whole.parquet"), read(tmp_path / "cut.parquet")
    # what is known of the bucket that runs grows by the second
    assert cut.drop_columns("coverage").equals(table.drop_columns("coverage")), "one point at a time is the same"
    assert cut.column("coverage").to_pylist() == pytest.approx(table.column("coverage").to_pylist(), abs=0.01)
    rows = table.to_pylist()
    assert [row["point"] for row in rows] == sorted(row["point"] for row in rows)
    each = [row["n"] for row in rows if row["point"] == NAMES[0] and row["finished"]]
    assert set(each) == {{"hour": 60, "900": 15, "7200": 120}[step]}


def test_while_the_campus_is_served_the_server_is_asked(running: tuple[Served, Path], tmp_path: Path) -> None:
    _, folder = running
    export(folder, "parquet", tmp_path / "out.parquet")
    assert len(read(tmp_path / "out.parquet")) == 900
    export(folder, "csv", tmp_path / "out.csv", "--step", "hour", "--points", NAMES[1])
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) == 6
    path = folder / "history" / owner.SOCKET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with owner.asked(folder / "history", "status") as (head, parts):
        assert (head["state"], head["span"][0]) == ("ok", NOW - 600 * MINUTE)
        assert list(parts) == []


def test_the_server_says_what_it_cannot(
    running: tuple[Served, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = running
    export(folder, "csv", tmp_path / "x.csv", "--points", "no/such", code=2)
    assert "no point of the history fits no/such" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()
    with pytest.raises(HistoryError, match="use the same version"), owner.asked(folder / "history", "dance"):  # type: ignore[arg-type]
        pass


def test_an_error_on_the_way_leaves_no_file(
    running: tuple[Served, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = running
    plain = outward.readings_out

    def breaking(*args: object) -> pa.Table:
        if breaking.calls:  # type: ignore[attr-defined]
            raise HistoryError("the disk is gone")
        breaking.calls = 1  # type: ignore[attr-defined]
        return plain(*args)  # type: ignore[arg-type]

    breaking.calls = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(pieces, "readings_out", breaking)
    monkeypatch.setattr(pieces.readings, "__defaults__", (100,))
    export(folder, "csv", tmp_path / "x.csv", code=2)
    assert "the disk is gone" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_whoever_talks_nonsense_is_hung_up_on_and_the_others_go_on(
    running: tuple[Served, Path], tmp_path: Path
) -> None:
    _, folder = running
    path = folder / "history" / owner.SOCKET
    for data in (b"", b"\xff\xff\xff\xff", struct.pack(">I", 2) + b"[]", struct.pack(">I", 3) + b"abc", b"\0\0"):
        with socket.socket(socket.AF_UNIX) as client, owner.short(path) as name:
            client.connect(name)
            client.sendall(data)
    end = time.monotonic() + 60
    while True:
        try:
            with owner.asked(folder / "history", "status") as (head, _):
                assert head["watermark"] > 0
            return
        except HistoryError:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["csv"], "say the slice with --from and --to"),
        (["csv", "--from", "noon", "--to", "2026-04-15"], "--from 'noon' is no time"),
        (["csv", "--from", "2026-04-16", "--to", "2026-04-15"], "--from must be before --to"),
        (["csv", "--from", "2026-04-15", "--to", "2026-04-16", "--step", "7000"], "whole hours"),
        (["parquet", "--from", "2026-04-15", "--to", "2026-04-16"], "name a file with --out"),
    ],
)
def test_refusals_say_what_to_do(still: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["export", *words, "--campus", str(still)]) == 2
    assert says in capsys.readouterr().err


def test_an_empty_slice_is_a_file_and_exit_1(still: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "none.parquet"
    words = [
        "export",
        "parquet",
        "--campus",
        str(still),
        "--from",
        "2020-01-01",
        "--to",
        "2020-01-02",
        "--out",
        str(out),
    ]
    assert app.main(words) == 1
    assert len(read(out)) == 0
    assert "0 rows" in capsys.readouterr().err


def test_without_a_history_or_a_campus_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export(campus_of(tmp_path / "new"), "csv", None, code=2)
    assert "there is no history in" in capsys.readouterr().err
    export(tmp_path / "nowhere", "csv", None, code=2)
    assert "is no folder" in capsys.readouterr().err
