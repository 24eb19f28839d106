"""The alarms over HTTP: list, acts, journal, figures, the live stream; a restart, a reload, a past moment."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.alarms import AlarmDesk, open_desk
from server.runtime import Runtime
from tests.server.serving import Served, serve
from tests.twin.alarms.grounds import rule
from twin.alarms.alarm import External
from twin.alarms.rule import AlarmRules, Condition
from twin.history.spool import Event
from twin.reading import RawReading

FIRST, SECOND = "warm:1/01/101/power", "warm:1/01/102/power"
RULES = AlarmRules({"warm": rule("warm", "power", condition=Condition("outside", high=0.5))})  # kW


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with alarmed(tmp_path) as running:
        yield running


def alarmed(folder: Path) -> Any:
    return serve(folder / "cache", adjust=lambda runtime: open_desk(runtime, RULES, folder / "state"))


def desk_of(served: Served) -> AlarmDesk:
    assert served.runtime.alarms is not None
    return served.runtime.alarms


def get(served: Served, path: str, status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/alarms{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def post(served: Served, path: str, body: Mapping[str, object] | None = None, status: int = 200) -> Any:
    answer = served.http.post(f"/api/v1/alarms/{path}", json=body)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def raised(served: Served, *ids: str) -> None:
    """Wait until these alarms are there, and no others of the rule."""
    until(served, lambda: {i for i, a in desk_of(served).book.alarms.items() if a.active} == set(ids))


def until(served: Served, done: Any) -> None:
    end = time.monotonic() + 60
    while not served.call(done):
        assert time.monotonic() < end, served.call(lambda: dict(desk_of(served).book.alarms))
        time.sleep(0.02)


def test_what_stands_is_listed_filtered_and_told_in_full(served: Served) -> None:
    assert get(served, "")["items"] == []
    served.feed(room_101=600, room_102=700, room_103=100)
    raised(served, FIRST, SECOND)
    page = get(served, "")
    assert [row["id"] for row in page["items"]] == [SECOND, FIRST] or [row["id"] for row in page["items"]] == [
        FIRST,
        SECOND,
    ]
    assert (page["total"], page["by_priority"], page["by_state"], page["journal"]["kept"]) == (
        2,
        {"3": 2},
        {"B": 2},
        True,
    )
    row = next(row for row in page["items"] if row["id"] == FIRST)
    assert (row["value"], row["unit"], row["limit"], row["state"], row["active"]) == (0.6, "kW", 0.5, "B", True)
    assert (row["place"], row["building"], row["data"], row["simulated"]) == ("1/01/101", "1", "fresh", False)
    assert row["text"]["en"] == "House 1 101 Room 101 is above 0.5 kW"
    assert get(served, "?place=1/01/102")["items"][0]["id"] == SECOND
    assert [get(served, f"?{query}")["total"] for query in (
        "building=1", "building=2", "priority=3", "priority=1,2", "state=C", "state=all", "rule=warm", "rule=cold",
        "q=room 102", "limit=1",
    )] == [2, 0, 2, 0, 0, 2, 2, 0, 1, 2]  # fmt: skip
    assert [get(served, f"?kind={kind}")["total"] for kind in ("threshold", "loss", "loss,threshold")] == [2, 0, 2]
    assert [get(served, f"?domain={key}")["total"] for key in ("energy", "network", "other", "network,energy")] == [
        2,
        0,
        0,
        2,
    ]
    told = get(served, "/rules")
    assert [(row["id"], row["kind"], row["priority"], row["alarms"]) for row in told["items"]] == [
        ("warm", "threshold", 3, 2)
    ]
    assert told["longest_shelving_s"] == 8 * 3600
    for query in ("kind=x", "domain=x", "state=X", "priority=9", "priority=x", "sort=size", "limit=0", "at=soon"):
        assert query.partition("=")[0] in get(served, f"?{query}", 422)["detail"]
    assert "nowhere" in get(served, "?place=nowhere", 404)["detail"]


def test_acts_are_done_kept_and_told(served: Served) -> None:
    served.feed(room_101=600, room_102=700)
    raised(served, FIRST, SECOND)
    assert 'campus_alarms{state="B"} 2' in served.http.get("/metrics").text
    done = post(served, f"{FIRST}/ack", {"comment": "seen on site"})
    assert (done["alarms"][0]["state"], done["alarms"][0]["acked_by"]) == ("C", "demo")
    assert "acknowledged already" in post(served, f"{FIRST}/ack", status=409)["detail"]
    assert "no alarm" in post(served, "warm:nothing/ack", status=404)["detail"]
    done = post(served, "ack", {"ids": [FIRST, SECOND], "comment": "one cause"})
    assert [row["id"] for row in done["alarms"]] == [SECOND]
    assert [row["id"] for row in done["refused"]] == [FIRST]
    assert post(served, f"{FIRST}/shelve", {"reason": "works", "minutes": 30})["alarms"][0]["state"] == "G"
    post(served, f"{SECOND}/shelve", {"reason": "works", "minutes": 30, "until": "2030-01-01T00:00Z"}, 422)
    post(served, f"{SECOND}/shelve", {"minutes": 30}, 422)
    assert "at most 8 h" in post(served, f"{SECOND}/shelve", {"reason": "x", "minutes": 600}, 409)["detail"]
    assert post(served, f"{FIRST}/unshelve")["alarms"][0]["state"] == "B"
    assert post(served, f"{SECOND}/out-of-service", {"reason": "repair", "review": "2035-01-01T00:00Z"})["alarms"][0][
        "state"] == "I"  # fmt: skip
    assert get(served, "?state=I")["items"][0]["removed_why"] == "repair"
    assert post(served, f"{SECOND}/in-service")["alarms"][0]["state"] == "B"
    assert "cannot be seen" in post(served, f"{FIRST}/ack", {"comment": "a\u202eb"}, 422)["detail"]
    assert "true" in post(served, f"{FIRST}/reset", status=409)["detail"]
    told = get(served, f"/{FIRST}")
    assert [row["event"] for row in told["steps"]] == ["unshelve", "shelve", "ack", "alarm"]
    assert (told["steps"][2]["actor"], told["steps"][2]["reason"]) == ("demo", "seen on site")
    journal = get(served, "/journal?event=ack&event=shelve&limit=2")
    assert (journal["total"], journal["next_offset"], [row["event"] for row in journal["items"]]) == (
        3,
        2,
        ["shelve", "ack"],
    )
    assert get(served, "/warm:1/02/201/power")["alarm"]["state"] == "A"
    get(served, "/warm:nothing", 404)


def test_several_are_shelved_with_one_reason_and_who_refuses_says_why(served: Served) -> None:
    served.feed(room_101=600, room_102=700)
    raised(served, FIRST, SECOND)
    post(served, f"{FIRST}/shelve", {"reason": "mine", "minutes": 5})
    done = post(served, "shelve", {"ids": [FIRST, SECOND], "reason": "works", "minutes": 30})
    assert [(row["id"], row["shelved_why"]) for row in done["alarms"]] == [(SECOND, "works")]
    assert [(row["id"], "shelved already" in row["why"]) for row in done["refused"]] == [(FIRST, True)]
    assert post(served, "unshelve", {"ids": [FIRST, SECOND]})["refused"] == []
    done = post(served, "shelve", {"ids": [FIRST, SECOND], "reason": "until it returns"})
    assert [row["one_shot"] for row in done["alarms"]] == [True, True]
    post(served, "shelve", {"ids": [FIRST], "minutes": 30}, 422)
    post(served, "shelve", {"ids": [FIRST], "reason": "x", "minutes": 30, "until": "2030-01-01T00:00Z"}, 422)


def test_a_program_of_another_origin_cannot_acknowledge(served: Served) -> None:
    served.feed(room_101=600)
    raised(served, FIRST)
    answer = served.http.post(f"/api/v1/alarms/{FIRST}/ack", json={}, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403
    assert get(served, "")["items"][0]["state"] == "B"


def test_after_a_restart_nothing_fires_again_and_the_past_is_known(tmp_path: Path) -> None:
    with alarmed(tmp_path) as served:
        served.feed(room_101=600, room_102=700)
        raised(served, FIRST, SECOND)
        post(served, f"{FIRST}/ack", {"comment": "seen"})
        before = served.call(lambda: dict(desk_of(served).book.alarms))
        time.sleep(0.05)
        then = time.time()
    with alarmed(tmp_path) as served:
        assert served.call(lambda: dict(desk_of(served).book.alarms)) == before
        served.feed(room_101=610, room_102=100)
        raised(served, FIRST)
        assert [row["state"] for row in get(served, "?sort=place")["items"]] == ["C", "D"]
        past = get(served, f"?at={then * 1000:.0f}&sort=place")
        assert [(row["state"], row["data"]) for row in past["items"]] == [("C", "unknown"), ("B", "unknown")]
        figures = get(served, "/figures")
        assert (figures["calls"], figures["standing"], figures["unacknowledged"]) == (2, 2, 1)
        assert figures["worst"][0]["text"]["zh"]
        assert 0 < figures["coverage"] < 0.01


def events(lines: Iterator[str], count: int) -> list[tuple[str, str, Any]]:
    """The next events of a stream but heartbeats: id, name, body."""
    found: list[tuple[str, str, Any]] = []
    id_ = name = ""
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "id":
            id_ = value
        elif key == "event":
            name = value
        elif key == "data" and name != "beat":
            found.append((id_, name, json.loads(value)))
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")


def test_steps_reach_a_browser_at_once_and_it_can_go_on_where_it_was(served: Served) -> None:
    with served.http.stream("GET", "/sse/alarms") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        ((_, name, body),) = events(lines, 1)
        assert (name, body["alarms"]) == ("snapshot", [])
        begun = time.monotonic()
        served.feed(room_101=600)
        ((id_, name, body),) = events(lines, 1)
        assert time.monotonic() - begun < 0.5
        assert (name, body["steps"][0]["after"], body["steps"][0]["alarm"]["id"]) == ("steps", "B", FIRST)
    post(served, f"{FIRST}/ack")
    with served.http.stream("GET", "/sse/alarms", headers={"Last-Event-ID": id_}) as answer:
        ((_, name, body),) = events(answer.iter_lines(), 1)
        assert (name, [step["event"] for step in body["steps"]]) == ("steps", ["ack"])
    for unknown in ("", "0badc0de-1", "nonsense", f"{id_.partition('-')[0]}-99"):
        with served.http.stream("GET", "/sse/alarms", headers={"Last-Event-ID": unknown}) as answer:
            ((_, name, body),) = events(answer.iter_lines(), 1)
            assert (name, body["alarms"][0]["state"]) == ("snapshot", "C")


def test_other_systems_alarms_stand_beside(served: Served) -> None:
    row = External("disk", True, 1, {"zh": "磁盘满", "en": "Disk is full"}, "2/01/101")
    served.call(lambda: desk_of(served).take_external([row], "alertmanager"))
    told = get(served, "?building=2")["items"][0]
    assert (told["id"], told["kind"], told["priority"]) == ("alertmanager:disk", "external", 1)


def test_a_campus_without_alarms_says_so(cache: Path) -> None:
    with serve(cache) as served:
        assert "no alarms" in get(served, "", 404)["detail"]
        assert served.http.get("/sse/alarms").status_code == 404


def test_without_a_journal_they_are_in_memory_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder is due")
    with alarmed(tmp_path) as served:
        served.feed(room_101=600)
        raised(served, FIRST)
        page = get(served, "")
        assert "campus_alarms_kept 0" in served.http.get("/metrics").text
        assert (page["journal"]["kept"], "alarms.sqlite" in page["journal"]["trouble"]) == (False, True)
        assert post(served, f"{FIRST}/ack")["alarms"][0]["state"] == "C"
        assert "no journal" in get(served, "/journal", 404)["detail"]


def test_other_rules_are_taken_over(served: Served) -> None:
    served.feed(room_101=600, room_102=900)
    raised(served, FIRST, SECOND)
    desk = desk_of(served)
    higher = AlarmRules({"warm": rule("warm", "power", condition=Condition("outside", high=0.8))})
    runtime: Runtime = served.runtime

    async def follow() -> None:
        await desk.follow(higher)

    import asyncio

    assert served.loop is not None
    asyncio.run_coroutine_threadsafe(follow(), served.loop).result(5)
    raised(served, SECOND)
    served.readings([RawReading("1/01/103", 900, time.time())])
    raised(served, SECOND, "warm:1/01/103/power")
    assert runtime.ingest.listeners.count(desk._take) == 1


def test_each_step_is_an_event_of_the_history(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Event] = []
    monkeypatch.setattr(served.runtime, "recorder", SimpleNamespace(note=kept.append, ending=False))
    served.feed(room_101=600)
    raised(served, FIRST)
    post(served, f"{FIRST}/ack", {"comment": "seen"})
    served.feed(room_101=100)
    until(served, lambda: not desk_of(served).book.alarms)
    monkeypatch.undo()
    assert [(row.kind, row.subject, row.state) for row in kept] == [("alarm", FIRST, letter) for letter in "BCA"]
    told = [json.loads(row.detail) for row in kept]
    assert [row["over"] for row in told] == [False, False, True]
    assert (told[1]["actor"], told[1]["reason"], told[1]["entity"]) == ("demo", "seen", "1/01/101")
    assert told[0]["zh"] == "House 1 101 Room 101高于 0.5 kW"


def test_what_was_answered_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.alarms.FLUSH_S", 600.0)  # nothing else writes it meanwhile
    with alarmed(tmp_path) as served:
        served.feed(room_101=600)
        raised(served, FIRST)
        post(served, f"{FIRST}/ack", {"comment": "seen"})
        with closing(sqlite3.connect(f"file:{tmp_path}/state/alarms.sqlite?mode=ro", uri=True)) as db:
            assert db.execute("SELECT actor, reason FROM steps WHERE event = 'ack'").fetchall() == [("demo", "seen")]


def test_openapi_names_every_route_of_the_alarms(served: Served) -> None:
    paths = served.http.get("/api/v1/openapi.json").json()["paths"]
    found = {
        (method, path.removeprefix("/api/v1/alarms"))
        for path, row in paths.items() if "/alarms" in path for method in row
    }  # fmt: skip
    acts = ("ack", "reset", "shelve", "unshelve", "out-of-service", "in-service")
    assert found == {
        *(("get", path) for path in ("", "/rules", "/journal", "/figures", "/{alarm}")),
        *(("post", f"/{{alarm}}/{act}") for act in acts),
        *(("post", f"/{act}") for act in ("ack", "reset", "shelve", "unshelve")),
    }  # fmt: skip
    for path, row in paths.items():
        for answer in row.values() if "/alarms" in path else ():
            assert answer["responses"]["200"]["content"]["application/json"]["schema"], path
