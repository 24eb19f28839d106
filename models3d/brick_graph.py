"""A Brick graph of any vintage in one form: what each node is, and five relations between nodes.

Brick 1.0.x kept its relations in BrickFrame (isLocatedIn, contains), 1.1 to 1.3 in Brick (hasLocation, hasPart), 1.4
takes places from RealEstateCore (rec:Level, rec:includes). Only the last part of a name is compared: all of them read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["site", "building", "floor", "room", "zone", "equipment", "point", "unknown"]

_PART: Final = {"haspart": 1, "ispartof": -1, "includes": 1, "isincludedin": -1}
_PLACE: Final = {
    "haslocation": 1,
    "islocatedin": 1,
    "locatedin": 1,
    "islocationof": -1,
    "contains": -1,
    "iscontainedin": 1,
}
_FEEDS: Final = {"feeds": 1, "isfedby": -1, "feedsair": 1, "serves": 1, "isservedby": -1}
_METERS: Final = {"meters": 1, "ismeteredby": -1, "hasmeter": -1, "ismeterof": 1}
_POINT: Final = {"haspoint": 1, "ispointof": -1}

_SITES: Final = frozenset({"site", "campus", "region", "portfolio"})
_BUILDINGS: Final = frozenset({"building", "virtualbuilding", "parking_structure"})
_FLOORS: Final = frozenset(
    {"floor", "level", "storey", "story", "basement", "rooftop", "basementlevel", "rooflevel", "parking_level"}
)
_ROOMS: Final = re.compile(
    r"(room|office|laboratory|hallway|lobby|restroom|lounge|space|corridor|auditorium|cafeteria|kitchen|library|closet|studio|"
    r"atrium|staircase|stairwell|shaft|workshop|gymnasium|reception|entrance|loading_dock|idf|mdf|shower|storage|breakroom|"
    r"classroom|area|outside|roof|riser|wing|cubicle|suite|bathroom|toilet|vestibule|garage|theater|hall)$"
)
_POINTS: Final = re.compile(
    r"(sensor|setpoint|command|status|alarm|parameter|limit|point|mode|demand|reset|enable|disable|position|level|"
    r"temperature|humidity|flow|pressure|speed|power|energy|usage|on_off|feedback|timer|ratio|unknown|water|air|co2|voltage|current)$"
)
_EQUIPMENT: Final = re.compile(
    r"(^|_)(ahu|vav|rtu|fcu|crac|crah|fan|pump|valve|damper|chiller|boiler|coil|meter|tower|exchanger|filter|compressor|"
    r"unit|box|equipment|system|panel|luminaire|lighting|thermostat|camera|elevator|switch|economizer|inverter|battery|"
    r"transformer|breaker|heater|cooler|humidifier|loop|heat_pump|vfd|drive|gateway|controller|diffuser|hood|beam|array|pv)s?$"
)


@dataclass(slots=True)
class Node:
    """One node: its name in the URI, its Brick class (the most telling one), labels by language, relations by id."""

    uri: str
    name: str
    kind: Kind = "unknown"
    category: str = ""
    classes: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    area_m2: float | None = None


@dataclass(slots=True)
class Graph:
    """Nodes, relations ``wholes[part]``, ``parts[whole]``, ``places[thing]``, ``feeds[a]``, ``meters[meter]``,
    ``owners[point]``.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    wholes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    places: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    feeds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    meters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    versions: set[str] = field(default_factory=set)


def local(uri: str) -> str:
    """The last part of a URI, after '#', '/' or ':'."""
    return re.split(r"[#/:]", uri.rstrip("#/"))[-1]


