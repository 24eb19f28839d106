"""Bodies of a push: kinds, sizes, and whatever cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.push_body import BodyError, TooManyError, kind_of, rows_of
from server.push_rows import RowReader
from tests.server.push.pushing import POINT, post, source
from tests.server.serving import Served, serve
from twin.point import Point


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("text/plain", {}), ("", {}), ("application/xml", {}), ("text/csv; charset=gbk", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)  # fmt: skip
def test_other_kinds_of_bodies_are_415(running: Served, kind: str, more: dict[str, str]) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], 415, kind=kind, headers=more)
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("application/json", b"{", "not JSON: Expecting property name"),
        ("application/json", b"", "not JSON"),
        ("application/json", b"[" * 100_000, "nested too deeply"),
        ("application/json", b"[" + b"1" * 5000 + b"]", "a number in it is too long"),
        ("application/json", b'{"value": 1}', "no list of readings"),
        ("application/json", b"\xff\xfe", "not UTF-8 text (byte 1)"),
        ("text/csv", b"", "first line names the columns"),
        ("text/csv", b"point,time\n1,2\n", "first line names the columns"),
        ("text/csv", b"point,value,colour\n1,2,3\n", "it has 'colour'"),
        ("text/csv", b"point,value,value\n1,2,3\n", "each once"),
        ("text/csv", b'point,value\n"1,2\n', "no readable CSV"),
        ("text/csv", b'point,value\n"' + b"x" * 200_000 + b'",2\n', "no readable CSV"),
    ],
)
def test_a_body_that_cannot_be_read_is_400(running: Served, kind: str, body: bytes, says: str) -> None:
    assert says in post(running, body, 400, kind=kind).json()["detail"]


def test_too_many_readings_and_too_many_bytes_are_413(cache: Path) -> None:
    with serve(cache, sources=[source(max_batch=3)]) as served:
        rows = [{"point": POINT, "value": n, "time": 1772366400 + n} for n in range(4)]
        assert "more than 3 readings" in post(served, rows, 413).json()["detail"]
        lines = "\n".join(json.dumps(row) for row in rows)
        post(served, lines, 413, kind="application/x-ndjson")
        post(served, "point,value\n" + "x,1\n" * 4, 413, kind="text/csv")
        post(served, b" " * (4 * 1024 * 1024 + 1), 413)
        assert post(served, rows[:3])["accepted"] == 3


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["json", "ndjson", "csv"]), st.binary(max_size=200) | st.text(
    st.sampled_from('[]{}":,;\npointvalue1.5eE-\t\0é'), max_size=120).map(str.encode))  # fmt: skip
def test_no_body_breaks_it(kind: str, body: bytes) -> None:
    reader = RowReader("s", [Point("p", "A", "power", "W", source="s")], "UTC")
    try:
        rows = rows_of(kind, body, 5)
    except (BodyError, TooManyError):
        return
    judged = reader.judge(rows, 0)
    assert len(judged.readings) + judged.duplicate + len(judged.refused) == len(rows)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("application/json", "json"),
        ('Text/CSV; header=present; charset="UTF-8"', "csv"),
        ("application/ndjson", "ndjson"),
        ("text/csv;charset=latin-1", ""),
        ("", ""),
    ],
)
def test_kinds_of_content(header: str, kind: str) -> None:
    assert kind_of(header) == kind
