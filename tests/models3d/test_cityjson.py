"""CityJSON: real Dutch buildings, every version, sequences, rooms of 2.0, holes and damaged indices."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Polygon

from models3d import formats
from models3d.model import Model, Options
from models3d.triangles import closed, face, volume
from tests.models3d.contract import LoaderContract, refused, walk

X, Y, Z = 84_900_000, 447_500_000, 1_000  # millimetres in EPSG:28992


class Scene:
    """A CityJSON document under construction: boxes in metres, stored as millimetres with a transform."""

    def __init__(self, version: str = "2.0") -> None:
        self.vertices: list[list[int]] = []
        self.objects: dict[str, Any] = {}
        self.version = version

    def box(self, x: float, y: float, z: float, w: float, d: float, h: float) -> list[Any]:
        """The six faces of a box as a solid's boundaries, wound outwards: bottom, top, then four walls."""
        start = len(self.vertices)
        for k in (z, z + h):
            for i, j in ((x, y), (x + w, y), (x + w, y + d), (x, y + d)):
                self.vertices.append([round(i * 1000) + X, round(j * 1000) + Y, round(k * 1000) + Z])
        faces = [[3, 2, 1, 0], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
        return [[[[start + corner for corner in ring]] for ring in faces]]

    def add(self, key: str, kind: str, boundaries: Any = None, lod: Any = "2.0", **members: Any) -> None:
        geometry = [] if boundaries is None else [{"type": "Solid", "lod": lod, "boundaries": boundaries}]
        self.objects[key] = {"type": kind, "geometry": geometry, **members}

    def document(self) -> dict[str, Any]:
        crs = "https://www.opengis.net/def/crs/EPSG/0/28992" if self.version != "1.0" else "urn:ogc:def:crs:EPSG::28992"
        return {
            "type": "CityJSON", "version": self.version, "metadata": {"referenceSystem": crs},
            "transform": {"scale": [0.001] * 3, "translate": [0.0, 0.0, 0.0]},
            "CityObjects": self.objects, "vertices": self.vertices,
        }  # fmt: skip

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(self.document(), ensure_ascii=False))
        return path


def campus(version: str = "2.0") -> Scene:
    scene = Scene(version)
    attributes = {"storeysAboveGround": 3, "storeysBelowGround": 1, "name": "图书馆", "measuredHeight": 12.0}
    scene.add("B1", "Building", scene.box(0, 0, 0, 40, 20, 12), attributes=attributes)
    scene.add("B2", "Building", None, children=["B2-a", "B2-b"], attributes={"function": "office"})
    scene.add("B2-a", "BuildingPart", scene.box(100, 0, 0, 30, 30, 7), parents=["B2"])
    scene.add("B2-b", "BuildingPart", scene.box(130, 0, 0, 10, 10, 28), parents=["B2"])
    return scene


def with_rooms() -> Scene:
    scene = Scene()
    scene.add("B", "Building", scene.box(0, 0, 0, 20, 10, 7), children=["S1", "S0", "U1", "R9"])
    scene.add("S0", "BuildingStorey", parents=["B"], children=["R1", "R2"], attributes={"name": "Ground"})
    scene.add("S1", "BuildingStorey", parents=["B"], children=["R3"])
    scene.add(
        "R1",
        "BuildingRoom",
        scene.box(0, 0, 0, 10, 10, 3),
        parents=["S0"],
        attributes={"number": "101", "name": "Office"},
    )
    scene.add(
        "R2",
        "BuildingRoom",
        scene.box(10, 0, 0, 10, 10, 3),
        parents=["S0", "U1"],
        attributes={"number": "102", "name": "走廊"},
    )
    scene.add("R3", "BuildingRoom", scene.box(0, 0, 3.5, 20, 10, 3), parents=["S1"], attributes={"number": "201"})
    scene.add("R9", "BuildingRoom", scene.box(0, 0, -3.2, 20, 10, 3), parents=["B"], attributes={"number": "001"})
    scene.add("U1", "BuildingUnit", parents=["B"], children=["R2"], attributes={"name": "Tenant"})
    return scene


class TestContract(LoaderContract):
    format_key = "cityjson"
    suffix = ".json"
    broken = {  # noqa: RUF012
        "no-vertices": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}}',
        "nothing": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": []}',
        "no-buildings": b'{"type": "CityJSON", "CityObjects": {"a": {"type": "CityFurniture"}}, "vertices": [[0,0,0]]}',
        "nan": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [[NaN, 0, 0]]}',
        "pairs": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [[1, 0], [2, 3]]}',
        "words": b'{"type": "CityJSON", "CityObjects": {}, "vertices": [["a", "b", "c"]]}',
        "other": b'{"type": "Other", "CityObjects": []}',
        "list": b'["CityJSON"]',
        "zeros": b'{"type": "CityJSON", "CityObjects": {' + b"\0" * 100,
        "deep": b'{"type": "CityJSON", "CityObjects": ' + b'{"a":' * 100_000,
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return campus().write(tmp_path / "campus.json")


