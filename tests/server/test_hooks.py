"""Webhooks of other systems over HTTP: who may, what becomes of their alarms, and what is refused."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from server import hooks
from server.accounts import policy
from server.push_gate import Bucket
from tests.server.hooking import ENVIRONMENT, HOOKS, TOKENS, alarms, desk_of, hook_of, hooked
from tests.server.serving import Served
from tests.twin.hooks.payloads import alert, alertmanager, grafana, librenms
from twin.alarms.state import Event
from twin.config import CampusFile
from twin.places import Places

LINK = "noc:LinkDown/00aa11bb22cc33dd"


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with hooked(tmp_path) as running:
        yield running


def send(
    served: Served, body: Any, kind: str = "alertmanager", hook: str = "noc", status: int = 200, **headers: str
) -> Any:
    headers = {"Authorization": f"Bearer {TOKENS[hook]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = served.http.post(f"/api/v1/hooks/{kind}", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def test_alarms_of_three_systems_stand_where_they_are(served: Served) -> None:
    told = send(
        served, alertmanager(alert(labels={"building": "1", "room": "101"}), alert("Watchdog", fingerprint="w"))
    )
    assert (told["hook"], told["alarms"], told["raised"], told["left_out"], told["unplaced"]) == ("noc", 2, 1, 1, 0)
    send(served, grafana(alert("Disk", fingerprint="d1", labels={"instance": "2/SW:9100"})), "grafana", "panels")
    send(served, librenms(), "librenms", "nms")
    assert alarms(served) == {"nms:17": "B", "noc:LinkDown/00aa11bb22cc33dd": "B", "panels:Disk/d1": "B"}
    rows = {row["id"]: row for row in served.http.get("/api/v1/alarms").json()["items"]}
    assert (rows[LINK]["place"], rows[LINK]["priority"], rows[LINK]["kind"]) == ("1/01/101", 1, "external")
    assert rows["panels:Disk/d1"]["nodes"] == ["2/SW"]
    assert rows["panels:Disk/d1"]["place"] == "2/01/101"
    assert (rows["nms:17"]["nodes"], rows["nms:17"]["owner"]) == (["1/SW"], {"zh": "网络组", "en": "Network"})
    assert rows["nms:17"]["text"]["en"] == "Alert for device sw-1 - Port & link"
    send(served, librenms(0), "librenms", "nms")
    assert alarms(served)["nms:17"] == "D"
    state = {row["name"]: row for row in served.http.get("/api/v1/hooks").json()}
    assert (state["noc"]["state"], state["noc"]["active"], state["noc"]["left_out"]) == ("live", 1, 1)
    assert (state["nms"]["raised"], state["nms"]["ended"]) == (1, 1)


def test_told_again_is_no_news_and_acknowledged_holds_until_it_ends(served: Served) -> None:
    send(served, alertmanager(alert()))
    served.call(lambda: desk_of(served).book.do(Event.ACK, [LINK], "li", "seen", 1.0))
    assert send(served, alertmanager(alert()))["raised"] == 0
    assert alarms(served) == {LINK: "C"}
    assert send(served, alertmanager(alert(status="resolved"), status="resolved"))["ended"] == 1
    assert alarms(served) == {}
    assert send(served, alertmanager(alert()))["late"] == 1, "the first message, delivered once more"
    assert alarms(served) == {}
    assert send(served, alertmanager(alert(began="2026-11-28T05:00:00Z")))["raised"] == 1
    assert alarms(served) == {LINK: "B"}, "armed again"
    served.call(lambda: desk_of(served).book.do(Event.ACK, [LINK], "li", "seen", 2.0))
    told = send(served, alertmanager(alert(began="2026-11-28T06:00:00Z")))
    assert (told["raised"], alarms(served)) == (1, {LINK: "B"}), "it ended and began again between two messages"


def test_the_end_of_a_shelved_alarm_is_taken_and_of_an_unknown_one_is_nothing(served: Served) -> None:
    send(served, alertmanager(alert()))
    now = served.call(lambda: desk_of(served).now)
    served.call(lambda: desk_of(served).book.do(Event.SHELVE, [LINK], "li", "works", now, now + 3600))
    assert send(served, alertmanager(alert(status="resolved")))["ended"] == 1
    served.call(lambda: desk_of(served).book.do(Event.UNSHELVE, [LINK], "li", "", now))
    assert alarms(served) == {}
    told = send(served, alertmanager(alert("Never", "resolved", fingerprint="nn")))
    assert (told["raised"], told["ended"], alarms(served)) == (0, 0, {})


def test_a_restart_fires_nothing_again_and_what_was_answered_is_kept(tmp_path: Path) -> None:
    with hooked(tmp_path) as served:
        send(served, alertmanager(alert()))
        served.call(lambda: desk_of(served).book.do(Event.ACK, [LINK], "li", "seen", 1.0))
        with closing(sqlite3.connect(tmp_path / "state" / "alarms.sqlite")) as db:
            rows = db.execute("SELECT alarm, event, actor FROM steps").fetchall()
        assert (LINK, "alarm", "noc") in rows, "on the disk before the answer"
    with hooked(tmp_path) as served:
        assert alarms(served) == {LINK: "C"}
        assert send(served, alertmanager(alert()))["raised"] == 0
        assert alarms(served) == {LINK: "C"}
        send(served, alertmanager(alert(status="resolved")))
        assert alarms(served) == {}


def test_only_the_token_of_the_hook_opens_it(served: Served) -> None:
    url = f"{served.url}/api/v1/hooks/alertmanager"
    body = json.dumps(alertmanager(alert()))
    for given in ("", "Bearer", "Bearer x", f"Basic {TOKENS['noc']}", f"Bearer {TOKENS['panels']}"):
        answer = httpx.post(url, content=body, headers={"Authorization": given} if given else {})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="hooks"'), given
    assert alarms(served) == {}
    assert "the types are" in send(served, {}, "zabbix", status=404)["detail"]
    rule = policy.find("POST", "/api/v1/hooks/grafana")
    assert rule is not None
    assert rule.least == "own"


def test_a_hook_without_a_good_token_lets_nobody_in_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_NOC", "short")
    monkeypatch.delenv("HOOK_NMS")
    with hooked(tmp_path) as served:
        send(served, alertmanager(alert()), status=401, Authorization="Bearer short")
        send(served, librenms(), "librenms", "nms", status=401, Authorization="Bearer")
        told = {row["name"]: (row["state"], row["reason"]) for row in served.http.get("/api/v1/hooks").json()}
        assert told["noc"][0] == "misconfigured"
        assert "can be guessed" in told["noc"][1]
        assert "HOOK_NMS is not set" in told["nms"][1]
        assert told["panels"] == ("waiting", "")


def test_bodies_that_are_none_are_refused_with_the_reason(served: Served) -> None:
    bodies = {
        b"": "no JSON", b"{": "no JSON", b"\xff\xfe": "no JSON", b"[]": "no JSON object", b"1": "no JSON object",
        b"[" * 100_000: "nested too deeply", b'{"version": "3"}': "version 4",
    }  # fmt: skip
    for number, (body, said) in enumerate(bodies.items(), 1):
        assert said in send(served, body, status=400)["detail"], body[:20]
        assert hook_of(served, "noc").counts.refused == number
    assert alarms(served) == {}


def test_it_is_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "larger than" in send(served, b" " * (2 * 1024 * 1024 + 1), status=413)["detail"]
    assert "compressed" in send(served, {}, status=400, Content_Encoding="gzip")["detail"]
    monkeypatch.setattr(hooks, "MOST_ACTIVE", 3)
    told = send(served, alertmanager({"status": "x"}, *(alert(fingerprint=f"{n:016x}") for n in range(5))))
    assert (told["raised"], told["refused_count"], told["unplaced"]) == (3, 3, 3)
    assert [row["number"] for row in told["refused"]] == [1, 5, 6]
    assert "are active already" in told["refused"][1]["why"]
    names = {row["name"]: row for row in served.http.get("/api/v1/hooks").json()}["noc"]["unplaced_names"]
    assert names == {"alertname=LinkDown": 3}
    hook_of(served, "noc").bucket = Bucket(1, lambda: 0.0)
    hook_of(served, "noc").bucket.wait()
    answer = served.http.post(
        "/api/v1/hooks/alertmanager", content=b"{}", headers={"Authorization": f"Bearer {TOKENS['noc']}"}
    )
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_of_an_alarm_that_is_told_twice_at_once_the_last_counts(served: Served) -> None:
    ended = alert(status="resolved", began="2026-11-28T03:00:00Z")
    began = alert(began="2026-11-28T05:00:00Z")
    send(served, alertmanager(ended, began))
    assert alarms(served) == {LINK: "B"}
    send(served, alertmanager(began, alert(status="resolved", began="2026-11-28T05:00:00Z")))
    assert alarms(served) == {LINK: "D"}


@pytest.mark.alone
def test_a_flood_of_alarms_leaves_live_values_their_turn(served: Served) -> None:
    longest, before = 0.0, time.monotonic()

    def beat() -> None:
        nonlocal longest, before
        now = time.monotonic()
        longest, before = max(longest, now - before), now
        if not done:
            served.loop.call_later(0.005, beat)  # type: ignore[union-attr]  # it runs

    done: list[bool] = []
    served.call(beat)
    rows = [alert(fingerprint=f"{n:016x}", labels={"instance": f"nowhere-{n}.example.edu:9100"}) for n in range(3000)]
    told = send(served, alertmanager(*rows))
    done.append(True)
    assert (told["raised"], told["unplaced"]) == (3000, 3000)
    assert longest < 0.25, f"the server stood still for {longest:.2f} s"


def test_a_hook_that_is_taken_out_takes_its_alarms_along(served: Served) -> None:
    send(served, alertmanager(alert()))
    send(served, librenms(), "librenms", "nms")
    left = {name: entry for name, entry in HOOKS.items() if name != "noc"}
    file = CampusFile.model_validate({"campus": {"id": "c"}, "hooks": left})
    outside = served.runtime.outside
    assert outside is not None
    served.call(lambda: outside.hooks.follow(file.hooks, Places(served.runtime.assembled.campus)))
    assert alarms(served) == {"nms:17": "B"}
    assert "takes no alarms of alertmanager" in send(served, alertmanager(), status=403)["detail"]
    assert hook_of(served, "nms").counts.raised == 1, "it goes on as it was"


def test_a_disk_that_refuses_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin.alarms.journal import JournalError

    async def refuse() -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(desk_of(served), "durable", refuse)
    assert "the disk is full" in send(served, alertmanager(alert()), status=503)["detail"]
