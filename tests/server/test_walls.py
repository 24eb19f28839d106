"""Walls and displays over HTTP: what a screen is told, control within 0.3 s, who may what, and how a display that is
not well is known within ten seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from server.displays import Displays
from server.outdoor import outdoor_now
from server.schemas_walls import BeatIn
from tests.server.accounts.signing import client, guarded, sign_in
from tests.server.serving import Served, serve
from twin.history.spool import Event
from twin.reading import Quality

WITHIN_S = 0.3
MAIN = {"wall": "lobby", "screen": "main"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with kept(tmp_path) as running:
        yield running


def kept(folder: Path) -> Any:
    def adjust(runtime: Any) -> None:
        runtime.state_folder = folder / "state"

    return serve(folder / "cache", adjust=adjust)


def control(served: Served, status: int = 200, **what: str) -> Any:
    answer = served.http.post("/api/v1/walls/lobby/control", json=what)
    assert answer.status_code == status, answer.text
    return answer.json()


class Events:
    """The events of a stream, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self.lines = answer.iter_lines()

    def next(self, name: str) -> Any:
        for line in self.lines:
            if line == f"event: {name}":
                return json.loads(next(self.lines).removeprefix("data: "))
        raise AssertionError(f"the stream ended without '{name}'")


def test_a_wall_is_told_with_all_that_its_screens_draw(served: Served) -> None:
    assert {"lobby", "operations"} == {row["id"] for row in served.http.get("/api/v1/walls").json()}
    wall = served.http.get("/api/v1/walls/lobby").json()
    screen = wall["screens"]["main"]
    assert screen["unit"] == pytest.approx(1.0, abs=0.01)
    assert screen["scenes"] == ["energy"], "the campus has neither people nor a network nor air"
    scene = wall["scenes"]["energy"]
    assert (scene["channel"], scene["hero"], scene["adds"], scene["legend"]["unit"]) == (
        "energy.power", "energy.power", True, "kW",
    )  # fmt: skip
    assert scene["during"] == {"days": [1, 2, 3, 4, 5, 6, 7], "spans": [[0, 1440]]}
    assert (wall["unknown"], wall["own"], wall["reload_at"]) == ([], False, 270)
    detail = served.http.get("/api/v1/walls/nothing").json()["detail"]
    assert "there are lobby, operations" in detail


def test_a_display_is_told_how_warm_it_is_outside_while_that_is_fresh() -> None:
    """In the answer to its beat, for a display may ask for nothing else; old or doubtful values are not told."""
    point = SimpleNamespace(id="site/air", quantity="temperature", entity="site")
    said: dict[str, Any] = {"value": -3.25, "stale": False, "quality": Quality.GOOD, "origin": "measured"}
    live = SimpleNamespace(points=[point], latest=lambda name: SimpleNamespace(**said) if name == "site/air" else None)
    campus = SimpleNamespace(id="campus", sites=[SimpleNamespace(id="site")], buildings=[])
    runtime: Any = SimpleNamespace(live=live, assembled=SimpleNamespace(campus=campus), desks={})
    now = outdoor_now(runtime)
    assert now is not None
    assert now.model_dump() == {"point": "site/air", "value": -3.25, "unit": "°C", "origin": "measured"}
    for wrong in ({"stale": True}, {"quality": Quality.UNCERTAIN}, {"value": None}, {"value": float("nan")}):
        said.update({"value": -3.25, "stale": False, "quality": Quality.GOOD, **wrong})
        assert outdoor_now(runtime) is None, wrong
    point.entity = "14/05/5036"  # and a room is not outside
    runtime.live = SimpleNamespace(points=[point], latest=live.latest)
    assert outdoor_now(runtime) is None


