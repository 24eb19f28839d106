"""Which floor is the ground floor: from storeys' names first, from their heights second.

Shared by the loaders: ``ordinals`` takes storeys lowest first and answers 0 for the ground floor, -1 for the first
basement, 1 for the next floor above.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CHINESE = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_GROUND = re.compile(r"^(ground|erdgeschoss|eg|rdc|rez.?de.?chauss|pb|planta baja|首层|地面层|底层)", re.IGNORECASE)
_BASEMENT = re.compile(
    r"^(?:(?:b|u|ug|kg|-)\s*-?0*(\d+)|(?:basement|cellar|ug|kg|keller|地下|负|sous.?sol)\s*-?0*(\d*|[一二三四五六七八九十]+))"
    r"\s*(?:[层f楼]|\b|$)",
    re.IGNORECASE,
)
_UPPER_DE = re.compile(r"^(\d+)\.?\s*(?:og|obergeschoss|stock)\b", re.IGNORECASE)
_LOWER_DE = re.compile(r"^(\d+)\.?\s*(?:ug|untergeschoss)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^(?:level|lvl|floor|storey|story|etage|l|f|第)?\s*[-_.]?\s*0*(\d{1,3})\s*(?:f|层|楼|/f)?(?:\b|_|$)", re.IGNORECASE
)
_CHINESE_FLOOR = re.compile(r"^第?([一二三四五六七八九]?十?[一二三四五六七八九]?)[层楼]")


def _chinese(text: str) -> int:
    tens, _, ones = text.partition("十")
    if "十" not in text:
        return _CHINESE.get(text, 0)
    return (_CHINESE.get(tens, 1) if tens else 1) * 10 + _CHINESE.get(ones, 0)


def _named(name: str) -> tuple[int, bool] | None:
    """(number, whether it counts from the ground floor as 0) that a storey's name says; None when it says nothing."""
    text = name.strip()
    if _GROUND.match(text):
        return 0, True
    for pattern, sign in ((_UPPER_DE, 1), (_LOWER_DE, -1)):
        if found := pattern.match(text):
            return sign * int(found.group(1)), True
    if found := _BASEMENT.match(text):
        digits = found.group(1) or found.group(2) or ""
        return -(int(digits) if digits.isdigit() else _chinese(digits) or 1), True
    if (found := _CHINESE_FLOOR.match(text)) and found.group(1):
        return _chinese(found.group(1)), False
    if found := _NUMBERED.match(text):
        return int(found.group(1)), False
    return None


def _ground_by_height(elevations: Sequence[float], reference: float) -> int:
    return min(range(len(elevations)), key=lambda at: (abs(elevations[at] - reference), at))


def ordinals(names: Sequence[str], elevations: Sequence[float], reference: float = 0.0) -> list[int]:
    """The ordinal of each storey; ``elevations`` [m] ascending, ``reference`` [m] the ground's height.

    >>> ordinals(["B1", "1F", "2F", "Roof"], [-4.0, 0.0, 4.0, 8.0])
    [-1, 0, 1, 2]
    >>> ordinals(["Level 0", "Level 1"], [452.0, 456.0])
    [0, 1]
    """
    if not names:
        return []
    hints = [_named(name) for name in names]
    counted = [hint for hint in hints if hint is not None]
    from_zero = any(number == 0 for number, _ in counted)
    witnesses = [
        (abs(number), at - (number if absolute or from_zero else number - 1))
        for at, hint in enumerate(hints)
        if hint is not None
        for number, absolute in (hint,)
    ]
    # the name nearest to the ground knows best: far from it storeys are missing ('Level 2', 'Level 4')
    ground = min(witnesses)[1] if witnesses else _ground_by_height(elevations, reference)
    return [at - ground for at in range(len(names))]
