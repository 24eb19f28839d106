"""Which floor is the ground floor, from names in several languages and from heights."""

from __future__ import annotations

import pytest

from models3d.ordinals import ordinals


@pytest.mark.parametrize(
    ("names", "elevations", "expected"),
    [
        (["B2", "B1", "1F", "2F"], [-8, -4, 0, 4], [-2, -1, 0, 1]),
        (["地下二层", "地下一层", "首层", "二层", "三层"], [-8, -4, 0, 4, 8], [-2, -1, 0, 1, 2]),
        (["一层", "二层", "屋面"], [0, 4, 8], [0, 1, 2]),
        (["第十一层", "第十二层"], [40, 44], [10, 11]),
        (["UG", "Erdgeschoss", "1. OG", "2. OG"], [-3, 0, 3, 6], [-1, 0, 1, 2]),
        (["Level 0", "Level 1"], [452.0, 456.0], [0, 1]),
        (["Level 1", "Level 2", "Level 4", "Level 5"], [0, 4, 8, 12], [0, 1, 2, 3]),
        (["T/FDN", "Level 1", "Level 2", "Roof"], [-1.25, 0, 3.1, 6], [-1, 0, 1, 2]),
        (["Basement", "Hall", "Attic"], [-3, 0, 6], [-1, 0, 1]),
        (["lower", "middle", "upper"], [-3.2, 0.1, 3.0], [-1, 0, 1]),
        (["Storey 1"], [-1.6], [0]),
        ([], [], []),
    ],
)
def test_ordinals(names: list[str], elevations: list[float], expected: list[int]) -> None:
    assert ordinals(names, elevations) == expected


def test_heights_count_from_the_reference() -> None:
    assert ordinals(["a", "b", "c"], [97.0, 100.2, 104.0], 100.0) == [-1, 0, 1]
