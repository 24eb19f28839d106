"""The pages on topology and the checks of the data say what the code does: columns, keys, media, mistakes, checks."""

from __future__ import annotations

import json
import re
from typing import get_args

from server.link_board import LinkBoard
from server.schemas import LatestOut, QualityCheckOut, QualityFindingOut
from server.schemas_impact import ClassesOut, ImpactNodeOut, ImpactOut, StepOut, UsersOut, WayOut, WeakenedOut
from server.schemas_links import BandwidthOut, LinkEndOut, LinkLineOut, LinkOut, LinksOut
from server.schemas_meters import MeterOut, MetersOut, MeterSumOut, Verdict
from server.schemas_neighbours import (
    DisagreementOut,
    NeighbourChangeOut,
    NeighbourDeviceOut,
    NeighbourOut,
    NeighboursOut,
)
from tests.conftest import ROOT
from twin import timetable, topology, topology_table
from twin.link_places import CAMPUS_KINDS, EGRESS_KINDS
from twin.link_points import Rule, Why
from twin.links import Links
from twin.live import LiveState
from twin.neighbours import Kind
from twin.quality.engine import TABLE
from twin.quantity import QUANTITIES
from twin.slots import SlotTree
from twin.space import Campus
from twin.topology_meters import ACCURACY, LOSSES
from twin.topology_wiring import Difference

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
    text = page("impact.md")
    models = (ImpactOut, ImpactNodeOut, WeakenedOut, WayOut, StepOut, ClassesOut, UsersOut)
    assert [k for m in models for k in m.model_fields if f"`{k}`" not in text] == []
    text = page("quality.md")
    keys = [k for m in (QualityFindingOut, QualityCheckOut) for k in m.model_fields]
    assert [k for k in keys if f"`{k}`" not in text] == []


def test_every_key_of_meters_is_explained() -> None:
    _, _, text = page("topology.md").partition("## Meters")
    text, _, _ = text.partition("## Links")
    models = (MetersOut, MeterOut, MeterSumOut, LatestOut)
    assert [k for m in models for k in m.model_fields if f"`{k}`" not in text] == []
    assert [word for word in get_args(Verdict) if f"`{word}`" not in text] == []
    assert f"up to {LOSSES[1]:.0%}".replace("%", " %") in text
    assert f"{ACCURACY:.0%}".replace("%", " %") in text


def test_every_key_of_links_is_explained() -> None:
    _, _, text = page("topology.md").partition("## Links")
    models = (LinksOut, LinkOut, LinkLineOut, LinkEndOut, BandwidthOut)
    assert [k for m in models for k in m.model_fields if f"`{k}`" not in text] == []
    words = [*get_args(Rule), *get_args(Why), *EGRESS_KINDS, *CAMPUS_KINDS, "over-capacity"]
    assert [word for word in words if word and f"`{word}`" not in text] == []


def test_every_key_of_neighbours_is_explained() -> None:
    _, _, text = page("topology.md").partition("## Neighbours")
    models = (NeighboursOut, NeighbourOut, NeighbourDeviceOut, NeighbourChangeOut, DisagreementOut)
    assert [k for m in models for k in m.model_fields if f"`{k}`" not in text] == []
    words = [*get_args(Kind), *get_args(Difference)]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_the_event_of_links_is_explained_place_by_place() -> None:
    text = page("live-stream.md")
    (example,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    live = LiveState([], SlotTree.of(Campus("c"), ["c"]))
    event = json.loads(LinkBoard(Links(), live).since(0, -1))
    assert set(event) == set(example)
    assert all(f"`{key}`" in text for key in event if key not in ("kind", "time"))
    _, _, table = text.partition("| place | what |")
    places = [n for cell in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for n in cell.split(", ")]
    assert places == [str(n) for n in range(len(example["links"][0]))]


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