class TestContractWithRooms(LoaderContract):
    format_key = "cityjson"
    suffix = ".json"

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return with_rooms().write(tmp_path / "rooms.json")


class TestContractSequence(LoaderContract):
    format_key = "cityjson"
    suffix = ".jsonl"

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return sequence(tmp_path / "campus.city.jsonl")


def sequence(path: Path) -> Path:
    head = {**Scene().document(), "vertices": []}
    lines = [json.dumps(head)]
    for index in range(3):
        scene = Scene()
        key = f"building-{index}"
        scene.add(key, "Building", scene.box(30 * index, 0, 0, 20, 10, 9), attributes={"storeysAboveGround": 3})
        lines.append(
            json.dumps({"type": "CityJSONFeature", "id": key, "CityObjects": scene.objects, "vertices": scene.vertices})
        )
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def delft(samples: Path) -> Model:
    return formats.load(samples / "cityjson" / "delft.json")


@pytest.fixture(scope="module")
def multi_lod(samples: Path) -> Model:
    return formats.load(samples / "cityjson" / "multi_lod.json")


def roof_plan_area(model: Model) -> float:
    """What the upward faces of all shells cover, by the shoelace formula: independent of the loader's unions."""
    total = 0.0
    for shell in model.shells:
        a, b, c = (shell.vertices[shell.triangles[:, corner], :2] for corner in range(3))
        twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        total += float(twice[twice > 0].sum()) / 2
    return total


class TestDelft:
    def test_counts(self, delft: Model) -> None:
        assert (len(delft.buildings), len(list(walk(delft)))) == (160, 179)
        assert sum(len(shell.triangles) for shell in delft.shells) == 5563

    def test_areas_against_an_independent_sum(self, delft: Model) -> None:
        plans = sum(building.outline.area for building in delft.buildings if building.outline)
        assert plans == pytest.approx(8654, rel=1e-3)
        assert plans == pytest.approx(roof_plan_area(delft), rel=0.01)

    def test_stands_in_delft_on_the_dutch_grid(self, delft: Model) -> None:
        assert delft.frame.crs == "EPSG:28992"
        assert delft.frame.latitude == pytest.approx(52.01, abs=0.01)
        assert delft.frame.longitude == pytest.approx(4.37, abs=0.01)

    def test_ground(self, delft: Model) -> None:
        kinds = [feature.kind for feature in delft.ground]
        assert (kinds.count("road"), kinds.count("green"), kinds.count("water")) == (143, 126, 3)

    def test_ids_of_the_national_register_are_aliases(self, delft: Model) -> None:
        assert all({"cityjson", "identificatiebagpnd"} <= {a.scheme for a in b.aliases} for b in delft.buildings)


class TestMultiLod:
    def test_plan_from_the_ground_shell_from_the_finest(self, multi_lod: Model) -> None:
        assert (len(multi_lod.buildings), len(list(walk(multi_lod)))) == (10, 15)
        assert sum(len(shell.triangles) for shell in multi_lod.shells) == 348
        assert {shell.category for shell in multi_lod.shells} == {"roof", "slab", "wall"}
        plans = sum(building.outline.area for building in multi_lod.buildings if building.outline)
        assert plans == pytest.approx(530.06, rel=1e-3)
        assert plans == pytest.approx(roof_plan_area(multi_lod), rel=0.01)

    def test_without_a_system_it_is_metres_from_nowhere(self, multi_lod: Model) -> None:
        assert multi_lod.frame.crs is None
        assert multi_lod.frame.origin_offset[:2] == (153539.0, 414426.0)
        assert {"no-georeference", "far-origin"} <= {finding.code for finding in multi_lod.findings}


