"""Shells survive packing: the triangles that come out of a GLB are those that went in, to a step of its grid."""

from __future__ import annotations

import json
import struct
from typing import Any

import meshopt
import numpy as np
import numpy.typing as npt
import pytest
import trimesh

from models3d.model import Shell
from models3d.tiles_shell import FINEST_M, encode_shell


def read_glb(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, total = struct.unpack_from("<III", data)
    assert (magic, version, total) == (0x46546C67, 2, len(data))
    length, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    document = json.loads(data[20 : 20 + length])
    size, kind = struct.unpack_from("<II", data, 20 + length)
    assert kind == 0x004E4942
    assert size % 4 == 0
    return document, data[28 + length : 28 + length + size]


def decode(document: dict[str, Any], body: bytes) -> dict[tuple[str, str], npt.NDArray[np.float64]]:
    """Triangles (m, 3, 3) [m] of each storey and class."""
    root = document["nodes"][0]
    found = {}
    for child in root["children"]:
        node = document["nodes"][child]
        primitive = document["meshes"][node["mesh"]]["primitives"][0]
        arrays = []
        for accessor in (primitive["attributes"]["POSITION"], primitive["indices"]):
            view = document["bufferViews"][document["accessors"][accessor]["bufferView"]]
            packed = view["extensions"]["EXT_meshopt_compression"]
            piece = body[packed["byteOffset"] : packed["byteOffset"] + packed["byteLength"]]
            arrays.append(meshopt.decode_gltf_buffer(piece, packed["count"], packed["byteStride"], packed["mode"]))
        points = arrays[0].view(np.uint16).reshape(-1, 4)[:, :3] * root["scale"][0] + root["translation"]
        found[node["extras"]["storey"], node["extras"]["category"]] = points[arrays[1].reshape(-1, 3).astype(int)]
    return found


def shell_of(mesh: trimesh.Trimesh, storey: str, category: str, alpha: float = 1.0) -> Shell:
    vertices = np.asarray(mesh.vertices, dtype=np.float64)
    return Shell("7", storey, category, vertices, np.asarray(mesh.faces, dtype=np.uint32), (0.8, 0.8, 0.8, alpha))


def test_triangles_come_back_to_the_grid() -> None:
    ball = trimesh.creation.icosphere(3, 12.0)
    ball.apply_translation([3000.5, -2000.25, 40.0])
    slab = trimesh.creation.box([60, 30, 0.3])
    slab.apply_translation([3000, -2000, 0])
    data, triangles = encode_shell([shell_of(ball, "7/1", "roof"), shell_of(slab, "7/0", "slab", 0.5)])
    document, body = read_glb(data)
    found = decode(document, body)
    assert triangles == len(ball.faces) + len(slab.faces) == sum(len(t) for t in found.values())
    for mesh, key in ((ball, ("7/1", "roof")), (slab, ("7/0", "slab"))):
        got = trimesh.Trimesh(found[key].reshape(-1, 3), np.arange(len(found[key]) * 3).reshape(-1, 3))
        got.merge_vertices()
        assert got.is_watertight
        assert got.volume == pytest.approx(mesh.volume, rel=2e-4)
        assert np.abs(got.bounds - mesh.bounds).max() <= FINEST_M
    assert document["extensionsRequired"] == ["EXT_meshopt_compression", "KHR_mesh_quantization"]
    assert [m.get("alphaMode") for m in document["materials"]].count("BLEND") == 1


def test_views_point_into_the_fallback_buffer_without_overlap() -> None:
    document, body = read_glb(encode_shell([shell_of(trimesh.creation.box([1, 2, 3]), "", "wall")])[0])
    end = 0
    for view in document["bufferViews"]:
        assert view["buffer"] == 1
        assert view["byteOffset"] >= end
        assert view["byteOffset"] % 4 == 0
        end = view["byteOffset"] + view["byteLength"]
    assert document["buffers"][1]["byteLength"] >= end
    assert document["buffers"][0]["byteLength"] == len(body)


def test_a_wide_mesh_uses_long_indices() -> None:
    grid = trimesh.creation.icosphere(7, 100.0)
    data, triangles = encode_shell([shell_of(grid, "7/0", "roof")])
    document, body = read_glb(data)
    assert document["accessors"][1]["componentType"] == 5125
    assert len(decode(document, body)["7/0", "roof"]) == triangles
    assert len(data) < 0.3 * (grid.vertices.size * 4 + grid.faces.size * 4)
