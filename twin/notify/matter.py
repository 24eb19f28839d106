"""What a message is about: an alarm, or the incident that it is part of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from twin.alarms.alarm import LOW, Alarm, Texts
from twin.alarms.places import Places

Kind = Literal["raised", "escalated", "ended", "test"]
OWN = "notify"
"""Under which a channel that fails is an alarm."""


@dataclass(frozen=True, slots=True)
class Matter:
    """An alarm or incident in words, as it stood when a message about it was ordered; times [s since epoch].

    ``number`` is that of an incident, 0 of an alarm; ``consequences`` are the alarms that its cause brought about.
    """

    id: str
    priority: int = LOW
    texts: Texts = field(default_factory=dict)
    since: float = 0.0
    place: str = ""
    place_names: Texts = field(default_factory=dict)
    building: str = ""
    rule: str = ""
    cause: Texts = field(default_factory=dict)
    consequence: Texts = field(default_factory=dict)
    action: Texts = field(default_factory=dict)
    owner: Texts = field(default_factory=dict)
    respond_s: float = 0.0
    number: int = 0
    consequences: int = 0
    simulated: bool = False
    ended: float | None = None

    def packed(self) -> str:
        """The matter as JSON."""
        return json.dumps({name: dict(v) if isinstance(v, Mapping) else v for name, v in asdict(self).items()},
                          ensure_ascii=False)  # fmt: skip

    @classmethod
    def unpacked(cls, text: str) -> Matter:
        """What ``packed`` gave; TypeError or ValueError where it is not such."""
        given: dict[str, Any] = json.loads(text)
        return cls(**given)


def matter_of(alarm: Alarm, places: Places) -> Matter:
    """An alarm that stands alone."""
    return Matter(
        alarm.id, alarm.priority, dict(alarm.texts), alarm.raised or alarm.changed, alarm.place,
        dict(places.full_name(alarm.place)) if alarm.place else {}, places.of(alarm.place).building, alarm.rule,
        dict(alarm.cause), dict(alarm.consequence), dict(alarm.action), dict(alarm.owner), alarm.respond_s,
        simulated=alarm.simulated,
    )  # fmt: skip


class Incidents(Protocol):
    """Incidents as messages need them: one message for all the alarms of a cause."""

    @property
    def ready(self) -> bool:
        """Whether they are known; a moment after a start they are not."""
        ...

    def matter(self, alarm: str) -> Matter | None:
        """The open incident that an alarm is part of; None where it stands alone."""

    def standing(self, id_: str) -> Matter | None:
        """An open incident by its id; None where it ended."""


class NoIncidents:
    """Every alarm stands alone."""

    ready = True

    def matter(self, alarm: str) -> Matter | None:
        """None."""
        return None

    def standing(self, id_: str) -> Matter | None:
        """None."""
        return None
