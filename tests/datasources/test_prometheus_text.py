"""The parser of scrapes against a slow one that goes letter by letter, and the corners of both formats."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasources.prometheus_text import CutShortError, escape, labels_of, parse, selector, written

NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,5}", fullmatch=True),
    st.text(st.sampled_from('ab "\\\n{},=#é电'), max_size=6),
    max_size=4,
)
VALUES = st.floats(allow_nan=True, allow_infinity=True)


def slow_labels(text: str) -> dict[str, str]:
    """Letter by letter."""
    found, at = {}, 0
    while at < len(text):
        name = ""
        while text[at] != "=":
            name, at = name + text[at], at + 1
        at += 2
        value = ""
        while text[at] != '"':
            if text[at] == "\\":
                at += 1
                value += {"n": "\n"}.get(text[at], text[at])
            else:
                value += text[at]
            at += 1
        at += 2
        found[name] = value
    return found


def slow_line(line: str) -> tuple[str, dict[str, str], float, float | None]:
    """Name, labels, value, time; quotes are followed letter by letter."""
    quoted = False
    end = 0
    if "{" in line.split(" ")[0]:
        at = start = line.index("{") + 1
        while quoted or line[at] != "}":
            if line[at] == "\\":
                at += 1
            elif line[at] == '"':
                quoted = not quoted
            at += 1
        labels, end = slow_labels(line[start:at]), at + 1
        name = line[: start - 1]
    else:
        name, labels, end = line.split(" ")[0], {}, len(line.split(" ")[0])
    parts = line[end:].partition("#")[0].split()
    return name, labels, float(parts[0]), float(parts[1]) if len(parts) > 1 else None


LINES = st.tuples(NAMES, LABELS, VALUES, st.none() | st.integers(0, 10**12), st.booleans())


def line_of(name: str, labels: dict[str, str], value: float, at: int | None, exemplar: bool) -> str:
    inside = ",".join(f'{key}="{escape(text)}"' for key, text in labels.items())
    number = {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN" if math.isnan(value) else repr(value))
    tail = (f" {at}" if at is not None else "") + (' # {trace="}\\" 7"} 0.5 1.0' if exemplar else "")
    return f"{name}{'{' + inside + '}' if labels else ''} {number}{tail}"


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_any_series_reads_as_the_slow_parser_reads_it(
    rows: list[tuple[str, dict[str, str], float, int | None, bool]],
) -> None:
    lines = [line_of(*row) for row in rows]
    scrape = parse("# HELP x y\n" + "".join(f"{line}\n" for line in lines), openmetrics=False)
    assert scrape.unreadable == 0
    assert len(scrape.samples) == len(lines)
    for sample, line in zip(scrape.samples, lines, strict=True):
        name, labels, value, at = slow_line(line)
        assert sample.name == name
        assert labels_of(sample.labels) == frozenset(pair for pair in labels.items() if pair[1])
        assert sample.value == value or (math.isnan(sample.value) and math.isnan(value))
        assert sample.time == (None if at is None else at / 1000)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('a1{}"\\= ,#\n\r.+-eN\t'), max_size=60))
def test_no_text_breaks_it_and_no_line_is_lost(text: str) -> None:
    scrape = parse(text + "\n", openmetrics=False)
    lines = [line for line in text.split("\n") if line.strip()]
    comments = sum(line.lstrip(" \t").startswith("#") for line in lines)
    assert len(scrape.samples) + scrape.unreadable + comments == len(lines)


@given(NAMES, LABELS)
def test_an_address_is_read_as_it_is_written(name: str, labels: dict[str, str]) -> None:
    kept = frozenset(pair for pair in labels.items() if pair[1])
    assert selector(written(name, kept)) == (name, kept)


def test_times_are_milliseconds_in_the_old_format_and_seconds_in_the_new() -> None:
    assert parse("a 1 1500000000500\n", openmetrics=False).samples[0].time == 1500000000.5
    assert parse("a 1 1500000000.5\n# EOF\n", openmetrics=True).samples[0].time == 1500000000.5
    assert parse("a 1 1e300\n", openmetrics=False).samples[0].time is None


@pytest.mark.parametrize("text", ["a 1\n", "a 1\n# EO", "a 1\n# EOF\nb 2\n", "a 1# EOF", ""])
def test_openmetrics_without_its_end_is_cut_short(text: str) -> None:
    with pytest.raises(CutShortError, match="# EOF"):
        parse(text, openmetrics=True)


def test_half_a_last_line_is_cut_short() -> None:
    with pytest.raises(CutShortError, match="no end"):
        parse("a 1\nb 12", openmetrics=False)
    assert parse("", openmetrics=False).samples == []


@pytest.mark.parametrize(
    "line", ["a", "a 1_0", "a ١", "a 0x10", 'a{x="1} 2', 'a{x="1"}', "1a 2", "a 1 2 3", '{"a.b"} 1', "a 1 x"]
)
def test_what_is_no_sample_is_counted(line: str) -> None:
    scrape = parse(f"b 1\n{line}\nc 2\n", openmetrics=False)
    assert [sample.name for sample in scrape.samples] == ["b", "c"]
    assert scrape.unreadable == 1


@pytest.mark.parametrize("text", ['x="1",x="2"', "x=1", 'x="1"y="2"', ",", 'x="1",,y="2"'])
def test_labels_that_cannot_be_read(text: str) -> None:
    assert labels_of(text) is None


def test_types_of_families() -> None:
    scrape = parse(
        "# TYPE a counter\n# TYPE b gauge\n# TYPE c histogram\n# UNIT b watts\na_total 1\n# EOF\n", openmetrics=True
    )
    assert [scrape.kind(name) for name in ("a_total", "b", "c_bucket", "d")] == ["counter", "gauge", "histogram", ""]
    assert scrape.units == {"b": "watts"}


def test_help_is_kept_without_escapes_and_bounded() -> None:
    scrape = parse("# HELP a one\\ntwo \\\\ three\n# HELP b " + "x" * 1000 + "\n# HELP\na 1\n", openmetrics=False)
    assert scrape.helps["a"] == "one\ntwo \\ three"
    assert len(scrape.helps["b"]) == 200


@pytest.mark.parametrize(
    "hostile", ["a{" + 'x="1",' * 100_000, "a{" + '"\\' * 200_000, " " * 400_000, "a" * 400_000, "1" * 400_000]
)
def test_a_hostile_line_costs_little(hostile: str) -> None:
    begin = time.process_time()
    assert not parse(hostile + "\n", openmetrics=False).samples
    assert time.process_time() - begin < 2
