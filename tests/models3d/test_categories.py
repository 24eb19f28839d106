"""Rooms find their category from names in several languages; the table has no word twice."""

from __future__ import annotations

from collections import Counter

import pytest

from models3d.categories import BY_KEY, CATEGORIES, OTHER, room_category


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("OPEN OFFICE", "office"),
        ("SCIF OPEN OFFICE", "office"),
        ("CORRIDOR", "corridor"),
        ("Bathroom 1", "toilet"),
        ("WOMEN'S RESTROOM", "toilet"),
        ("Living Room", "living"),
        ("Master Bedroom", "bedroom"),
        ("Entrance hall", "lobby"),
        ("Schlafzimmer", "bedroom"),
        ("Buero", "office"),
        ("Küche", "kitchen"),
        ("Treppenhaus", "stair"),
        ("Haustechnikraum", "plant"),
        ("ElectricalRoom", "plant"),
        ("TELECOM", "data"),
        ("办公室", "office"),
        ("3号楼 实验楼走廊", "corridor"),
        ("楼梯间", "stair"),
        ("男卫生间", "toilet"),
        ("弱电机房", "data"),
        ("消防水泵房", "plant"),
        ("强电井", "shaft"),
        ("阶梯教室", "lecture-hall"),
        ("storage rooms", "storage"),
        ("Officer Smith", OTHER),
        ("A-203", OTHER),
        ("", OTHER),
    ],
)
def test_a_name_tells_the_category(name: str, key: str) -> None:
    assert room_category(name) == key


def test_the_first_name_that_tells_wins() -> None:
    assert room_category("203", "Laboratory", "Corridor") == "laboratory"


def test_no_word_belongs_to_two_categories() -> None:
    words = Counter(word for category in CATEGORIES for word in category.words)
    assert [word for word, count in words.items() if count > 1] == []


def test_every_category_has_names_and_its_own_key() -> None:
    assert len(BY_KEY) == len(CATEGORIES)
    assert all(category.zh and category.en for category in CATEGORIES)
