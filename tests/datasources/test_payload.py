"""Payloads as devices send them: plain, JSON, times in every unit, and anything else without an error."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.payload import MAX_PAYLOAD, Decoder, epoch, tokens
from twin.reading import RawReading

T0 = 1_800_000_000.0
DECODER = Decoder(
    ["plain", "j#/a/b", "j#/list/0", "j#/with~1slash", "both", "both#/x", "中文/功率#/有功功率"], "/ts", "Asia/Shanghai"
)


def decode(topic: str, payload: bytes | str | object) -> list[RawReading]:
    data = payload if isinstance(payload, bytes) else payload.encode() if isinstance(payload, str) else None
    return list(DECODER.decode(topic, json.dumps(payload).encode() if data is None else data, False, T0))


def test_the_topics_of_the_addresses() -> None:
    assert DECODER.topics == ["both", "j", "plain", "中文/功率"]
    assert DECODER.addresses("both") == ["both", "both#/x"]
    assert DECODER.addresses("nobody") == ["nobody"]


@pytest.mark.parametrize(
    ("payload", "value"),
    [("12.5", "12.5"), (" 7\n", "7"), ("\ufeff3", "3"), ("true", True), ("FALSE", False), ("null", None), ("", None),
     ("on", "on")],
)  # fmt: skip
def test_plain_payloads(payload: str, value: object) -> None:
    (reading,) = decode("plain", payload)
    assert (reading.address, reading.value) == ("plain", value)


def test_json_by_pointer_with_the_devices_time() -> None:
    got = decode("j", {"ts": T0 * 1000, "a": {"b": 1}, "list": [2.5], "with/slash": "3"})
    assert {r.address: r.value for r in got} == {"j#/a/b": 1, "j#/list/0": 2.5, "j#/with~1slash": "3"}
    assert {r.time for r in got} == {T0}
    assert [r.address for r in decode("j", {"a": {"b": 1}})] == ["j#/a/b"], "devices send what changed"


def test_gb18030_json_of_a_chinese_gateway() -> None:
    (reading,) = decode("中文/功率", json.dumps({"有功功率": 5}, ensure_ascii=False).encode("gb18030"))
    assert (reading.value, reading.bad) == (5, "")


@pytest.mark.parametrize(
    ("payload", "bad"),
    [
        ("{", "not JSON"), (b"\xff\xff\xff", "neither UTF-8 nor GB 18030 text"),
        ({"a": {"b": [1]}}, "not a single value"),
        ({"z": 1}, "none of the mapped keys is in the message"), ("[" * 100_000, "not JSON"), ("5", "none of"),
        (b"1" * (MAX_PAYLOAD + 1), "larger than"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_bad_with_a_short_sample(payload: object, bad: str) -> None:
    got = decode("j", payload)
    assert got
    assert all(reading.bad.startswith(bad) for reading in got)
    assert all(reading.raw is not None and len(reading.raw) <= 200 for reading in got)


def test_a_topic_that_nobody_wants_is_handed_over_under_its_name() -> None:
    (reading,) = decode("other/topic", "5")
    assert (reading.address, reading.value) == ("other/topic", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (T0, T0), (T0 * 1e3, T0), (T0 * 1e6, T0), (T0 * 1e9, T0), (str(int(T0)), T0), ("1800000000.5", T0 + 0.5),
        ("2027-01-15T08:00:00Z", T0), ("2027-01-15T16:00:00+08:00", T0), ("2027-01-15 16:00:00", T0),
        ("2027-01-15T16:00:00", T0), ("yesterday", None), (None, None), (True, None), ({}, None), ("", None),
        (1e300, None), ("0001-01-01", None), (float("nan"), None),
    ],
)  # fmt: skip
def test_times_as_devices_write_them(value: object, expected: float | None) -> None:
    found = epoch(value, ZoneInfo("Asia/Shanghai"))
    if expected is None:
        assert found is None or found < 0
    else:
        assert found == pytest.approx(expected, abs=0.001)


def test_pointers() -> None:
    assert tokens("/a~1b/m~0n") == ("a/b", "m~n")
    assert tokens("") == ()


@given(st.sampled_from(["plain", "j", "both", "x"]), st.binary(max_size=60), st.booleans())
def test_no_payload_at_all_raises(topic: str, payload: bytes, retained: bool) -> None:
    got = list(DECODER.decode(topic, payload, retained, T0))
    assert got, "nothing is dropped silently"
    assert all(reading.retained == retained for reading in got)


scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
nested = st.recursive(scalar, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from("abtsx"), x))


@given(nested)
def test_no_document_at_all_raises(document: object) -> None:
    assert decode("j", document)
