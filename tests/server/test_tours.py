"""Tours under way over HTTP: what the wall, the guide and visitors' phones are told, how fast, and who may what."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from pages.application import create_app
from server.runtime import Runtime
from tests.server.accounts.signing import client, guarded, sign_in
from tests.server.serving import Served, serve, small_campus
from tests.server.test_walls import Events
from twin.config_accounts import AccountsEntry
from twin.space import Building
from twin.tours.tour_files import read_tours

WITHIN_S = 0.3
TOUR = """
names: {zh: 试走, en: A trial}
summary: {zh: 三步, en: Three steps}
minutes: [3]
chapters:
  - id: first
    names: {zh: 一, en: One}
    steps:
      - id: whole
        text: {zh: "此刻用电{kpi:energy.power}。", en: "The campus draws {kpi:energy.power}."}
        notes: {zh: 慢慢说, en: Take your time}
        number: kpi:energy.power
        dwell: 50s
      - id: house
        text: {zh: 一号楼。, en: House one.}
        number: kpi:energy.power@1
        camera: {of: "1", azimuth: 30}
        highlights: ["1"]
        callouts: [{of: "1", number: kpi:energy.power@1}]
        channel: energy.power
        dwell: 50s
  - id: second
    names: {zh: 二, en: Two}
    steps:
      - {id: lost, text: {zh: 没有, en: Nowhere}, camera: {of: "99"}, dwell: 30s}
      - id: room
        text: {zh: 一间房。, en: "A room draws {point:1/01/101/power}."}
        number: channel:energy.power@1/01
        camera: {of: "1"}
        channel: occupancy.people
        dwell: 50s
"""
WATCH = TOUR.replace("summary:", "audience: operators\nsummary:").replace("        channel: occupancy.people\n", "")


def tours(folder: Path) -> Any:
    """A campus folder's configuration with two tours; nothing else of it is asked."""
    place = folder / "tours"
    place.mkdir(exist_ok=True)
    (place / "trial.yaml").write_text(TOUR, "utf-8")
    (place / "watch.yaml").write_text(WATCH, "utf-8")
    found, mistakes = read_tours(place, "tours")
    assert not mistakes
    nothing: dict[str, object] = {}
    return SimpleNamespace(
        tours=found, walls=nothing, folder=folder, alarms=SimpleNamespace(vacations=nothing),
        file=SimpleNamespace(kpis=None),
    )  # fmt: skip


@contextmanager
def running(folder: Path) -> Iterator[Served]:
    def prepare(_app: Any, runtime: Runtime) -> None:
        runtime.config, runtime.state_folder = tours(folder), folder / "state"

    with serve(folder / "cache", small_campus(3), prepare=prepare) as served:
        served.feed(**{f"room_1{n:02}": 2000.0 for n in range(1, 7)})
        yield served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with running(tmp_path) as found:
        yield found


def begun(http: httpx.Client, status: int = 201, **given: object) -> Any:
    answer = http.post("/api/v1/tellings", json={"tour": "trial", **given})
    assert answer.status_code == status, answer.text
    return answer.json()


def act(http: httpx.Client, telling: Any, do: str, value: str = "", status: int = 200) -> Any:
    answer = http.post(f"/api/v1/tellings/{telling['id']}/act", json={"do": do, "value": value})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_what_a_guide_presses_is_on_the_wall_and_on_the_phones_at_once(served: Served) -> None:
    telling = begun(served.http, lead=True)
    assert (telling["step"], telling["n"], telling["of"], telling["holder"]) == ("whole", 1, 3, "demo")
    assert telling["left_out"] == [
        {"step": "lost", "why": {"zh": "校园里没有'99'", "en": "there is no '99' in this campus"}}
    ]
    with (
        served.http.stream("GET", f"/sse/telling/{telling['id']}") as one,
        httpx.Client(base_url=served.url, timeout=10) as other,
        other.stream("GET", f"/sse/follow/{telling['code'].lower()}") as two,
        httpx.Client(base_url=served.url, timeout=10) as hand,
    ):
        wall, phone = Events(one), Events(two)
        wall.next("state")
        first = wall.next("picture")
        assert first["text"] == {"zh": "此刻用电12 千瓦。", "en": "The campus draws 12 kilowatts."}
        assert "notes" not in first
        phone.next("picture")
        took = []
        for do, step in [("next", "house"), ("back", "whole")] * 5:
            began = time.monotonic()
            act(hand, telling, do)
            assert wall.next("state")["step"] == step
            assert wall.next("picture")["step"] == step
            took.append(time.monotonic() - began)
            state = phone.next("state")
            assert (state["step"], state["id"], state["wall"]) == (step, "", "")
        assert sorted(took)[-1] < WITHIN_S
        act(hand, telling, "hold")
        assert wall.next("state")["held"] is True
        act(hand, telling, "lang", "en")
        assert wall.next("state")["lang"] == "en"
        act(hand, telling, "point", "2")
        assert wall.next("state")["pointer"] == {"id": "2", "names": {"zh": "House 2", "en": "House 2"}}
        act(hand, telling, "jump", "room")
        state = wall.next("state")
        assert (state["step"], state["pointer"], state["held"]) == ("room", None, False)
        act(hand, telling, "end")
        wall.next("over")
        phone.next("over")
    assert served.http.get(f"/api/v1/follow/{telling['code']}").status_code == 404


