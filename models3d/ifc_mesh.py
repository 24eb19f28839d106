"""Triangles of IFC elements from a geometry kernel, as numpy arrays in metres.

Two kernels, chosen by measurement on 478 real files: OpenCASCADE for spaces (every room mesh watertight, areas
exact), ``hybrid-manifold-opencascade`` for the display shell (4 to 15 times faster; its areas are not to be trusted).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ifcopenshell.geom
import numpy as np
import numpy.typing as npt

_GEOM: Any = ifcopenshell.geom  # its annotations are narrower than what it takes

_CURVES_TOO = 2  # ifcopenshell_wrapper.CURVES_SURFACES_AND_SOLIDS

EXACT = "opencascade"
FAST = "hybrid-manifold-opencascade"
KERNEL_ERRORS = (RuntimeError,)
"""What the library raises for a body that it cannot read: the work is then done again without the culprit."""

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]


@dataclass(slots=True)
class Mesh:
    """One element's triangles: ``vertices`` (n, 3) [m] in the file's frame, ``triangles`` (m, 3).

    ``colours`` (k, 4) sRGB and opacity of its materials, ``material`` (m,) index into them; ``low``, ``high`` the box.
    """

    element: int
    vertices: F64
    triangles: I32
    colours: F64
    material: I32
    low: F64
    high: F64
    edges: I32 | None = None
    """(k, 2) of a body that has no faces: a drawn outline."""


def settings(**options: Any) -> Any:
    """Iterator settings: local coordinates (we place them ourselves, in float64), no normals; ``options`` on top."""
    chosen = _GEOM.settings()
    chosen.set("no-normals", True)
    for name, value in options.items():
        chosen.set(name.replace("_", "-"), value)
    return chosen


def _mesh(shape: Any) -> Mesh | None:
    geometry = shape.geometry
    local = np.frombuffer(geometry.verts_buffer, np.float64).reshape(-1, 3)
    triangles = np.frombuffer(geometry.faces_buffer, np.int32).reshape(-1, 3)
    if not len(local):
        return None
    matrix = np.frombuffer(shape.transformation_buffer, np.float64).reshape(4, 4)  # column-major: row i is column i
    vertices = local @ matrix[:3, :3] + matrix[3, :3]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    if not np.isfinite(low + high).all():
        return None
    colours = np.frombuffer(geometry.colors_buffer, np.float64).reshape(-1, 4)
    material = np.frombuffer(geometry.material_ids_buffer, np.int32)
    edges = np.frombuffer(geometry.edges_buffer, np.int32).reshape(-1, 2) if not len(triangles) else None
    return Mesh(shape.id, vertices, triangles, colours, material, low, high, edges)


def meshes(
    file: Any, elements: Sequence[Any], kernel: str, *, outlines: bool = False, **options: Any
) -> Iterator[Mesh]:
    """The meshes of ``elements`` that have faces, in the kernel's order, one thread.

    One thread on purpose: the iterator's own threads cost more than they gain on files of this size, and parallel
    work is done by processes (``models3d.forked``). An element with several bodies comes as several meshes.
    ``outlines`` also gives what is only drawn in plan, and boxes that stand for bodies.
    """
    if not elements:
        return
    if outlines:
        options |= {"dimensionality": _CURVES_TOO, "keep_bounding_boxes": True}
    iterator = _GEOM.iterator(settings(**options), file, 1, include=list(elements), geometry_library=kernel)
    if not iterator.initialize():
        return
    while True:
        mesh = _mesh(iterator.get())
        if mesh is not None and (len(mesh.triangles) or outlines):
            yield mesh
        if not iterator.next():
            return
