"""``/api/v1/points/{id}/series`` and ``/api/v1/series``: each format read back with its own library, who gets which
format, what is refused."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from server import series_out
from server.schemas_series import SeriesOut
from tests.server.remembering import remembering
from tests.server.serving import Served, serve
from twin.history import series as asking
from twin.history.contract import HistoryError

MINUTE, HOUR = 60_000, 3_600_000
NOW = int(time.time()) * 1000 // HOUR * HOUR
ONE, TWO, QUIET = "1/01/101/power", "1/01/102/power", "2/01/101/power"
GONE = "once/there"
GAP = (NOW - 5 * HOUR, NOW - 4 * HOUR)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two rooms with 30 hours of a reading each half minute, an hour of silence in one, a spike, a missing value."""
    times = range(NOW - 30 * HOUR, NOW, MINUTE // 2)
    one: list[tuple[int, float | None]] = [(at, (at - NOW) / HOUR + 40) for at in times if not GAP[0] <= at < GAP[1]]
    one[100] = (one[100][0], None)
    one[200] = (one[200][0], 1e6)
    rows: dict[str, Any] = {ONE: one, TWO: [(at, 2.0) for at in times], GONE: [(NOW - 2 * HOUR, 7.0)]}
    with remembering(tmp_path_factory.mktemp("series"), rows) as running:
        yield running


def get(
    served: Served, path: str, status: int = 200, headers: dict[str, str] | None = None, **query: object
) -> httpx.Response:
    told = {key.rstrip("_"): str(value) for key, value in query.items()}
    answer = served.http.get(f"/api/v1/{path}", params=told, headers=headers or {})
    assert answer.status_code == status, answer.text
    return answer


def ask(served: Served, path: str, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = get(served, path, **query).json()
    SeriesOut.model_validate(answer)
    return answer


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_without_a_step_the_readings_come_as_they_are_kept(served: Served) -> None:
    found = ask(served, f"points/{ONE}/series", from_=NOW - 6 * HOUR, to=NOW)
    assert len(found["rows"]) == 600
    assert found["rows"][0] == {
        "point": ONE, "quantity": "power", "unit": "kW", "time": iso(NOW - 6 * HOUR), "value": 34.0, "quality": "good",
        "origin": "simulated", "reasons": [], "received": iso(NOW - 6 * HOUR + 2000),
    }  # fmt: skip
    assert found["points"] == [{"id": ONE, "quantity": "power", "unit": "kW"}]
    assert [(ms(g["start"]), ms(g["end"])) for g in found["gaps"]] == [(GAP[0] + MINUTE // 2, GAP[1])]
    assert (found["step"], found["timezone"]) == ("", served.runtime.assembled.campus.timezone)
    times = [ms(row["time"]) for row in found["rows"]]
    assert not [at for at in times if GAP[0] <= at < GAP[1]], "no row is invented"


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_reasons_and_missing_values_are_told(served: Served) -> None:
    found = ask(served, f"points/{ONE}/series", from_=NOW - 30 * HOUR, to=NOW - 28 * HOUR)
    (spike,) = [row for row in found["rows"] if row["reasons"]]
    assert (spike["value"], spike["reasons"]) == (1e6, ["spike"])
    (none,) = [row for row in found["rows"] if row["value"] is None]
    assert none["quality"] == "bad"
    assert len(found["gaps"]) == 2, "neither counts as known"


def test_the_last_day_is_asked_where_no_window_is(served: Served) -> None:
    found = ask(served, f"points/{TWO}/series", step="hour")
    assert 24 <= len(found["rows"]) <= 25
    assert ms(found["end"]) - ms(found["start"]) in (24 * HOUR, 25 * HOUR)


def test_every_format_says_the_same(served: Served) -> None:
    query = {"from": str(NOW - 6 * HOUR), "to": str(NOW)}
    path = f"/api/v1/points/{ONE}/series"
    told = served.http.get(path, params=query).json()
    text = served.http.get(path, params=query, headers={"Accept": "text/csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(text.text)))
    arrow = served.http.get(path, params=query, headers={"Accept": series_out.TYPES["arrow"]})
    with pa.ipc.open_stream(arrow.content) as stream:
        from_arrow = stream.read_all()
    parquet = served.http.get(path, params=query, headers={"Accept": series_out.TYPES["parquet"]})
    from_parquet = pq.read_table(io.BytesIO(parquet.content))
    assert from_parquet.equals(from_arrow)
    rows = from_arrow.to_pylist()
    assert len(lines) == len(rows) == len(told["rows"]) == 600
    for line, row, each in zip(lines, rows, told["rows"], strict=True):
        assert line["time"] == each["time"] == iso(round(row["time"].timestamp() * 1000))
        assert float(line["value"]) == each["value"] == row["value"]
        assert line["received"] == each["received"]
        assert line["reasons"].split("; ") == (each["reasons"] or [""])
        assert row["reasons"] == each["reasons"]
    assert list(lines[0]) == from_arrow.column_names == list(told["rows"][0])
    assert from_arrow.schema.field("time").type == pa.timestamp("ms", "UTC")
    for schema in (from_arrow.schema, pq.read_schema(io.BytesIO(parquet.content))):
        head = json.loads(schema.metadata[series_out.METADATA])
        assert head == {key: value for key, value in told.items() if key != "rows"}
    count, first = text.headers["campus-gaps"].split(" ")
    assert (int(count), first) == (1, f"{told['gaps'][0]['start']}/{told['gaps'][0]['end']}")
    assert parquet.headers["content-disposition"] == 'attachment; filename="1-01-101-power.parquet"'


def test_an_empty_answer_is_whole_in_every_format(served: Served) -> None:
    for form in series_out.TYPES:
        answer = get(served, f"points/{QUIET}/series", format=form)
        if form == "json":
            assert answer.json()["rows"] == []
            assert answer.json()["points"] == [{"id": QUIET, "quantity": "power", "unit": "kW"}]
            assert len(answer.json()["gaps"]) == 1
        elif form == "csv":
            assert answer.text == "point,quantity,unit,time,value,quality,origin,reasons,received\n"
        elif form == "arrow":
            assert pa.ipc.open_stream(answer.content).read_all().num_rows == 0
        else:
            assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "json"), ("*/*", "json"), ("text/html,application/xhtml+xml,*/*;q=0.8", "json"), ("text/csv", "csv"),
        ("text/*", "csv"), ("application/json;q=0.2, text/csv;q=0.9", "csv"),
        ("text/csv;q=0.2, application/vnd.apache.parquet; q=0.3", "parquet"), ("*/*;q=0.1, text/csv;q=0", "json"),
        ("application/*, application/json;q=0", "arrow"), ("TEXT/CSV", "csv"), ("text/csv;q=x, */*;q=0.1", "json"),
    ],
)  # fmt: skip
def test_the_client_gets_what_it_likes_best(accept: str, kind: str) -> None:
    assert series_out.wanted(accept, "") == kind


def test_the_address_wins_over_the_header_and_what_there_is_not_is_refused(served: Served) -> None:
    path = f"points/{TWO}/series"
    answer = get(served, path, headers={"Accept": "application/json"}, format="csv", step="hour")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "Accept" in answer.headers["vary"]
    assert "use json, csv, arrow, parquet" in get(served, path, 422, format="xlsx").json()["detail"]
    refused = get(served, path, 406, headers={"Accept": "image/png"})
    assert "application/vnd.apache.parquet" in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"


def test_steps_come_from_rows_and_from_roll_ups_alike(served: Served) -> None:
    short = ask(served, f"points/{ONE}/series", from_=NOW - 6 * HOUR, to=NOW, step=1800)
    long = ask(served, f"points/{ONE}/series", from_=NOW - 6 * HOUR, to=NOW, step="hour")
    assert [row["n"] for row in short["rows"]] == [60, 60, 0, *[60] * 8], "what stands into the gap, and nothing of it"
    assert [row["n"] for row in long["rows"]] == [120, 0, *[120] * 4]
    assert short["rows"][2]["coverage"] == pytest.approx(30 / 1800)
    by_start = {row["start"]: row for row in short["rows"]}
    for row in long["rows"][:1] + long["rows"][2:]:
        first, second = by_start[row["start"]], by_start[iso(ms(row["start"]) + HOUR // 2)]
        assert row["mean"] == pytest.approx((first["mean"] + second["mean"]) / 2, abs=0.01)
        assert (row["low"], row["high"], row["last"]) == (
            pytest.approx(first["low"]), pytest.approx(second["high"]), pytest.approx(second["last"]),
        )  # fmt: skip
    assert [(ms(gap["start"]), ms(gap["end"])) for gap in short["gaps"]] == [(GAP[0] + MINUTE // 2, GAP[1])]
    one = ask(served, f"points/{ONE}/series", from_=NOW - 6 * HOUR, to=NOW, step="hour", agg="high")["rows"][0]
    assert set(one) == {
        "point",
        "quantity",
        "unit",
        "start",
        "end",
        "n",
        "coverage",
        "high",
        "quality",
        "origin",
        "finished",
    }


def test_what_has_just_come_is_in_the_hour_that_is_running(served: Served) -> None:
    served.feed(room_105=500.0)
    end = time.monotonic() + 60
    while True:
        found = ask(served, "points/1/01/105/power/series", step="hour")
        if found["rows"] or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert found["rows"][-1]["finished"] is False
    assert found["rows"][-1]["last"] == pytest.approx(0.5)


def test_a_line_keeps_the_peak_in_fewer_rows(served: Served) -> None:
    found = ask(served, f"points/{ONE}/series", from_=NOW - 20 * HOUR, to=NOW, points=100)
    assert 50 <= len(found["rows"]) <= 100
    assert max(row["value"] for row in found["rows"]) == pytest.approx(40 - 1 / 120)
    assert "lowest and highest" in found["method"]


def test_several_points_come_in_the_order_asked(served: Served) -> None:
    found = ask(served, "series", points=f"{TWO},{QUIET},{ONE},{GONE},{TWO}", from_=NOW - 3 * HOUR, to=NOW, step="hour")
    assert [row["point"] for row in found["rows"]] == [TWO] * 3 + [ONE] * 3 + [GONE]
    assert [point["id"] for point in found["points"]] == [TWO, QUIET, ONE, GONE]
    assert [point["unit"] for point in found["points"]] == ["kW"] * 4, "also of a point that was once"
    drawn = ask(served, "series", points=f"{TWO},{ONE}", from_=NOW - 3 * HOUR, to=NOW, draw=20)
    assert len(drawn["rows"]) <= 40


def test_a_building_is_the_sum_of_its_rooms_with_its_coverage(served: Served) -> None:
    found = ask(served, "series", entity="1", quantity="power", from_=NOW - 6 * HOUR, to=NOW)
    assert [(row["have"], row["of"]) for row in found["rows"]] == [(2, 12)] * 6
    assert found["rows"][2]["value"] == pytest.approx(2.0 + 36.5, abs=0.02)
    assert found["points"] == [{"id": "1", "quantity": "power", "unit": "kW"}]
    assert found["step"] == "hour"
    campus = ask(served, "series", entity="demo", quantity="power", from_=NOW - 6 * HOUR, to=NOW, step=900)
    assert {row["of"] for row in campus["rows"]} == {24}
    assert len(campus["rows"]) == 24
    assert ask(served, "series", entity="1", quantity="power", from_=NOW - 99 * 24 * HOUR)["step"] == "day"
    own = ask(served, "series", entity="1/01/101", quantity="power", rollup="false", from_=NOW - HOUR, to=NOW)
    assert {row["point"] for row in own["rows"]} == {ONE}
    assert len(ask(served, "series", entity="1/01/101", rollup="false", from_=NOW - HOUR, to=NOW)["rows"]) == 120


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"points/{ONE}/series?from=yesterday", 422, "write it as 2026-"),
        (f"points/{ONE}/series?from={NOW}&to={NOW - HOUR}", 422, "'from' must be before 'to'"),
        (f"points/{ONE}/series?step=5000", 422, "whole hours"),
        (f"points/{ONE}/series?step=fortnight", 422, "use whole seconds as in 900, or hour, or day"),
        (f"points/{ONE}/series?agg=median&step=hour", 422, "use all, mean, low, high, last"),
        (f"points/{ONE}/series?agg=mean", 422, "add step=900"),
        (f"points/{ONE}/series?step=hour&points=100", 422, "leave out step"),
        (f"points/{ONE}/series?points=1", 422, "points"),
        (f"points/{ONE}/series?from={NOW - 500 * 24 * HOUR}&to={NOW}", 422, "at most 400 days"),
        ("points/no/such/series", 404, "no point 'no/such', and never was"),
        ("series", 422, "points=a,b,c"),
        (f"series?points={ONE}&entity=1", 422, "either"),
        ("series?points=" + ",".join(f"p{n}" for n in range(51)), 422, "at most 50"),
        ("series?entity=nowhere&quantity=power", 404, "no 'nowhere' in the campus"),
        ("series?entity=1&quantity=magic", 422, "use power"),
        ("series?entity=1&quantity=power&step=hour&agg=high", 422, "rollup=false"),
        ("series?entity=1&quantity=power&rollup=false", 404, "no points of power of its own"),
        ("series?entity=1&rollup=false", 404, "no points of its own"),
        ("series?entity=1/01/101&quantity=magic&rollup=false", 422, "use power"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(served: Served, path: str, status: int, words: str) -> None:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_too_many_rows_are_refused_before_they_are_read(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_ROWS", 500)
    detail = get(served, f"points/{TWO}/series", 422).json()["detail"]
    assert "an answer at most 500: ask for a step" in detail
    assert "export" in detail


def test_without_a_history_that_is_said(cache: Any) -> None:
    with serve(cache) as plain:
        answer = plain.http.get(f"/api/v1/points/{ONE}/series")
        assert (answer.status_code, "keeps no history" in answer.json()["detail"]) == (404, True)


def test_a_history_that_cannot_answer_is_no_mistake_of_the_client(served: Served) -> None:
    recorder = served.runtime.recorder
    assert recorder is not None
    store, recorder.store = recorder.store, None
    recorder._open_store, opening = lambda: (_ for _ in ()).throw(NotYetError("no")), recorder._open_store
    try:
        answer = served.http.get(f"/api/v1/points/{ONE}/series")
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"] == "2"
    finally:
        recorder._open_store, recorder.store = opening, store


class NotYetError(HistoryError):
    pass


def test_gzip_comes_as_it_is_made_and_the_live_stream_goes_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(series_out.PIECE, "json", 100)
    query = {"from": str(NOW - 30 * HOUR), "to": str(NOW)}
    path = f"/api/v1/points/{TWO}/series"
    longest = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal longest
        while not done.is_set():
            begun = time.monotonic()
            served.call(lambda: None)
            longest = max(longest, time.monotonic() - begun)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with served.http.stream("GET", path, params=query, headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert "content-length" not in answer.headers
        plain = served.http.get(path, params=query, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert len(plain.json()["rows"]) == 3600
        assert len(raw) < len(plain.content) / 10
    finally:
        done.set()
        watcher.join()
    assert longest < 0.25, "nothing of it runs on the event loop"


def test_the_routes_say_what_they_answer(served: Served) -> None:
    paths = served.http.get("/api/v1/openapi.json").json()["paths"]
    for path in ("/api/v1/points/{point}/series", "/api/v1/series"):
        content = paths[path]["get"]["responses"]["200"]["content"]
        assert set(content) >= set(series_out.TYPES.values())
    names = {each["name"] for each in paths["/api/v1/points/{point}/series"]["get"]["parameters"]}
    assert {"from", "to", "step", "agg", "points", "format"} <= names
