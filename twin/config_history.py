"""``history`` of campus.yaml: whether the past is kept, where, and for how long."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from twin.history.open import HistorySettings
from twin.mistake import nearest
from twin.quantity import QUANTITIES

Days = Annotated[int, Field(ge=1, le=36_600)]


class HistoryEntry(HistorySettings):
    """What is kept of the past. ``folder`` is relative to the campus folder; there the journal is, and with the default
    engine everything else. ``readings_days`` and ``hours_days`` [days] are how long readings and their hourly roll-ups
    are kept, ``quantities`` says otherwise of the readings of some quantities, ``points`` (by id, or a pattern with
    ``*``) of those of some points. Other engines have a ``url`` without a password, and the ``password`` by reference.
    """

    keep: bool = True
    folder: Annotated[str, Field(min_length=1)] = "history"
    readings_days: Days = 400
    hours_days: Days = 3660
    quantities: dict[str, Days] = Field(default_factory=dict)
    points: dict[str, Days] = Field(default_factory=dict)

    @field_validator("quantities")
    @classmethod
    def _known(cls, value: dict[str, Any]) -> dict[str, Any]:
        for key in value:
            if key not in QUANTITIES:
                raise ValueError(f"'{key}' is no quantity; {nearest(key, QUANTITIES)}")
        return value
