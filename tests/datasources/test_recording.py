"""Recordings: every reading comes back as it was, whatever happens to the writer and the file."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasources import recording
from datasources.recording import Info, Journal, Recording, RecordingError, StateChange, is_recording, journal_of
from twin.reading import RawReading

MIXED = [
    RawReading("site/1", 1.5, 1_700_000_000.123456, 1_700_000_000.1),
    RawReading("site/2", 2**63 + 1, 2.5, None, True, "bad status", b"\x00\xff", 1.0, 2**64, "by hand"),
    RawReading("数/3", True, 3.0),
    RawReading("site/4", None, 3.0, -1.0),
    RawReading("site/5", "1,5 °C", 3.0),
    RawReading("site/6", "", 3.0),
    RawReading("site/7", 10**400, 4.0),
    RawReading("site/8", 0, 4.0),
    RawReading("site/9", -0.0, 4.0, math.inf),
]


def new(path: Path, **sources: str) -> Journal:
    return Journal(path, Info(sources or {"m": "mqtt"}, "campus", 1000.0))


def read(path: Path) -> list[tuple[str, list[RawReading]]]:
    return [(batch.source, batch.readings) for batch in Recording(path).batches()]


def test_readings_batches_and_states_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    journal = new(path, m="mqtt", b="bacnet")
    journal.info.states.append(StateChange("m", 1001.0, "down", "192.0.2.1:1883 cannot be reached"))
    journal.write([("m", MIXED), ("b", MIXED[:2]), ("m", MIXED[2:4])])
    assert journal.finish(2000.0) == 13
    assert read(path) == [("m", MIXED), ("b", MIXED[:2]), ("m", MIXED[2:4])]
    info = Recording(path).info
    assert info == Info({"m": "mqtt", "b": "bacnet"}, "campus", 1000.0, 2000.0, 0, journal.info.states)
    types = [type(reading.value) for reading in read(path)[0][1]]
    assert types == [float, int, bool, type(None), str, str, int, int, float]
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"], "nothing else is left"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            RawReading,
            st.text(max_size=8),
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
            st.floats(allow_nan=False, allow_infinity=False),
            st.none() | st.floats(allow_nan=False),
            st.booleans(),
            st.text(max_size=5),
            st.none() | st.binary(max_size=5),
            st.none() | st.floats(allow_nan=False),
            st.sampled_from([0, 2**16, 2**32, 2**64]),
            st.text(max_size=5),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_any_reading_comes_back(readings: list[RawReading]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        journal = new(path)
        journal.write([("m", readings)])
        assert read(path) == [("m", readings)], "from the journal"
        journal.finish(0.0)
        assert read(path) == [("m", readings)]


def test_a_writer_that_is_cut_off_anywhere_leaves_what_was_written_before(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    journal = new(path)
    lengths = [journal_of(path).stat().st_size]
    for _ in range(3):
        journal.write([("m", MIXED), ("m", MIXED[:1])])
        lengths.append(journal_of(path).stat().st_size)
    journal.abandon()
    whole = journal_of(path).read_bytes()
    assert lengths[-1] == len(whole)
    cut = tmp_path / "cut.journal"
    for length in range(lengths[0], len(whole) + 1, 7):
        cut.write_bytes(whole[:length])
        written = sum(length >= each for each in lengths[1:])
        assert len(read(cut)) == 2 * written, length
    assert is_recording(path), "the journal stands in for it"
    assert Recording(path).info.ended is None


def test_a_recording_that_was_cut_off_goes_on_under_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    first = new(path)
    first.info.states.append(StateChange("m", 1.0, "live", "values arrive"))
    first.write([("m", MIXED[:2])])
    first.abandon()
    with journal_of(path).open("ab") as file:
        file.write(b"\xff\xff\xff\xff\x40\x00\x00\x00torn")
    second = Journal(path, Info({"b": "bacnet"}, "campus", 5000.0))
    assert second.readings == 2
    second.write([("b", MIXED[2:3])])
    assert second.finish(6000.0) == 3
    assert read(path) == [("m", MIXED[:2]), ("b", MIXED[2:3])]
    info = Recording(path).info
    assert (info.sources, info.started) == ({"m": "mqtt", "b": "bacnet"}, 1000.0)
    assert [state.state for state in info.states] == ["live"]


def test_the_pieces_of_a_long_recording_become_large_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "ROW_GROUP", 100)
    path = tmp_path / "a.parquet"
    journal = new(path)
    readings = [RawReading(f"p{n}", float(n), float(n)) for n in range(30)]
    for _ in range(20):
        journal.write([("m", readings)])
    journal.finish(0.0)
    groups = pq.ParquetFile(path).metadata
    assert groups.num_rows == 600
    assert groups.num_row_groups <= 10
    assert [len(each) for _, each in read(path)] == [30] * 20, "a batch may begin in one group and end in the next"


def test_what_is_no_recording_says_so(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    text = tmp_path / "text.parquet"
    text.write_text("time,value\n")
    for path in (other, text):
        assert not is_recording(path)
        with pytest.raises(RecordingError, match=rf"{path.name}"):
            Recording(path)
    lying = tmp_path / "lying.parquet"
    info = Info({"m": "mqtt"}).as_metadata()
    table = pa.table({name: [None] for name in recording.SCHEMA.names}, recording.SCHEMA)
    with pq.ParquetWriter(lying, recording.SCHEMA) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(info)
    with pytest.raises(RecordingError, match="breaks off"):
        list(Recording(lying).batches())
    newer = tmp_path / "newer.parquet"
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({recording.KEY: b'{"version": 9}'}), newer)
    with pytest.raises(RecordingError, match="another version"):
        Recording(newer)
