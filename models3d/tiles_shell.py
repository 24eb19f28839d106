"""Shells as glTF binaries: merged per storey and class, 16-bit positions, meshopt compression written by ourselves.

Positions are whole steps of one grid a building (KHR_mesh_quantization); normals are left to the viewer, which takes
them from derivatives. The compressed views follow EXT_meshopt_compression.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import meshopt
import numpy as np
import numpy.typing as npt

from models3d.model import Shell

FINEST_M = 0.005
"""Steps are no finer than this [m]; a shell over 327 m wide gets coarser ones."""
MAX_STEPS = 65535
_FLOAT, _UNSIGNED_SHORT, _UNSIGNED_INT = 5126, 5123, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963


def encode_shell(shells: Sequence[Shell]) -> tuple[bytes, int]:
    """One GLB of a building's shells and its number of triangles; one mesh a storey and class, named by both."""
    every = np.concatenate([s.vertices for s in shells])
    low, high = every.min(axis=0), every.max(axis=0)
    step = max(FINEST_M, float((high - low).max()) / (MAX_STEPS - 1))
    document = _document(low, step)
    body = bytearray()
    fallback = total = 0
    for shell in sorted(shells, key=lambda s: (s.storey, s.category)):
        steps = np.rint((shell.vertices - low) / step).astype(np.uint16)
        vertices, triangles = _compact(steps, shell.triangles)
        if not len(triangles):
            continue
        total += len(triangles)
        fallback = _add_mesh(document, body, shell, vertices, triangles, fallback)
    document["buffers"] = [
        {"byteLength": len(body)},
        {"byteLength": fallback, "extensions": {"EXT_meshopt_compression": {"fallback": True}}},
    ]
    return _container(document, bytes(body)), total


def _compact(
    steps: npt.NDArray[np.uint16], triangles: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint32]]:
    """Merge equal points, drop triangles that collapsed, order for the vertex cache and for the encoder."""
    points, back = np.unique(steps, axis=0, return_inverse=True)
    corners = back.reshape(-1)[triangles.astype(np.int64)]
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (a != c)].astype(np.uint32)
    if not len(corners):
        return np.zeros((0, 4), np.uint16), corners
    # in the order that a GPU's vertex cache likes; vertices in the order of their first use
    ordered, place, used = meshopt.reorder_mesh(corners.reshape(-1), triangles=True, optsize=False)
    padded = np.zeros((used, 4), np.uint16)
    padded[:, :3] = points[np.argsort(place)[:used]]
    return padded, ordered.astype(np.uint32).reshape(-1, 3)


def _document(low: npt.NDArray[np.float64], step: float) -> dict[str, Any]:
    extensions = ["EXT_meshopt_compression", "KHR_mesh_quantization"]
    return {
        "asset": {"version": "2.0", "generator": "campus-twin"},
        "extensionsUsed": extensions,
        "extensionsRequired": extensions,
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        # z up as in the campus; the viewer's scene is z up too
        "nodes": [{"translation": low.tolist(), "scale": [step] * 3, "children": []}],
        "meshes": [],
        "materials": [],
        "accessors": [],
        "bufferViews": [],
    }


def _add_mesh(
    document: dict[str, Any],
    body: bytearray,
    shell: Shell,
    vertices: npt.NDArray[np.uint16],
    triangles: npt.NDArray[np.uint32],
    fallback: int,
) -> int:
    """Append one mesh to the document and its packed views to the body; the new length of the fallback buffer."""
    wide = len(vertices) > MAX_STEPS
    flat = np.ascontiguousarray(triangles.reshape(-1))
    packed_vertices = meshopt.encode_gltf_buffer(vertices, "ATTRIBUTES")
    packed_indices = meshopt.encode_gltf_buffer(flat, "TRIANGLES")
    number = len(document["meshes"])
    views = (
        (packed_vertices, len(vertices), 8, "ATTRIBUTES", _ARRAY_BUFFER),
        (packed_indices, len(flat), 4 if wide else 2, "TRIANGLES", _ELEMENT_ARRAY_BUFFER),
    )
    for packed, count, stride, mode, target in views:
        view: dict[str, Any] = {"buffer": 1, "byteOffset": fallback, "byteLength": count * stride, "target": target}
        if mode == "ATTRIBUTES":
            view["byteStride"] = stride
        view["extensions"] = {
            "EXT_meshopt_compression": {
                "buffer": 0,
                "byteOffset": len(body),
                "byteLength": len(packed),
                "byteStride": stride,
                "count": count,
                "mode": mode,
            }
        }
        document["bufferViews"].append(view)
        body += packed + b"\0" * (-len(packed) % 4)
        fallback += count * stride + (-count * stride) % 4
    position = {
        "bufferView": 2 * number,
        "componentType": _UNSIGNED_SHORT,
        "count": len(vertices),
        "type": "VEC3",
        "min": vertices[:, :3].min(axis=0).tolist(),
        "max": vertices[:, :3].max(axis=0).tolist(),
    }
    index = {
        "bufferView": 2 * number + 1,
        "componentType": _UNSIGNED_INT if wide else _UNSIGNED_SHORT,
        "count": len(flat),
        "type": "SCALAR",
    }
    document["accessors"] += [position, index]
    primitive = {
        "attributes": {"POSITION": 2 * number},
        "indices": 2 * number + 1,
        "material": _material(document, shell),
    }
    document["meshes"].append({"primitives": [primitive]})
    document["nodes"].append(
        {"mesh": number, "name": shell.storey, "extras": {"storey": shell.storey, "category": shell.category}}
    )
    document["nodes"][0]["children"].append(len(document["nodes"]) - 1)
    return fallback


def _material(document: dict[str, Any], shell: Shell) -> int:
    """The index of the material with this colour, made if it is new."""
    colour = [round(float(c), 3) for c in shell.colour]
    material: dict[str, Any] = {"pbrMetallicRoughness": {"baseColorFactor": colour, "metallicFactor": 0}}
    if colour[3] < 1:
        material["alphaMode"] = "BLEND"
    materials: list[dict[str, Any]] = document["materials"]
    if material not in materials:
        materials.append(material)
    return materials.index(material)


def _container(document: dict[str, Any], body: bytes) -> bytes:
    """The GLB around a JSON chunk and a binary chunk."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(body)
    head = struct.pack("<III", 0x46546C67, 2, total)
    return head + struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(body), 0x004E4942) + body
