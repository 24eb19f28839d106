"""glTF, GLB, OBJ, STL and PLY through trimesh -> named pieces of triangles in the file's own units.

trimesh parses; this module looks at the file first (compression it cannot undo, files that are missing beside it) and
turns whatever its parsers raise into one sentence.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from models3d import files
from models3d.model import ModelError

MOST_BYTES: Final = 1_000_000_000
MOST_UNITS: Final = 1e11
"""Larger coordinates are not places, in whatever unit."""
_NUMBER: Final = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_OBJ_VERTEX: Final = re.compile(rb"^\s*v(?:[ \t]+" + _NUMBER + rb"){3}", re.MULTILINE)
_COMPRESSION: Final = frozenset({"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"})
_UNITS: Final = re.compile(
    rb"(?i)units?\W{1,4}(?:is\W+|in\W+)?"
    rb"(millimet(?:er|re)s?|centimet(?:er|re)s?|met(?:er|re)s?|mm|cm|m|inch(?:es)?|in|feet|foot|ft)\b"
)
_SCALES: Final[dict[str, float]] = {
    "mi": 1e-3, "mm": 1e-3, "ce": 1e-2, "cm": 1e-2, "me": 1.0, "m": 1.0,
    "in": 0.0254, "fe": 0.3048, "fo": 0.3048, "ft": 0.3048,
}  # fmt: skip
"""The first two letters of a unit -> metres."""


@dataclass(slots=True)
class Piece:
    """One placed mesh: its node's name, vertices (n, 3) float64 in the file's units, triangles, colour RGBA 0..1."""

    name: str
    vertices: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int64]
    colour: tuple[float, float, float, float] | None


@dataclass(slots=True)
class Read:
    """The pieces of a file; ``kind`` glb, gltf, obj, stl, ply; ``scale`` [m] of a unit that the file itself names."""

    kind: str
    pieces: list[Piece]
    scale: float | None = None


def kind_of(head: bytes, path: Path) -> str | None:
    """Which mesh format the bytes are, or None."""
    if head.startswith(b"glTF"):
        return "glb"
    if re.match(rb"ply\r?\n", head):
        return "ply"
    if files.is_json(head):
        return "gltf" if _is_gltf(path, head) else None
    if _is_binary_stl(head, path) or re.match(rb"\s*solid\b[^\0]*?\bfacet\s+normal\b", head[:4096]):
        return "stl"
    if b"\0" not in head and len(_OBJ_VERTEX.findall(head[:8192])) >= 3:
        return "obj"
    return None


def read(path: Path, kind: str) -> Read:
    """The pieces; ModelError 'too-large', 'unsupported', 'external-reference' or 'invalid-mesh'."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        text = (
            f"'{path.name}' has {size / 1e6:.0f} MB, over the limit of {MOST_BYTES / 1e6:.0f} MB: export less detail."
        )
        raise ModelError("too-large", text)
    if kind in ("glb", "gltf"):
        _check_gltf(path, kind)
    scene = _parse(path, kind)
    pieces = [piece for piece in _pieces(scene) if len(piece.triangles)]
    if not pieces:
        raise ModelError("invalid-mesh", f"'{path.name}' holds no triangles: export it with its surfaces.")
    return Read(kind, pieces, 1.0 if kind in ("glb", "gltf") else _declared_scale(path))


def _parse(path: Path, kind: str) -> Any:
    import trimesh

    options: dict[str, Any] = {"split_objects": True, "group_material": False} if kind == "obj" else {}
    try:
        return trimesh.load_scene(str(path), file_type=kind, process=False, **options)
    except MemoryError:
        raise
    except Exception as error:  # the parsers raise whatever a damaged file leads them to
        what = " ".join(f"{type(error).__name__}: {error}".split())[:100]
        raise ModelError(
            "invalid-mesh", f"'{path.name}' is a damaged {kind.upper()} file ({what}): export it again."
        ) from error


