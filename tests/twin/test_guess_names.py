"""Places by their names, however an address writes them: what is sure, what is not, and what fits several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.guess_names import NameIndex
from twin.guess_places import PlaceGuess
from twin.guess_reason import Reason
from twin.search_texts import Pinyin
from twin.space import Alias, Building, Campus, Site, Space, Storey

SURE = 0.8


def storeys(building: str, *rooms: tuple[str, str]) -> list[Storey]:
    """Two storeys; the rooms (number, name) are on the ground floor."""
    spaces = [Space(f"{building}/01/{number}", number, {"zh": name}) for number, name in rooms]
    return [Storey(f"{building}/01", ordinal=0, spaces=spaces), Storey(f"{building}/02", ordinal=1)]


NORTH = Building("North-hall", {"en": "North Hall", "zh": "北楼"}, "east", storeys=storeys("North-hall", ("101", "")))
LIBRARY = Building(
    "LIB", {"zh": "图书馆"}, "east", storeys=storeys("LIB", ("101", ""), ("7", "自习室"), ("8", "书库"), ("9", "书库")),
    aliases=(Alias("vendor", "BLD.0042-X"),),
)  # fmt: skip
GATE = Building("G", {"en": "South Gate"}, "west", storeys=storeys("G", ("305", "")))
SOUTH = Building("H", {"en": "South Hall"}, "west", storeys=storeys("H", ("306", "")))
PLANT = Building("P", {"en": "Energy Plant", "zh": "能源站"}, "hill", storeys=storeys("P", ("1", "")))
SITES = [Site("east", {"en": "East Campus", "zh": "东区"}), Site("west", {"zh": "西校区"}), Site("hill")]
PLACES = PlaceGuess(Campus("c", sites=SITES, buildings=[NORTH, LIBRARY, GATE, SOUTH, PLANT]))


@pytest.mark.parametrize(
    ("text", "place", "least", "most"),
    [
        # a whole name, with whatever between its words
        ("site/north_hall/power", "North-hall", 0.9, 1.0), ("bms.NorthHall.power", "North-hall", 0.9, 1.0),
        ("site/North-Hall/101/co2", "North-hall/01/101", 0.9, 1.0), ("LIB/101/t", "LIB/01/101", 0.9, 1.0),
        # pinyin, joined or apart, of buildings and of rooms
        ("tushuguan/power", "LIB", 0.85, 1.0), ("site/tu-shu-guan/101/t", "LIB/01/101", 0.85, 1.0),
        ("tushuguan/zixishi/t", "LIB/01/7", 0.85, 1.0), ("x/beilou:101:t", "North-hall/01/101", 0.85, 1.0),
        # a telling word or initials: to be looked at, unless a room's number fits as well
        ("site/north/power", "North-hall", 0.5, 0.79), ("site/north/2F/co2", "North-hall/02", 0.5, 0.79),
        ("site/north/101/co2", "North-hall/01/101", 0.85, 1.0), ("north-101-co2", "North-hall/01/101", 0.85, 1.0),
        ("site/tsg/power", "LIB", 0.5, 0.79), ("site/tsg/101/t", "LIB/01/101", 0.85, 1.0),
        # nearly right: a guess, whatever stands beside it
        ("site/nroth/power", "North-hall", 0.3, 0.5), ("site/nroth/101/co2", "North-hall/01/101", 0.3, 0.6),
        ("tushugaun/power", "LIB", 0.3, 0.5),
        # what another system calls it, with other separators
        ("bld/0042/x/power", "", 0.0, 0.0), ("feed/bld_0042_x/power", "LIB", 0.85, 1.0),
        # a word that several have, decided by the room or the site beside it
        ("south/305/t", "G/01/305", 0.5, 0.79), ("hill/power", "P", 0.5, 0.79),
        # words that measure, and words of every other address, are no places
        ("em/energy/kwh", "", 0.0, 0.0), ("main/hall/power", "", 0.0, 0.0), ("plant/7/power", "", 0.0, 0.0),
    ],
)  # fmt: skip
def test_the_place_that_an_address_names_and_how_sure_that_is(text: str, place: str, least: float, most: float) -> None:
    found = PLACES.of(text)
    assert found.value == place, found
    assert least <= found.confidence <= most, found
    assert bool(found.why) == bool(place)


@pytest.mark.parametrize(
    ("text", "value", "candidates", "key"),
    [
        ("south/power", "", ("G", "H"), "which-building"),
        ("east/101/t", "", ("North-hall/01/101", "LIB/01/101"), "which-room"),
        ("101/t", "", ("North-hall/01/101", "LIB/01/101"), "which-room"),
        ("dongqu/power", "", ("North-hall", "LIB"), "site"),
        ("east/power", "", ("North-hall", "LIB"), "site"),
        ("图书馆/书库/t", "LIB", ("LIB/01/8", "LIB/01/9"), "which-room"),
    ],
)
def test_what_fits_several_is_told_and_not_chosen(text: str, value: str, candidates: tuple[str, ...], key: str) -> None:
    found = PLACES.of(text)
    assert (found.value, found.candidates) == (value, candidates)
    assert found.confidence < SURE
    assert found.why[-1].key == key


def test_a_list_that_helps_nobody_is_not_told() -> None:
    houses = [replace(SOUTH, id=f"H{n}", names={"en": f"South Annex {n}"}, storeys=[]) for n in range(8)]
    found = PlaceGuess(Campus("c", buildings=houses)).of("south/power")
    assert (found.value, found.candidates) == ("", ())
    assert found.why == (Reason("which-building", (("word", "south"), ("n", 8))),)


def test_one_name_of_two_buildings_and_one_alias_of_two_choose_neither() -> None:
    twins = [
        Building(code, {"zh": "实验楼"}, storeys=storeys(code, (room, "")), aliases=(Alias("vendor", "LAB-KEY-9"),))
        for code, room in (("A1", "201"), ("A2", "202"))
    ]
    places = PlaceGuess(Campus("c", buildings=twins))
    assert places.of("实验楼/功率").candidates == ("A1", "A2")
    assert places.of("shiyanlou/202/t").value == "A2/01/202"
    assert places.of("lab-key-9/power").value == ""


def test_a_site_narrows_to_the_only_room_there() -> None:
    rooms = [
        Building("a", site="east", storeys=storeys("a", ("101", ""))),
        replace(GATE, storeys=storeys("G", ("101", ""))),
    ]
    places = PlaceGuess(Campus("c", sites=SITES, buildings=rooms))
    assert places.of("xixiaoqu/101/t").value == "G/01/101"
    assert places.of("x/101/t").candidates == ("a/01/101", "G/01/101")


def test_the_best_way_wins_and_whole_names_only_where_asked() -> None:
    names = (("a", ("North",)), ("b", ("North Hall",)), ("c", ("图书馆",)))
    index = NameIndex(names, Pinyin())
    called = index.find("site/north/x")
    assert called is not None
    assert (called.entities, called.way) == (("a",), "name")
    whole = NameIndex(names, Pinyin(), whole=True)
    assert [whole.find(text) for text in ("tsg", "hall", "tushugua")] == [None, None, None]
    assert index.find("xtsgx/ntsg1") is None, "initials stand by themselves"
    assert index.find("") is None
