"""The merging of Modbus requests, and the address grammar: against the slow obvious way."""

from __future__ import annotations

import itertools
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.fieldbus import AddressError
from datasources.modbus_address import Place, ValueFault, parse, value_of
from datasources.modbus_plan import MAX_REGISTERS, Block, Plan, Span

SPANS = st.lists(st.builds(Span, st.integers(0, 400), st.integers(1, 4)), min_size=1, max_size=60)


def addresses(block: Block) -> set[int]:
    return set(range(block.start, block.start + block.count))


@given(SPANS, st.integers(0, 20), st.integers(4, MAX_REGISTERS))
def test_every_span_is_covered_by_one_block_and_no_block_is_too_long(spans: list[Span], gap: int, most: int) -> None:
    blocks = Plan(spans, gap, most).blocks
    assert sorted(span for block in blocks for span in block.spans) == sorted(set(spans))
    for block in blocks:
        assert 1 <= block.count <= most
        wanted = {address for span in block.spans for address in range(span.start, span.end)}
        assert wanted <= addresses(block)
        ordered = sorted(wanted)
        assert all(after - before - 1 <= gap for before, after in itertools.pairwise(ordered))


@given(SPANS, st.integers(0, 20))
def test_neighbours_within_the_gap_share_a_request(spans: list[Span], gap: int) -> None:
    blocks = Plan(spans, gap, MAX_REGISTERS).blocks
    for before, after in itertools.pairwise(blocks):
        near = after.start - (before.start + before.count) <= gap
        together = max(before.start + before.count, after.spans[0].end) - before.start
        assert not near or together > MAX_REGISTERS


def ask(plan: Plan, holes: set[int], limit: int) -> tuple[set[Span], list[Block], int]:
    """One round as the source does it: the spans that were read, the blocks that were refused, the requests."""
    read: set[Span] = set()
    refused: list[Block] = []
    requests = 0
    todo = list(plan.blocks)
    while todo:
        block = todo.pop(0)
        requests += 1
        if addresses(block) & holes or block.count > limit:
            refused.append(block)
            todo[:0] = plan.refused(block)
        else:
            read.update(block.spans)
    return read, refused, requests


@given(SPANS, st.integers(0, 20), st.sets(st.integers(0, 404), max_size=30), st.sampled_from([4, 16, 125]))
def test_a_device_with_holes_is_read_whole_and_what_it_refused_is_remembered(
    spans: list[Span], gap: int, holes: set[int], limit: int
) -> None:
    plan = Plan(spans, gap, MAX_REGISTERS)
    readable = {span for span in spans if not set(range(span.start, span.end)) & holes}
    for _ in range(2 * len(spans) + 4):
        read, refused, requests = ask(plan, holes, limit)
        assert read == readable, "in every round, the first too"
        if all(len(block.spans) == 1 for block in refused):
            break
    again = ask(plan, holes, limit)
    assert again[0] == readable
    assert all(len(block.spans) == 1 for block in again[1]), "no merged block is refused twice"
    assert requests <= len(set(spans)), "never more requests than without merging"


