"""The tables of the space tree: what is written is read again, whole and at once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import geopandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from tests.twin.test_index import campus_of
from twin.space import Alias, Area, Building, Campus, Equipment, Origin, Site, Space, Storey, Zone
from twin.store import StoreError, read_tables, write_tables

texts = st.text(max_size=8)
numbers = st.floats(-1e6, 1e6)
maybe = st.none() | st.floats(0, 1e6)
names = st.dictionaries(st.sampled_from(["", "zh", "en"]), texts, max_size=2)
aliases = st.lists(st.builds(Alias, texts, texts), max_size=2).map(tuple)


@st.composite
def areas(draw: st.DrawFn) -> Area | None:
    x, y = draw(numbers), draw(numbers)
    kind = draw(st.integers(0, 3))
    ring = Polygon(box(x, y, x + 9, y + 9).exterior, [box(x + 1, y + 1, x + 2, y + 2).exterior])
    return [None, ring, MultiPolygon([ring, box(x + 20, y, x + 21, y + 1)]), Polygon()][kind]


@st.composite
def campuses(draw: st.DrawFn) -> Campus:
    ids = (f"id{n}" for n in range(10_000))
    origins: st.SearchStrategy[Origin] = st.sampled_from(["authored", "derived", "schematic", "synthetic"])

    def space() -> Space:
        return Space(next(ids), draw(texts), draw(names), draw(texts), draw(areas()), draw(numbers), draw(numbers),
                     draw(maybe), draw(maybe), draw(maybe), draw(origins), draw(aliases))  # fmt: skip

    def storey() -> Storey:
        return Storey(next(ids), draw(names), draw(st.integers(-9, 99)), draw(numbers), draw(numbers), draw(areas()),
                      [space() for _ in range(draw(st.integers(0, 2)))], draw(aliases))  # fmt: skip

    def building() -> Building:
        return Building(next(ids), draw(names), draw(texts), draw(texts),
                        [storey() for _ in range(draw(st.integers(0, 2)))], draw(areas()), draw(aliases),
                        draw(st.booleans()))  # fmt: skip

    position = draw(st.none() | st.tuples(numbers, numbers, numbers))
    return Campus(
        next(ids), draw(names), "Asia/Shanghai", draw(st.none() | numbers), 108.5,
        [Site(next(ids), draw(names))], [building() for _ in range(draw(st.integers(0, 2)))],
        [Zone(next(ids), draw(names), draw(texts), tuple(draw(st.lists(texts, max_size=2))))],
        [Equipment(next(ids), draw(names), draw(texts), draw(texts), tuple(draw(st.lists(texts, max_size=2))), position,
                   draw(aliases))],
        draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(campuses())
def test_what_is_written_is_read_again(campus: Campus) -> None:
    with tempfile.TemporaryDirectory() as name:
        write_tables(campus, Path(name) / "t")
        assert read_tables(Path(name) / "t") == campus


def test_other_tools_read_the_tables(tmp_path: Path) -> None:
    tables = write_tables(campus_of(2, 2, 4), tmp_path / "t")
    frame = geopandas.read_parquet(tables / "spaces.parquet")
    assert len(frame) == 16
    assert frame.crs is None
    assert frame.geometry.area.tolist() == [10.0] * 16
    assert dict(frame["names"][0]) == {"zh": "办公室", "en": "Office"}


def test_a_new_version_replaces_the_old_one_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "t"
    write_tables(campus_of(1, 1, 1), folder)

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("twin.store.pq.write_table", fail)
        with pytest.raises(OSError, match="disk full"):
            write_tables(campus_of(2, 1, 1), folder)
    assert len(read_tables(folder).buildings) == 1
    write_tables(campus_of(2, 1, 1), folder)
    assert len(read_tables(folder).buildings) == 2
    assert len(list(folder.glob("tables-*"))) == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(StoreError, match="name another folder"):
        write_tables(campus_of(1, 1, 1), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_damage_and_later_versions_are_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="write them again"):
        read_tables(tmp_path)
    tables = write_tables(campus_of(1, 1, 1), tmp_path / "t")
    (tables / "zones.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match="write them again"):
        read_tables(tmp_path / "t")
    head = tmp_path / "t" / "campus.json"
    head.write_text(json.dumps({**json.loads(head.read_text()), "version": 99}))
    with pytest.raises(StoreError, match="version 99, this program reads 1"):
        read_tables(tmp_path / "t")
