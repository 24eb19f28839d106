"""The space tree: Campus > Site > Building > Storey > Space, in IFC's terms.

Every length is in metres, every area in m2, every volume in m3. Plan coordinates are the campus's local
east-north frame (x east, y north, z up), one origin a campus, float64. Ids are human codes joined by
slashes: ``14`` (building), ``14/05`` (storey), ``14/05/5036`` (space). Identifiers of other systems
(IFC GlobalId, Brick URI, a vendor's room key) are aliases, never keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shapely.geometry import MultiPolygon, Polygon

Origin = Literal["authored", "derived", "schematic", "synthetic"]
"""Where a space comes from: drawn in the file; derived from walls; a storey invented from a footprint's
level count; made up because the file has none (a whole storey as one space)."""

Names = dict[str, str]
"""Language tag -> text, for example ``{"zh": "图书馆", "en": "Library"}``. ``""`` is 'language unknown'."""

Area = Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Alias:
    """The name of an entity in another system: ``scheme`` is for example ``ifc-guid``, ``brick-uri``, ``osm``."""

    scheme: str
    value: str


@dataclass(slots=True)
class Space:
    """A room, corridor, shaft or open area of one storey.

    ``polygon`` is the plan outline [m], or None for a space that its file gives no geometry.
    ``elevation_m`` is the floor's height above the campus datum; ``height_m`` the clear height.
    ``area_m2`` and ``volume_m3`` come from geometry; ``area_authored_m2`` is what the file claims.
    """

    id: str
    number: str
    names: Names = field(default_factory=dict)
    category: str = "other"
    polygon: Area | None = None
    elevation_m: float = 0.0
    height_m: float = 3.0
    area_m2: float | None = None
    area_authored_m2: float | None = None
    volume_m3: float | None = None
    origin: Origin = "authored"
    aliases: tuple[Alias, ...] = ()

    @property
    def has_geometry(self) -> bool:
        """Whether the space can be drawn."""
        return self.polygon is not None and not self.polygon.is_empty


@dataclass(slots=True)
class Storey:
    """One level of a building. ``ordinal`` 0 is the ground floor, -1 the first basement.

    ``outline`` is the slab's plan [m] when known; otherwise the union of its spaces serves.
    """

    id: str
    names: Names = field(default_factory=dict)
    ordinal: int = 0
    elevation_m: float = 0.0
    height_m: float = 3.0
    outline: Area | None = None
    spaces: list[Space] = field(default_factory=list)
    aliases: tuple[Alias, ...] = ()


@dataclass(slots=True)
class Building:
    """A building with its storeys, lowest first. ``site`` names the block or site it stands on."""

    id: str
    names: Names = field(default_factory=dict)
    site: str = ""
    category: str = "other"
    storeys: list[Storey] = field(default_factory=list)
    outline: Area | None = None
    aliases: tuple[Alias, ...] = ()
    schematic: bool = False


@dataclass(slots=True)
class Site:
    """A block of the campus, or a site of an IFC file."""

    id: str
    names: Names = field(default_factory=dict)


@dataclass(slots=True)
class Zone:
    """A group of spaces that something serves together (HVAC zone, fire compartment)."""

    id: str
    names: Names = field(default_factory=dict)
    category: str = "zone"
    spaces: tuple[str, ...] = ()


@dataclass(slots=True)
class Equipment:
    """A device in Brick's terms. ``space`` is a space, storey or building id, or '' when unknown.

    ``position`` is (x, y, z) [m] in the campus frame when the model gives one; ``feeds`` are equipment or space ids,
    ``meters`` what it measures, ``parts`` devices that are parts of it.
    """

    id: str
    names: Names = field(default_factory=dict)
    category: str = "equipment"
    space: str = ""
    feeds: tuple[str, ...] = ()
    position: tuple[float, float, float] | None = None
    aliases: tuple[Alias, ...] = ()
    meters: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(slots=True)
class Campus:
    """The whole tree. ``latitude``, ``longitude`` [deg] place the local origin; the sun is computed from them."""

    id: str
    names: Names = field(default_factory=dict)
    timezone: str = "UTC"
    latitude: float | None = None
    longitude: float | None = None
    sites: list[Site] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    equipment: list[Equipment] = field(default_factory=list)
    schematic: bool = False
