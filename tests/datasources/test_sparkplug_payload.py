"""The reader of Sparkplug payloads: every type both ways, nothing but PayloadError for any bytes, the command."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.sparkplug_payload import MAX_METRICS, PayloadError, decode, rebirth, scalar
from tests.datasources import sparkplug_peer as peer
from tests.datasources.sparkplug_peer import block, metric, number, payload, varint


def value_of(raw: bytes) -> object:
    (found,) = decode(payload([raw])).metrics
    return scalar(found.value, found.datatype)


INTEGERS = {
    peer.INT8: (-(2**7), 2**7 - 1), peer.INT16: (-(2**15), 2**15 - 1), peer.INT32: (-(2**31), 2**31 - 1),
    peer.INT64: (-(2**63), 2**63 - 1), peer.UINT8: (0, 2**8 - 1), peer.UINT16: (0, 2**16 - 1),
    peer.UINT32: (0, 2**32 - 1), peer.UINT64: (0, 2**64 - 1), peer.DATETIME: (0, 2**63 - 1),
}  # fmt: skip


@pytest.mark.parametrize("datatype", INTEGERS)
@given(data=st.data())
def test_integers_of_every_size(datatype: int, data: st.DataObject) -> None:
    low, high = INTEGERS[datatype]
    for value in (low, high, data.draw(st.integers(low, high))):
        assert value_of(metric("m", value, datatype)) == value


@given(st.floats(), st.floats(width=32), st.booleans(), st.text(max_size=20))
def test_the_other_simple_types(double: float, single: float, flag: bool, text: str) -> None:
    for datatype, value in ((peer.DOUBLE, double), (peer.FLOAT, single)):
        found = value_of(metric("m", value, datatype))
        assert isinstance(found, float)
        assert found == value or (math.isnan(found) and math.isnan(value))
    assert value_of(metric("m", flag, peer.BOOLEAN)) is flag
    for datatype in (peer.STRING, peer.TEXT, peer.UUID):
        assert value_of(metric("m", text, datatype)) == text


def test_an_int8_may_also_be_sent_in_eight_bits_and_a_boolean_as_a_number() -> None:
    raw = block(1, b"m") + number(4, peer.INT8) + number(10, 0xFE)
    assert value_of(raw) == -2
    assert value_of(block(1, b"m") + number(4, peer.BOOLEAN) + number(10, 1)) is True


def test_all_that_stands_beside_a_value() -> None:
    raw = metric("Power/L1", 1.5, alias=7, at=1_700_000_000.25, historical=True, quality=500)
    message = decode(payload([raw, metric(alias=7, value=2.0, say_type=False)], seq=255, at=1_700_000_001.5))
    assert (message.timestamp, message.seq) == (1_700_000_001_500, 255)
    first, second = message.metrics
    assert (first.name, first.alias, first.timestamp) == ("Power/L1", 7, 1_700_000_000_250)
    assert (first.datatype, first.historical, first.null, first.quality) == (peer.DOUBLE, True, False, 500)
    assert (second.name, second.alias, second.datatype, second.value) == ("", 7, 0, 2.0)
    (nothing,) = decode(payload([metric("m", null=True)])).metrics
    assert nothing.null
    assert nothing.value is None
    (table,) = decode(payload([metric("m", b"\x08\x01", peer.DATASET)])).metrics
    assert not table.whole
    assert decode(b"").metrics == ()


def test_fields_that_are_not_known_are_passed_over() -> None:
    strange = block(100, b"x") + number(101, 5) + varint(102 << 3 | 1) + bytes(8) + varint(103 << 3 | 5) + bytes(4)
    raw = strange + payload([metric("m", 2.0) + strange], seq=3) + block(4, b"uuid") + block(5, b"body")
    message = decode(raw)
    assert message.seq == 3
    assert message.metrics[0].value == 2.0


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\x08", "breaks off"),
        (block(2, b"\x0a\x05abc"), "breaks off"),
        (b"\x12\xff\xff\xff\xff\x0f", "breaks off"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "a number without end"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "more than 64 bits"),
        (b"\x0b", "field 1 has the form 3"),
        (b"\x00", "no field 0"),
        (block(1, b"x"), "field 1 has the form 2 instead of 0"),
        (block(2, number(1, 5)), "field 1 has the form 0 instead of 2"),
        (block(2, block(1, b"\xff\xfe")), "not UTF-8"),
        (block(2, block(9, block(1, b"Quality"))), "1 names of properties for 0 values"),
        (b"\x12\x00" * (MAX_METRICS + 1), f"more than {MAX_METRICS} metrics"),
    ],
)
def test_bytes_that_are_none_say_why(raw: bytes, says: str) -> None:
    with pytest.raises(PayloadError, match=says):
        decode(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        decode(raw)
    except PayloadError:
        return


@given(st.data())
def test_a_message_that_is_damaged_or_cut_is_read_or_refused(data: st.DataObject) -> None:
    whole = payload([metric("a", 1.5, alias=1, quality=192), metric("b", "text", peer.STRING)], seq=4)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(min_size=1, max_size=3)) + whole[at + 1 :]
    for raw in (whole[:at], damaged):
        try:
            decode(raw)
        except PayloadError:
            continue


def test_the_command_is_what_the_specification_wants() -> None:
    message = decode(rebirth(1_700_000_000_000))
    (command,) = message.metrics
    assert (command.name, command.datatype, command.value) == ("Node Control/Rebirth", peer.BOOLEAN, True)
    assert message.timestamp == command.timestamp == 1_700_000_000_000


def test_against_numbers_worked_out_by_hand() -> None:
    """ "Temp" = 21.5 as a double, alias 1, seq 2: the bytes as the wire format's own rules give them."""
    raw = bytes.fromhex("12130a0454656d7010012009") + b"\x69" + struct.pack("<d", 21.5) + bytes.fromhex("1802")
    raw = b"\x12" + bytes([len(raw) - 2 - 2]) + raw[2:]
    (found,) = decode(raw).metrics
    assert (found.name, found.alias, found.datatype, found.value) == ("Temp", 1, 9, 21.5)
    assert decode(raw).seq == 2
