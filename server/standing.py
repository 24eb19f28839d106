"""What stood at a past moment besides values, as far as it is kept: sources, open findings, the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from server.past_contract import Past, Stood
from twin.live import LiveState
from twin.point import DERIVED, Point
from twin.reading import Quality

KINDS = ("program", "source", "finding", "figures", "configuration")


@dataclass(frozen=True, slots=True)
class SourceThen:
    """A source at a moment. ``state`` is '' where it is not kept, ``since`` [s since epoch] then None; ``points`` are
    those that it has today, of which ``spoken`` had a value; ``last_reading`` [s since epoch] is the newest of them."""

    name: str
    type: str
    state: str
    reason: str
    since: float | None
    points: int
    spoken: int
    last_reading: float | None


@dataclass(frozen=True, slots=True)
class FindingThen:
    """A finding that was open at a moment, in words with the figures of ``told`` [s since epoch]: of its begin, or
    later ones where they are kept. ``entity`` is where, '' for nowhere; ``points`` are some of ``n_points``."""

    id: str
    check: str
    severity: str
    entity: str
    points: tuple[str, ...]
    n_points: int
    since: float
    told: float
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConfigurationThen:
    """The last change of the configuration before a moment: its ``state``, in words, since when [s since epoch]."""

    state: str
    words: Mapping[str, str]
    message: str
    since: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood at ``at`` [s since epoch]. ``running``: whether the program ran, None where nobody knows;
    ``configuration`` is None where no change of it is kept."""

    at: float
    running: bool | None
    sources: Sequence[SourceThen]
    findings: Sequence[FindingThen]
    configuration: ConfigurationThen | None


async def standing_at(past: Past, live: LiveState, names: Mapping[str, str]) -> Standing:
    """What stood at the moment of ``live``; ``names`` are the sources of today with their types. HistoryError where it
    cannot be known."""
    at = live.clock()
    by_kind: dict[str, dict[str, Stood]] = {kind: {} for kind in KINDS}
    for row in await past.stood(at, KINDS):
        by_kind[row.kind][row.subject] = row
    program = next(iter(by_kind["program"].values()), None)
    changes = sorted(by_kind["configuration"].values(), key=lambda row: row.time)
    sources = await asyncio.to_thread(_sources, live, by_kind["source"], names)
    return Standing(
        at, None if program is None else program.state != "stopped", sources,
        _findings(by_kind, -np.inf if program is None else program.time), _configuration(changes),
    )  # fmt: skip


def _sources(live: LiveState, told: Mapping[str, Stood], names: Mapping[str, str]) -> list[SourceThen]:
    """Those that were told of, and those of today of which nothing is known."""
    heard = _heard(live)
    found = []
    for name in dict.fromkeys([*names, *told]):
        row_ = told.get(name)
        if row_ is not None and row_.state == "gone":
            continue
        of = heard.get(name, Heard())
        if row_ is not None and row_.state == "live" and of.spoken and not of.fresh:
            row_ = None  # nobody told that it ended, as when the program was killed
        detail: Mapping[str, Any] = {} if row_ is None else row_.detail
        found.append(SourceThen(
            name, str(detail.get("type") or names.get(name, "")), "" if row_ is None else row_.state,
            str(detail.get("reason", "")), None if row_ is None else row_.time, of.points, of.spoken, of.last,
        ))  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a source: how many points it has, how many had spoken, how many of these were not stale, and
    the newest [s since epoch]."""

    points: int = 0
    spoken: int = 0
    fresh: int = 0
    last: float | None = None


Numbered = tuple[Sequence[Point], list[str], npt.NDArray[np.intp]]
_numbered: list[Numbered] = []
"""Of the points asked for last: the names of their sources ('' of what is derived), and which each point has."""


def _sources_of(points: Sequence[Point]) -> Numbered:
    if not _numbered or _numbered[0][0] is not points:
        names, number = np.unique(["" if p.source == DERIVED else p.source for p in points], return_inverse=True)
        _numbered[:] = [(points, names.tolist(), number)]
    return _numbered[0]


def _heard(live: LiveState) -> dict[str, Heard]:
    _, names, number = _sources_of(live.points)
    spoken = (live.quality != Quality.NONE) & np.isfinite(live.judged)
    last = np.full(len(names), -np.inf)
    np.maximum.at(last, number[spoken], live.judged[spoken])
    counts = [np.bincount(number[mask], minlength=len(names)).tolist()
              for mask in (np.ones(len(number), np.bool_), spoken, spoken & ~live.stale)]  # fmt: skip
    return {
        name: Heard(of, said, fresh, newest if said else None)
        for name, of, said, fresh, newest in zip(names, *counts, last.tolist(), strict=True)
        if name
    }


def _findings(told: Mapping[str, Mapping[str, Stood]], began: float) -> list[FindingThen]:
    """What was open, the newest first. Where no end was told it ended when the program began the next time."""
    found = []
    for row in told["finding"].values():
        detail = row.detail
        if row.state != "open" or float(detail.get("seen", row.time)) < began:
            continue
        later = told["figures"].get(row.subject)
        words = detail if later is None else later.detail
        found.append(FindingThen(
            row.subject, str(detail.get("check", "")), str(words.get("severity", "info")),
            str(words.get("entity", "")), tuple(map(str, words.get("points", ()))), int(words.get("n_points", 0)),
            row.time, float(detail.get("seen", row.time)) if later is None else later.time,
            {lang: str(words.get(lang, "")) for lang in ("zh", "en")},
        ))  # fmt: skip
    return sorted(found, key=lambda each: -each.since)


def _configuration(changes: Sequence[Stood]) -> ConfigurationThen | None:
    if not changes:
        return None
    last = changes[-1]
    words = {lang: str(last.detail.get(lang, "")) for lang in ("zh", "en")}
    return ConfigurationThen(last.state, words, str(last.detail.get("message", "")), last.time)
