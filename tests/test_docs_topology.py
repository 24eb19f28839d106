"""The pages on topology and the checks of the data say what the code does: columns, keys, media, mistakes, checks."""

from __future__ import annotations

import re

from server.schemas import ImpactNodeOut, ImpactOut, QualityCheckOut, QualityFindingOut
from tests.conftest import ROOT
from twin import timetable, topology, topology_table
from twin.quality.engine import TABLE
from twin.quantity import QUANTITIES

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_every_column_relation_medium_and_mistake_of_the_topology_is_explained() -> None:
    text = page("topology.md")
    words = [
        *topology_table.REQUIRED,
        *topology_table.OPTIONAL,
        *topology.RELATIONS,
        *topology.MEDIA,
        topology_table.DECLARES,
    ]
    source = (ROOT / "twin" / "topology_table.py").read_text(encoding="utf-8")
    codes = re.findall(r'"([a-z-]+)"(?:\)|, edge\.line|, "warning")', source)
    assert {"circle", "two-mains", "no-unit"} <= set(codes)
    told = {"unknown-entity": "topology-unknown"}
    columns = {*words, *QUANTITIES, "error", "warning"}
    assert [w for w in (*words, *(told.get(c, c) for c in codes if c not in columns)) if f"`{w}`" not in text] == []


def test_every_key_of_the_answers_is_explained() -> None:
    text = page("topology.md")
    assert [k for m in (ImpactOut, ImpactNodeOut) for k in m.model_fields if f"`{k}`" not in text] == []
    text = page("quality.md")
    keys = [k for m in (QualityFindingOut, QualityCheckOut) for k in m.model_fields]
    assert [k for k in keys if f"`{k}`" not in text] == []


def test_every_check_says_after_what_it_judges() -> None:
    text = page("quality.md")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE))
    assert {check: rows[check] for check in TABLE if TABLE[check].needs} == {
        check: row.needs for check, row in TABLE.items() if row.needs
    }
    assert set(TABLE) <= set(rows)


def test_every_column_and_mistake_of_the_timetable_is_explained() -> None:
    text = page("occupancy.md")
    source = (ROOT / "twin" / "timetable.py").read_text(encoding="utf-8")
    mistakes = {*re.findall(r'"((?:no|not|empty)-[a-z-]+)"\)', source), "timetable-unknown", "timetable-space"}
    assert len(mistakes) > 6
    for name in (*timetable.REQUIRED, *timetable.OPTIONAL, *mistakes):
        assert f"`{name}`" in text, name