def _pieces(scene: Any) -> list[Piece]:
    found: list[Piece] = []
    for node in sorted(scene.graph.nodes_geometry):
        matrix, name = scene.graph[node]
        mesh = scene.geometry.get(name)
        if mesh is None or not hasattr(mesh, "faces") or np.shape(mesh.vertices)[1:] != (3,):
            continue
        matrix = np.asarray(matrix, np.float64)
        with np.errstate(invalid="ignore", over="ignore"):  # what is no number is dropped below
            vertices = np.asarray(mesh.vertices, np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        triangles = np.asarray(mesh.faces, np.int64).reshape(-1, 3)
        if np.linalg.det(matrix[:3, :3]) < 0.0:
            triangles = triangles[:, ::-1]
        inside = ((triangles >= 0) & (triangles < len(vertices))).all(axis=1)
        triangles = triangles[inside]
        finite = (np.abs(vertices) < MOST_UNITS).all(axis=1)
        triangles = triangles[finite[triangles].all(axis=1)]
        found.append(Piece(str(node), vertices, triangles, _colour(mesh)))
    return found


def _colour(mesh: Any) -> tuple[float, float, float, float] | None:
    """The material's colour, linear RGBA 0..1, or None for a mesh without one."""
    material = getattr(mesh.visual, "material", None)
    main = getattr(material, "main_color", None)
    if main is None:
        return None
    red, green, blue, alpha = (float(value) / 255.0 for value in main[:4])
    return red, green, blue, alpha


def _check_gltf(path: Path, kind: str) -> None:
    document = _gltf_json(path, kind)
    used = _COMPRESSION & set(document.get("extensionsRequired") or [])
    if used:
        text = f"'{path.name}' is compressed ({', '.join(sorted(used))}): export it without compression."
        raise ModelError("unsupported", text)
    for entry in document.get("buffers") or []:
        uri = entry.get("uri") if isinstance(entry, dict) else None
        if not isinstance(uri, str) or uri.startswith("data:"):
            continue
        name = unquote(uri)
        if "://" in name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ModelError(
                "unsupported",
                f"'{path.name}' refers to '{name[:60]}' outside of its folder: export it as one .glb file.",
            )
        if not (path.parent / name).is_file():
            raise ModelError(
                "external-reference",
                f"'{path.name}' needs '{name[:60]}' beside it: give both files, or export one .glb file.",
            )


def _gltf_json(path: Path, kind: str) -> dict[str, Any]:
    if kind == "gltf":
        value = files.read_json(path)
    else:
        with path.open("rb") as stream:
            head = stream.read(20)
            if len(head) < 20:
                raise ModelError("truncated", f"'{path.name}' breaks off within its header: copy or export it again.")
            _, version, length, chunk, _ = struct.unpack("<4sIIII", head)
            if version != 2:
                raise ModelError("unsupported", f"'{path.name}' is glTF version {version}: export it as glTF 2.0.")
            if length > path.stat().st_size:
                raise ModelError(
                    "truncated",
                    f"'{path.name}' says it has {length} bytes, but breaks off before: copy or export it again.",
                )
            value = files.parse_json(files.decode(stream.read(chunk).rstrip(b"\0 "), path.name), path.name)
    if not isinstance(value, dict):
        raise ModelError("invalid-mesh", f"'{path.name}' is not glTF inside: export it again.")
    return value


def _is_gltf(path: Path, head: bytes) -> bool:
    text = files.text_of(head)
    try:
        return '"asset"' in text and set(json.loads(text)) >= {"asset"} and '"accessors"' in text
    except (ValueError, RecursionError, TypeError):
        return files.mentions(path, head, ('"accessors"',)) and files.mentions(path, head, ('"bufferViews"',))


def _is_binary_stl(head: bytes, path: Path) -> bool:
    if len(head) < 84 or path.is_dir():
        return False
    count = int(struct.unpack_from("<I", head, 80)[0])
    return count > 0 and path.stat().st_size == 84 + 50 * count


def _declared_scale(path: Path) -> float | None:
    """The unit that a comment in the head names ('# Units: mm'), in metres."""
    comments = b"\n".join(
        line for line in files.read_head(path)[:4096].splitlines() if line.startswith((b"#", b"comment"))
    )
    match = _UNITS.search(comments)
    if match is None:
        return None
    word = match[1].decode().lower()
    return _SCALES.get(word[:2])
