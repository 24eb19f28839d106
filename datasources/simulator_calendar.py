"""The university's year as the simulator knows it: terms, examinations, vacations, public holidays.

Terms follow the common pattern of Chinese universities: autumn from the Monday on or before 2 September, spring from
the Monday about two weeks after the Spring Festival, the winter vacation from about three weeks before it, the summer
vacation from 10 July; the last two weeks of a term are examinations. Festivals of the lunar year are tables of dates.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

DayKind = Literal["term", "weekend", "exams", "vacation", "spring-festival", "holiday"]

SPRING_FESTIVAL: dict[int, tuple[int, int]] = {
    2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10),
    2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23),
    2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
DRAGON_BOAT: dict[int, tuple[int, int]] = {
    2024: (6, 10), 2025: (5, 31), 2026: (6, 19), 2027: (6, 9), 2028: (5, 28), 2029: (6, 16), 2030: (6, 5),
}  # fmt: skip
MID_AUTUMN: dict[int, tuple[int, int]] = {
    2024: (9, 17), 2025: (10, 6), 2026: (9, 25), 2027: (9, 15), 2028: (10, 3), 2029: (9, 22), 2030: (9, 12),
}  # fmt: skip
_TYPICAL_SPRING_FESTIVAL = (2, 5)  # outside the table: the middle of its range, at most 15 days off

EPOCH = date(1970, 1, 1)


def spring_festival(year: int) -> date:
    """New Year's day of the lunar year that begins in ``year``."""
    return date(year, *SPRING_FESTIVAL.get(year, _TYPICAL_SPRING_FESTIVAL))


def _monday_on_or_before(day: date) -> date:
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=64)
def _terms(year: int) -> tuple[date, date, date, date]:
    """First and last day of the spring term, first day of the autumn term, last day of the term that began before."""
    festival = spring_festival(year)
    spring = _monday_on_or_before(festival + timedelta(days=16))
    autumn = _monday_on_or_before(date(year, 9, 2))
    return spring, date(year, 7, 9), autumn, festival - timedelta(days=20)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    days = {date(year, 1, 1), date(year, 4, 4), date(year, 4, 5)}
    days |= {date(year, 5, d) for d in range(1, 6)} | {date(year, 10, d) for d in range(1, 8)}
    days |= {date(year, *table[year]) for table in (DRAGON_BOAT, MID_AUTUMN) if year in table}
    return frozenset(days)


@lru_cache(maxsize=4_096)
def kind_of(day: int) -> DayKind:
    """What kind of day local day number ``day`` (since 1970-01-01) is."""
    today = EPOCH + timedelta(days=day)
    festival = spring_festival(today.year)
    if -4 <= (today - festival).days <= 8:
        return "spring-festival"
    spring, summer, autumn, winter = _terms(today.year)
    if winter < today < spring or summer < today < autumn:
        return "vacation"
    if today in _holidays(today.year):
        return "holiday"
    end = summer if today <= summer and today >= spring else _terms(today.year + (today >= autumn))[3]
    if 0 <= (end - today).days < 14:
        return "exams"
    return "weekend" if today.weekday() >= 5 else "term"
