"""Brick models (Turtle, N-Triples) -> buildings, floors, rooms, zones, equipment and points, without geometry.

A point belongs to the room that it is placed in or owned by; else to the one its equipment stands in; else to the room
that its equipment feeds, through a zone and its parts. Several rooms, or rooms behind other devices, share a storey or
building.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models3d import brick_graph, files
from models3d.brick_graph import Graph, Node
from models3d.categories import room_category
from models3d.codes import Codes, code, storey_code
from models3d.model import Finding, Format, Model, ModelError, ModelPoint, Options
from twin.space import Alias, Building, Equipment, Site, Space, Storey, Zone

STOREY_M: Final = 4.0
"""Brick says nothing of heights: storeys are stacked at this distance [m], to be replaced by a model with geometry."""


def is_brick(head: bytes, path: Path) -> bool:
    """Text in Turtle or N-Triples that speaks of Brick's namespace."""
    text = files.text_of(head)
    return "brickschema.org/schema" in text and not text.lstrip().startswith(("{", "[{", "<?xml", "<rdf", "<!"))


def load(path: Path, options: Options) -> Model:
    """Read the file; ModelError names what is wrong with it."""
    graph = _parse(path)
    versions = ", ".join(sorted(graph.versions)) or "1.1 or later"
    model = Model(path.name, files.sha256(path), "brick", f"Brick {versions}")
    tree = _Tree(model, graph, path)
    tree.build()
    if not model.points and not model.equipment and not any(b.storeys for b in model.buildings):
        raise ModelError(
            "no-features", f"'{path.name}' names no room, equipment or point of Brick: export the building's own graph."
        )
    return model