def test_a_number_is_said_with_its_age_coverage_and_origin(served: Served) -> None:
    telling = begun(served.http)
    told = served.http.get(f"/api/v1/tellings/{telling['id']}").json()["picture"]
    number = told["number"]
    assert number["said"]["zh"] == {"text": "12 千瓦", "number": "12", "unit": "千瓦", "about": False}
    assert (number["have"], number["of"], number["covers"]["en"], number["origin"]) == (6, 36, "points", "measured")
    assert 0 <= number["age_s"] < 10
    assert told["text"]["en"] == "The campus draws 12 kilowatts."


def test_visitors_are_told_no_room_and_nothing_of_people(served: Served) -> None:
    telling = begun(served.http, lead=True)
    act(served.http, telling, "jump", "room")
    told = served.http.get(f"/api/v1/follow/{telling['code']}").json()["picture"]
    assert told["text"]["en"] == "A room draws no data."
    assert (told["number"]["hidden"], told["number"]["said"]["en"]["number"]) == (True, "")
    assert (told["channel"], told["legend"]) == ("", None)
    assert "is somebody's" in act(served.http, telling, "point", "1/01/101", 409)["detail"], "an office"
    act(served.http, telling, "point", "1/01/102")
    told = served.http.get(f"/api/v1/follow/{telling['code']}").text
    assert '"102"' in told
    assert "Room" not in told, "people are named in the names of some rooms"
    watch = begun(served.http, tour="watch", lead=True)
    assert watch["code"] == "", "no visitor follows what is told to people on duty"
    code = served.runtime.tours.tellings[watch["id"]].code
    act(served.http, watch, "jump", "room")
    told = served.http.get(f"/api/v1/tellings/{watch['id']}").json()["picture"]
    assert told["text"]["en"] == "A room draws 2 kilowatts."
    assert served.http.get(f"/api/v1/follow/{code}").status_code == 404


def test_what_cannot_be_done_is_said(served: Served) -> None:
    telling = begun(served.http, lead=True)
    for do, value, status, code, said in (
        ("dance", "", 422, "", "do"),
        ("jump", "nowhere", 409, "no-step", "no step 'nowhere'"),
        ("jump", "lost", 409, "left-out", "there is no '99' in this campus"),
        ("back", "", 409, "first", "first step"),
        ("length", "ten", 409, "length", "no length"),
        ("length", "7", 409, "no-variant", "there are: 3"),
        ("lang", "fr", 409, "language", "choose zh, en"),
        ("point", "nowhere", 409, "place", "no 'nowhere' in the campus"),
        ("wall", "nowhere", 409, "wall", "there are lobby, operations"),
    ):
        answer = act(served.http, telling, do, value, status)
        assert (answer.get("code", ""), said in answer["detail"]) == (code, True), answer
    assert act(served.http, telling, "touch")["step"] == "whole"


