"""Small IFC files, written by the tests themselves through ifcopenshell: one knob for each mess of real files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

Point = tuple[float, float]
_NEW: Any = ifcopenshell.file
_GUID: Any = ifcopenshell.guid


def rectangle(x: float, y: float, width: float, depth: float) -> list[Point]:
    """A rectangle's corners, counter-clockwise."""
    return [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]


class IfcMaker:
    """Writes IFC entities; lengths are given in metres and written in the file's unit."""

    def __init__(
        self, schema: str = "IFC4", *, unit: float = 1.0, site: bool = True, building: str | None = "B1",
        true_north: Sequence[float] | None = None, origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:  # fmt: skip
        self.file: Any = _NEW(schema=schema)
        self.unit = unit
        self.ifc2x3 = schema == "IFC2X3"
        self.owner = self._owner() if self.ifc2x3 else None
        self.context = self.file.create_entity(
            "IfcGeometricRepresentationContext", ContextType="Model", CoordinateSpaceDimension=3, Precision=1e-5,
            WorldCoordinateSystem=self.axes((0, 0, 0)),
            TrueNorth=self.make("IfcDirection", DirectionRatios=[float(v) for v in true_north]) if true_north else None,
        )  # fmt: skip
        self.project = self.root("IfcProject", "Test", RepresentationContexts=[self.context],
                                 UnitsInContext=self._units())  # fmt: skip
        place = self.place((0, 0, 0))
        self.site: Any = (
            self.root("IfcSite", "Site", ObjectPlacement=place, CompositionType="ELEMENT") if site else None
        )
        self.building: Any = self.add_building(building, origin) if building is not None else None

    def make(self, kind: str, *values: Any, **attributes: Any) -> Any:
        """One entity."""
        return self.file.create_entity(kind, *values, **attributes)

    def _owner(self) -> Any:
        person = self.make("IfcPerson", FamilyName="T")
        organization = self.make("IfcOrganization", Name="T")
        return self.make(
            "IfcOwnerHistory",
            OwningUser=self.make("IfcPersonAndOrganization", ThePerson=person, TheOrganization=organization),
            OwningApplication=self.make("IfcApplication", ApplicationDeveloper=organization, Version="1",
                                        ApplicationFullName="T", ApplicationIdentifier="T"),
            ChangeAction="ADDED", CreationDate=0,
        )  # fmt: skip

    def root(self, kind: str, name: str | None, **attributes: Any) -> Any:
        """An IfcRoot with a new GlobalId."""
        attributes.setdefault("GlobalId", _GUID.new())
        if self.owner is not None:
            attributes["OwnerHistory"] = self.owner
        return self.make(kind, Name=name, **attributes)

    def _units(self) -> Any:
        units = [self._length_unit()]
        for kind, name in (("AREAUNIT", "SQUARE_METRE"), ("VOLUMEUNIT", "CUBIC_METRE")):
            units.append(self.make("IfcSIUnit", UnitType=kind, Name=name))
        return self.make("IfcUnitAssignment", Units=units)

    def _length_unit(self) -> Any:
        if self.unit in (1.0, 0.001):
            return self.make("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI" if self.unit == 0.001 else None,
                             Name="METRE")  # fmt: skip
        metre = self.make("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
        measure = self.make("IfcMeasureWithUnit", ValueComponent=self.make("IfcLengthMeasure", self.unit),
                            UnitComponent=metre)  # fmt: skip
        exponents = self.make("IfcDimensionalExponents", 1, 0, 0, 0, 0, 0, 0)
        return self.make("IfcConversionBasedUnit", Dimensions=exponents, UnitType="LENGTHUNIT", Name="FOOT",
                         ConversionFactor=measure)  # fmt: skip

    def point(self, *xyz: float) -> Any:
        """A cartesian point, metres in, file units out."""
        return self.make("IfcCartesianPoint", Coordinates=[float(v) / self.unit for v in xyz])

    def axes(self, xyz: tuple[float, float, float]) -> Any:
        """Axes at a point, not turned."""
        return self.make("IfcAxis2Placement3D", Location=self.point(*xyz))

    def place(self, xyz: tuple[float, float, float], parent: Any = None) -> Any:
        """A local placement under the parent's."""
        return self.make("IfcLocalPlacement", RelativePlacement=self.axes(xyz),
                         PlacementRelTo=parent.ObjectPlacement if parent is not None else None)  # fmt: skip

    def aggregate(self, whole: Any, *parts: Any) -> None:
        """IfcRelAggregates."""
        self.root("IfcRelAggregates", None, RelatingObject=whole, RelatedObjects=list(parts))

    def contain(self, structure: Any, *elements: Any) -> None:
        """IfcRelContainedInSpatialStructure."""
        self.root("IfcRelContainedInSpatialStructure", None, RelatingStructure=structure,
                  RelatedElements=list(elements))  # fmt: skip

    def add_building(self, name: str | None, origin: tuple[float, float, float] = (0, 0, 0), site: Any = None) -> Any:
        """A building on the site."""
        parent = site or self.site
        building = self.root("IfcBuilding", name, ObjectPlacement=self.place(origin, parent), CompositionType="ELEMENT")
        self.aggregate(parent or self.project, building)
        return building

    def storey(self, name: str, elevation: float, *, building: Any = None, placed: bool = True) -> Any:
        """A storey; ``placed`` False leaves its height to the attribute alone."""
        parent = building or self.building
        place = self.place((0, 0, elevation if placed else 0), parent)
        storey = self.root("IfcBuildingStorey", name, ObjectPlacement=place, CompositionType="ELEMENT",
                           Elevation=elevation / self.unit)  # fmt: skip
        if parent is not None:
            self.aggregate(parent, storey)
        return storey

    def solid(self, outline: Sequence[Point], height: float, base: float = 0.0) -> Any:
        """A product shape: the outline extruded upwards."""
        curve = self.make("IfcPolyline", Points=[self.point(*p) for p in [*outline, outline[0]]])
        profile = self.make("IfcArbitraryClosedProfileDef", ProfileType="AREA", OuterCurve=curve)
        up = self.make("IfcDirection", DirectionRatios=[0.0, 0.0, 1.0])
        body = self.make("IfcExtrudedAreaSolid", SweptArea=profile, Position=self.axes((0, 0, base)),
                         ExtrudedDirection=up, Depth=height / self.unit)  # fmt: skip
        shape = self.make("IfcShapeRepresentation", ContextOfItems=self.context, RepresentationIdentifier="Body",
                          RepresentationType="SweptSolid", Items=[body])  # fmt: skip
        return self.make("IfcProductDefinitionShape", Representations=[shape])

    def space(
        self, parent: Any, name: str | None, outline: Sequence[Point] | None, *, height: float = 3.0,
        long: str | None = None, area: float | None = None, volume: float | None = None, guid: str | None = None,
        base: float = 0.0,
    ) -> Any:  # fmt: skip
        """A space under ``parent`` (None leaves it hanging); ``area`` and ``volume`` as they stand in the file."""
        attributes: dict[str, Any] = {"GlobalId": guid} if guid else {}
        space = self.root(
            "IfcSpace", name, LongName=long, CompositionType="ELEMENT",
            ObjectPlacement=self.place((0, 0, base), parent),
            Representation=self.solid(outline, height) if outline else None, **attributes,
        )  # fmt: skip
        if parent is not None:
            self.aggregate(parent, space)
        quantities = []
        if area is not None:
            quantities.append(self.make("IfcQuantityArea", Name="NetFloorArea", AreaValue=area))
        if volume is not None:
            quantities.append(self.make("IfcQuantityVolume", Name="NetVolume", VolumeValue=volume))
        if quantities:
            sheet = self.root("IfcElementQuantity", "BaseQuantities", Quantities=quantities)
            self.root("IfcRelDefinesByProperties", None, RelatedObjects=[space], RelatingPropertyDefinition=sheet)
        return space

    def element(
        self, kind: str, storey: Any, outline: Sequence[Point], height: float = 3.0, *, name: str = "E",
        base: float = 0.0, **attributes: Any,
    ) -> Any:  # fmt: skip
        """A wall, slab, sensor ... with an extruded body, contained in ``storey``."""
        element = self.root(kind, name, ObjectPlacement=self.place((0, 0, 0), storey),
                            Representation=self.solid(outline, height, base), **attributes)  # fmt: skip
        if storey is not None:
            self.contain(storey, element)
        return element

    def box_of_walls(
        self, storey: Any, width: float, depth: float, *, thickness: float = 0.2, middle: bool = True
    ) -> None:
        """Outer walls of a rectangle and, with ``middle``, one wall that halves it along y."""
        t = thickness
        for outline in (
            rectangle(0, 0, width, t), rectangle(0, depth - t, width, t),
            rectangle(0, t, t, depth - 2 * t), rectangle(width - t, t, t, depth - 2 * t),
        ):  # fmt: skip
            self.element("IfcWall", storey, outline)
        if middle:
            self.element("IfcWall", storey, rectangle(width / 2 - t / 2, t, t, depth - 2 * t))

    def write(self, path: Path) -> Path:
        """The file on disk, structure aggregated under the project."""
        if self.site is not None:
            self.aggregate(self.project, self.site)
        self.file.write(str(path))
        return path


def small_house(path: Path, schema: str = "IFC4", **options: Any) -> Path:
    """Two storeys; four rooms of 12, 20, 15 and 25 m2."""
    maker = IfcMaker(schema, **options)
    ground = maker.storey("1F", 0.0)
    upper = maker.storey("2F", 3.5)
    maker.space(ground, "101", rectangle(0, 0, 4, 3), long="Office", area=12.0)
    maker.space(ground, "102", rectangle(4.2, 0, 5, 4), long="走廊", area=20.0)
    maker.space(upper, "201", rectangle(0, 0, 5, 3), long="Laboratory")
    maker.space(upper, "202", rectangle(5.2, 0, 5, 5), long="Toilet")
    maker.element("IfcSlab", ground, rectangle(-0.3, -0.3, 10.8, 5.6), 0.3, base=-0.3)
    return maker.write(path)
