"""HBJSON: the laboratory building of 100 rooms, units, storeys by name or height, windows, and damaged faces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models3d import formats
from models3d.model import Model
from tests.models3d.contract import LoaderContract, refused, walk

Corner = tuple[float, float, float]


def face(
    kind: str, ring: list[Corner], outside: bool = True, windows: list[list[Corner]] | None = None
) -> dict[str, Any]:
    apertures = [{"type": "Aperture", "geometry": {"type": "Face3D", "boundary": window}} for window in windows or []]
    condition = {"type": "Outdoors" if outside else "Surface"}
    shape = {"type": "Face3D", "boundary": ring}
    return {
        "type": "Face",
        "geometry": shape,
        "face_type": kind,
        "boundary_condition": condition,
        "apertures": apertures,
    }


def room(name: str, x: float, y: float, z: float, w: float, d: float, h: float, **members: Any) -> dict[str, Any]:
    """A box with one window in its south wall."""
    a, b, c, e = (x, y, z), (x + w, y, z), (x + w, y + d, z), (x, y + d, z)
    top = [(px, py, z + h) for px, py, _ in (a, b, c, e)]
    pane = [(x + w * s, y, z + h * t) for s, t in ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))]
    walls = [face("Wall", [one, two, two_up, one_up]) for one, two, two_up, one_up in (
        (a, b, top[1], top[0]), (b, c, top[2], top[1]), (c, e, top[3], top[2]), (e, a, top[0], top[3]),
    )]  # fmt: skip
    walls[0] = face("Wall", [a, b, top[1], top[0]], windows=[pane])
    faces = [face("Floor", [e, c, b, a]), face("RoofCeiling", top), *walls]
    return {"type": "Room", "identifier": name, "display_name": name, "faces": faces, **members}


def write(path: Path, *rooms: dict[str, Any], **members: Any) -> Path:
    document = {
        "type": "Model",
        "identifier": "House",
        "units": "Meters",
        "angle_tolerance": 1.0,
        "rooms": rooms,
        **members,
    }
    path.write_text(json.dumps(document, ensure_ascii=False))
    return path


class TestContract(LoaderContract):
    format_key = "hbjson"
    suffix = ".hbjson"
    broken = {  # noqa: RUF012
        "no-rooms": b'{"type": "Model", "angle_tolerance": 1.0, "rooms": []}',
        "rooms-of-words": b'{"type": "Model", "angle_tolerance": 1.0, "rooms": ["a", 3, null]}',
        "no-faces": b'{"type": "Model", "angle_tolerance": 1.0, "rooms": [{"faces": [{"face_type": "Wall"}]}]}',
        "list": b'["face_type"]',
        "zeros": b'{"type": "Model", "face_type": "' + b"\0" * 100,
        "deep": b'{"face_type": ' + b"[" * 100_000,
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return write(
            tmp_path / "house.hbjson",
            room("Office 1", 0, 0, 0, 10, 8, 3, story="Ground"),
            room("走廊", 10, 0, 0, 2, 8, 3, story="Ground", zone="Z1"),
            room("Meeting", 0, 0, 3.4, 12, 8, 3, story="First", zone="Z1"),
        )


@pytest.fixture(scope="module")
def laboratory(samples: Path) -> Model:
    return formats.load(samples / "hbjson" / "lab_building.hbjson")


class TestLaboratory:
    def test_counts_areas_and_volumes(self, laboratory: Model) -> None:
        rooms = [space for _, _, space in walk(laboratory)]
        assert (len(laboratory.buildings), len(laboratory.buildings[0].storeys), len(rooms)) == (1, 1, 100)
        assert sum(space.area_m2 or 0.0 for space in rooms) == pytest.approx(4801.06, rel=1e-4)
        assert sum(space.volume_m3 or 0.0 for space in rooms) == pytest.approx(16_803.7, rel=1e-4)

    def test_rooms_do_not_overlap_and_fill_the_outline(self, laboratory: Model) -> None:
        outline = laboratory.buildings[0].outline
        assert outline is not None
        assert outline.area == pytest.approx(4801.06, rel=1e-3)

    def test_uses_come_from_the_programs(self, laboratory: Model) -> None:
        uses = [space.category for _, _, space in walk(laboratory)]
        assert {use: uses.count(use) for use in set(uses)} == {
            "office": 33, "laboratory": 25, "corridor": 17, "meeting": 14, "storage": 7, "classroom": 4,
        }  # fmt: skip

    def test_the_storey_has_its_name_and_the_datum_is_kept(self, laboratory: Model) -> None:
        storey = laboratory.buildings[0].storeys[0]
        assert storey.id == "Lab_Building/Lab_Floor_1"
        assert storey.elevation_m == pytest.approx(0.0)
        assert laboratory.frame.height == pytest.approx(18.8976)

    def test_areas_against_the_files_own_rings(self, laboratory: Model, samples: Path) -> None:
        """The shoelace formula over the floors as written, without the loader's polygons."""
        document = json.loads((samples / "hbjson" / "lab_building.hbjson").read_text())
        found = {space.aliases[0].value: space.area_m2 for _, _, space in walk(laboratory)}
        for item in document["rooms"]:
            total = 0.0
            for one in (entry["geometry"] for entry in item["faces"] if entry["face_type"] == "Floor"):
                for sign, ring in [(1, one["boundary"]), *((-1, hole) for hole in one.get("holes") or [])]:
                    x, y = np.array(ring)[:, 0], np.array(ring)[:, 1]
                    total += sign * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
            assert found[item["identifier"]] == pytest.approx(total, rel=1e-3)