def test_a_tour_that_is_not_there_or_is_over(served: Served) -> None:
    assert "there are trial, watch" in begun(served.http, 404, tour="none")["detail"]
    assert begun(served.http, 409, minutes=9)["code"] == "no-variant"
    assert begun(served.http, 422, more=1)
    assert act(served.http, {"id": "gone"}, "next", status=404)["detail"].startswith("this tour is over")
    assert served.http.get("/sse/follow/ABCDEF").status_code == 404
    for n in range(60):  # noqa: B007
        last = served.http.post("/api/v1/tellings", json={"tour": "trial"})
        if last.status_code != 201:
            break
    assert (n, last.json()["code"]) == (40, "full")
    assert begun(served.http, lead=True), "guides find a place"


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as served:
        telling = begun(served.http, lead=True, lang="en")
        act(served.http, telling, "next")
    assert (tmp_path / "state/tours.sqlite").stat().st_mode & 0o777 == 0o600
    with running(tmp_path) as served:
        end = time.monotonic() + 5
        while (answer := served.http.get(f"/api/v1/tellings/{telling['id']}")).status_code != 200:
            assert time.monotonic() < end, answer.text
            time.sleep(0.05)
        state = answer.json()["state"]
        assert (state["step"], state["lang"], state["code"]) == ("house", "en", telling["code"])
        assert act(served.http, telling, "next")["holder"] == "demo"
        act(served.http, telling, "end")
    with running(tmp_path) as served:
        time.sleep(0.3)
        assert served.http.get("/api/v1/tellings").json() == []


def test_a_wall_is_taken_for_the_visit_and_given_back(served: Served) -> None:
    with served.http.stream("GET", "/sse/wall/lobby") as one, httpx.Client(base_url=served.url, timeout=10) as hand:
        wall = Events(one)
        assert wall.next("state")["telling"] is None
        telling = begun(hand, lead=True)
        act(hand, telling, "wall", "lobby")
        assert wall.next("state")["telling"] == {"id": telling["id"], "tour": "trial"}
        act(hand, telling, "wall", "")
        assert wall.next("state")["telling"] is None
        act(hand, telling, "wall", "lobby")
        assert wall.next("state")["telling"]
        act(hand, telling, "end")
        assert wall.next("state")["telling"] is None


def test_who_may_what(tmp_path: Path) -> None:
    def prepare(_app: Any, runtime: Runtime) -> None:
        runtime.config = tours(tmp_path)

    with guarded(tmp_path, AccountsEntry(visitors=True), prepare=prepare) as site:
        ann, ben, viewer, visitor = (
            sign_in(site, "operator"),
            sign_in(site, "planner"),
            sign_in(site, "viewer"),
            client(site),
        )
        assert begun(viewer, 403, lead=True)["detail"].endswith("led by operators and planners")
        telling = begun(ann, lead=True)
        assert act(ben, telling, "next", status=409)["detail"] == "'operator' leads this tour: take it over first"
        assert act(ben, telling, "take-over")["holder"] == "planner"
        assert act(ann, telling, "next", status=409)["code"] == "not-holder"
        assert act(ben, telling, "next")["step"] == "house"
        act(viewer, telling, "next", status=403)
        screen = viewer.post(f"/api/v1/tellings/{telling['id']}/screen", json={"do": "next"})
        assert screen.status_code == 409, "while somebody leads, the screen is his"
        assert visitor.get("/api/v1/tours/trial").status_code == 401
        assert [row["id"] for row in visitor.get("/api/v1/tours").json()] == ["trial"]
        assert visitor.get("/api/v1/tellings").status_code == 401
        assert visitor.get(f"/sse/telling/{telling['id']}?as=guide").status_code == 403
        assert begun(visitor, 403, tour="watch")["detail"].endswith("sign in")
        own = begun(visitor)
        asked = visitor.post(f"/api/v1/tellings/{own['id']}/screen", json={"do": "next"})
        assert asked.json()["step"] == "house"
    with guarded(tmp_path / "closed", prepare=prepare) as site:
        ann, stranger = sign_in(site, "operator"), client(site)
        telling = begun(ann, lead=True)
        assert stranger.get(f"/api/v1/follow/{telling['code']}").json()["state"]["id"] == ""
        assert stranger.get(f"/api/v1/tellings/{telling['id']}").status_code == 401
        assert begun(stranger, 401)


