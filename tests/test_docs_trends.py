"""The page on trends says what the product does: parameters, columns, kinds, limits."""

from __future__ import annotations

import inspect
from typing import Any, get_args

from fastapi import APIRouter

from pages._parts import trends_controls
from server import notes, trends, trends_energy, trends_table
from server.schemas_notes import AUTHOR_CHARS, TEXT_CHARS, NoteIn
from server.schemas_trends import StretchKind
from tests.conftest import ROOT
from twin.history.calendar import DAY_MS, HOUR_MS
from twin.trends import carpet, duration, flows, lines, normalise, periods, rolled, stretches, subject
from twin.trends.ranking import BYS

PAGE = " ".join((ROOT / "docs" / "reference" / "trends.md").read_text("utf-8").split())


def told(word: str) -> bool:
    return f"`{word}`" in PAGE


def test_every_route_parameter_and_column_is_explained() -> None:
    api = APIRouter()
    runtime: Any = object()
    trends.add(api, runtime, runtime)
    notes.add(api, runtime, runtime)
    for route in api.routes:
        path = route.path  # type: ignore[attr-defined]
        names = set(inspect.signature(route.endpoint).parameters)  # type: ignore[attr-defined]
        row = next((part for part in PAGE.split("| `") if f"/api/v1{path.replace('{note}', '{id}')}" in part), None)
        assert row is not None, path
        for name in names - {"request", "note", "given"}:
            word = "from" if name == "start" else name
            assert f"{word}=" in PAGE, (path, word)
    assert [name for name in trends_table.SCHEMA.names if not told(name)] == []
    assert [name for name in NoteIn.model_fields if not told(name)] == []


def test_every_choice_of_the_page_is_explained() -> None:
    words = (
        *trends_controls.SPANS, *trends_controls.VIEWS, *trends_controls.COMPARES, *normalise.NORMALISE, *BYS,
        *get_args(StretchKind), *get_args(trends_energy.Of),
    )  # fmt: skip
    assert [word for word in words if word and not told(word)] == []
    assert trends_controls.NORMALISE == normalise.NORMALISE
    assert set(trends_controls.COMPARES) <= set(periods.COMPARES)
    assert set(get_args(StretchKind)) == set(get_args(stretches.Kind))


def test_the_limits_are_those_of_the_page() -> None:
    assert f"for up to {subject.MOST}:" in PAGE
    assert f"too many ({rolled.MOST_READINGS:,})" in PAGE
    assert f"At most {lines.MOST_PLACES:,} places" in PAGE
    assert f"at most {carpet.MOST_DAYS} days" in PAGE
    assert f"at most {duration.PLACES} places" in PAGE
    assert f"up to {trends_energy.MOST_ROWS}" in PAGE
    assert f"less than {100 * stretches.LOW:.0f} % is known" in PAGE
    assert f"by over {100 * (flows.MORE - 1):.1f} %" in PAGE
    assert f"{trends.BAND_DAYS} days and {trends.MOST_BANDS} lines" in PAGE
    assert f"below {normalise.BASE_C['heating']:.0f} °C" in PAGE
    assert f"above {normalise.BASE_C['cooling']:.0f} °C" in PAGE
    assert f"At most {notes.MOST:,} stand at a time, {notes.A_MINUTE} are written" in PAGE
    assert f"up to {TEXT_CHARS:,} characters" in PAGE
    assert f"(up to {AUTHOR_CHARS})" in PAGE
    said = (
        "30 s up to 2 h",
        "1 min up to 9 h",
        "5 min up to 36 h",
        "15 min up to 5 days",
        "1 h up to 62 days",
        "6 h up to 200 days",
    )
    assert all(words in PAGE for words in said)
    assert [most // HOUR_MS for most, _ in periods.STEPS] == [2, 9, 36, 5 * 24, 62 * 24, 200 * 24]
    assert periods.STEPS[-1][0] == 200 * DAY_MS