class TestRooms:
    @pytest.mark.parametrize(
        ("units", "scale"),
        [
            ("Meters", 1.0),
            ("Millimeters", 1000.0),
            ("Centimeters", 100.0),
            ("Feet", 1 / 0.3048),
            ("Inches", 1 / 0.0254),
        ],
    )
    def test_units(self, tmp_path: Path, units: str, scale: float) -> None:
        path = write(tmp_path / "a.hbjson", room("A", *(scale * value for value in (0, 0, 0, 10, 8, 3))), units=units)
        _, _, space = next(walk(formats.load(path)))
        assert space.area_m2 == pytest.approx(80)
        assert space.volume_m3 == pytest.approx(240)

    def test_an_unknown_unit_is_said(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "a.hbjson", room("A", 0, 0, 0, 10, 8, 3), units="Chi"))
        assert "units-guessed" in {finding.code for finding in model.findings}

    def test_storeys_by_height_where_none_is_named(self, tmp_path: Path) -> None:
        rooms = [
            room("A", 0, 0, 0, 10, 8, 3),
            room("B", 10, 0, 0.3, 10, 8, 3),
            room("C", 0, 0, 3.4, 9, 8, 3),
            room("D", 0, 0, -3.4, 9, 8, 3),
        ]
        model = formats.load(write(tmp_path / "a.hbjson", *rooms))
        storeys = model.buildings[0].storeys
        assert [[space.number for space in storey.spaces] for storey in storeys] == [["D"], ["A", "B"], ["C"]]
        assert [storey.ordinal for storey in storeys] == [-1, 0, 1]
        assert [finding.code for finding in model.findings] == ["no-storey"]

    def test_windows_are_cut_out_of_walls(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "a.hbjson", room("A", 0, 0, 0, 10, 8, 3)))
        areas = {}
        for shell in model.shells:
            a, b, c = (shell.vertices[shell.triangles[:, corner]] for corner in range(3))
            areas[shell.category] = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
        assert areas == {
            "roof": pytest.approx(80), "slab": pytest.approx(80), "wall": pytest.approx(108 - 7.5),
            "window": pytest.approx(7.5),
        }  # fmt: skip

    def test_two_rooms_of_one_name(self, tmp_path: Path) -> None:
        rooms = [
            room("A", 0, 0, 0, 10, 8, 3, story="1"),
            {**room("A", 10, 0, 0, 10, 8, 3, story="1"), "identifier": "A2"},
        ]
        model = formats.load(write(tmp_path / "a.hbjson", *rooms))
        assert [space.id for _, _, space in walk(model)] == ["House/1/A", "House/1/A~2"]
        assert [finding.code for finding in model.findings] == ["duplicate-code"]

    def test_multiplier_zone_and_shades(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.hbjson", room("A", 0, 0, 0, 9, 8, 3, story="1", multiplier=4, zone="Z"), orphaned_shades=[{}]
        )
        model = formats.load(path)
        assert [finding.code for finding in model.findings] == ["multiplier", "features-ignored"]
        assert [zone.spaces for zone in model.zones] == [("House/1/A",)]

    def test_a_damaged_face_costs_only_itself(self, tmp_path: Path) -> None:
        broken = room("A", 0, 0, 0, 10, 8, 3, story="1")
        broken["faces"][1]["geometry"]["boundary"] = [[0, 0, float("nan")], [1, 0, 0], [1, 1, 0]]
        broken["faces"][3]["geometry"] = {}
        model = formats.load(write(tmp_path / "a.hbjson", broken))
        assert next(walk(model))[2].area_m2 == pytest.approx(80)
        assert [(finding.code, finding.data) for finding in model.findings] == [("bad-feature", {"count": 2})]

    def test_a_room_without_a_floor_face_stands_on_its_underside(self, tmp_path: Path) -> None:
        tent = room("A", 0, 0, 0, 10, 8, 3, story="1")
        tent["faces"][0]["face_type"] = "Wall"
        model = formats.load(write(tmp_path / "a.hbjson", tent))
        assert next(walk(model))[2].area_m2 == pytest.approx(80)

    def test_far_origin(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "a.hbjson", room("A", 6.7e6, -3e6, 400, 10, 8, 3, story="1")))
        assert [finding.code for finding in model.findings] == ["far-origin"]
        assert model.frame.origin_offset == (6_700_005.0, -2_999_996.0, 400.0)

    def test_cut_in_two(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.hbjson", room("A", 0, 0, 0, 10, 8, 3))
        path.write_bytes(path.read_bytes()[:900])
        assert refused(path).code == "truncated"
