"""The space index: relations, queries, aliases, and its speed on a large campus."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from twin.index import DuplicateIdError, SpaceIndex, kind_of, label_of, name_of
from twin.space import Alias, Building, Campus, Equipment, Site, Space, Storey, Zone

FLOOR = box(0, 0, 1, 10)


def campus_of(buildings: int, storeys: int, rooms: int) -> Campus:
    categories = ("office", "laboratory", "classroom", "corridor")
    return Campus(
        id="c",
        sites=[Site("edu", {"zh": "教育板块"})],
        buildings=[
            Building(
                id=f"{b}",
                names={"zh": f"{b}号巨构", "en": f"Building {b}"},
                site="edu" if b % 2 else "",
                storeys=[
                    Storey(
                        id=f"{b}/{s:02d}",
                        ordinal=s,
                        spaces=[
                            Space(
                                id=f"{b}/{s:02d}/{s}{r:03d}",
                                number=f"{s}{r:03d}",
                                names={"zh": "办公室", "en": "Office"},
                                category=categories[r % 4],
                                polygon=FLOOR,
                                area_m2=None if r % 7 == 6 else float(10 + r),
                                aliases=(Alias("ifc-guid", f"g-{b}-{s}-{r}"),),
                            )
                            for r in range(rooms)
                        ],
                    )
                    for s in range(storeys)
                ],
            )
            for b in range(1, buildings + 1)
        ],
        zones=[Zone("vav-1", spaces=("1/00/0000",))],
        equipment=[Equipment("ap-1", space="1/00/0000"), Equipment("chiller")],
    )


@pytest.fixture(scope="module")
def index() -> SpaceIndex:
    return SpaceIndex(campus_of(3, 2, 8))


def test_rows_stand_in_slot_order(index: SpaceIndex) -> None:
    kinds = [kind_of(entity) for entity in index.entities]
    order = ["campus", "building", "storey", "space", "site", "zone", "equipment"]
    assert [k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k] == order
    assert index.ids[0] == "c"
    assert len(index) == len(index.ids) == 1 + 3 + 6 + 48 + 1 + 1 + 2


def test_parent_children_and_path_agree(index: SpaceIndex) -> None:
    for entity_id in index.ids:
        for child in index.children(entity_id):
            assert index.parent(child) == entity_id
    assert index.path("1/01/1003") == ["c", "edu", "1", "1/01", "1/01/1003"]
    assert index.path("2/01") == ["c", "2", "2/01"]
    assert index.path("ap-1")[-2:] == ["1/00/0000", "ap-1"]
    assert index.parent("c") == ""
    assert "ap-1" in index.children("1/00/0000")
    assert index.children("nothing") == []


def test_unknown_ids_are_told_apart(index: SpaceIndex) -> None:
    assert index.get("nothing") is None
    assert "nothing" not in index
    assert "1/00" in index
    with pytest.raises(KeyError):
        index.parent("nothing")
    with pytest.raises(KeyError):
        index.path("nothing")


def test_equipment_of_an_unknown_space_has_a_path_of_its_own() -> None:
    index = SpaceIndex(Campus(id="c", equipment=[Equipment("pump", space="gone/1")]))
    assert index.parent("pump") == "gone/1"
    assert index.path("pump") == ["pump"]


def test_an_alias_leads_to_its_entity(index: SpaceIndex) -> None:
    assert index.by_alias("ifc-guid", "g-2-1-3") == "2/01/1003"
    assert index.by_alias("ifc-guid", "g-9-9-9") is None


def test_two_entities_of_one_id_are_refused_by_name() -> None:
    campus = Campus(id="c", buildings=[Building("1"), Building("1")])
    with pytest.raises(DuplicateIdError, match=r"'c': 1 ids .*'1'"):
        SpaceIndex(campus)


@given(
    building=st.sampled_from(["", "1", "3", "9"]),
    storey=st.sampled_from(["", "1/00", "3/01", "x"]),
    category=st.sampled_from(["", "office", "corridor", "x"]),
    bounds=st.tuples(st.none() | st.floats(5, 20), st.none() | st.floats(5, 20)),
)
def test_queries_agree_with_the_obvious_way(
    building: str, storey: str, category: str, bounds: tuple[float | None, float | None]
) -> None:
    campus = campus_of(3, 2, 8)
    low, high = bounds
    expected = [
        space
        for b in campus.buildings
        for s in b.storeys
        for space in s.spaces
        if building in ("", b.id)
        and storey in ("", s.id)
        and category in ("", space.category)
        and (low is None or (space.area_m2 is not None and space.area_m2 >= low))
        and (high is None or (space.area_m2 is not None and space.area_m2 <= high))
    ]
    found = SpaceIndex(campus).spaces(building=building, storey=storey, category=category, min_area=low, max_area=high)
    assert found == expected


def test_categories_are_listed(index: SpaceIndex) -> None:
    assert index.categories == ["classroom", "corridor", "laboratory", "office"]


def test_names_fall_back_from_the_language_to_any() -> None:
    assert name_of(Building("1", {"zh": "图书馆"}), "en") == "图书馆"
    assert name_of(Building("1", {"": "Main"}), "zh") == "Main"
    assert name_of(Building("1", {"fr": "Principal"}), "zh") == "Principal"
    assert name_of(Building("1"), "zh") == ""
    assert label_of(Building("1"), "zh") == "1"
    assert label_of(Space("1/1/5", "5", {"zh": "办公室", "en": "Office"}), "en") == "5 Office"
    assert label_of(Space("1/1/5", "5", {"en": "5"}), "en") == "5"
    assert label_of(Space("1/1/5", ""), "en") == "1/1/5"


@pytest.mark.alone
def test_a_hundred_thousand_spaces_are_indexed_and_queried_in_time() -> None:
    campus = campus_of(100, 10, 100)
    start = time.thread_time()
    index = SpaceIndex(campus)
    build = time.thread_time() - start
    assert build < 1.5
    queries = []
    for _ in range(5):
        start = time.thread_time()
        found = index.spaces(category="office", min_area=20.0)
        queries.append(time.thread_time() - start)
    assert len(found) > 10_000
    assert sorted(queries)[2] < 0.010