def _parse(path: Path) -> Graph:
    import rdflib
    from rdflib.plugins.parsers.notation3 import BadSyntax

    graph = rdflib.Graph()
    try:
        graph.parse(data=files.read_text(path), format="turtle")
    except BadSyntax as error:
        line = getattr(error, "lines", 0) + 1
        raise ModelError(
            "invalid-turtle", f"'{path.name}' is not valid Turtle at line {line}, perhaps cut in two: export it again."
        ) from error
    except (AssertionError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise ModelError(
            "invalid-turtle",
            f"'{path.name}' is not valid Turtle ({' '.join(str(error).split())[:80]}): export it again.",
        ) from error
    return brick_graph.read(sorted(graph))


class _Tree:
    """The space tree under construction; ``ids`` leads from a URI to the id of what became of it."""

    def __init__(self, model: Model, graph: Graph, path: Path) -> None:
        self.model, self.graph, self.path = model, graph, path
        self.ids: dict[str, str] = {}
        self.buildings: dict[str, Building] = {}
        self.storeys: dict[str, Storey] = {}
        self._taken: dict[str, Codes] = {}

    def build(self) -> None:
        """Everything into the model."""
        self._sites_and_buildings()
        self._floors()
        self._rooms()
        self._zones()
        self._equipment()
        self._points()
        for building in self.model.buildings:
            building.storeys.sort(key=lambda storey: storey.ordinal)

    def _of(self, *kinds: str) -> Iterator[Node]:
        return (node for _, node in sorted(self.graph.nodes.items()) if node.kind in kinds)

    def _take(self, parent: str, text: str) -> str:
        return self._taken.setdefault(parent, Codes()).take(text)[0]

    def _above(self, uri: str, *kinds: str) -> str | None:
        """The nearest whole or place of one of these kinds, by relations of parts and places."""
        seen, queue = {uri}, [uri]
        while queue:
            here = queue.pop(0)
            for upper in sorted(self.graph.wholes.get(here, ())) + sorted(self.graph.places.get(here, ())):
                if upper in seen:
                    continue
                if self.graph.nodes[upper].kind in kinds:
                    return upper
                seen.add(upper)
                queue.append(upper)
        return None

    def _sites_and_buildings(self) -> None:
        for node in self._of("site"):
            self.ids[node.uri] = self._take("site", _title(node))
            self.model.sites.append(Site(self.ids[node.uri], _names(node)))
        for node in self._of("building"):
            found = Building(self._take("", _title(node)), _names(node))
            site = self._above(node.uri, "site")
            found.site = self.ids[site] if site else ""
            found.aliases = (Alias("brick-uri", node.uri),)
            self.ids[node.uri] = found.id
            self.buildings[node.uri] = found
            self.model.buildings.append(found)

    def _some_building(self) -> Building:
        """The only building, or one made up for things that name none."""
        if len(self.model.buildings) == 1:
            return self.model.buildings[0]
        made = self.buildings.get("")
        if made is None:
            made = Building(self._take("", self.path.stem), {"": self.path.stem})
            self.buildings[""] = made
            self.model.buildings.append(made)
            text = f"The file names no building for some of its rooms: they go to '{made.id}'."
            self.model.findings.append(Finding("no-building", text, entity=made.id))
        return made

    def _floors(self) -> None:
        floors = list(self._of("floor"))
        untyped = {
            w
            for node in self._of("room")
            for w in self.graph.wholes.get(node.uri, ())
            if self.graph.nodes[w].kind == "unknown"
        }
        floors += [self.graph.nodes[uri] for uri in sorted(untyped)]
        numbers = {node.uri: _floor_number(node) for node in floors}
        from_zero = any(number == 0 for number in numbers.values())
        by_building: dict[str, set[int]] = {}
        for node in sorted(floors, key=lambda item: (numbers[item.uri] is None, numbers[item.uri] or 0, item.uri)):
            home = self._above(node.uri, "building")
            building = self.buildings[home] if home else self._some_building()
            used = by_building.setdefault(building.id, set())
            number = numbers[node.uri]
            ordinal = (
                max(used, default=-1) + 1 if number is None else number - (1 if number > 0 and not from_zero else 0)
            )
            while ordinal in used:
                ordinal += 1
            used.add(ordinal)
            title = self._take(building.id, _title(node))
            storey = Storey(f"{building.id}/{title}", _names(node), ordinal, ordinal * STOREY_M, STOREY_M)
            storey.aliases = (Alias("brick-uri", node.uri),)
            node.kind = "floor"
            building.storeys.append(storey)
            self.storeys[node.uri] = storey
            self.ids[node.uri] = storey.id

    def _rooms(self) -> None:
        loose = 0
        for node in self._of("room"):
            floor = self._above(node.uri, "floor")
            if floor:
                storey = self.storeys[floor]
            else:
                storey = self._unknown_storey(node)
                loose += 1
            number = _number(node)
            found = Space(f"{storey.id}/{self._take(storey.id, number)}", number, dict(node.labels))
            found.category = room_category(_words(node.category), *node.labels.values())
            found.elevation_m, found.height_m = storey.elevation_m, storey.height_m
            found.area_authored_m2 = node.area_m2
            found.aliases = (Alias("brick-uri", node.uri),)
            storey.spaces.append(found)
            self.ids[node.uri] = found.id
        if loose:
            text = f"{loose} rooms belong to no floor: put on a storey of their own."
            self.model.findings.append(Finding("no-storey", text, data={"count": loose}))

    def _unknown_storey(self, node: Node) -> Storey:
        home = self._above(node.uri, "building")
        building = self.buildings[home] if home else self._some_building()
        key = f"?{building.id}"
        if key not in self.storeys:
            ordinal = max((storey.ordinal for storey in building.storeys), default=-1) + 1
            title = self._take(building.id, storey_code(ordinal))
            self.storeys[key] = Storey(f"{building.id}/{title}", {}, ordinal, ordinal * STOREY_M, STOREY_M)
            building.storeys.append(self.storeys[key])
        return self.storeys[key]

    def _zones(self) -> None:
        for node in self._of("zone"):
            self.ids[node.uri] = self._take("zone", node.name)
            rooms = tuple(sorted(self.ids[uri] for uri in self._rooms_below(node.uri)))
            self.model.zones.append(Zone(self.ids[node.uri], _names(node), node.category, rooms))

    def _equipment(self) -> None:
        nodes = list(self._of("equipment"))
        for node in nodes:
            self.ids[node.uri] = self._take("equipment", node.name)
        devices = {node.uri for node in nodes}
        parts_of = {uri: parts & devices for uri, parts in self.graph.parts.items()}
        for node in nodes:
            home = self._above(node.uri, "room", "floor", "building")
            feeds, meters, parts = (
                tuple(sorted(self.ids[uri] for uri in relation.get(node.uri, ()) if uri in self.ids))
                for relation in (self.graph.feeds, self.graph.meters, parts_of)
            )
            found = Equipment(
                self.ids[node.uri], _names(node), node.category or "Equipment", self.ids[home] if home else "", feeds
            )
            found.aliases = (Alias("brick-uri", node.uri),)
            found.meters, found.parts = meters, parts
            self.model.equipment.append(found)

    def _points(self) -> None:
        lost: list[str] = []
        for node in self._of("point"):
            owners = sorted(self.graph.owners.get(node.uri, set()) | self.graph.wholes.get(node.uri, set()))
            equipment = next(
                (self.ids[uri] for uri in owners if self.graph.nodes[uri].kind == "equipment" and uri in self.ids), ""
            )
            found = ModelPoint(self._take("point", node.name), node.category, self._place(node, owners), equipment)
            self.model.points.append(found)
            if not found.space:
                lost.append(found.id)
        if lost:
            some = ", ".join(lost[:3])
            text = f"{len(lost)} of {len(self.model.points)} points reach no room, storey or building ({some} ...)."
            data = {"count": len(lost), "of": len(self.model.points)}
            self.model.findings.append(Finding("point-unplaced", text, data=data))

    def _place(self, node: Node, owners: list[str]) -> str:
        """The id of the narrowest place that the point surely belongs to, or ''."""
        direct = [uri for uri in (node.uri, *owners) if self.graph.nodes[uri].kind == "room"]
        direct += [home for uri in (node.uri, *owners) if (home := self._above(uri, "room"))]
        if direct:
            return self.ids[direct[0]]
        served = {room for uri in (node.uri, *owners) for room in self._rooms_fed(uri, through_devices=False)}
        if served:
            return self._shared(sorted(self.ids[uri] for uri in served))
        downstream = {room for uri in (node.uri, *owners) for room in self._rooms_fed(uri, through_devices=True)}
        if downstream:
            return self._shared(sorted(self.ids[uri].rsplit("/", 1)[0] for uri in downstream))
        for uri in (node.uri, *owners):
            if self.graph.nodes[uri].kind in ("floor", "building"):
                return self.ids[uri]
            if home := self._above(uri, "floor", "building"):
                return self.ids[home]
        return ""

    def _shared(self, ids: list[str]) -> str:
        """The place itself, or the storey or building that all of ``ids`` share, or ''."""
        for depth in (3, 2, 1):
            above = {"/".join(one.split("/")[:depth]) for one in ids}
            if len(above) == 1:
                return above.pop()
        return ""

    def _rooms_fed(self, uri: str, *, through_devices: bool) -> set[str]:
        """Rooms that a device or zone serves by itself, or also through the devices that it feeds."""
        seen, queue = {uri}, [uri]
        rooms: set[str] = set()
        while queue:
            here = queue.pop()
            kind = self.graph.nodes[here].kind
            if kind == "room":
                rooms.add(here)
                continue
            fed = self.graph.feeds.get(here, set())
            following = {one for one in fed if through_devices or self.graph.nodes[one].kind != "equipment"}
            if kind == "zone":
                following |= self._rooms_below(here)
            if kind == "equipment" and not fed:
                above = self.graph.wholes.get(here, set()) | self.graph.places.get(here, set())
                following |= {one for one in above if self.graph.nodes[one].kind == "equipment"}
            queue.extend(following - seen)
            seen |= following
        return rooms

    def _rooms_below(self, uri: str) -> set[str]:
        """Rooms that are parts of a zone, directly or in smaller zones."""
        seen, queue, rooms = {uri}, [uri], set()
        while queue:
            for part in self.graph.parts.get(queue.pop(), ()):
                if part not in seen:
                    seen.add(part)
                    queue.append(part)
                    if self.graph.nodes[part].kind == "room":
                        rooms.add(part)
        return rooms


def _title(node: Node) -> str:
    return node.labels.get("") or node.labels.get("en") or node.name


def _names(node: Node) -> dict[str, str]:
    return dict(node.labels) or {"": node.name}


def _number(node: Node) -> str:
    """'room_C180' -> 'C180'; a label or another name stays."""
    label = _title(node)
    match = re.fullmatch(r"(?i)(?:room|rm|space)[\s_-]*(.*\d.*)", label)
    return code(match[1] if match else label) or node.name


def _floor_number(node: Node) -> int | None:
    text = _title(node).lower()
    digits = re.search(r"\d+", text)
    if re.search(r"basement|cellar|(^|[^a-z])b\d|地下|lower", text):
        return -int(digits[0]) if digits else -1
    if digits:
        signed = re.search(r"(?:^|[\s_])-\s*(\d+)", text)
        return -int(signed[1]) if signed else int(digits[0])
    return 0 if re.search(r"ground|lobby|首层", text) else None


def _words(category: str) -> str:
    return category.replace("_", " ")


FORMAT: Final = Format("brick", "Brick (Turtle)", (".ttl", ".nt", ".n3"), is_brick, load)