def test_one_refused_register_costs_its_neighbours_nothing() -> None:
    plan = Plan([Span(n, 1) for n in range(0, 40, 2)], 4, MAX_REGISTERS)
    ask(plan, {21}, 125)
    assert [block.count for block in plan.blocks] != [], "a hole that nobody wants parts the block"
    plan = Plan([Span(n, 1) for n in range(40)], 4, MAX_REGISTERS)
    for _ in range(3):
        ask(plan, {20}, 125)
    assert [(block.start, block.count) for block in plan.blocks] == [(0, 20), (20, 1), (21, 19)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("holding:40001:float32:cdab", Place("holding", 0, 2, "float32", "cdab")),
        ("holding:400001", Place("holding", 0, 1, "uint16")),
        ("holding:465536", Place("holding", 65535, 1, "uint16")),
        ("holding:49999", Place("holding", 9998, 1, "uint16")),
        ("holding:0:int16", Place("holding", 0, 1, "int16")),
        ("holding:100:uint32*0.1", Place("holding", 100, 2, "uint32", scale=Fraction(1, 10))),
        ("holding:@40236", Place("holding", 40236, 1, "uint16")),
        ("holding:0x9C40", Place("holding", 0x9C40, 1, "uint16")),
        ("holding:40000", Place("holding", 40000, 1, "uint16")),
        ("holding:50000", Place("holding", 50000, 1, "uint16")),
        ("HOLDING:5:UINT16.3", Place("holding", 5, 1, "uint16", bit=3)),
        ("holding:5.15", Place("holding", 5, 1, "uint16", bit=15)),
        ("holding:5:uint32.31", Place("holding", 5, 2, "uint32", bit=31)),
        ("holding:5:bool", Place("holding", 5, 1, "bool")),
        ("holding:5:string7", Place("holding", 5, 4, "string7")),
        ("input:30010:float64:dcba*-1e-3", Place("input", 9, 4, "float64", "dcba", scale=Fraction(-1, 1000))),
        ("coil:00001", Place("coil", 0, 1, "bool")),
        ("coil:1", Place("coil", 1, 1, "bool")),
        ("coil:065536", Place("coil", 65535, 1, "bool")),
        ("discrete:10001:bool", Place("discrete", 0, 1, "bool")),
        ("discrete:0", Place("discrete", 0, 1, "bool")),
    ],
)
def test_addresses_are_read_as_the_reference_says(text: str, place: Place) -> None:
    assert parse(text) == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no Modbus address"),
        ("40001", "no Modbus address"),
        ("holding:-1", "no Modbus address"),
        ("holding:1:uint16:abcd:x", "no Modbus address"),
        ("registers:1", "no Modbus area 'registers'"),
        ("holding:30775", r"two ways: write input:30775 .* or holding:@30775"),
        ("input:40001", r"two ways: write holding:40001 .* or input:@40001"),
        ("holding:00010", r"two ways: write coil:00010"),
        ("holding:65536", "beyond the last register"),
        ("holding:@65536", "beyond the last register"),
        ("holding:400000", "from 400001 to 465536"),
        ("holding:465537", "from 400001 to 465536"),
        ("holding:65535:float32", "beyond the last register"),
        ("holding:1:float16", "no Modbus type 'float16'"),
        ("holding:1:string0", "no Modbus type 'string0'"),
        ("holding:1:string251", "no Modbus type 'string251'"),
        ("holding:1:uint16:abdc", "no byte order 'abdc'"),
        ("holding:1:float32.3", "no bits to pick"),
        ("holding:1:uint16.16", "bits 0 to 15"),
        ("holding:1*0", "scale of 0"),
        ("holding:1*1e", "no scale"),
        ("holding:1:string4*2", "no scale"),
        ("coil:1:uint16", "one bit"),
        ("coil:1.3", "one bit"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_grammar(text: str) -> None:
    for tail in (text, f"holding:{text}", f"holding:1:{text}", f"holding:1*{text}"):
        try:
            place = parse(tail)
        except AddressError:
            continue
        assert 0 <= place.start <= 65535
        assert 1 <= place.count <= MAX_REGISTERS


def test_a_scaled_sentinel_is_met_exactly() -> None:
    assert value_of(parse("holding:0*0.1"), [65535]) == 6553.5
    assert value_of(parse("holding:0:int16*0.1"), [0x8000]) == -3276.8
    assert value_of(parse("holding:0:int16*100"), [7]) == 700
    assert value_of(parse("holding:0:uint64"), [0xFFFF] * 4) == 2**64 - 1


def test_bits_decimals_and_text() -> None:
    assert value_of(parse("holding:0.3"), [0b1000]) is True
    assert value_of(parse("holding:0.2"), [0b1000]) is False
    assert value_of(parse("holding:0:uint32:cdab.16"), [0, 1]) is True
    assert value_of(parse("holding:0:bcd16"), [0x1234]) == 1234
    assert value_of(parse("holding:0:bcd32:cdab*0.01"), [0x5678, 0x1234]) == 123456.78
    with pytest.raises(ValueFault, match="binary-coded"):
        value_of(parse("holding:0:bcd16"), [0x12A4])
    raw = list(struct.unpack(">4H", b"PM5100\0\0"))
    assert value_of(parse("holding:0:string8"), raw) == "PM5100"
    assert value_of(parse("holding:0:string3"), raw[:2]) == "PM5"
