"""What one model file says, before it is placed on the campus: the common result of every loader.

A loader is a module ``models3d/<format>.py`` that ends in a ``FORMAT`` record (``Format``). It reads a file that
the sniffing already recognised and returns a ``Model`` in SI metres, Z up, in the file's own local frame:
``Model.frame`` says where that frame stands in the world, if the file tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twin.space import Building, Equipment, Site, Zone

Severity = Literal["info", "warning", "error"]


class ModelError(Exception):
    """A file that cannot be read. ``code`` is stable; the message names the file, what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the model check: a stable ``code``, a sentence, the element it is about and where that is.

    ``position`` is (x, y, z) [m] in the model's frame, for the view to fly to; ``entity`` a space, storey or building.
    ``data`` holds the figures of the sentence, so that a translation can be built from the code and them.
    """

    code: str
    message: str
    element: str = ""
    severity: Severity = "warning"
    entity: str = ""
    position: tuple[float, float, float] | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the model's local frame stands: ``crs`` is an EPSG code or WKT of a projected metre system, or None.

    world_xy = (easting, northing) + rotate(local_xy, rotation_deg, counter-clockwise) * scale; z = height + local z.
    ``origin_offset`` is what the loader already subtracted from far coordinates [m], float64, kept for the report.
    """

    crs: str | None = None
    easting: float = 0.0
    northing: float = 0.0
    height: float = 0.0
    rotation_deg: float = 0.0
    scale: float = 1.0
    latitude: float | None = None
    longitude: float | None = None
    origin_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Shell:
    """Display triangles of one storey and class (walls, slabs, roofs, windows ...), merged.

    ``vertices`` float64 (n, 3) [m] in the model's frame; ``triangles`` uint32 (m, 3), counter-clockwise from outside;
    ``colour`` linear RGBA 0..1; ``storey`` is a storey id, or '' for the whole building.
    """

    building: str
    storey: str
    category: str
    vertices: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.uint32]
    colour: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0)


@dataclass(slots=True)
class ModelPoint:
    """A point that the model names (Brick): its class, the space it measures and the equipment it belongs to."""

    id: str
    category: str
    space: str = ""
    equipment: str = ""


@dataclass(slots=True)
class Feature:
    """A piece of ground: ``kind`` is road, path, green, water, plaza, sport, parking, tree, tree-row, wall, land.

    ``geometry`` is a shapely geometry [m] in the model's frame; ``width_m`` belongs to lines, ``height_m`` to trees.
    """

    kind: str
    geometry: Any
    names: dict[str, str] = field(default_factory=dict)
    width_m: float = 0.0
    height_m: float = 0.0


@dataclass(slots=True)
class Model:
    """Everything one file says."""

    path: str
    sha256: str
    format: str
    schema: str
    buildings: list[Building] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    equipment: list[Equipment] = field(default_factory=list)
    points: list[ModelPoint] = field(default_factory=list)
    shells: list[Shell] = field(default_factory=list)
    ground: list[Feature] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    frame: Frame = field(default_factory=Frame)
    seconds: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller may ask of a loader. ``threads`` for the kernels; ``shells`` False skips display geometry.

    ``datum`` 'gcj02' declares that degrees in the file are China's shifted map coordinates; it is never guessed.
    """

    threads: int = 2
    shells: bool = True
    rooms_from_walls: bool = True
    datum: Literal["wgs84", "gcj02"] = "wgs84"


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table of formats.

    ``sniff(head, path)`` looks at the first 64 KiB and answers whether the file is of this format, by content;
    ``load(path, options)`` reads it or raises ``ModelError``.
    """

    key: str
    title: str
    suffixes: Sequence[str]
    sniff: Callable[[bytes, Path], bool]
    load: Callable[[Path, Options], Model]