class TestVersions:
    @pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "2.0.1"])
    def test_each(self, tmp_path: Path, version: str) -> None:
        model = formats.load(campus(version).write(tmp_path / "a.json"))
        assert model.schema == f"CityJSON {version}"
        assert model.frame.crs == "EPSG:28992"
        assert [building.id for building in model.buildings] == ["图书馆", "B2"]
        assert "schema-mapped" not in {finding.code for finding in model.findings}

    def test_the_next_one_is_read_with_a_warning(self, tmp_path: Path) -> None:
        model = formats.load(campus("3.7").write(tmp_path / "a.json"))
        assert "schema-mapped" in {finding.code for finding in model.findings}

    def test_lod_as_a_number_and_a_name_of_old(self, tmp_path: Path) -> None:
        scene = Scene("1.0")
        scene.add("B1", "Building", scene.box(0, 0, 0, 40, 20, 12), lod=2)
        assert len(formats.load(scene.write(tmp_path / "a.json")).buildings) == 1

    def test_a_sequence(self, tmp_path: Path) -> None:
        model = formats.load(sequence(tmp_path / "a.jsonl"))
        assert [building.id for building in model.buildings] == ["building-0", "building-1", "building-2"]
        assert [space.area_m2 for _, _, space in walk(model)] == pytest.approx([200.0] * 9)

    def test_a_sequence_with_a_damaged_line(self, tmp_path: Path) -> None:
        path = sequence(tmp_path / "a.jsonl")
        lines = path.read_text().splitlines()
        lines[2] = lines[2][:100]
        path.write_text("\n".join(lines))
        model = formats.load(path)
        assert len(model.buildings) == 2
        assert "bad-feature" in {finding.code for finding in model.findings}


class TestStoreys:
    def test_as_attributed(self, tmp_path: Path) -> None:
        library = formats.load(campus().write(tmp_path / "a.json")).buildings[0]
        assert library.names == {"zh": "图书馆"}
        assert [storey.ordinal for storey in library.storeys] == [-1, 0, 1, 2]
        assert [storey.height_m for storey in library.storeys] == [4.0] * 4
        assert library.storeys[1].elevation_m == pytest.approx(0.0)

    def test_parts_of_different_heights(self, tmp_path: Path) -> None:
        tower = formats.load(campus().write(tmp_path / "a.json")).buildings[1]
        areas = [storey.spaces[0].area_m2 for storey in tower.storeys]
        assert areas[0] == pytest.approx(1000)
        assert areas[-1] == pytest.approx(100)
        assert len(areas) == 8
        assert tower.category == "office"

    def test_rooms(self, tmp_path: Path) -> None:
        model = formats.load(with_rooms().write(tmp_path / "a.json"))
        storeys = model.buildings[0].storeys
        assert [storey.ordinal for storey in storeys] == [-1, 0, 1]
        assert [[space.number for space in storey.spaces] for storey in storeys] == [["001"], ["101", "102"], ["201"]]
        office, corridor = storeys[1].spaces
        assert office.area_m2 == pytest.approx(100)
        assert office.volume_m3 == pytest.approx(300)
        assert (office.category, corridor.category) == ("office", "corridor")
        assert office.origin == "authored"
        assert storeys[1].height_m == pytest.approx(3.5)
        assert [zone.spaces for zone in model.zones] == [("B/01/102",)]
        assert [finding.code for finding in model.findings] == ["no-storey"]


