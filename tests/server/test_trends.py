"""``/api/v1/trends`` and ``/api/v1/notes`` of a served campus: what they answer, what they refuse in which words."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from server import notes as keeping
from server.push_gate import Bucket
from server.schemas_notes import NoteOut, NotesOut
from server.schemas_trends import TrendsOut
from server.schemas_trends_views import CarpetOut, DurationOut, FlowsOut, NamesOut, OffersOut, RankingOut
from tests.server.remembering import remembering, wait
from tests.server.serving import Served, serve

MINUTE, HOUR = 60_000, 3_600_000
NOW = int(time.time()) * 1000 // HOUR * HOUR
ONE, TWO = "1/01/101/power", "1/01/102/power"
GAP = (NOW - 5 * HOUR, NOW - 4 * HOUR)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two rooms with 30 hours of a reading each minute, an hour of silence in one, and a spike that does not count."""
    times = range(NOW - 30 * HOUR, NOW, MINUTE)
    one: list[tuple[int, float | None]] = [(at, (at - NOW) / HOUR + 40) for at in times if not GAP[0] <= at < GAP[1]]
    one[200] = (one[200][0], 1e6)
    with remembering(tmp_path_factory.mktemp("trends"), {ONE: one, TWO: [(at, 2.0) for at in times]}) as running:
        yield running


def get(served: Served, path: str, status: int = 200, **query: Any) -> httpx.Response:
    told = {key.rstrip("_"): value if isinstance(value, list) else str(value) for key, value in query.items()}
    answer = served.http.get(f"/api/v1/{path}", params=told)
    assert answer.status_code == status, answer.text
    return answer


def ask(served: Served, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = get(served, "trends", **query).json()
    TrendsOut.model_validate(answer)
    return answer


def test_a_line_says_value_coverage_gap_and_total(served: Served) -> None:
    found = ask(served, what=["point:" + ONE, "1:power"], from_=NOW - 6 * HOUR, to=NOW, step="hour")
    point, house = found["lines"]
    assert found["borders"] == [NOW - (6 - n) * HOUR for n in range(7)]
    assert point["value"][1] is None
    # a value stands for a minute into the gap
    assert (point["coverage"][0], point["coverage"][2]) == (1.0, 1.0)
    assert [(each["kind"], each["start"], each["end"]) for each in point["stretches"]] == [("silent", *GAP)]
    assert (point["unit"], point["simulated"], point["names"]["en"]) == ("kW", True, "101 Room 101 · Power")
    assert point["low"][0] == pytest.approx(34.0)
    assert point["high"][0] == pytest.approx(35.0, abs=0.02)
    assert point["total"]["energy"] == pytest.approx(34.5 + 36.5 + 37.5 + 38.5 + 39.5, abs=0.1)
    assert point["total"]["coverage"] == pytest.approx(5 / 6, abs=1e-3)
    # of a house two of whose twelve rooms ever spoke that much is known, and that is told
    assert (house["have"][0], house["of"][0], house["low"][0]) == (2, 12, None)
    assert house["coverage"][0] == pytest.approx(2 / 12, abs=1e-3)
    assert house["total"]["energy"] == pytest.approx(186.5 + 12.0, abs=0.2)
    assert {each["kind"] for each in house["stretches"]} == {"low"}
    assert set(found["method"]) == {"zh", "en"}


def test_finer_windows_have_finer_steps(served: Served) -> None:
    steps = [ask(served, what=f"point:{TWO}", from_=NOW - h * HOUR, to=NOW)["step"] for h in (1, 8, 24, 80, 300)]
    assert steps == ["30", "60", "300", "900", "hour"]


def test_a_comparison_has_both_totals_and_the_difference(served: Served) -> None:
    found = ask(served, what=f"point:{ONE}", from_=NOW - 6 * HOUR, to=NOW, step="hour", compare="previous")
    this, that = found["lines"]
    assert (this["period"], that["period"]) == (0, 1)
    assert found["other"]["days"] in (1, 2)
    assert found["other"]["drawn"] == found["borders"]
    (difference,) = found["differences"]
    assert (difference["buckets"], difference["of"], difference["unit"]) == (5, 6, "kWh")
    hours = 24 * found["other"]["days"]
    if hours == 24:  # later in the day the day before has six hours as well
        assert difference["change"] == pytest.approx(24.0 * 5, abs=0.5)
        assert that["total"]["coverage"] == pytest.approx(1.0, abs=0.01)


def test_files_say_what_is_shown(served: Served) -> None:
    query: dict[str, Any] = {"what": ["1:power", f"point:{ONE}"], "from_": NOW - 3 * HOUR, "to": NOW, "step": "hour"}
    told = ask(served, **query)
    text = get(served, "trends", format="csv", **query)
    assert 'filename="trends.csv"' in text.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(text.text)))
    assert [row["what"] for row in rows] == ["1:power"] * 3 + [f"point:{ONE}"] * 3
    assert [float(row["value"]) for row in rows] == pytest.approx(
        [v for line in told["lines"] for v in line["value"]], rel=1e-5
    )
    assert {row["origin"] for row in rows} == {"simulated"}
    table = pq.read_table(io.BytesIO(get(served, "trends", format="parquet", **query).content))
    assert table.column_names == list(rows[0])
    assert json.loads(table.schema.metadata[b"campus_twin.series"])["step"] == "hour"


