"""Model files and the cache: what goes in comes out; damage is noticed; a hit is fast."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from models3d import cache as cache_module
from models3d.cache import ModelCache, content_hash
from models3d.model import Feature, Finding, Frame, Model, ModelError, ModelPoint, Options, Shell
from models3d.model_file import ModelFileError, from_bytes, to_bytes, write_atomic
from twin.space import Alias, Building, Equipment, Site, Space, Storey, Zone

TRIANGLES = np.array([[0, 1, 2]], np.uint32)


def a_model() -> Model:
    hole = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (1, 2), (2, 2)]])
    spaces = [
        Space("b/1/1", "1", {"zh": "厅", "en": "Hall"}, "lobby", hole, 0.1, 2.7, 80.5, 81.0, 217.0, "derived",
              (Alias("ifc-guid", "x"),)),
        Space("b/1/2", "2"),
        Space("b/1/3", "3", polygon=MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])),
    ]  # fmt: skip
    storey = Storey("b/1", {"": "EG"}, 0, -0.5, 3.1, box(0, 0, 9, 9), spaces, (Alias("a", "b"),))
    return Model(
        "x.ifc", "abc", "ifc", "IFC4",
        buildings=[Building("b", {"": "B"}, "s", "office", [storey], None, (), True)],
        sites=[Site("s", {"zh": "板块"})],
        zones=[Zone("z", {}, "hvac", ("b/1/1",))],
        equipment=[Equipment("e", {}, "meter", "b/1", ("z",), (1.0, 2.0, 3.0), (Alias("c", "d"),)), Equipment("f")],
        points=[ModelPoint("p", "Temperature_Sensor", "b/1/1", "e")],
        shells=[Shell("b", "b/1", "wall", np.arange(9.0).reshape(3, 3), TRIANGLES, (1, 0, 0, 1))],
        ground=[Feature("road", LineString([(0, 0), (5, 5)]), {"en": "Way"}, 9.0), Feature("tree", Point(1, 2))],
        findings=[Finding("overlap", "two", "e", "error", "b", (1.0, 2.0, 3.0), {"n": 3}), Finding("x", "y")],
        frame=Frame("EPSG:4546", 1.5, 2.5, 3.5, 12.0, 1.0, 34.2, 108.6, (1.0, 2.0, 3.0)),
        seconds=1.5, peak_mb=99.0,
    )  # fmt: skip


def test_a_model_survives_its_file() -> None:
    before = a_model()
    after = from_bytes(to_bytes(before))
    shells, before.shells = before.shells, []
    read, after.shells = after.shells, []
    assert after == before
    assert (read[0].building, read[0].storey, read[0].category, read[0].colour) == ("b", "b/1", "wall", (1, 0, 0, 1))
    np.testing.assert_array_equal(read[0].vertices, shells[0].vertices)
    np.testing.assert_array_equal(read[0].triangles, shells[0].triangles)
    assert read[0].triangles.dtype == np.uint32
    read[0].vertices += 1.0  # a loaded shell can be moved in place
    assert isinstance(after.equipment[0].position, tuple)


def test_an_empty_model_survives_too() -> None:
    assert from_bytes(to_bytes(Model("p", "", "", ""))) == Model("p", "", "", "")


def test_odd_values_of_findings_become_json() -> None:
    model = Model("p", "", "", "", findings=[
        Finding("c", "m", data={"a": np.float64(1.5), "b": np.arange(2), "c": {"y", "x"}, "d": Path("q")})
    ])  # fmt: skip
    assert from_bytes(to_bytes(model)).findings[0].data == {"a": 1.5, "b": [0, 1], "c": ["x", "y"], "d": "q"}


def test_every_kind_of_damage_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = to_bytes(a_model())
    for place in range(0, len(whole), 37):
        broken = bytearray(whole)
        broken[place] ^= 0x40
        with pytest.raises((ModelFileError, ValueError)):
            from_bytes(bytes(broken))
    for length in (0, 5, 16, len(whole) // 2, len(whole) - 1):
        with pytest.raises(ModelFileError):
            from_bytes(whole[:length])
    monkeypatch.setattr("models3d.model_file.FINGERPRINT", "another")
    with pytest.raises(ModelFileError, match="another version"):
        from_bytes(whole)


def test_an_atomic_write_leaves_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "sub" / "x"
    write_atomic(target, b"old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("models3d.model_file.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


class Reader:
    """Counts how often a file was really read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, path: Path, options: Options) -> Model:
        self.reads += 1
        if path.read_text() == "broken":
            raise ModelError("truncated", "cut")
        model = a_model()
        model.path = str(path)
        return model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.ifc"
    path.write_text("content")
    return path


def test_a_second_load_is_not_a_second_read(tmp_path: Path, file: Path) -> None:
    reader = Reader()
    cache = ModelCache(tmp_path / "cache", reader)
    first, second = cache.load(file, Options()), cache.load(file, Options(threads=9))
    assert reader.reads == 1
    first.shells, second.shells = [], []
    assert first == second
    ModelCache(tmp_path / "cache", reader).load(file, Options())
    assert reader.reads == 1
    cache.load(file, Options(shells=False))
    assert reader.reads == 2
    file.write_text("changed")
    cache.load(file, Options())
    assert reader.reads == 3
    moved = file.rename(file.with_name("b.ifc"))
    assert cache.load(moved, Options()).path == str(moved)
    assert reader.reads == 4  # findings name the file


def test_another_version_of_the_loaders_reads_again(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    cache = ModelCache(tmp_path, reader)
    cache.load(file, Options())
    monkeypatch.setattr(cache_module, "loader_version", lambda: "next")
    cache.load(file, Options())
    assert reader.reads == 2


@pytest.mark.parametrize("damage", [b"", b"CTMODEL1", b"\0" * 4000])
def test_a_damaged_entry_is_made_anew(tmp_path: Path, file: Path, damage: bytes) -> None:
    reader = Reader()
    cache = ModelCache(tmp_path / "cache", reader)
    cache.load(file, Options())
    entry = cache.entry(file, Options())
    entry.write_bytes(damage)
    assert cache.load(file, Options()).schema == "IFC4"
    assert cache.load(file, Options()).schema == "IFC4"
    assert reader.reads == 2


def test_a_refused_file_is_not_kept(tmp_path: Path, file: Path) -> None:
    cache = ModelCache(tmp_path / "cache", Reader())
    file.write_text("broken")
    with pytest.raises(ModelError):
        cache.load(file, Options())
    assert not cache.folder.exists()


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "cache", Reader(), limit_bytes=int(2.5 * len(to_bytes(a_model()))))
    entries = []
    for n in range(3):
        path = tmp_path / f"{n}.ifc"
        path.write_text(str(n))
        cache.load(path, Options())
        entries.append(cache.entry(path, Options()))
        os.utime(entries[n], (n + 1, n + 1))
        if n == 1:
            cache.load(tmp_path / "0.ifc", Options())
    assert [entry.exists() for entry in entries] == [True, False, True]


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, file: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    reader = Reader()
    assert ModelCache(tmp_path / "blocked", reader).load(file, Options()).schema == "IFC4"
    assert reader.reads == 1


def test_a_folder_has_a_hash_of_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = content_hash(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert content_hash(tmp_path) != first
    with pytest.raises(ModelError, match="does not exist"):
        content_hash(tmp_path / "gone")
