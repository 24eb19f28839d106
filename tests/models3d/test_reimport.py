"""Re-import: who is who in a new version of a model, what changed, and that no point is lost silently."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from models3d import versions as versions_module
from models3d.campus import Assembled, assemble, assemble_config
from models3d.check import check_folder
from models3d.model import Frame, Model, ModelError, Options
from models3d.reimport import compare, match_spaces
from models3d.versions import Versions
from tests.models3d.tiny import tiny
from twin.config import load_campus_config
from twin.space import Alias, Space

CAMPUS = "campus: {id: c}\nmodels: [{file: a.ifc, building: '14'}]\npoints: points.csv\n"


def room(n: int, *, alias: str = "", code: str = "", polygon: Polygon | None = None) -> Space:
    x, y = float(n % 7) * 10, float(n // 7) * 10
    outline = box(x, y, x + 9, y + 9) if polygon is None else polygon
    aliases = (Alias("ifc-guid", alias),) if alias else ()
    return Space(code or f"b/1/{n}", code or str(n), polygon=outline, area_m2=outline.area, aliases=aliases)


@dataclass(frozen=True)
class Fate:
    """What becomes of a room: whether it keeps its alias, code and outline, or goes."""

    stays: bool
    alias: bool
    code: bool
    outline: bool


fates = st.lists(st.builds(Fate, st.booleans(), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=80, deadline=None)
@given(fates, st.integers(0, 5), st.randoms(use_true_random=False))
def test_every_room_that_can_be_told_is_found_and_none_twice(fates: list[Fate], added: int, random: object) -> None:
    old = [room(n, alias=f"g{n}") for n in range(len(fates))]
    new: list[Space] = []
    expected: dict[str, tuple[str, str]] = {}
    for n, fate in enumerate(fates):
        if not fate.stays:
            continue
        far = box(5000.0 + 20 * n, 0, 5009.0 + 20 * n, 9)
        changed = room(
            n, alias=f"g{n}" if fate.alias else f"new-g{n}", code="" if fate.code else f"b/1/new{n}",
            polygon=None if fate.outline else far,
        )  # fmt: skip
        new.append(changed)
        how = "alias" if fate.alias else "code" if fate.code else "overlap" if fate.outline else ""
        if how:
            expected[old[n].id] = (changed.id, how)
    new += [
        room(0, alias=f"add{n}", code=f"b/1/add{n}", polygon=box(-99, -20.0 * n, -90, 9 - 20.0 * n))
        for n in range(added)
    ]
    random.shuffle(new)  # type: ignore[attr-defined]
    pairs = match_spaces(old, new)
    assert {p.old.id: (p.new.id, p.how) for p in pairs} == expected
    assert len({id(p.new) for p in pairs}) == len(pairs)


@settings(max_examples=40, deadline=None)
@given(fates)
def test_the_difference_accounts_for_every_room(fates: list[Fate]) -> None:
    old, new = tiny(rooms=1), tiny(rooms=1)
    old.buildings[0].storeys[0].spaces = [room(n, alias=f"g{n}") for n in range(len(fates))]
    new.buildings[0].storeys[0].spaces = [
        room(n, alias=f"g{n}", code="" if fate.code else f"b/1/new{n}") for n, fate in enumerate(fates) if fate.stays
    ]
    found = compare(old, new)
    gone = [n for n, fate in enumerate(fates) if not fate.stays]
    renamed = [n for n, fate in enumerate(fates) if fate.stays and not fate.code]
    assert found.removed == [f"b/1/{n}" for n in gone]
    assert sorted(found.renamed) == sorted((f"b/1/{n}", f"b/1/new{n}") for n in renamed)
    assert found.ids == dict(found.renamed)
    assert found.kept == len(fates) - len(gone) - len(renamed) + 1  # and the room of the other storey
    assert (found.added, found.moved, found.resized) == ([], [], [])
    assert bool(found) == bool(gone or renamed)


def test_an_alias_that_several_bear_tells_nothing() -> None:
    old = [room(1, alias="same"), room(2, alias="same")]
    new = [room(2, alias="same"), room(1, alias="same")]
    assert {(p.old.id, p.new.id, p.how) for p in match_spaces(old, new)} == {
        ("b/1/1", "b/1/1", "code"), ("b/1/2", "b/1/2", "code"),
    }  # fmt: skip


def test_rooms_above_one_another_are_not_the_same() -> None:
    old, new = room(1, code="x"), room(1, code="y")
    new.elevation_m = 3.0
    assert match_spaces([old], [new]) == []
    assert [p.how for p in match_spaces([old], [new], (0.0, 0.0, 3.0))] == ["overlap"]


def test_the_best_overlap_wins() -> None:
    outline = box(0, 0, 9, 9)
    old = [room(1, code="x", polygon=outline)]
    shifted, whole = translate(outline, 2, 0), translate(outline, 0.5, 0)
    new = [room(1, code="far", polygon=shifted), room(1, code="near", polygon=whole)]
    assert [(p.new.id, p.how) for p in match_spaces(old, new)] == [("near", "overlap")]


def test_moved_and_resized_rooms_are_measured() -> None:
    old, new = tiny(), tiny()
    space = new.buildings[0].storeys[1].spaces[1]
    space.polygon, space.area_m2 = box(13, 0, 23, 9), 90.0
    found = compare(old, new)
    ((moved, metres),) = found.moved
    assert (moved, round(metres, 2)) == ("A/02/202", 3.04)
    assert found.resized == [("A/02/202", 100.0, 90.0)]
    assert found.sentence() == "1 moved, 1 changed in area, 3 kept as they were"
    assert found.as_json()["counts"] == {"added": 0, "removed": 0, "renamed": 0, "moved": 1, "resized": 1, "kept": 3}
    assert found.as_json()["resized"] == [{"id": "A/02/202", "from_m2": 100.0, "to_m2": 90.0}]


def test_a_file_that_only_moved_its_origin_did_not_change() -> None:
    old = tiny(frame=Frame(origin_offset=(1000.0, 0.0, 0.0)), at=(0, 0))
    new = tiny(frame=Frame(origin_offset=(900.0, 0.0, 0.0)), at=(100.0, 0))
    assert not compare(old, new)
    for space in new.buildings[0].storeys[0].spaces:
        space.polygon = None
    assert compare(old, new).moved == []


class Files:
    """A loader whose files change between two loads."""

    def __init__(self) -> None:
        self.model: Callable[[], Model] | None = tiny
        self.sha = "1"

    def load(self, path: Path, _: Options) -> Model:
        if self.model is None:
            raise ModelError("truncated", f"'{path.name}' is cut off: export it again.")
        model = self.model()
        model.sha256 = self.sha
        return model


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    folder = tmp_path / "campus"
    folder.mkdir()
    (folder / "campus.yaml").write_text(CAMPUS)
    (folder / "a.ifc").write_text("x")
    (folder / "points.csv").write_text(
        "point,entity,quantity,unit\np1,14/01/101,power,kW\np2,14/02/202,power,kW\np3,14,power,kW\np4,14/02,power,kW\n"
    )
    return folder


def build(campus: Path, files: Files, *, read_only: bool = False) -> Assembled:
    versions = Versions.of_campus(campus, campus.parent / "cache", read_only=read_only)
    return assemble_config(load_campus_config(campus), files.load, versions)


def codes(built: Assembled) -> list[str]:
    return [f.code for f in built.findings if f.code != "overlap"]


def renumbered() -> Model:
    """The same building after a change of numbers: the first room is 109 now, room 202 is gone, the building is B."""
    model = tiny(building="B")
    first, second = model.buildings[0].storeys
    first.spaces[0].id, first.spaces[0].number = "B/01/109", "109"
    second.spaces.pop()
    return model


def test_points_follow_their_room_and_orphans_are_listed(campus: Path, files: Files) -> None:
    assert codes(build(campus, files)) == []
    files.model, files.sha = renumbered, "2"
    for _ in range(3):  # the second start after the change must still know
        built = build(campus, files)
        assert [p.id for p in built.points] == ["p1", "p2", "p3", "p4"]
        assert built.points[0].entity == "14/01/109"
        assert built.points[3].entity == "14/02"
        told = {f.element: f for f in built.findings if f.code in ("point-followed", "orphaned-point")}
        assert set(told) == {"p1", "p2"}
        assert "was '14/01/101' and is now '14/01/109'" in told["p1"].message
        assert "new version of 'a.ifc' has no more" in told["p2"].message


def test_the_difference_is_told_once_and_check_does_not_swallow_it(campus: Path, files: Files) -> None:
    build(campus, files)
    files.model, files.sha = renumbered, "2"
    load = files.load
    cache = campus.parent / "cache"
    for _ in range(2):
        found = check_folder(campus, load, versions=Versions.of_campus(campus, cache, read_only=True))
        assert "model-changed" in {f.code for f in found.findings}
    (changed,) = [f for f in build(campus, files).findings if f.code == "model-changed"]
    assert changed.data["counts"]["removed"] == 1
    assert "1 removed" in changed.message
    assert "model-changed" not in codes(build(campus, files))


def test_ids_are_followed_over_several_versions(campus: Path, files: Files) -> None:
    def third() -> Model:
        model = renumbered()
        space = model.buildings[0].storeys[0].spaces[0]
        space.id, space.number = "B/01/111", "111"
        return model

    def fourth() -> Model:
        model = third()
        del model.buildings[0].storeys[0].spaces[0]
        return model

    build(campus, files)
    for sha, (make, entity, code) in enumerate(
        [(renumbered, "14/01/109", "point-followed"), (third, "14/01/111", "point-followed"),
         (fourth, "14/01/101", "orphaned-point"), (tiny, "14/01/101", "")], start=2,
    ):  # fmt: skip
        files.model, files.sha = make, str(sha)
        built = build(campus, files)
        assert built.points[0].entity == entity
        assert [f.code for f in built.findings if f.element == "p1"] == ([code] if code else [])


def test_the_old_version_stays_until_the_new_one_is_whole(campus: Path, files: Files) -> None:
    build(campus, files)
    files.model = None
    built = build(campus, files)
    assert [b.id for b in built.campus.buildings] == ["14"]
    assert built.points[0].entity == "14/01/101"
    assert [r["ok"] for r in built.reports] == [False]
    assert codes(built)[:2] == ["model-refused", "old-version-kept"]
    files.model, files.sha = renumbered, "2"
    assert "model-refused" not in codes(build(campus, files))


def test_a_refused_file_without_an_old_version_is_only_told(campus: Path, files: Files) -> None:
    files.model = None
    built = build(campus, files)
    assert built.campus.buildings == []
    assert codes(built)[0] == "model-refused"


def test_damaged_records_cost_the_memory_not_the_campus(campus: Path, files: Files) -> None:
    build(campus, files)
    for path in (campus.parent / "cache" / "versions").rglob("*.*"):
        if path.is_file():
            path.write_bytes(b"{not json")
    files.model, files.sha = renumbered, "2"
    assert len(build(campus, files).campus.buildings) == 1


def test_only_the_last_versions_are_kept(campus: Path, files: Files) -> None:
    for n in range(5):
        files.sha = str(n)
        build(campus, files)
    kept = list((campus.parent / "cache" / "versions").rglob("*.model"))
    assert len(kept) == versions_module.KEEP
    assert any(path.name.startswith("4-") for path in kept)


def test_a_real_file_that_changes_is_compared(campus: Path, tmp_path: Path) -> None:
    def plan(path: Path, names: list[str]) -> None:
        import json

        rings = [[[i * 1e-3, 0], [i * 1e-3 + 5e-4, 0], [i * 1e-3 + 5e-4, 5e-4], [i * 1e-3, 5e-4]] for i in range(9)]
        features = [
            {"type": "Feature", "properties": {"building": "yes", "name": name},
             "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}
            for name, ring in zip(names, rings, strict=False)
        ]  # fmt: skip
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    (campus / "campus.yaml").write_text("campus: {id: c}\nmodels: [{file: p.geojson}]\npoints: points.csv\n")
    (campus / "points.csv").write_text("point,entity,quantity,unit\np1,Old-Hall/01,power,kW\n")
    plan(campus / "p.geojson", ["Old Hall", "Library"])
    assert "orphaned-point" not in codes(assemble(campus, tmp_path / "cache"))
    plan(campus / "p.geojson", ["New Hall", "Library"])
    built = assemble(campus, tmp_path / "cache")
    assert "model-changed" in codes(built)
    told = [f for f in built.findings if f.element == "p1"]
    assert [f.code for f in told] == ["orphaned-point"] or built.points[0].entity == "New-Hall/01"


def test_copies_are_not_changed_by_matching() -> None:
    old, new = tiny(), renumbered()
    before = copy.deepcopy((old.buildings, new.buildings))
    compare(old, new)
    assert (old.buildings, new.buildings) == before
