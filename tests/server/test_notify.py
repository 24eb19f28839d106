"""From an alarm to a message that arrived: over a running server, with channels that fail, are busy, or come back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server import notify
from server.notify import Channel
from server.notify_incidents import BoardIncidents
from tests.server.hooking import ENVIRONMENT, HOOKS, TOKENS, alarms, desk_of, hooked, notifier_of
from tests.server.receivers import Receiver, receiver
from tests.server.serving import Served
from tests.twin.hooks.payloads import alert, alertmanager
from twin.alarms.state import Event
from twin.config_notify import ChannelEntry, NotifyEntry
from twin.notify.matter import Matter
from twin.notify.spool import Notice

WARM = "warm:1/01/101/power"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver() as running:
        for name, value in {**ENVIRONMENT, "ROBOT": f"{running.url}/robot?key=k-e-y"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(notify, "TURN_S", 0.02)
        yield running


def settings(*, limit: int = 15, wait: float = 0, **more: Any) -> dict[str, Any]:
    channel = {"type": "wecom", "url": {"env": "ROBOT"}, "limit": {"messages": limit, "per": "1h"}}
    return {"channels": {"duty": channel}, "routes": [{"to": "duty", "priorities": ["medium"], "wait": wait}], **more}


def until(done: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, "never so"
        time.sleep(0.02)
    return found


def get(served: Served, query: str = "") -> Any:
    answer = served.http.get(f"/api/v1/notifications{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def texts(peer: Receiver) -> list[str]:
    return [body["markdown"]["content"].partition("\n")[0] for body in peer.bodies()]


def test_an_alarm_and_its_end_are_told(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings()) as served:
        served.feed(room_101=900)
        until(lambda: len(peer.requests) == 1)
        served.feed(room_101=100)
        until(lambda: len(peer.requests) == 2)
        assert [text.split("：")[0] for text in texts(peer)] == ["### 测试校园 报警（中）", "### 测试校园 已恢复"]
        page = until(lambda: (found := get(served, "?state=sent"))["total"] == 2 and found)
        assert [row["kind"] for row in page["items"]] == ["ended", "raised"]
        assert page["items"][0]["of"] == WARM
        (channel,) = page["channels"]
        assert (channel["state"], channel["sent"], channel["waiting"], channel["routes"]) == ("well", 2, 0, 1)
        metrics = served.http.get("/metrics").text
        assert 'campus_notices{channel="duty",state="sent"} 2' in metrics


def test_a_shelved_alarm_calls_nobody(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings(wait=0.3)) as served:
        served.feed(room_101=900)
        until(lambda: alarms(served))
        now = served.call(lambda: desk_of(served).now)
        served.call(lambda: desk_of(served).book.do(Event.SHELVE, [WARM], "li", "works", now, now + 600))
        served.feed(room_102=900)
        until(lambda: peer.requests)
        time.sleep(0.2)
        served.feed(room_101=100)
        time.sleep(0.2)
        assert [row["of"] for row in get(served)["items"]] == ["warm:1/01/102/power"]


def test_a_channel_that_fails_is_tried_again_and_what_waited_survives_a_restart(
    tmp_path: Path, peer: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "FIRST_S", 0.1)
    monkeypatch.setattr(notify, "TROUBLE_S", 0.0)
    peer.answers = [(503, b"", {})] * 1000
    with hooked(tmp_path, {}, settings()) as served:
        served.feed(room_101=900)
        until(lambda: len(peer.requests) >= 3)
        (channel,) = get(served)["channels"]
        assert (channel["state"], channel["reason"], channel["waiting"]) == ("failing", "it answered 503", 1)
        until(lambda: alarms(served).get("notify:duty") == "B")
    with hooked(tmp_path, {}, settings()) as served:
        peer.answers = []
        sent = len(peer.requests)
        until(lambda: get(served, "?state=sent")["total"] == 1)
        assert len(peer.requests) == sent + 1
        until(lambda: alarms(served).get("notify:duty") == "D")
        time.sleep(0.2)
        assert len(peer.requests) == sent + 1, "once"


def test_what_is_given_up_is_seen_and_may_be_tried_once_more(tmp_path: Path, peer: Receiver) -> None:
    peer.answers = [(200, {"errcode": 93000, "errmsg": "invalid webhook url k-e-y"}, {})]
    with hooked(tmp_path, {}, settings()) as served:
        served.feed(room_101=900)
        page = until(lambda: (found := get(served, "?state=dead"))["total"] and found)
        row = page["items"][0]
        assert "93000" in row["error"]
        assert "k-e-y" not in str(page), "whatever the other side answers"
        assert (page["channels"][0]["dead"], page["channels"][0]["state"]) == (1, "failing")
        assert served.http.post(f"/api/v1/notifications/{row['id']}/again").status_code == 202
        until(lambda: get(served, "?state=sent")["total"] == 1)
        refused = served.http.post(f"/api/v1/notifications/{row['id']}/again")
        assert (refused.status_code, "was not given up" in refused.json()["detail"]) == (409, True)
        for query in ("?state=lost", "?limit=0", "?before=-1"):
            assert served.http.get(f"/api/v1/notifications{query}").status_code == 422


def test_a_test_message_arrives(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings()) as served:
        assert served.http.post("/api/v1/notifications/test", json={"channel": "duty"}).status_code == 202
        until(lambda: peer.requests)
        assert texts(peer) == ["### 测试校园 测试消息"]
        wrong = served.http.post("/api/v1/notifications/test", json={"channel": "dutty"})
        assert (wrong.status_code, "did you mean 'duty'" in wrong.json()["detail"]) == (404, True)
        answers = [served.http.post("/api/v1/notifications/test", json={"channel": "duty"}) for _ in range(8)]
        assert answers[-1].status_code == 429


def test_more_than_may_be_sent_comes_in_one(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings(limit=2)) as served:
        served.readings([reading for number in range(101, 107) for reading in _power(f"1/01/{number}", 900)])
        until(lambda: get(served, "?state=sent")["total"] == 6)
        assert len(peer.requests) <= 2
        assert any("条消息合并" in text for text in texts(peer))


def _power(room: str, watts: float) -> list[Any]:
    from twin.reading import RawReading

    return [RawReading(room, watts, time.time())]


def test_without_channels_nothing_is_told_and_the_campus_says_so(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}) as served:
        served.feed(room_101=900)
        until(lambda: alarms(served))
        time.sleep(0.1)
        assert get(served) == {"channels": [], "items": [], "total": 0, "next_before": None, "trouble": ""}


def test_a_changed_folder_changes_channels_and_keeps_what_is_known(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings()) as served:
        served.feed(room_101=900)
        until(lambda: get(served, "?state=sent")["total"] == 1)
        notifier = notifier_of(served)
        before = notifier.channels["duty"]
        more = settings()
        more["channels"]["boss"] = more["channels"]["duty"]
        more["routes"].append({"to": "boss", "priorities": ["medium"], "wait": 0})
        served.call(lambda: notifier.follow(NotifyEntry.model_validate(more)))
        assert notifier.channels["duty"] is before
        served.feed(room_102=900)
        until(lambda: get(served, "?channel=boss&state=sent")["total"] == 1)
        assert get(served, "?channel=duty&state=sent")["total"] == 2


def test_what_the_disk_refuses_is_kept_and_told_later(tmp_path: Path, peer: Receiver) -> None:
    with hooked(tmp_path, {}, settings()) as served:
        database = notifier_of(served).spool._db
        database.execute("PRAGMA query_only = 1")
        served.feed(room_101=900)
        until(lambda: "cannot be used" in get(served)["trouble"])
        assert peer.requests == []
        database.execute("PRAGMA query_only = 0")
        until(lambda: get(served, "?state=sent")["total"] == 1)
        assert get(served)["trouble"] == ""


def test_incidents_are_told_as_their_board_tells_them() -> None:
    def row(id_: str, state: str, into: str = "") -> Any:
        return SimpleNamespace(
            id=id_, number=int(id_), text={"en": f"Switch {id_}"}, priority=2, state=state, into=into, place="1",
            opened=datetime(2026, 11, 28, 3, tzinfo=UTC), place_names={}, building="1", cause_names={},
            consequences=214, action={}, owner={}, respond_s=60.0, simulated=False,
        )  # fmt: skip

    rows = {"1": row("1", "open"), "2": row("2", "merged", "1"), "3": row("3", "ended"), "4": row("4", "merged", "3")}
    board = SimpleNamespace(of_alarm={"warm:x": "1"}, row=rows.get)
    told = BoardIncidents(board, lambda: True)
    found = told.matter("warm:x")
    assert found is not None
    assert (found.number, found.consequences, found.since, found.rule) == (1, 214, 1_795_834_800.0, "incident")
    assert told.matter("warm:y") is None
    assert [told.standing(id_) is not None for id_ in ("1", "2", "3", "4", "5")] == [True, True, False, False, False]


def test_an_incident_is_one_message_and_its_timeline_says_who_was_told(peer: Receiver, tmp_path: Path) -> None:
    entry = settings(wait=2)
    entry["routes"][0]["priorities"] = ["critical"]
    with hooked(tmp_path, HOOKS, entry, incidents=True) as served:
        until(lambda: served.runtime.incidents is not None and served.runtime.incidents.ready.is_set())
        body = json.dumps(alertmanager(alert(labels={"building": "1"})))
        key = {"Authorization": f"Bearer {TOKENS['noc']}"}
        assert served.http.post("/api/v1/hooks/alertmanager", content=body, headers=key).status_code == 200
        until(lambda: get(served, "?state=sent")["total"] == 1)
        (row,) = served.http.get("/api/v1/incidents").json()["items"]

        def told() -> Any:
            timeline = served.http.get(f"/api/v1/incidents/{row['id']}").json()["timeline"]
            return [entry["data"] for entry in timeline if entry["kind"] == "notice"]

        until(told)
        assert told() == [{"to": "duty"}]
        assert len(peer.bodies()) == 1


def test_a_channel_waits_longer_each_time_and_no_longer_than_ten_minutes() -> None:
    entry = ChannelEntry.model_validate({"type": "wecom", "url": {"env": "X"}, "limit": {"messages": 3, "per": "60s"}})
    channel = Channel("duty", entry)
    waits = [channel.failed("no", 0.0, 0.0) for _ in range(12)]
    assert 4 < waits[0] < 6
    assert all(later > earlier for earlier, later in pairwise(waits[:6]))
    assert max(waits) < 661
    assert channel.failed("busy", 900.0, 0.0) > 800, "as long as it asks for"
    rows = [Notice(n, 0.0, "duty", "raised", Matter(str(n)), "waiting", 0, 0.0, None, "") for n in range(9)]
    assert list(channel.batch(rows, 1.0)) == []
    assert list(channel.batch(rows[:1], 100.0)) == rows[:1]
    assert list(channel.batch(rows, 100.0)) == rows
