"""What labels mean on a campus: places, nodes, priorities, words; and mistakes of campus.yaml in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from models3d.cache import ModelCache
from models3d.check import check_folder
from tests.twin.alarms.grounds import campus
from twin.alarms.places import Places as Where
from twin.config import read_campus_config
from twin.config_hooks import HookEntry
from twin.hooks.mapping import Mapper
from twin.hooks.told import Told
from twin.places import Places

NODES = {"1/SW", "NET"}
HEAD = "campus:\n  id: c\nhooks:\n  noc:\n    type: alertmanager\n    token: {env: NOC_TOKEN}\n"


def mapper(**given: Any) -> Mapper:
    made = campus()
    entry = HookEntry.model_validate({"type": "alertmanager", "token": {"env": "NOC_TOKEN"}, **given})
    called = Places(made)
    return Mapper(entry, Where(made, NODES), lambda text: called.resolve(text).id, lambda name: name in NODES)


def told(**labels: str) -> Told:
    return Told("key", True, labels)


@pytest.mark.parametrize(
    ("labels", "place", "nodes"),
    [
        ({"building": "1", "room": "101"}, "1/01/101", ()),
        ({"building": "1", "room": "nowhere"}, "1", ()),
        ({"building": "1号楼"}, "1", ()),
        ({"place": "2/01/201"}, "2/01/201", ()),
        ({"room": "9"}, "", ()),
        ({"instance": "1/SW:9100"}, "1/01/101", ("1/SW",)),
        ({"hostname": "NET"}, "", ("NET",)),
        ({"instance": "sw-one.example.edu:161", "building": "2"}, "2", ("1/SW",)),
        ({}, "", ()),
    ],
)  # fmt: skip
def test_labels_name_places_and_nodes(labels: Mapping[str, str], place: str, nodes: tuple[str, ...]) -> None:
    found = mapper(names={"sw-one.example.edu": "1/SW"}).external(told(**labels))
    assert (found.place, found.nodes) == (place, nodes)


def test_severities_become_priorities_by_table() -> None:
    plain = mapper()
    words = {"critical": 1, "page": 1, "error": 2, "Warning": 3, "info": 4, "who knows": 3}
    assert {word: plain.external(told(severity=word)).priority for word in words} == words
    own = mapper(priority={"from": "level", "values": {"Rot": "critical", "gelb": "low"}, "default": "low"})
    assert [own.external(told(level=word)).priority for word in ("rot", "GELB", "x")] == [1, 4, 4]


def test_texts_take_the_first_pattern_all_of_whose_labels_are_there() -> None:
    found = mapper().external(
        told(alertname="Disk", summary="disk is full", summary_zh="磁盘已满", description="clean it")
    )
    assert found.texts == {"zh": "磁盘已满", "en": "disk is full"}
    assert found.action == {"zh": "clean it", "en": "clean it"}
    assert found.owner == {}
    assert found.respond_s == 1800
    own = mapper(
        text={"zh": "{a}：{b}", "en": ["{b} of {a}", "{a}"]}, owner={"zh": "网络组", "en": "Network"}, respond="2h"
    )
    found = own.external(told(a="x"))
    assert (found.texts, found.owner, found.respond_s) == (
        {"zh": "x", "en": "x"},
        {"zh": "网络组", "en": "Network"},
        7200,
    )
    assert mapper().external(told()).texts == {"zh": "key", "en": "key"}


def test_some_are_left_out() -> None:
    some = mapper(without={"alertname": ["Watchdog", "Info*"], "env": "test"})
    for row in ({"alertname": "Watchdog"}, {"alertname": "InfoInhibitor"}, {"alertname": "Disk", "env": "test"}):
        assert not some.wanted(told(**row))
    assert some.wanted(told(alertname="Disk"))
    assert some.wanted(told())


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("    kind: x\n", "campus.yaml:7:11", "'hooks.noc.kind' is not a known key"),
        ("    place: '{a}/{'\n", "campus.yaml:7:12", "do not name labels"),
        ("    priority: {values: {warning: loud}}\n", "campus.yaml:7:24", "is no priority"),
        ("    priority: {default: urgent}\n", "campus.yaml:7:25", "is no priority"),
        ("    respond: soon\n", "campus.yaml:7:14", "is no duration"),
        ("    text: {zh: x}\n", "campus.yaml:7:11", "'hooks.noc.text.en' is missing"),
        ("    requests_per_minute: 0\n", "campus.yaml:7:26", "greater than or equal to 1"),
        ("  room-air:\n    type: grafana\n    token: {env: X}\n", "campus.yaml:8:5", "a rule of the alarms has"),
        ("  notify:\n    type: grafana\n    token: {env: X}\n", "campus.yaml:8:5", "a rule of the alarms has"),
        ("  zabbix:\n    type: zabbix\n    token: {env: X}\n", "campus.yaml:8:11", "should be 'alertmanager'"),
        ("  g:\n    type: grafana\n    token: hunter2hunter2hunter2\n", "campus.yaml:9:12", "write {env: NAME} or"),
    ],
)  # fmt: skip
def test_mistakes_have_their_place_and_show_no_secret(tmp_path: Path, text: str, place: str, said: str) -> None:
    (tmp_path / "campus.yaml").write_text(HEAD + text, "utf-8")
    _, mistakes = read_campus_config(tmp_path)
    (only,) = map(str, mistakes)
    assert only.startswith(place), only
    assert said in only
    assert "hunter2" not in only


def test_check_says_what_the_mapping_names_and_the_campus_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text(HEAD + "    names: {sw-1: 1/SW}\n    place: ['{room}', 99]\n", "utf-8")
    found = check_folder(tmp_path, ModelCache(tmp_path / "cache").load)
    told = [str(mistake) for mistake in found.mistakes if mistake.code == "hook-unknown"]
    assert len(told) == 2
    assert told[0].startswith("campus.yaml:7:19: warning: 'hooks.noc.names.sw-1': there is no '1/SW'")
    assert "'hooks.noc.place': there is no '99'" in told[1]