def test_by_area_and_the_views(served: Served) -> None:
    window: dict[str, Any] = {"from_": NOW - 24 * HOUR, "to": NOW}
    found = ask(served, what="1/01/101:power", step="hour", normalise="area", **window)
    assert found["lines"][0]["unit"] == "W/m²"
    assert found["lines"][0]["value"][-1] == pytest.approx(39.5 * 1000 / 16, rel=0.01)
    assert found["lines"][0]["total"]["by_unit"] == "kWh/m²"
    assert found["bands"] == [], "what is expected is not known by area"
    carpet = CarpetOut.model_validate(get(served, "trends/carpet", what=f"point:{ONE}", **window).json())
    assert len(carpet.value) == len(carpet.state) == 24
    assert len(carpet.limits) == 8
    given = CarpetOut.model_validate(get(served, "trends/carpet", what=f"point:{ONE}", limits="0,70", **window).json())
    assert (given.limits, given.fixed) == ([0, 10, 20, 30, 40, 50, 60, 70], True)
    curve = DurationOut.model_validate(get(served, "trends/duration", what=f"point:{ONE}", **window).json()).lines[0]
    assert curve.value == sorted(curve.value, reverse=True)
    assert curve.hours == pytest.approx(23.0, abs=0.1)
    flows = FlowsOut.model_validate(get(served, "trends/flows", entity="1", **window).json())
    assert [part.ids for part in flows.parts] == [["1/01"], ["1/02"]]
    assert {use.category: use.rooms for use in flows.parts[0].uses} == {"office": 3, "laboratory": 3}
    assert flows.parts[0].kwh == pytest.approx(sum(use.kwh for use in flows.parts[0].uses), rel=0.01)
    assert flows.parts[1].kwh is None, "nothing is known, which is not nothing"
    rooms = RankingOut.model_validate(get(served, "trends/ranking", of="spaces", **window).json())
    assert [row.id for row in rooms.rows] == ["1/01/101", "1/01/102"]
    assert (rooms.ranked, rooms.left_out, rooms.unit) == (2, 22, "kWh")
    bare = RankingOut.model_validate(get(served, "trends/ranking", by="coverage", lowest="true", n=1, **window).json())
    assert [(row.id, row.coverage) for row in bare.rows] == [("2", 0.0)]


