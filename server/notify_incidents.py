"""Incidents as messages tell them: from the board of the open incidents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from server.schemas_incidents import IncidentOut
from twin.notify.matter import Matter


class Board(Protocol):
    """The open incidents: which one an alarm is part of, and each by its id."""

    @property
    def of_alarm(self) -> Mapping[str, str]:
        """Alarm -> open incident."""

    def row(self, id_: str) -> IncidentOut | None:
        """An incident; None where it is not known any more."""


class BoardIncidents:
    """The incidents of a board, for the plan of messages; ``ready`` says whether it is drawn."""

    def __init__(self, board: Board, ready: Callable[[], bool]) -> None:
        self._board = board
        self._ready = ready

    @property
    def ready(self) -> bool:
        """Whether they are known."""
        return self._ready()

    def matter(self, alarm: str) -> Matter | None:
        """The open incident that an alarm is part of; None where it stands alone."""
        id_ = self._board.of_alarm.get(alarm)
        return None if id_ is None else self.standing(id_)

    def standing(self, id_: str) -> Matter | None:
        """An open incident by its id; None where it ended."""
        row = self._board.row(id_)
        if row is not None and row.state == "merged" and row.into not in ("", id_):
            row = self._board.row(row.into)  # what was told of goes on under another number
        if row is None or row.state != "open":
            return None
        return Matter(
            row.id, row.priority, dict(row.text), row.opened.timestamp(), row.place, dict(row.place_names),
            row.building, "incident", dict(row.cause_names), {}, dict(row.action), dict(row.owner), row.respond_s,
            row.number, row.consequences, row.simulated,
        )  # fmt: skip
