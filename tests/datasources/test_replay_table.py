"""Tables of measured data: real files, both forms, the ways in which people write times, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datasources.replay_table import Form, Series, TableError, read_series


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows(series: Series) -> list[tuple[str, str, object]]:
    return [
        (datetime.fromtimestamp(batch.arrived, UTC).strftime("%m-%d %H:%M"), reading.address, reading.value)
        for batch in series.batches()
        for reading in batch.readings
    ]


@pytest.mark.samples
def test_a_year_of_real_hourly_meter_data(samples: Path) -> None:
    path = samples / "energy" / "b0_electricity_2018.csv"
    series = read_series(path, Form())
    raw = pd.read_csv(path)
    assert series.names == ["equipment load [kWh]"]
    assert series.unread == 0
    assert len(series.time) == len(raw) == 8760
    assert set(np.diff(series.time)) == {3600.0}
    assert series.value.sum() == pytest.approx(raw["equipment load [kWh]"].sum())
    assert datetime.fromtimestamp(series.time[0], UTC) == datetime(2018, 1, 1, tzinfo=UTC)
    local = read_series(path, Form(timezone="Asia/Shanghai"))
    assert local.time[0] == series.time[0] - 8 * 3600


@pytest.mark.samples
def test_real_room_sensors_are_told_apart_by_two_columns(samples: Path) -> None:
    path = samples / "occupancy" / "b4b_rooms_a_b.parquet"
    with pytest.raises(TableError, match=r"several values for one 'id'.*address: \[id, property\]"):
        read_series(path, Form())
    series = read_series(path, Form(address=("id", "property")))
    raw = pd.read_parquet(path)
    assert len(series.time) == len(raw)
    assert set(series.names) == {f"{i}/{p}" for i, p in zip(raw["id"], raw["property"], strict=True)}
    assert (np.diff(series.time) >= 0).all(), "played in the order of time, though the file is not"
    assert not raw["timestamp"].is_monotonic_increasing
    co2 = series.value[series.name == series.names.index("999169/co2__ppm")]
    assert np.array_equal(np.sort(co2), np.sort(raw[(raw.id == 999169) & (raw.property == "co2__ppm")].value))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_wide_table_as_a_spreadsheet_saves_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "时间,1号楼 [kWh],水\n2026/3/1 8:00,1.5,\n2026/3/1 9:05,,故障\n2026/3/1 8:30,2,3\n".replace(",", delimiter)
    series = read_series(write(tmp_path, text, encoding), Form(timezone="Asia/Shanghai"))
    assert rows(series) == [
        ("03-01 00:00", "1号楼 [kWh]", 1.5), ("03-01 00:30", "1号楼 [kWh]", 2.0), ("03-01 00:30", "水", 3.0),
        ("03-01 01:05", "水", "故障"),
    ]  # fmt: skip


def test_a_long_table_keeps_texts_and_rows_without_a_value(tmp_path: Path) -> None:
    day = "2026-03-01T00"
    text = f"point,time,value,unit\nb,{day}:01:00Z,n/a,kW\na,{day}:00:00Z,1e3,kW\na,{day}:02:00Z,,kW\n"
    assert rows(read_series(write(tmp_path, text), Form())) == [
        ("03-01 00:00", "a", 1000.0), ("03-01 00:01", "b", "n/a"), ("03-01 00:02", "a", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("1772323200", ""), ("1772323200000", ""), ("2026-03-01T08:00:00+08:00", ""), ("2026-03-01 00:00", ""),
        ("20260301000000", ""), ("2026年3月1日 00:00", ""), ("2026.3.1 0:00", ""),
        ("01/03/2026 00:00", "%d/%m/%Y %H:%M"), ("1 Mar 2026", "%d %b %Y"),
    ],
)  # fmt: skip
def test_times_as_people_and_devices_write_them(tmp_path: Path, written: str, form: str) -> None:
    series = read_series(write(tmp_path, f"time,p\n{written},1\n"), Form(time_format=form))
    assert rows(series) == [("03-01 00:00", "p", 1.0)]


def test_the_hour_that_comes_twice_and_the_one_that_is_left_out(tmp_path: Path) -> None:
    hours = ["2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 02:00", "2026-10-25 03:00"]
    wide = read_series(
        write(tmp_path, "time,p\n" + "".join(f"{h},1\n" for h in hours)), Form(timezone="Europe/Amsterdam")
    )
    assert [row[0] for row in rows(wide)] == ["10-24 23:00", "10-25 00:00", "10-25 01:00", "10-25 02:00"]
    text = "id,time,value\n" + "".join(f"{name},{h},{n}\n" for name in "ab" for n, h in enumerate(hours))
    long = read_series(write(tmp_path, text), Form(timezone="Europe/Amsterdam"))
    assert [row[0] for row in rows(long) if row[1] == "b"] == [row[0] for row in rows(wide)]
    spring = read_series(
        write(tmp_path, "time,p\n2026-03-29 01:30,1\n2026-03-29 02:30,1\n"), Form(timezone="Europe/Amsterdam")
    )
    assert [row[0] for row in rows(spring)] == ["03-29 00:30", "03-29 01:30"]


@pytest.mark.parametrize(
    ("text", "form", "says"),
    [
        ("time,p\n01/02/2026 10:00,1\n", Form(), "'01/02/2026 10:00' is no time that is plainly meant"),
        ("when,p\n2026-03-01,1\n", Form(), "no column that is plainly the time: name it in 'time'; it has 'when', 'p'"),
        ("time,p\n2026-03-01,1\n", Form(time="t"), "no column 't' for 'time'"),
        ("time,p\n2026-03-01,1\n", Form(address=("id",)), "no column 'id' for 'address'"),
        ("time\n2026-03-01\n", Form(), "no column besides the time"),
        ("time,p\n", Form(), "has no rows"),
        ("time,p\n2026-03-01,\n", Form(), "no reading with a time and a value"),
        ("", Form(), "cannot be read"),
        ("time,p\n\0\0,1\n", Form(), "neither CSV nor Parquet"),
        ('time,p\n"2026,1\n' * 3, Form(), "table.csv"),
        ("PAR1 and no more", Form(), "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_says_what_to_do(tmp_path: Path, text: str, form: Form, says: str) -> None:
    with pytest.raises(TableError) as error:
        read_series(write(tmp_path, text), form)
    assert says in str(error.value)


def test_a_folder_of_days_is_one_table_and_what_is_no_table_says_so(tmp_path: Path) -> None:
    for day in (2, 1):
        times = pd.to_datetime([f"2026-03-0{day}T00:00Z", f"2026-03-0{day}T12:00Z"])
        frame = pd.DataFrame({"point": ["a", "b"], "time": times, "value": [day, day + 0.5], "origin": "simulated"})
        frame.to_parquet(tmp_path / f"{day}.parquet")
    assert [row[2] for row in rows(read_series(tmp_path, Form()))] == [1, 1.5, 2, 2.5]
    lists = pa.table({"time": pa.array(["2026-03-01", "2026-03-02"]), "p": pa.array([[1], [2]])})
    pq.write_table(lists, tmp_path / "lists.parquet")
    assert [row[2] for row in rows(read_series(tmp_path / "lists.parquet", Form()))] == ["[1]", "[2]"], "no numbers"
    timeless = pa.table({"time": pa.array([None, None], pa.timestamp("us")), "p": [1, 2]})
    pq.write_table(timeless, tmp_path / "timeless.parquet")
    with pytest.raises(TableError, match="no reading with a time and a value"):
        read_series(tmp_path / "timeless.parquet", Form())
    two = pa.Table.from_arrays([pa.array(["2026-03-01"])] + [pa.array([1.0])] * 2, ["time", "p", "p"])
    pq.write_table(two, tmp_path / "two.parquet")
    with pytest.raises(TableError, match=r"two.parquet"):
        read_series(tmp_path / "two.parquet", Form())
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="has no Parquet file"):
        read_series(tmp_path / "empty", Form())


def test_a_few_unreadable_times_are_counted_and_a_missing_file_is_named(tmp_path: Path) -> None:
    lines = "".join(f"2026-03-01 {n % 24:02}:00,{n}\n" for n in range(24))
    series = read_series(write(tmp_path, f"time,p\n{lines}soon,5\n"), Form())
    assert (len(series.time), series.unread) == (24, 1)
    with pytest.raises(TableError, match=r"gone.csv cannot be read"):
        read_series(tmp_path / "gone.csv", Form())