def test_what_can_be_shown_is_found_as_the_console_finds_it(served: Served) -> None:
    found = OffersOut.model_validate(get(served, "trends/find", q="101").json()).items
    assert found[0].id == "1/01/101"
    assert [row.what for row in found[0].trends] == ["1/01/101:power"]
    assert found[0].above["en"].startswith("Site / House 1")
    assert [row.id for row in OffersOut.model_validate(get(served, "trends/find").json()).items] == ["demo", "1", "2"]
    assert get(served, "trends/find", q="nothing-like-it").json() == {"items": []}
    names = NamesOut.model_validate(get(served, "trends/names", what=["1:power", "nowhere:power", "x"]).json()).items
    assert [(row.what, row.names["zh"], row.unit) for row in names] == [("1:power", "House 1 · 功率", "kW")]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("trends", 422, "say what to show"),
        ("trends?what=1", 422, "write PLACE:QUANTITY"),
        ("trends?what=nowhere:power", 404, "no place 'nowhere'"),
        ("trends?what=point:nothing", 404, "never was"),
        ("trends?what=1:power&from=yesterday", 422, "write it as 2026-"),
        (f"trends?what=1:power&from={NOW}&to={NOW - HOUR}", 422, "'to' must lie after 'from'"),
        ("trends?what=1:power&step=7", 422, "are too many for one chart"),
        ("trends?what=1:power&step=fortnight", 422, "use whole seconds"),
        ("trends?what=1:power&compare=decade", 422, "use previous, week, month, year"),
        ("trends?what=1:power&normalise=money", 422, "use area, people, heating, cooling"),
        ("trends?what=1:power&format=xlsx", 422, "use json, csv, arrow, parquet"),
        ("trends?what=1:power&normalise=people", 422, "nobody counts people"),
        ("trends?what=1:power&normalise=heating", 422, "no thermometer stands outdoors"),
        ("trends/carpet?what=1:power&limits=7", 422, "limits=0,500"),
        ("trends/carpet?what=1:power&normalise=heating", 422, "leave out normalise"),
        (f"trends/carpet?what=1:power&from={NOW - 500 * 24 * HOUR}", 422, "at most 400 days"),
        ("trends/flows?entity=1/01/101", 404, "that has parts"),
        (f"trends/flows?from={NOW + HOUR}&to={NOW + 2 * HOUR}", 422, "no whole hour"),
        ("trends/ranking?by=deviation&of=spaces", 422, "only buildings have a model"),
        ("trends/ranking?by=beauty", 422, "by"),
        ("trends/ranking?entity=nowhere", 404, "no 'nowhere'"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(served: Served, path: str, status: int, words: str) -> None:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_a_refusal_that_a_reader_sees_has_words_in_both_languages(served: Served) -> None:
    told = get(served, "trends", 422, what="1:power", normalise="heating").json()
    assert told["code"] == "no-outdoor"
    assert "室外温度计" in told["words"]["zh"]


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


NOTE = {"entity": "1", "start": iso(NOW - 3 * HOUR), "text": " 冷却塔检修\nsecond line ", "author": "王工"}


def write(served: Served, status: int = 201, **changes: Any) -> Any:
    body = {key: value for key, value in {**NOTE, **changes}.items() if value is not None}
    answer = served.http.post("/api/v1/notes", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def notes(served: Served, **query: Any) -> list[NoteOut]:
    return NotesOut.model_validate(get(served, "notes", **query).json()).items


def test_a_note_is_kept_shown_and_taken_away_as_events(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = write(served, end=iso(NOW - 2 * HOUR))
    assert (kept["text"], kept["names"]["en"]) == ("冷却塔检修\nsecond line", "House 1")
    other = write(served, entity=None, point=ONE, text="a point")
    assert other["entity"] == "1/01/101"
    assert [row.id for row in notes(served)] == sorted((kept["id"], other["id"]), key=lambda i: i)
    assert [row.id for row in notes(served, entity="1")] == [kept["id"]]
    assert [row.id for row in notes(served, point=ONE, from_=NOW - 4 * HOUR, to=NOW)] == [other["id"]]
    # a span touches a window in which it neither begins nor ends
    inside = notes(served, entity="1", from_=NOW - 2 * HOUR - 40 * MINUTE, to=NOW - 2 * HOUR - 20 * MINUTE)
    assert [row.id for row in inside] == [kept["id"]]
    chart = ask(served, what=["1:power", f"point:{ONE}"], from_=NOW - 6 * HOUR, to=NOW, step="hour")
    assert {row["id"] for row in chart["notes"]} == {kept["id"], other["id"]}
    assert ask(served, what="2:power", from_=NOW - 6 * HOUR, to=NOW, step="hour")["notes"] == []

    store = served.runtime.recorder.store  # type: ignore[union-attr]
    assert store is not None
    wait(lambda: len(store.events(0, 2**60, ("note",))) == 2)
    assert {row.id for row in notes(served)} == {kept["id"], other["id"]}, "told once, by the history now"
    axis = get(served, "history", start=NOW - 6 * HOUR, end=NOW).json()["events"]
    (mark,) = [row for row in axis if row["subject"] == kept["id"]]
    assert (mark["kind"], mark["entity"], mark["until"]) == ("note", "1", iso(NOW - 2 * HOUR).replace("+00:00", "Z"))
    assert mark["text"]["zh"] == "王工: 冷却塔检修\nsecond line"

    assert served.http.delete(f"/api/v1/notes/{kept['id']}", params={"author": "李工"}).status_code == 204
    assert [row.id for row in notes(served)] == [other["id"]]
    wait(lambda: len(store.events(0, 2**60, ("note",))) == 3)
    assert [row["state"] for row in store.events(0, 2**60, ("note",)).to_pylist()].count("removed") == 1
    assert kept["id"] not in [
        row["subject"] for row in get(served, "history", start=NOW - 6 * HOUR, end=NOW).json()["events"]
    ]
    assert [row.id for row in notes(served)] == [other["id"]]
    assert served.http.delete(f"/api/v1/notes/{kept['id']}").status_code == 404
    monkeypatch.setattr(keeping, "MOST", 1)
    assert "1 notes already" in write(served, 409)["detail"]
    assert served.http.delete(f"/api/v1/notes/{other['id']}").status_code == 204


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"text": "   "}, 422, "text"), ({"text": "x" * 2001}, 422, "2000"), ({"author": ""}, 422, "author"),
        ({"author": "x" * 81}, 422, "80"), ({"text": "a\u202eb"}, 422, "U+202E"), ({"text": "a\x00b"}, 422, "U+0000"),
        ({"start": "2026-11-27T10:00:00"}, 422, "timezone"), ({"start": "noon"}, 422, "start"),
        ({"end": NOTE["start"]}, 422, "'end' comes after"),
        ({"start": iso(NOW + 400 * 24 * HOUR)}, 422, "a year ahead"),
        ({"point": ONE}, 422, "on one thing"), ({"entity": "nowhere"}, 404, "no 'nowhere'"),
        ({"entity": None, "point": "nothing"}, 404, "no point"), ({"entity": None}, 422, "on one thing"),
        ({"kind": "alarm"}, 422, "kind"),
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(
    served: Served, changes: dict[str, Any], status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_not_too_often", lambda _: None)
    assert words in write(served, status, **changes)["detail"]


def test_notes_come_slowly_and_from_this_site_only(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = served.http.post("/api/v1/notes", json=NOTE, headers={"Origin": "http://evil.example"})
    assert elsewhere.status_code == 403
    monkeypatch.setattr(Bucket, "wait", lambda _: 2.4)
    for answer in (served.http.post("/api/v1/notes", json=NOTE), served.http.delete("/api/v1/notes/none")):
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "2"
        assert f"{keeping.A_MINUTE} times a minute" in answer.json()["detail"]


def test_without_a_history_there_are_neither(cache: Any) -> None:
    with serve(cache) as plain:
        for path in ("trends?what=1:power", "trends/flows", "trends/ranking", "notes"):
            answer = plain.http.get(f"/api/v1/{path}")
            assert (answer.status_code, "keeps no history" in answer.json()["detail"]) == (404, True), path
        assert plain.http.post("/api/v1/notes", json=NOTE).status_code == 404


def test_the_routes_say_what_they_answer(served: Served) -> None:
    paths = served.http.get("/api/v1/openapi.json").json()["paths"]
    for path in (
        "trends",
        "trends/carpet",
        "trends/duration",
        "trends/flows",
        "trends/ranking",
        "trends/find",
        "notes",
    ):
        content = paths[f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        assert "$ref" in content["schema"], path
    assert {"get", "post"} <= set(paths["/api/v1/notes"])
