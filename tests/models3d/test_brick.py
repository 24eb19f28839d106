"""Brick: two real buildings, every vintage of relations, and the ways in which a point finds its room."""

from __future__ import annotations

from pathlib import Path

import pytest

from models3d import formats
from models3d.model import Model
from tests.models3d.contract import LoaderContract, refused, walk
from twin.space import Campus
from twin.topology import Topology, edges_of

PREFIXES = """@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix b102: <https://brickschema.org/schema/1.0.2/Brick#> .
@prefix b101: <https://brickschema.org/schema/1.0.1/Brick#> .
@prefix bf: <https://brickschema.org/schema/1.0.1/BrickFrame#> .
@prefix rec: <https://w3id.org/rec#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix x: <urn:campus#> .
"""
HOUSE = """
x:House a brick:Building ; rdfs:label "Haus"@de, "一号楼"@zh .
x:floor_1 a brick:Floor ; brick:isPartOf x:House .
x:room_101 a brick:Room ; brick:isPartOf x:floor_1 .
x:room_102 a brick:Conference_Room ; brick:isPartOf x:floor_1 .
"""


def write(path: Path, text: str) -> Path:
    path.write_text(PREFIXES + text, encoding="utf-8")
    return path


def load(tmp_path: Path, text: str) -> Model:
    return formats.load(write(tmp_path / "a.ttl", text))


