"""Prometheus text 0.0.4 and OpenMetrics 1.0: one regular expression takes a body apart, labels only where wanted.

Every repetition is possessive: a hostile body costs time in proportion to its length, no more.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_OUTSIDE = r'[^"{}\n#]*+'
_QUOTED = r'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
_LABELS = rf"{_OUTSIDE}(?:{_QUOTED}{_OUTSIDE})*+"
_DIGITS = r"(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_NUMBER = rf"[+-]?(?:{_DIGITS}|[Ii]nf(?:inity)?|[Nn][Aa][Nn])"
_LATEST_S = 1e11
MAX_HELP = 200
PIECE = 65_536
_LINE = re.compile(
    rf"^[ \t]*+(?:({_NAME})[ \t]*+(?:\{{({_LABELS})\}})?+[ \t]*+(?<=[ \t}}])({_NUMBER})"
    rf"(?:[ \t]++([+-]?{_DIGITS}))?[ \t]*+(?:#[ \t]*+\{{[^\n]*+)?\r?$"
    r"|(#[^\n]*+)$|([^\n]*[^\s][^\n]*+)$)",
    re.MULTILINE | re.ASCII,
)
_ONE = r'[ \t]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)"[ \t]*+(?:,|$)'
_LABEL = re.compile(_ONE, re.ASCII)
_ALL_LABELS = re.compile(rf"(?:{_ONE})*+[ \t]*+", re.ASCII)
_TYPE = re.compile(r"#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\S+)\s*$")
_UNIT = re.compile(r"#[ \t]+UNIT[ \t]+(\S+)[ \t]+(\S+)\s*$")
_HELP = re.compile(r"#[ \t]+HELP[ \t]+(\S+)[ \t]+(.*\S)\s*$")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}

Labels = frozenset[tuple[str, str]]


class CutShortError(ValueError):
    """A body that does not end as it must: the rest of it is missing."""


class Sample(NamedTuple):
    """One line: ``labels`` as written between the braces, ``time`` [s since epoch] where the line has one."""

    name: str
    labels: str
    value: float
    time: float | None


@dataclass(slots=True)
class Scrape:
    """A body taken apart: ``types``, ``units`` and ``helps`` by family name, ``unreadable`` counts lines that are
    neither.
    """

    samples: list[Sample] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0

    def kind(self, name: str) -> str:
        """The type of the family that a sample belongs to; '' where it is not told."""
        for family in (name, re.sub(r"_(total|created|bucket|count|sum|info)$", "", name)):
            if family in self.types:
                return self.types[family]
        return ""


def is_openmetrics(content_type: str) -> bool:
    """Whether a Content-Type says OpenMetrics."""
    return content_type.partition(";")[0].strip().lower() == "application/openmetrics-text"


def parse(
    text: str,
    openmetrics: bool,
    names: Container[str] | None = None,
    useless: Container[tuple[str, str]] = frozenset(),
) -> Scrape:
    """Take a body apart: all its samples, or those with one of ``names`` but not ``useless`` (name, labels as written).

    CutShortError: its end is missing, so its last number may be half a number.
    """
    _check_end(text, openmetrics)
    scrape = Scrape()
    scale = 1.0 if openmetrics else 1000.0
    for name, labels, value, time, comment, unreadable in chain.from_iterable(map(_LINE.findall, _pieces(text))):
        if name:
            if names is None or (name in names and (name, labels) not in useless):
                scrape.samples.append(Sample(name, labels, float(value), _moment(time, scale) if time else None))
        elif comment:
            _describe(scrape, comment)
        elif unreadable:
            scrape.unreadable += 1
    return scrape


def _pieces(text: str) -> Iterator[str]:
    """The text in whole lines, about ``PIECE`` characters at once: one match over all stops every other thread."""
    at = 0
    while at < len(text):
        end = text.find("\n", at + PIECE)
        end = len(text) if end < 0 else end + 1
        yield text[at:end]
        at = end


def _moment(text: str, scale: float) -> float | None:
    moment = float(text) / scale
    return moment if abs(moment) < _LATEST_S else None


def _check_end(text: str, openmetrics: bool) -> None:
    if openmetrics and not text.rstrip("\r\n").endswith("\n# EOF") and text.strip() != "# EOF":
        raise CutShortError("the answer is cut short: its last line is not '# EOF'")
    if not openmetrics and text and not text.endswith("\n"):
        raise CutShortError("the answer is cut short: its last line has no end")


def _describe(scrape: Scrape, comment: str) -> None:
    if found := _TYPE.match(comment):
        scrape.types[found[1]] = found[2]
    elif found := _UNIT.match(comment):
        scrape.units[found[1]] = found[2]
    elif found := _HELP.match(comment):
        scrape.helps[found[1]] = _ESCAPE.sub(_unescape, found[2])[:MAX_HELP]


def labels_of(text: str) -> Labels | None:
    """The labels between the braces, without empty ones (the same as none); None where they cannot be read."""
    if not _ALL_LABELS.fullmatch(text):
        return None
    pairs = _LABEL.findall(text)
    if "\\" in text:
        pairs = [(name, _ESCAPE.sub(_unescape, value)) for name, value in pairs]
    found = dict(pairs)
    if len(found) != len(pairs):
        return None
    return frozenset(pair for pair in pairs if pair[1]) if "" in found.values() else frozenset(pairs)


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[1], match[0])


def escape(value: str) -> str:
    """A label's value as it is written between quotes."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def written(name: str, labels: Labels) -> str:
    """A series as an address writes it: labels by name."""
    inside = ",".join(f'{key}="{escape(value)}"' for key, value in sorted(labels))
    return f"{name}{{{inside}}}" if inside else name


_ADDRESS = re.compile(rf"({_NAME})(?:\{{({_LABELS})\}})?", re.ASCII)


def selector(text: str) -> tuple[str, Labels]:
    """The metric and labels of ``metric{label="x"}``; ValueError says how it is written."""
    match = _ADDRESS.fullmatch(text.strip())
    labels = labels_of(match[2] or "") if match else None
    if match is None or labels is None:
        raise ValueError(f'\'{text}\' is no series: write it as metric or metric{{label="x",other="y"}}')
    return match[1], labels
