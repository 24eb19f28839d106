"""Room packs give back the polygons that went in; index and slots agree; files are the same each time."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import MultiPolygon, Point, Polygon, box

from models3d.campus import Assembled
from models3d.tiles import slots, write_scene
from models3d.tiles_outline import outline_of, roofs_of
from models3d.tiles_pack import Block, PackError, decode_block, encode_block
from models3d.tiles_rings import Frame, Group, frame_of, groups_of
from twin.space import Area, Building, Campus, Space, Storey

L_SHAPE = Polygon([(0, 0), (12, 0), (12, 4), (5, 4), (5, 9), (0, 9)])
WITH_COLUMN = box(20, 0, 30, 10).difference(box(24, 4, 25, 5))
TWO_PARTS = MultiPolygon([box(0, 20, 4, 24), box(10, 20, 14, 26)])


def polygon_of(groups: list[Group], frame: Frame) -> Area:
    parts = [Polygon(frame.to_metres(g.rings[0]), [frame.to_metres(h) for h in g.rings[1:]]) for g in groups]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def tower(turn: float = 0.0, x: float = 0.0, y: float = 0.0, storeys: int = 3) -> Building:
    building = Building("7", {"zh": "七号楼", "en": "Seven"}, category="office")
    for level in reversed(range(storeys)):
        storey = Storey(f"7/{level}", {"en": f"L{level}"}, level, level * 4.0, 4.0)
        for k, shape in enumerate((L_SHAPE, WITH_COLUMN, TWO_PARTS, None)):
            placed: Area | None = None
            if shape is not None:
                moved = affinity.translate(affinity.rotate(shape, turn, origin=(0, 0)), x, y)
                assert isinstance(moved, Polygon | MultiPolygon)
                placed = moved
            room = Space(f"7/{level}/{k}", str(k), {"en": "Room"}, "office", placed, level * 4.0, 4.0 - 0.5 * k)
            room.area_m2 = placed.area if placed is not None else None
            room.origin = "derived" if k == 1 else "authored"
            storey.spaces.append(room)
        building.storeys.append(storey)
    return building


def block_of(building: Building) -> tuple[Block, Frame, list[Storey]]:
    storeys = sorted(building.storeys, key=lambda s: s.elevation_m)
    outlines = [outline_of(s, building) for s in storeys]
    shapes = [s.polygon for st_ in storeys for s in st_.spaces if s.polygon is not None]
    frame = frame_of([*shapes, *(o for o in outlines if o is not None)])
    data = encode_block(storeys, outlines, roofs_of(storeys, outlines, 0.0), frame)
    assert len(data) % 4 == 0
    return decode_block(data), frame, storeys


@pytest.mark.parametrize(
    ("turn", "x", "y"), [(0, 0, 0), (31.7, -4200.123, 3777.77), (90, 10, 10), (-44.9, 0.004, 0.006)]
)
def test_a_block_gives_back_every_polygon_to_a_centimetre(turn: float, x: float, y: float) -> None:
    building = tower(turn, x, y)
    block, frame, storeys = block_of(building)
    spaces = [space for s in storeys for space in s.spaces]
    assert len(block.spaces) == len(spaces) == 12
    for groups, space in zip(block.spaces, spaces, strict=True):
        if space.polygon is None:
            assert groups == []
            continue
        back = polygon_of(groups, frame)
        assert back.is_valid
        assert back.hausdorff_distance(space.polygon) <= 0.01
        assert back.area == pytest.approx(space.polygon.area, abs=0.01 * space.polygon.length)


def test_cap_triangles_cover_each_group_exactly() -> None:
    block, _, _ = block_of(tower(17.0))
    groups = [g for gs in (*block.spaces, *block.outlines, *block.roofs) for g in gs]
    assert groups
    for group in groups:
        points = np.concatenate(group.rings)
        a, b, c = (points[group.triangles[:, k]] for k in range(3))
        twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        assert np.all(twice > 0), "every triangle is counter-clockwise"
        assert twice.sum() / 2 == pytest.approx(group.area_steps, rel=1e-12)


def test_storeys_and_flags_come_back() -> None:
    block, _, _ = block_of(tower())
    assert block.elevation_cm.tolist() == [0, 400, 800]
    assert block.height_cm.tolist() == [400, 400, 400]
    assert block.storey.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert block.flags[:4].tolist() == [0, 1 | 8, 8, 0], "derived, of its own height; the ground floor shows its tops"
    assert block.flags[4:8].tolist() == [16, 1 | 8 | 16, 8 | 16, 0], "under another storey"
    assert block.flags[8:].tolist() == [0, 1 | 8, 8, 0], "nothing lies over the topmost"
    assert block.room_height_cm[1] == 350
    assert block.floor_cm[1] == 0


def test_a_wide_building_gets_a_coarser_step_instead_of_being_cut() -> None:
    shape = box(0, 0, 2000, 30)
    frame = frame_of([shape])
    assert frame.step == pytest.approx(0.04)
    back = polygon_of(groups_of(shape, frame), frame)
    assert back.hausdorff_distance(shape) <= 0.03


def test_repeated_points_and_spikes_leave_the_corner_in_place() -> None:
    shape = Polygon([(0, 0), (0, 0), (5, 0), (10, 0), (10, 10), (10, 10.001), (4, 10), (4, 16), (4, 10), (0, 10)])
    frame = Frame(-1.0, -1.0)
    (group,) = groups_of(shape, frame)
    assert (
        polygon_of([group], frame).equals_exact(box(0, 0, 10, 10), 1e-9)
        or polygon_of([group], frame).symmetric_difference(box(0, 0, 10, 10)).area < 1e-6
    )


@settings(max_examples=60, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(0, 6.28), st.floats(2.0, 40.0)), min_size=3, max_size=14),
    turn=st.floats(-3.2, 3.2),
    x=st.floats(-5000, 5000),
)
def test_any_simple_polygon_keeps_area_and_shape(corners: list[tuple[float, float]], turn: float, x: float) -> None:
    ring = [(x + r * math.cos(a), r * math.sin(a)) for a, r in sorted(corners)]
    shape = Polygon(ring)
    if not shape.is_valid or shape.area < 1.0:
        return
    low = shape.bounds
    frame = Frame(low[0] - 90, low[1] - 90, round(turn % (math.pi / 2) / 8, 6))
    groups = groups_of(shape, frame)
    back = shapely.union_all([polygon_of([g], frame) for g in groups]) if groups else Polygon()
    assert back.area == pytest.approx(shape.area, abs=0.01 * shape.length)
    for group in groups:
        points = np.concatenate(group.rings).astype(float)
        t = points[group.triangles]
        along, across = t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]
        doubled = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
        assert doubled.sum() / 2 == pytest.approx(group.area_steps, rel=1e-9)


def test_roofs_are_what_no_storey_covers() -> None:
    low = Storey("t/0", {}, 0, 0.0, 4.0, box(0, 0, 40, 20))
    mid = Storey("t/1", {}, 1, 4.0, 4.0, box(0, 0, 25, 20))
    top = Storey("t/2", {}, 2, 8.0, 4.0, box(0, 0, 25, 19.8))
    cellar = Storey("t/-1", {}, -1, -4.0, 4.0, box(-5, -5, 45, 25))
    storeys = [cellar, low, mid, top]
    roofs = roofs_of(storeys, [s.outline for s in storeys], 0.0)
    assert roofs[0] is None, "a cellar has no roof"
    assert roofs[1] is not None
    assert roofs[1].symmetric_difference(box(25, 0, 40, 20)).area < 1e-6
    assert roofs[2] is None, "a strip of 20 cm is no terrace"
    assert roofs[3] is not None
    assert roofs[3].area == pytest.approx(25 * 19.8)


def test_a_storey_without_an_outline_takes_its_rooms_grown_over_the_walls() -> None:
    rooms = [box(0, 0, 5, 5), box(5.3, 0, 10, 5), box(0, 5.3, 10, 10)]
    storey = Storey("t/0", spaces=[Space(f"t/0/{k}", str(k), polygon=r) for k, r in enumerate(rooms)])
    outline = outline_of(storey, Building("t"))
    assert isinstance(outline, Polygon)
    assert len(outline.interiors) == 0
    assert outline.symmetric_difference(box(-0.15, -0.15, 10.15, 10.15)).area < 0.5


def test_a_broken_block_is_refused() -> None:
    with pytest.raises(PackError, match="CTR2"):
        decode_block(b"\0" * 40)
    building = tower()
    storeys = sorted(building.storeys, key=lambda s: s.elevation_m)
    data = encode_block(storeys, [None] * 3, [None] * 3, frame_of([box(-50, -50, 50, 50)]))
    with pytest.raises(PackError, match="ends at byte"):
        decode_block(data[:-8])


def test_index_slots_and_files_agree_and_are_the_same_each_time(tmp_path: Path) -> None:
    campus = Campus("c", {"en": "C"}, "UTC", 34.0, 108.0, buildings=[tower(), tower(12, 100, 0)])
    second = campus.buildings[1]
    second.id = "8"
    for s in second.storeys:
        s.id = s.id.replace("7/", "8/")
        for space in s.spaces:
            space.id = space.id.replace("7/", "8/")
    scene = write_scene(Assembled(campus), tmp_path / "one")
    again = write_scene(Assembled(campus), tmp_path / "two")
    assert [f.sha256 for f in scene.files] == [f.sha256 for f in again.files]
    for file in scene.files:
        data = file.path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert gzip.decompress(file.path.with_name(file.path.name + ".gz").read_bytes()) == data
        assert file.sha256[:16] in file.url
    assert not list((tmp_path / "one").glob("*.part"))
    index = json.loads(next(f.path for f in scene.files if f.url == scene.scene_url).read_text())
    assert index["counts"] == {"buildings": 2, "storeys": 6, "spaces": 24}
    order = slots(campus)
    assert order[0] == "c"
    assert order[1:3] == [b["id"] for b in index["buildings"]]
    assert order[3:9] == index["storeys"]["id"] == ["7/0", "7/1", "7/2", "8/0", "8/1", "8/2"]
    labels = json.loads((tmp_path / "one" / Path(index["labels"]).name).read_text())
    assert order[9:] == labels["id"]
    pack = (tmp_path / "one" / Path(index["packs"][0]["url"]).name).read_bytes()
    entry = index["buildings"][1]
    block = decode_block(pack[entry["offset"] : entry["offset"] + entry["length"]])
    frame = Frame(*entry["frame"])
    expected = next(s for s in second.storeys if s.id == "8/0").spaces[0].polygon
    assert expected is not None
    assert polygon_of(block.spaces[0], frame).hausdorff_distance(expected) <= 0.01


def test_twenty_thousand_rooms_stay_under_the_size_that_the_first_picture_allows(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    campus = Campus("big")
    for b in range(40):
        building = Building(str(b))
        widths = dice.choice([3.2, 4.2, 6.3, 8.4, 9.1], 50)
        turn, x, y = float(dice.uniform(-20, 20)), float(b % 8) * 300, float(b // 8) * 300
        for level in range(10):
            storey = Storey(f"{b}/{level}", {}, level, level * 4.5, 4.5)
            at = np.concatenate(([0.0], np.cumsum(widths)))
            for k in range(50):
                shape = affinity.rotate(box(at[k] + 0.1, 0.1, at[k + 1] - 0.1, 7.3), turn, origin=(0, 0))
                storey.spaces.append(Space(f"{storey.id}/{k}", str(k), polygon=affinity.translate(shape, x, y)))
            building.storeys.append(storey)
        campus.buildings.append(building)
    scene = write_scene(Assembled(campus), tmp_path)
    assert sum(f.gzip_size for f in scene.files if "/rooms-" in f.url) <= 160_000


def test_an_empty_campus_has_an_index(tmp_path: Path) -> None:
    scene = write_scene(Assembled(Campus("none")), tmp_path)
    index = json.loads((tmp_path / Path(scene.scene_url).name).read_text())
    assert index["buildings"] == []
    assert index["light"] is None
    assert slots(Campus("none")) == ["none"]


def test_round_buildings_have_no_main_direction() -> None:
    assert frame_of([Point(0, 0).buffer(10)]).turn == 0.0
