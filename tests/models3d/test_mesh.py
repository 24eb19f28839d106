"""Meshes: units, the axis that points up, classes by name, far origins, outlines, and damaged files of five formats."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh as typed_trimesh

from models3d import formats
from models3d.model import Model, Options
from tests.models3d.contract import LoaderContract, refused

trimesh: Any = typed_trimesh  # its functions are half typed


def house(scale: float = 1.0, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    """An L-shaped house, Z up: 20 x 10 m and 10 x 10 m, 6 m high, with a roof slab; 300 m2 of ground."""
    scene = trimesh.Scene()
    for name, (x, y, z), (w, d, h) in (
        ("Wall_main", (0, 0, 0), (20, 10, 6)), ("Wall_wing", (0, 10, 0), (10, 10, 6)), ("Roof_main", (0, 0, 6),
         (20, 10, 0.4)),
    ):  # fmt: skip
        box = trimesh.creation.box((w * scale, d * scale, h * scale))
        middle = [(x + w / 2) * scale + at[0], (y + d / 2) * scale + at[1], (z + h / 2) * scale + at[2]]
        scene.add_geometry(
            box, node_name=name, geom_name=name, transform=trimesh.transformations.translation_matrix(middle)
        )
    return scene


def y_up(scene: Any) -> Any:
    turned = scene.copy()
    turned.apply_transform(np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]]))
    return turned


def export(scene: Any, kind: str) -> bytes:
    if kind == "glb":
        data = y_up(scene).export(file_type="glb")
    elif kind == "obj":
        data = y_up(scene).export(file_type="obj")
    else:
        data = scene.to_mesh().export(file_type=kind)
    return data if isinstance(data, bytes) else str(data).encode()


def write(path: Path, kind: str, scene: Any = None) -> Path:
    path.write_bytes(export(scene or house(), kind))
    return path


def codes(model: Model) -> list[str]:
    return sorted(finding.code for finding in model.findings)


def gltf_json(document: dict[str, Any]) -> bytes:
    body = json.dumps(document).encode()
    body += b" " * (-len(body) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(body), len(body), 0x4E4F534A) + body


class MeshContract(LoaderContract):
    format_key = "mesh"

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return write(tmp_path / f"house{self.suffix}", self.suffix[1:])


class TestGlb(MeshContract):
    suffix = ".glb"
    broken = {  # noqa: RUF012
        "header-only": b"glTF\x02\x00\x00\x00",
        "long": struct.pack("<4sIIII", b"glTF", 2, 10_000, 100, 0x4E4F534A) + b"{}",
        "version-1": struct.pack("<4sIIII", b"glTF", 1, 22, 2, 0) + b"{}",
        "no-json": struct.pack("<4sIIII", b"glTF", 2, 24, 4, 0x4E4F534A) + b"abcd",
        "list": gltf_json([1, 2]),  # type: ignore[arg-type]
        "empty-scene": gltf_json({"asset": {"version": "2.0"}}),
        "draco": gltf_json({"asset": {"version": "2.0"}, "extensionsRequired": ["KHR_draco_mesh_compression"]}),
        "meshopt": gltf_json({"asset": {"version": "2.0"}, "extensionsRequired": ["EXT_meshopt_compression"]}),
        "bad-accessor": gltf_json({
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 7}}]}], "accessors": [],
        }),
    }  # fmt: skip


class TestObj(MeshContract):
    suffix = ".obj"
    broken = {"no-faces": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "nan": b"v nan 0 0\nv 1 0 0\nv 0 1 0\nv 0 1 1\nf 1 2 9\n"}  # noqa: RUF012


class TestStl(MeshContract):
    suffix = ".stl"
    broken = {"ascii-cut": b"solid house\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\n"}  # noqa: RUF012


class TestPly(MeshContract):
    suffix = ".ply"
    broken = {  # noqa: RUF012
        "header-only": b"ply\nformat ascii 1.0\nelement vertex 3\n",
        "no-faces": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
        b"end_header\n0 0 0\n",
    }


class TestGltfFiles:
    def test_a_missing_buffer_is_named(self, tmp_path: Path) -> None:
        document = {
            "asset": {"version": "2.0"},
            "buffers": [{"uri": "scene%20data.bin", "byteLength": 4}],
            "accessors": [],
            "bufferViews": [],
        }
        path = tmp_path / "house.gltf"
        path.write_text(json.dumps(document))
        error = refused(path)
        assert error.code == "external-reference"
        assert "scene data.bin" in error.message

    @pytest.mark.parametrize(
        "uri", ["../../etc/passwd", "/etc/passwd", "https://example.org/scene.bin", "%2e%2e/secret"]
    )
    def test_nothing_outside_of_the_folder_is_read(self, tmp_path: Path, uri: str) -> None:
        document = {
            "asset": {"version": "2.0"},
            "buffers": [{"uri": uri, "byteLength": 4}],
            "accessors": [],
            "bufferViews": [],
        }
        path = tmp_path / "house.gltf"
        path.write_text(json.dumps(document))
        assert refused(path).code == "unsupported"

    def test_json_with_its_buffer_beside_it(self, tmp_path: Path) -> None:
        for name, content in y_up(house()).export(file_type="gltf").items():
            (tmp_path / name).write_bytes(content)
        model = formats.load(tmp_path / "model.gltf")
        assert model.schema == "glTF 2.0"
        assert model.buildings[0].storeys[0].spaces[0].area_m2 == pytest.approx(300, rel=0.01)


class TestShape:
    @pytest.mark.parametrize("kind", ["glb", "obj", "stl", "ply"])
    def test_outline_height_and_up(self, tmp_path: Path, kind: str) -> None:
        model = formats.load(write(tmp_path / f"house.{kind}", kind))
        building = model.buildings[0]
        assert building.outline is not None
        assert building.outline.area == pytest.approx(300, rel=0.01)
        assert building.outline.bounds == pytest.approx((0, 0, 20, 20), abs=0.01)
        storey = building.storeys[0]
        assert (storey.elevation_m, storey.height_m) == pytest.approx((0.0, 6.4))
        assert storey.spaces[0].origin == "synthetic"

    def test_classes_come_from_names_and_nothing_is_lost(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "house.glb", "glb"))
        assert {shell.category: len(shell.triangles) for shell in model.shells} == {"wall": 24, "roof": 12}
        names = {alias.value for alias in model.buildings[0].aliases if alias.scheme == "mesh-node"}
        assert names == {"Wall_main", "Wall_wing", "Roof_main"}

    def test_terrain_is_ground(self, tmp_path: Path) -> None:
        scene = house()
        plane = trimesh.creation.box((200, 200, 0.1))
        scene.add_geometry(
            plane,
            node_name="Terrain",
            geom_name="t",
            transform=trimesh.transformations.translation_matrix([0, 0, -0.05]),
        )
        model = formats.load(write(tmp_path / "house.glb", "glb", scene))
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(300, rel=0.01)
        assert [(feature.kind, round(feature.geometry.area, -1)) for feature in model.ground] == [("land", 40_000)]

    def test_a_mirrored_node_keeps_its_outside(self, tmp_path: Path) -> None:
        scene = trimesh.Scene()
        scene.add_geometry(trimesh.creation.box((10, 10, 5)), node_name="a", transform=np.diag([-1.0, 1.0, 1.0, 1.0]))
        model = formats.load(write(tmp_path / "a.glb", "glb", scene))
        shell = model.shells[0]
        mesh = trimesh.Trimesh(shell.vertices, shell.triangles.astype(np.int64))
        assert mesh.volume == pytest.approx(500, rel=0.01)

    def test_walls_alone_have_the_hull_for_an_outline(self, tmp_path: Path) -> None:
        scene = trimesh.Scene()
        for name, corner in (("a", (0, 0)), ("b", (0, 10))):
            vertices = [[0, corner[1], 0], [20, corner[1], 0], [20, corner[1], 5], [0, corner[1], 5]]
            scene.add_geometry(trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]]), node_name=name)
        model = formats.load(write(tmp_path / "a.glb", "glb", scene))
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(200, rel=0.01)

    def test_a_single_wall_is_no_building(self, tmp_path: Path) -> None:
        scene = trimesh.Scene(trimesh.Trimesh([[0, 0, 0], [20, 0, 0], [20, 0, 5], [0, 0, 5]], [[0, 1, 2], [0, 2, 3]]))
        assert refused(write(tmp_path / "a.glb", "glb", scene)).code == "invalid-mesh"

    def test_far_origin(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "a.glb", "glb", house(at=(500_000.0, 3_800_000.0, 400.0))))
        assert "far-origin" in codes(model)
        assert model.frame.origin_offset[0] == pytest.approx(500_010, abs=1)
        assert model.frame.origin_offset[2] == pytest.approx(400, abs=0.5)


class TestUnits:
    @pytest.mark.parametrize(("scale", "expected"), [(1.0, 1.0), (1000.0, 1e-3), (100.0, 1e-2)])
    @pytest.mark.parametrize("kind", ["glb", "stl"])
    def test_guessed_from_the_size(self, tmp_path: Path, kind: str, scale: float, expected: float) -> None:
        model = formats.load(write(tmp_path / f"a.{kind}", kind, house(scale)))
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(300, rel=0.01)
        guesses = [finding.data["scale"] for finding in model.findings if finding.code == "units-guessed"]
        assert guesses == ([] if kind == "glb" and scale == 1.0 else [expected])

    @pytest.mark.parametrize(
        ("comment", "scale"), [("# Units: mm", 1000.0), ("# File units = centimeters", 100.0), ("# units: m", 1.0)]
    )
    def test_declared_in_a_comment(self, tmp_path: Path, comment: str, scale: float) -> None:
        path = tmp_path / "a.obj"
        path.write_bytes(comment.encode() + b"\n" + export(house(scale), "obj"))
        model = formats.load(path)
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(300, rel=0.01)
        assert "units-guessed" not in codes(model)

    def test_no_building_at_any_size(self, tmp_path: Path) -> None:
        model = formats.load(write(tmp_path / "a.glb", "glb", trimesh.Scene(trimesh.creation.box((1e7, 1e7, 1)))))
        assert "units-guessed" in codes(model)


class TestBounds:
    def test_a_heavy_shell_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("models3d.mesh.MOST_TRIANGLES", 30)
        scene = house()
        scene.add_geometry(trimesh.creation.box((0.1, 0.1, 0.1)), node_name="bolt")
        path = write(tmp_path / "a.glb", "glb", scene)
        bounded = next(finding for finding in formats.load(path).findings if finding.code == "geometry-bounded")
        assert bounded.data == {"triangles": 48, "shown": 0}
        monkeypatch.setattr("models3d.mesh.MOST_TRIANGLES", 40)
        model = formats.load(path)
        assert sum(len(shell.triangles) for shell in model.shells) == 36

    def test_too_many_bytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("models3d.mesh_read.MOST_BYTES", 100)
        assert refused(write(tmp_path / "a.glb", "glb")).code == "too-large"

    def test_forty_thousand_triangles_take_seconds_not_minutes(self, tmp_path: Path) -> None:
        ball = trimesh.creation.icosphere(subdivisions=5, radius=20.0)
        model = formats.load(write(tmp_path / "a.glb", "glb", trimesh.Scene(ball)), Options())
        assert model.seconds < 20.0
        assert model.buildings[0].outline is not None
        assert model.buildings[0].outline.area == pytest.approx(np.pi * 400, rel=0.02)
