"""What people write for a place: ids, aliases, codes and names, and what is said of those that mean nothing."""

from __future__ import annotations

import time

import pytest

from twin.places import Places
from twin.space import Alias, Building, Campus, Equipment, Site, Space, Storey, Zone

CAMPUS = Campus(
    "c", {"zh": "校园"}, sites=[Site("north", {"zh": "北区"})], zones=[Zone("z1", {"en": "Zone One"})],
    buildings=[
        Building("14", {"zh": "图书馆", "en": "Library"}, aliases=(Alias("osm", "way/7"),), storeys=[
            Storey("14/05", {"en": "Floor 5"}, spaces=[Space("14/05/5036", "5036"), Space("14/05/x", "")]),
        ]),
        Building("2", {"zh": "主楼"}, storeys=[Storey("2/01", spaces=[Space("2/01/101", "101", {"zh": "大厅"})])]),
        Building("3", {"zh": "副楼"}, storeys=[Storey("3/01", spaces=[Space("3/01/101", "101", {"zh": "大厅"})])]),
    ],
    equipment=[Equipment("ahu-1", {"zh": "空调机"})],
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("14/05/5036", "14/05/5036"), ("14-5036", "14/05/5036"), ("14/5036", "14/05/5036"), ("5036", "14/05/5036"),
        ("图书馆", "14"), ("LIBRARY", "14"), ("ｌｉｂｒａｒｙ", "14"), ("way/7", "14"), ("floor  5", "14/05"),
        ("北区", "north"), ("zone one", "z1"), ("空调机", "ahu-1"), ("校园", "c"), ("2-101", "2/01/101"),
    ],
)  # fmt: skip
def test_a_place_has_many_names(text: str, entity: str) -> None:
    places = Places(CAMPUS)
    assert places.resolve(text).id == places.resolve(text).id == entity


def test_what_means_two_things_or_none() -> None:
    places = Places(CAMPUS)
    assert places.resolve("101").why == "which 2 things are called ('2/01/101', '3/01/101'): write the id of one"
    assert "which 2 things" in places.resolve("大厅").why
    assert places.resolve("14/05/5037").why == "which no model has; did you mean '14/05/5036'?"
    assert places.resolve("9/05/5036").why == "which no model has; did you mean '14/05/5036'?"
    assert "known are: " in places.resolve("zzz").why


@pytest.mark.alone
def test_many_unknown_places_are_told_quickly() -> None:
    rooms = [Space(f"A/1/{n}", str(n)) for n in range(20_000)]
    places = Places(Campus("c", buildings=[Building("A", storeys=[Storey("A/1", spaces=rooms)])]))
    start = time.perf_counter()
    told = [places.resolve(f"A/1/x{n}").why for n in range(5_000)]
    assert time.perf_counter() - start < 20
    assert told[0].startswith("which no model has; ")
    assert told[-1] == "which no model has"


def test_equipment_may_be_added() -> None:
    places = Places(CAMPUS)
    assert places.resolve("泵").id == ""
    places.add(Equipment("pump", {"zh": "泵"}))
    assert places.resolve("泵").id == "pump"
    assert "pump" in places