def test_what_nobody_leads_goes_on_by_itself_and_what_a_guide_left_begins_anew(served: Served) -> None:
    late = [0.0]
    served.runtime.ingest.clock = lambda: time.time() + late[0]
    own = begun(served.http)
    led = begun(served.http, lead=True)
    act(served.http, led, "next")
    act(served.http, led, "wall", "lobby")
    with (
        served.http.stream("GET", f"/sse/telling/{own['id']}") as one,
        httpx.Client(base_url=served.url, timeout=10) as other,
        other.stream("GET", f"/sse/telling/{led['id']}") as two,
    ):
        alone, left = Events(one), Events(two)
        alone.next("state")
        left.next("state")
        late[0] = 51.0
        assert alone.next("state")["step"] == "house"
        late[0] = 95.0
        state = left.next("state")
        assert (0 < state["warns_s"] <= 20, state["step"], state["wall"]) == (True, "house", "lobby")
        late[0] = 112.0
        state = left.next("state")
        assert (state["step"], state["guided"], state["wall"]) == ("whole", False, "")
    late[0] = 400.0
    end = time.monotonic() + 5
    while served.runtime.tours.tellings:
        assert time.monotonic() < end, "nobody looks at them any more"
        time.sleep(0.05)


def test_the_pages_of_phones(tmp_path: Path) -> None:
    def prepare(app: Any, runtime: Runtime) -> None:
        create_app(app, runtime)
        runtime.config = tours(tmp_path)

    with guarded(tmp_path, prepare=prepare) as site:
        ann, stranger = sign_in(site, "operator"), client(site, accept="text/html")
        telling = begun(ann, lead=True)
        page = stranger.get(f"/follow/{telling['code'].lower()}?lang=en")
        assert page.status_code == 200
        assert "/assets/boot/follow.js" in page.text
        assert "Take your time" not in page.text
        assert telling["id"] not in page.text
        assert re.findall(r"<g data-id=\"(\d)\">", page.text) == ["2", "1"], "from the back to the front"
        assert "<script>" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        gone = stranger.get("/follow/ZZZZZZ?lang=zh")
        assert (gone.status_code, "没有这个代码的导览" in gone.text) == (404, True)
        assert stranger.get("/guide/trial").status_code == 303
        assert "慢慢说" not in ann.get("/guide/trial").text, "notes come with the stream, to guides alone"
        assert ann.get("/guide/none").status_code == 404
        code = ann.get(f"/api/v1/tellings/{telling['id']}/qr").json()
        assert code["url"] == f"{site.url}/follow/{telling['code']}"
        assert stranger.get(code["url"]).status_code == 200
        assert code["size"] > 20


def test_a_file_that_is_written_anew_is_told_anew(served: Served, tmp_path: Path) -> None:
    telling = begun(served.http, lead=True)
    act(served.http, telling, "next")
    with served.http.stream("GET", f"/sse/telling/{telling['id']}") as one:
        wall = Events(one)
        assert wall.next("picture")["text"]["en"] == "House one."
        config: Any = served.runtime.config
        (tmp_path / "tours/trial.yaml").write_text(TOUR.replace("House one.", "The first house."), "utf-8")
        config.tours = read_tours(tmp_path / "tours", "tours")[0]
        assert wall.next("picture")["text"]["en"] == "The first house."
        (tmp_path / "tours/trial.yaml").write_text(TOUR.replace("id: house", "id: other"), "utf-8")
        config.tours = read_tours(tmp_path / "tours", "tours")[0]
        state = wall.next("state")
        assert (state["step"], state["guided"]) == ("whole", True), "its step is gone: from the beginning"


def test_homes_are_never_told(tmp_path: Path) -> None:
    campus = small_campus(3)
    campus.campus.buildings[0].category = "bedroom"

    def prepare(_app: Any, runtime: Runtime) -> None:
        runtime.config = tours(tmp_path)

    with serve(tmp_path / "cache", campus, prepare=prepare) as served:
        served.feed(**{f"room_1{n:02}": 2000.0 for n in range(1, 7)})
        telling = begun(served.http, lead=True)
        act(served.http, telling, "next")
        told = served.http.get(f"/api/v1/follow/{telling['code']}").json()["picture"]
        assert told["number"]["hidden"] is True
        assert told["callouts"][0]["number"]["said"]["zh"]["number"] == ""
        assert isinstance(campus.campus.buildings[0], Building)
        assert "2 " not in json.dumps(told["callouts"])