def test_what_a_tablet_does_is_on_the_wall_at_once(served: Served) -> None:
    with served.http.stream("GET", "/sse/wall/lobby") as one, httpx.Client(base_url=served.url, timeout=10) as other:
        screen = Events(one)
        assert screen.next("state")["held"] == []
        with other.stream("GET", "/sse/wall/lobby") as two:
            tablet = Events(two)
            tablet.next("state")
            began = time.monotonic()
            control(served, do="hold", screen="main")
            assert screen.next("state")["held"] == ["main"]
            assert time.monotonic() - began < WITHIN_S
            assert tablet.next("state")["by"] == "demo"
            control(served, do="scene", screen="main", value="network")
            step = screen.next("do")
            assert (step["do"], step["screens"], step["value"], step["by"]) == ("scene", ["main"], "network", "demo")
            screen.next("state")
            for what, value, key in (("lang", "en", "lang"), ("theme", "light", "theme"), ("select", "1", "selection")):
                control(served, do=what, value=value)
                assert screen.next("state")[key] == value
            control(served, do="resume")
            assert screen.next("state")["held"] == []
            served.http.post("/api/v1/displays/d1/beat", json={**MAIN, "scene": "energy"})
            while not (now := tablet.next("state")["now"]):
                pass
            assert now["main"]["scene"] == "energy"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"do": "dance"}, "do"),
        ({"do": "scene", "value": "nothing"}, "no scene 'nothing'"),
        ({"do": "hold", "screen": "left"}, "no screen 'left'"),
        ({"do": "lang", "value": "fr"}, "choose zh or en"),
        ({"do": "theme", "value": "red"}, "choose dark or light"),
        ({"do": "select", "value": "nowhere"}, "no 'nowhere' in the campus"),
        ({"do": "hold", "more": "x"}, "more"),
    ],
)
def test_what_cannot_be_done_is_said(served: Served, what: dict[str, str], said: str) -> None:
    assert said in control(served, 422, **what)["detail"]


def test_what_was_chosen_outlives_a_restart(tmp_path: Path) -> None:
    with kept(tmp_path) as served:
        control(served, do="hold", screen="main")
        control(served, do="theme", value="light")
    assert (tmp_path / "state/displays.sqlite").stat().st_mode & 0o777 == 0o600
    with kept(tmp_path) as served:
        end = time.monotonic() + 60
        while not (state := beat(served)["state"])["held"]:
            assert time.monotonic() < end, state
            time.sleep(0.05)
        assert (state["held"], state["theme"], state["by"]) == (["main"], "light", "demo")


def beat(served: Served, id_: str = "d1", status: int = 200, **what: object) -> Any:
    answer = served.http.post(f"/api/v1/displays/{id_}/beat", json={**MAIN, **what})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_beat_is_answered_with_the_build_and_what_is_asked_of_the_display(served: Served) -> None:
    first = beat(served, scene="energy", tick=1, heap_mb=80.5, nodes=900)
    assert (len(first["build"]), first["reload"]) == (8, False)
    told = served.http.get("/api/v1/displays").json()
    row = told["items"][0]
    assert (told["total"], told["wrong"], row["state"], row["scene"], row["current"]) == (1, 0, "ok", "energy", False)
    assert served.http.post("/api/v1/displays/d1/reload", json={}).status_code == 204
    assert beat(served, build=first["build"], tick=2)["reload"] is True
    assert beat(served, build=first["build"], tick=3)["reload"] is False
    assert served.http.get("/api/v1/displays").json()["items"][0]["current"] is True
    assert served.http.post("/api/v1/displays/none/reload", json={}).status_code == 404
    beat(served, status=404, wall="nothing")
    beat(served, status=422, heap_mb="much")
    beat(served, bye=True)
    assert served.http.get("/api/v1/displays").json()["total"] == 0


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, event: Event) -> None:
        self.events.append(event)


def sign(**what: object) -> BeatIn:
    return BeatIn.model_validate({**MAIN, "channel": "energy.power", "feed": "ready", **what})