class TestContract(LoaderContract):
    format_key = "brick"
    suffix = ".ttl"
    broken = {  # noqa: RUF012
        "half-a-triple": (PREFIXES + HOUSE + "x:a brick:feeds ").encode(),
        "open-string": (PREFIXES + 'x:a rdfs:label "abc').encode(),
        "undeclared-prefix": (PREFIXES + "y:a y:b y:c .").encode(),
        "prefixes-only": PREFIXES.encode(),
        "foreign-only": (PREFIXES + "x:a x:b x:c .").encode(),
        "zeros": PREFIXES.encode() + b"\0" * 100,
        "deep": (PREFIXES + "x:a brick:hasPart " + "[ brick:hasPart " * 20_000).encode(),
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        text = """
        x:Site a brick:Site ; brick:hasPart x:House .
        x:ahu a brick:AHU ; brick:feeds x:vav ; brick:hasLocation x:floor_1 .
        x:vav a brick:VAV ; brick:feeds x:zone ; brick:hasPoint x:t .
        x:zone a brick:HVAC_Zone ; brick:hasPart x:room_101 .
        x:t a brick:Zone_Air_Temperature_Sensor .
        x:lost a brick:CO2_Sensor .
        """
        return write(tmp_path / "house.ttl", HOUSE + text)


@pytest.fixture(scope="module")
def soda(samples: Path) -> Model:
    return formats.load(samples / "brick" / "soda_brick.ttl")


@pytest.fixture(scope="module")
def rice(samples: Path) -> Model:
    return formats.load(samples / "brick" / "rice_brick.ttl")


def reach(model: Model) -> dict[str, int]:
    """How many points reach a room, a storey, a building, nothing."""
    names = {2: "room", 1: "storey", 0: "building"}
    found = dict.fromkeys(("room", "storey", "building", "nothing"), 0)
    for point in model.points:
        found[names[point.space.count("/")] if point.space else "nothing"] += 1
    return found


class TestSodaHall:
    """Berkeley: Brick 1.0.2 classes; points reach rooms only through VAV -> feeds -> zone -> hasPart."""

    def test_counts(self, soda: Model) -> None:
        assert soda.schema == "Brick 1.0.2"
        assert len(soda.buildings) == 1
        assert [len(storey.spaces) for storey in soda.buildings[0].storeys] == [9, 11, 52, 43, 49, 41, 36, 1, 1]
        assert (len(soda.zones), len(soda.equipment), len(soda.points)) == (243, 258, 943)

    def test_825_points_reach_a_room(self, soda: Model) -> None:
        assert reach(soda) == {"room": 825, "storey": 31, "building": 77, "nothing": 10}

    def test_a_temperature_in_its_room(self, soda: Model) -> None:
        point = next(point for point in soda.points if point.id == "temp_sensor_hvac_zone_C180")
        assert (point.space, point.equipment) == ("Soda-Hall/floor_1/C180", "vav_C180")


class TestRiceHall:
    """Virginia: rooms own their points, floors have parts, half of the points hang in the air."""

    def test_counts(self, rice: Model) -> None:
        assert [len(storey.spaces) for storey in rice.buildings[0].storeys] == [15, 18, 23, 6, 0, 28]
        assert (len(rice.zones), len(rice.equipment), len(rice.points)) == (8, 16, 574)

    def test_181_points_reach_a_room(self, rice: Model) -> None:
        assert reach(rice) == {"room": 181, "storey": 0, "building": 0, "nothing": 393}
        assert [finding.data for finding in rice.findings] == [{"count": 393, "of": 574}]

    def test_floors_that_count_from_zero(self, rice: Model) -> None:
        assert [(storey.id, storey.ordinal) for storey in rice.buildings[0].storeys][:2] == [
            ("RICE/Floor_0", 0),
            ("RICE/Floor_1", 1),
        ]


class TestWaysToARoom:
    @pytest.mark.parametrize(
        "text",
        [
            "x:p a brick:CO2_Sensor ; brick:isPointOf x:room_101 .",
            "x:p a brick:CO2_Sensor . x:room_101 brick:hasPoint x:p .",
            "x:p a brick:CO2_Sensor ; brick:hasLocation x:room_101 .",
            "x:p a brick:CO2_Sensor . x:room_101 brick:isLocationOf x:p .",
            "x:p a b101:CO2_Sensor ; bf:isLocatedIn x:room_101 .",
            "x:p a b101:CO2_Sensor . x:room_101 bf:contains x:p .",
            "x:p a brick:CO2_Sensor ; brick:isPartOf x:room_101 .",
            "x:p a brick:CO2_Sensor ; brick:isPointOf x:e . x:e a brick:FCU ; brick:hasLocation x:room_101 .",
            "x:p a brick:CO2_Sensor ; brick:isPointOf x:e . x:e a brick:FCU . x:room_101 bf:contains x:e .",
            "x:e brick:hasPoint x:p ; a brick:VAV ; brick:feeds x:z . x:z a brick:Zone ; brick:hasPart x:room_101 .",
            "x:e bf:hasPoint x:p ; a b102:VAV ; bf:feeds x:z . x:z a b102:HVAC_Zone . x:room_101 bf:isPartOf x:z .",
            "x:e brick:hasPoint x:p ; a brick:VAV . x:room_101 brick:isFedBy x:e .",
            "x:p brick:isPointOf x:d . x:d a brick:Damper ; brick:isPartOf x:e . x:e brick:feeds x:room_101 .",
            "x:p brick:isPointOf x:z . x:z a brick:Zone ; brick:hasPart x:y . x:y brick:hasPart x:room_101 .",
        ],
    )  # fmt: skip
    def test_each(self, tmp_path: Path, text: str) -> None:
        model = load(tmp_path, HOUSE + text)
        assert [point.space for point in model.points] == ["House/floor_1/101"]
        assert [finding.code for finding in model.findings] == []

    def test_two_rooms_share_their_storey(self, tmp_path: Path) -> None:
        text = "x:e brick:hasPoint x:p ; a brick:VAV ; brick:feeds x:room_101, x:room_102 ."
        assert [point.space for point in load(tmp_path, HOUSE + text).points] == ["House/floor_1"]

    def test_behind_another_device_it_is_the_storey(self, tmp_path: Path) -> None:
        text = (
            "x:ahu a brick:AHU ; brick:hasPoint x:p ; brick:feeds x:vav . x:vav a brick:VAV ; brick:feeds x:room_101 ."
        )
        assert [point.space for point in load(tmp_path, HOUSE + text).points] == ["House/floor_1"]

    def test_circles_end(self, tmp_path: Path) -> None:
        text = """
        x:a a brick:AHU ; brick:feeds x:b ; brick:hasPoint x:p ; brick:isPartOf x:b .
        x:b a brick:AHU ; brick:feeds x:a ; brick:isPartOf x:a .
        """
        model = load(tmp_path, HOUSE + text)
        assert [point.space for point in model.points] == [""]
        assert [finding.code for finding in model.findings] == ["point-unplaced"]


class TestTree:
    def test_names_and_uses(self, tmp_path: Path) -> None:
        building = load(tmp_path, HOUSE).buildings[0]
        assert building.names == {"de": "Haus", "zh": "一号楼"}
        assert [space.category for space in building.storeys[0].spaces] == ["other", "meeting"]
        assert building.storeys[0].spaces[0].aliases[0].value == "urn:campus#room_101"

    def test_brick_14_with_realestatecore(self, tmp_path: Path) -> None:
        text = """
        x:B a rec:Building ; rec:includes x:L2 . x:L2 a rec:Level ; rdfs:label "Level 2" ; rec:includes x:R .
        x:R a rec:Laboratory ; rdfs:label "2.04" ; brick:area [ brick:value 52.5 ; brick:hasUnit unit:M2 ] .
        x:e a brick:Fume_Hood ; rec:locatedIn x:R .
        """
        model = load(tmp_path, text)
        _, storey, room = next(walk(model))
        assert (storey.ordinal, room.id, room.category) == (1, "B/Level-2/2.04", "laboratory")
        assert room.area_authored_m2 == 52.5
        assert [item.space for item in model.equipment] == ["B/Level-2/2.04"]

    def test_rooms_without_floor_and_building(self, tmp_path: Path) -> None:
        model = load(tmp_path, "x:R a brick:Room . x:S a brick:Server_Room .")
        assert [space.id for _, _, space in walk(model)] == ["a/01/R", "a/01/S"]
        assert sorted(finding.code for finding in model.findings) == ["no-building", "no-storey"]

    def test_basements(self, tmp_path: Path) -> None:
        text = "".join(
            f'x:f{i} a brick:Floor ; brick:isPartOf x:B ; rdfs:label "{name}" .\n'
            for i, name in enumerate(["Basement 2", "B1", "1", "地下3层", "Roof"])
        )
        storeys = (
            load(tmp_path, "x:B a brick:Building .\n" + text + "x:r a brick:Room ; brick:isPartOf x:f2 .")
            .buildings[0]
            .storeys
        )
        assert [(storey.ordinal, storey.names[""]) for storey in storeys] == [
            (-3, "地下3层"),
            (-2, "Basement 2"),
            (-1, "B1"),
            (0, "1"),
            (1, "Roof"),
        ]

    def test_the_ontology_itself_is_no_building(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.ttl", 'brick:Room rdfs:label "Room" . b102:VAV a <http://www.w3.org/2002/07/owl#Class> .'
        )
        assert refused(path).code == "no-features"


def test_meters_and_parts_of_devices_become_edges_of_the_topology(tmp_path: Path) -> None:
    text = """
    x:ahu a brick:AHU ; brick:feeds x:vav ; brick:hasPart x:fan ; brick:hasPart x:floor_1 .
    x:vav a brick:VAV ; brick:isFedBy x:ahu ; brick:feeds x:room_101 .
    x:fan a brick:Supply_Fan .
    x:em a brick:Electrical_Meter ; brick:meters x:ahu .
    x:panel a brick:Electrical_Equipment ; brick:isMeteredBy x:main ; brick:feeds x:ahu .
    x:main a brick:Building_Electrical_Meter .
    """
    model = load(tmp_path, HOUSE + text)
    campus = Campus("c", buildings=model.buildings, zones=model.zones, equipment=model.equipment)
    found = {(e.source.split("/")[-1], e.relation, e.target.split("/")[-1], e.medium) for e in edges_of(campus)}
    assert found == {
        ("ahu", "feeds", "vav", "air"), ("ahu", "feeds", "fan", "air"), ("vav", "serves", "101", "air"),
        ("em", "meters", "ahu", "electricity"), ("main", "meters", "panel", "electricity"),
        ("panel", "feeds", "ahu", "electricity"),
    }  # fmt: skip
    assert (
        Topology(edges_of(campus))
        .impact(next(e.id for e in model.equipment if "panel" in e.id))
        .lost[0]
        .endswith("ahu")
    )