class TestGeometry:
    def test_a_courtyard(self, tmp_path: Path) -> None:
        scene = Scene()
        outer, inner = scene.box(0, 0, 0, 30, 30, 10)[0], scene.box(10, 10, 0, 10, 10, 10)[0]
        bottom = [outer[0][0], inner[0][0][::-1]]
        top = [outer[1][0], inner[1][0][::-1]]
        walls = outer[2:] + [[ring[0][::-1]] for ring in inner[2:]]
        scene.add("B", "Building", [[bottom, top, *walls]])
        model = formats.load(scene.write(tmp_path / "a.json"))
        polygon = model.buildings[0].outline
        assert isinstance(polygon, Polygon)
        assert polygon.area == pytest.approx(800)
        assert len(polygon.interiors) == 1
        roof = next(shell for shell in model.shells if shell.category == "roof")
        assert roof_plan_area(Model("", "", "", "", shells=[roof])) == pytest.approx(800)

    def test_semantics_name_the_classes(self, tmp_path: Path) -> None:
        scene = campus()
        surfaces = [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}, {"type": "Window"}]
        values = [[0, 1, 2, 2, 2, 3]]
        scene.objects["B1"]["geometry"][0]["semantics"] = {"surfaces": surfaces, "values": values}
        model = formats.load(scene.write(tmp_path / "a.json"))
        shells = {shell.category: len(shell.triangles) for shell in model.shells if shell.building == "图书馆"}
        assert shells == {"slab": 2, "roof": 2, "wall": 6, "window": 2}

    def test_indices_that_lead_nowhere(self, tmp_path: Path) -> None:
        scene = campus()
        boundaries = scene.objects["B1"]["geometry"][0]["boundaries"]
        boundaries[0][5] = [[0, 1, 9999]]
        boundaries[0][4] = [[0, 1, -1]]
        model = formats.load(scene.write(tmp_path / "a.json"))
        damaged = next(finding for finding in model.findings if finding.code == "bad-feature")
        assert damaged.data["count"] == 2
        assert len(model.buildings) == 2

    @pytest.mark.parametrize("bad", [float("nan"), 1e308, 1e15])
    def test_a_vertex_that_is_no_place_costs_its_faces_only(self, tmp_path: Path, bad: float) -> None:
        document = campus().document()
        document["vertices"][0][0] = bad
        path = tmp_path / "a.json"
        path.write_text(json.dumps(document))
        model = formats.load(path)
        assert len(model.buildings) == 2
        assert model.buildings[1].outline is not None
        assert model.buildings[1].outline.area == pytest.approx(1000)
        assert "bad-feature" in {finding.code for finding in model.findings}

    def test_null_geometry_circles_and_strings(self, tmp_path: Path) -> None:
        scene = campus()
        scene.objects["B2-a"]["children"] = ["B2"]
        scene.add("B3", "Building", attributes="none")
        scene.objects["B3"]["geometry"] = None
        scene.objects["B4"] = {"type": "Building", "geometry": "gone", "children": "B1"}
        scene.objects["B5"] = "not an object"
        model = formats.load(scene.write(tmp_path / "a.json"))
        assert len(model.buildings) == 2
        assert {"no-geometry", "bad-feature"} <= {finding.code for finding in model.findings}

    def test_far_coordinates_keep_millimetres(self, tmp_path: Path) -> None:
        document = campus().document()
        document["transform"]["translate"] = [6.7e9, -3e9, 0.0]
        del document["metadata"]
        path = tmp_path / "a.json"
        path.write_text(json.dumps(document))
        model = formats.load(path)
        assert "far-origin" in {finding.code for finding in model.findings}
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(800, rel=1e-5)

    def test_a_template_tree(self, tmp_path: Path) -> None:
        scene = campus()
        document = scene.document()
        anchor = len(scene.vertices)
        scene.vertices.append([X + 60_000, Y, Z])
        document["geometry-templates"] = {
            "templates": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]], [[0, 2, 3]]]}],
            "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 5]],
        }
        matrix = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
        instance = {"type": "GeometryInstance", "template": 0, "boundaries": [anchor], "transformationMatrix": matrix}
        lost = {**copy.deepcopy(instance), "template": 7}
        scene.objects["T1"] = {"type": "SolitaryVegetationObject", "geometry": [instance]}
        scene.objects["T2"] = {"type": "SolitaryVegetationObject", "geometry": [lost]}
        path = tmp_path / "a.json"
        path.write_text(json.dumps(document))
        trees = [feature for feature in formats.load(path).ground if feature.kind == "tree"]
        assert [tree.height_m for tree in trees] == [pytest.approx(10.0)]

    def test_cut_in_two(self, tmp_path: Path) -> None:
        path = campus().write(tmp_path / "a.json")
        path.write_bytes(path.read_bytes()[:-400])
        assert refused(path).code in ("truncated", "invalid-json")


class TestTriangles:
    def test_a_concave_face_with_a_hole_keeps_its_area_and_side(self) -> None:
        outer = [(0, 0), (6, 0), (6, 6), (4, 6), (4, 2), (2, 2), (2, 6), (0, 6)]
        hole = [(0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)]
        tilted = np.array([(x, y, 0.3 * x + 0.1 * y) for x, y in outer + hole])
        expected = Polygon(outer, [hole]).area
        for rings, sign in (([range(8), range(8, 12)], 1), ([range(7, -1, -1), range(8, 12)], -1)):
            found = face(tilted, [list(ring) for ring in rings])
            a, b, c = (tilted[found[:, corner], :2] for corner in range(3))
            areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
            assert areas.sum() == pytest.approx(sign * expected)
            assert (np.sign(areas) == sign).all()

    def test_volume_of_a_box_far_away(self) -> None:
        scene = Scene()
        faces = scene.box(0, 0, 0, 4, 5, 6)[0]
        vertices = np.array(scene.vertices) / 1000.0 + 1e6
        found = np.concatenate([face(vertices, rings) for rings in faces])
        assert volume(vertices, found) == pytest.approx(120.0, rel=1e-6)
        assert closed(found)
        assert not closed(found[:-1])

    @pytest.mark.parametrize("rings", [[], [[]], [[0, 1]], [[0, 0, 0]], [[0, 1, 0, 1]]])
    def test_faces_without_area(self, rings: list[list[int]]) -> None:
        assert len(face(np.zeros((2, 3)), rings)) == 0


def test_shells_can_be_left_out(tmp_path: Path) -> None:
    assert formats.load(campus().write(tmp_path / "a.json"), Options(shells=False)).shells == []