def read(triples: Iterable[tuple[Any, Any, Any]]) -> Graph:
    """rdflib's triples as a ``Graph``; nodes of the ontology itself are left out."""
    graph = Graph()
    values: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for subject, predicate, target in triples:
        source, relation = str(subject), local(str(predicate)).lower()
        _version(graph, str(predicate), str(target) if relation == "type" else "")
        if _is_ontology(source):
            continue
        if relation == "type":
            if not _is_foreign(str(target)):
                _node(graph, source).classes.append(local(str(target)))
        elif relation == "label":
            _node(graph, source).labels[getattr(target, "language", None) or ""] = str(target)
        elif relation in ("area", "value", "hasunit", "grossarea", "netarea"):
            values[source].append((relation, target))
        else:
            _relate(graph, relation, source, str(target))
    _areas(graph, values)
    fed = set().union(*graph.feeds.values())
    for uri in sorted(graph.nodes):
        _classify(graph, graph.nodes[uri], fed)
    return graph


def _relate(graph: Graph, relation: str, source: str, target: str) -> None:
    for table, there, back in (
        (_PART, graph.parts, graph.wholes), (_PLACE, graph.places, None),
        (_FEEDS, graph.feeds, None), (_METERS, graph.meters, None), (_POINT, None, graph.owners),
    ):  # fmt: skip
        direction = table.get(relation)
        if direction is None or _is_ontology(target):
            continue
        first, second = (source, target) if direction > 0 else (target, source)
        _node(graph, first)
        _node(graph, second)
        if there is not None:
            there[first].add(second)
        if back is not None:
            back[second].add(first)


def _areas(graph: Graph, values: dict[str, list[tuple[str, Any]]]) -> None:
    """``brick:area [ brick:value 12.5 ; brick:hasUnit unit:M2 ]`` of 1.2 and later, in m2."""
    for uri, found in values.items():
        if uri not in graph.nodes:
            continue
        for relation, target in found:
            if relation in ("area", "grossarea", "netarea"):
                inner = dict(values.get(str(target), []))
                unit = local(str(inner.get("hasunit", ""))).upper()
                try:
                    graph.nodes[uri].area_m2 = float(inner.get("value", target)) * (0.09290304 if "FT" in unit else 1.0)
                except (TypeError, ValueError):
                    continue


def _classify(graph: Graph, node: Node, fed: set[str]) -> None:
    """The node's kind: by its classes, else by its relations."""
    for name in sorted(node.classes, key=lambda text: (-len(text), text)):
        kind = _kind(name.lower())
        if kind != "unknown":
            node.kind, node.category = kind, name
            break
    else:
        node.category = node.classes[0] if node.classes else ""
    if node.uri in graph.owners:
        node.kind = "point"
    elif node.kind == "unknown" and (graph.feeds.get(node.uri) or node.uri in fed):
        node.kind = "equipment"
    elif node.kind == "unknown" and node.classes:
        node.kind = "point" if not graph.parts.get(node.uri) else "equipment"


def _kind(name: str) -> Kind:
    if name in _SITES:
        return "site"
    if name in _BUILDINGS:
        return "building"
    if name in _FLOORS:
        return "floor"
    if name.endswith("zone"):
        return "zone"
    if _EQUIPMENT.search(name):
        return "equipment"
    if _POINTS.search(name):
        return "point"
    if _ROOMS.search(name):
        return "room"
    return "unknown"


def _node(graph: Graph, uri: str) -> Node:
    found = graph.nodes.get(uri)
    if found is None:
        found = graph.nodes[uri] = Node(uri, local(uri))
    return found


def _is_ontology(uri: str) -> bool:
    return bool(re.search(r"brickschema\.org/schema/([\d.]+/)?Brick(Frame|Tag|Shape)?#", uri))


def _is_foreign(uri: str) -> bool:
    """Types that say nothing about a building: OWL's, RDF's, tags, references to histories."""
    return any(word in uri for word in ("w3.org/", "BrickTag#", "qudt.org", "Brick/ref#"))


def _version(graph: Graph, *uris: str) -> None:
    for uri in uris:
        if match := re.search(r"brickschema\.org/schema/(\d[\d.]*\d)/", uri):
            graph.versions.add(match[1])
