"""What the time machine needs of whoever keeps the past (``Runtime.past``): states as of an instant, and what happened.

All times are seconds since the epoch, UTC. ``twin.history.contract.HistoryError`` says what cannot be had, in words for
the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from twin.kpi import Kpis, Then
from twin.live import LiveState


class Happened(Protocol):
    """Something that happened besides readings: ``kind`` source, finding, configuration ..., ``subject`` the id of what
    it is about, ``state`` what became of it, ``entity`` its place ('' = none); it lasted ``until`` [s] (None = it was a
    moment, or lasts still).
    """

    @property
    def time(self) -> float: ...  # noqa: D102  # as above
    @property
    def until(self) -> float | None: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def entity(self) -> str: ...  # noqa: D102
    @property
    def zh(self) -> str: ...  # noqa: D102
    @property
    def en(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Stood:
    """The newest that happened to ``subject`` up to a moment, at ``time`` [s since epoch]; ``detail`` as told then."""

    time: float
    kind: str
    subject: str
    state: str
    detail: Mapping[str, Any]


class Past(Protocol):
    """The past of the campus that is served."""

    async def live_at(self, at: float) -> LiveState:
        """The live state as of ``at`` [s]; HistoryError where there is none."""
        ...

    async def then(self, at: float, kpis: Kpis) -> Then:
        """What the figures are made of at ``at`` [s]; HistoryError where that cannot be known."""
        ...

    def span(self) -> tuple[float, float] | None:
        """The oldest and the newest instant that is kept [s]; None before the first."""
        ...

    async def coverage(self, start: float, end: float, step_s: float) -> list[float]:
        """For each step from ``start`` to before ``end`` the share 0..1 of points that had a value."""
        ...

    async def events(self, start: float, end: float) -> Sequence[Happened]:
        """What happened from ``start`` to before ``end``, oldest first."""
        ...

    async def stood(self, at: float, kinds: Sequence[str]) -> Sequence[Stood]:
        """The newest event of each subject of these kinds at or before ``at`` [s]; HistoryError as above."""
        ...