def test_gone_frozen_deaf_and_hidden_are_known_within_ten_seconds() -> None:
    told, hub = Told(), [0]
    displays = Displays(SimpleNamespace(recorder=told, accounts=None), "b", lambda _channel: hub[0])  # type: ignore[arg-type]

    clock = [0.0]

    def run(seconds: int, **how: Any) -> float:
        """A display that beats every three seconds while the hub goes on; when its state first changed [s]."""
        before = state()
        for second in range(seconds):
            clock[0] += 1
            now = clock[0]
            hub[0] += 1
            if second % 3 == 0 and not how.get("silent"):
                tick = how.get("tick", int(now))
                displays.take("d1", sign(tick=tick, seq=how.get("seq", hub[0]), hidden=how.get("hidden", False),
                                         feed=how.get("feed", "ready")), now, registered=True)  # fmt: skip
            displays.look(now)
            if state() != before:
                return second
        return -1

    def state() -> str:
        return displays.known["d1"].state if "d1" in displays.known else "none"

    run(1)
    assert (run(30), state()) == (-1, "ok")
    assert (0 < run(30, silent=True) <= 10, state()) == (True, "gone")
    assert (run(5), state()) == (0, "ok")
    assert (0 < run(30, tick=5) <= 10, state()) == (True, "frozen")
    assert (run(5), state()) == (0, "ok")
    assert (0 < run(30, seq=7) <= 10, state()) == (True, "deaf")
    assert (run(5), state()) == (0, "ok")
    assert (0 < run(30, feed="stale") <= 10, state()) == (True, "deaf")
    run(5)
    assert (run(5, hidden=True), state()) == (0, "hidden")
    assert [event.state for event in told.events] == [
        "gone", "ok", "frozen", "ok", "deaf", "ok", "deaf", "ok", "hidden",
    ]  # fmt: skip
    assert json.loads(told.events[0].detail)["zh"] == "显示屏 d1 失联"


def test_a_display_that_rests_on_an_idle_campus_is_well() -> None:
    displays = Displays(SimpleNamespace(recorder=None, accounts=None), "b", lambda _channel: 5)  # type: ignore[arg-type]
    for second in range(0, 60, 3):
        displays.take("d1", sign(tick=second, seq=5), second, registered=False)
        displays.look(second + 2)
    assert displays.known["d1"].state == "ok"
    displays.look(1000)
    assert displays.known == {}, "a browser that once looked is no display"


def test_who_may_what(tmp_path: Path) -> None:
    with guarded(tmp_path) as site:
        admin = sign_in(site, "admin")
        made = admin.post("/api/v1/kiosks", json={"name": "lobby-1", "wall": "lobby"})
        screen = client(site)
        screen.get(str(made.json()["link"]).removeprefix(site.url))
        (row,) = admin.get("/api/v1/displays").json()["items"]
        assert (row["id"], row["state"], row["registered"]) == ("lobby-1", "never", True)
        assert screen.post("/api/v1/displays/lobby-1/beat", json=MAIN).status_code == 200
        assert screen.post("/api/v1/displays/other/beat", json=MAIN).status_code == 403
        other = {**MAIN, "wall": "operations", "screen": "overview"}
        assert "is of the wall 'lobby'" in screen.post("/api/v1/displays/lobby-1/beat", json=other).json()["detail"]
        assert screen.get("/api/v1/walls/lobby").status_code == 200
        assert screen.get("/api/v1/walls/operations").status_code == 403
        assert screen.get("/api/v1/impact?node=1").status_code == 200
        assert screen.get("/api/v1/displays").status_code == 403
        assert screen.post("/api/v1/walls/lobby/control", json={"do": "next"}).status_code == 403
        assert screen.get("/wall/lobby/control").status_code == 403
        viewer, operator = sign_in(site, "viewer"), sign_in(site, "operator")
        assert viewer.post("/api/v1/walls/lobby/control", json={"do": "next"}).status_code == 403
        assert viewer.get("/api/v1/displays").status_code == 403
        assert operator.post("/api/v1/walls/lobby/control", json={"do": "next"}).json()["by"] == "operator"
        assert operator.get("/api/v1/displays").json()["items"][0]["state"] == "ok"
