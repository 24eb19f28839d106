"""Notes: what people write beside a curve. A note is an event of the history (kind ``note``), and so is its removal:
nothing of it is ever changed, and whatever keeps the history keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twin.history.spool import Event

KIND, NOTED, REMOVED = "note", "noted", "removed"
SHOWN = 120
"""Characters of a note that a mark on a time axis tells."""


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` by ``author`` on a place (``entity``) or one ``point`` of it ('' = none) at ``start`` [ms], and until
    ``end`` (None: a moment); ``made`` when it was written [ms]."""

    id: str
    entity: str
    point: str
    start: int
    end: int | None
    text: str
    author: str
    made: int

    def touches(self, start: int, end: int) -> bool:
        """Whether any of it lies from ``start`` to before ``end`` [ms]."""
        return self.start < end and (self.start if self.end is None else self.end) >= start


def noted(note: Note) -> Event:
    """The event that a note is."""
    told = f"{note.author}: {note.text}" if note.author else note.text
    told = told if len(told) <= SHOWN else told[: SHOWN - 1] + "…"
    detail = {
        "entity": note.entity, "point": note.point, "until": note.end, "text": note.text, "author": note.author,
        "made": note.made, "zh": told, "en": told,
    }  # fmt: skip
    return Event(note.start, KIND, note.id, NOTED, json.dumps(detail, ensure_ascii=False))


def removed(note: Note, now: int, by: str) -> Event:
    """The event that a note is taken away, at ``now`` [ms]: never before the note itself."""
    return Event(max(now, note.start + 1), KIND, note.id, REMOVED, json.dumps({"over": True, "author": by}))


def read_notes(rows: Iterable[Mapping[str, Any]]) -> dict[str, Note]:
    """The notes that stand, by id, out of all events of the kind, oldest first; what is no note is left out."""
    found: dict[str, Note] = {}
    gone: set[str] = set()
    for row in rows:
        if row["state"] == REMOVED:
            gone.add(row["subject"])
        elif (note := _note(row)) is not None:
            found[note.id] = note
    return {id_: note for id_, note in found.items() if id_ not in gone}


def _note(row: Mapping[str, Any]) -> Note | None:
    try:
        detail = json.loads(row["detail"])
        until = detail["until"]
        return Note(
            row["subject"], str(detail["entity"]), str(detail["point"]), int(row["time"]),
            None if until is None else int(until), str(detail["text"]), str(detail["author"]), int(detail["made"]),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError):
        return None


def of_places(notes: Iterable[Note], entities: Sequence[str], points: Sequence[str]) -> list[Note]:
    """The notes on any of these places or points, by time; all without either."""
    wanted = [
        note for note in notes
        if not (entities or points) or note.point in points or (not note.point and note.entity in entities)
    ]  # fmt: skip
    return sorted(wanted, key=lambda note: (note.start, note.id))
