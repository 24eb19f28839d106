"""The versions of each model of a campus: the last whole one stays in use until the next one is whole.

``<folder>/<key of the file>/<sha>-<layout>.model`` are the versions; ``current.json`` beside them names the one in use
and is replaced atomically. It also remembers every id that changed, so that points written for an old id find their
place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models3d.model import Model
from models3d.model_file import FINGERPRINT, from_bytes, to_bytes, write_atomic
from models3d.reimport import Difference, compare

KEEP = 2
"""Versions kept of each file, the current one included."""


@dataclass(slots=True)
class History:
    """What is known of a file: its current version's hash, since when, all id changes (file's own ids), ids gone."""

    sha256: str = ""
    since: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


class Versions:
    """The versions below ``folder``; with ``read_only`` differences are told and nothing is adopted."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.read_only = read_only

    @classmethod
    def of_campus(cls, campus: Path, cache: Path, *, read_only: bool = False) -> Versions:
        """The versions of the campus in folder ``campus``, kept in ``cache``."""
        key = hashlib.sha256(str(campus.resolve()).encode()).hexdigest()[:16]
        return cls(cache / "versions" / key, read_only=read_only)

    def _place(self, file: str) -> Path:
        return self.folder / hashlib.sha256(file.encode()).hexdigest()[:16]

    def _version(self, file: str, sha256: str) -> Path:
        """A version's file; its name tells the layout too, so that another program version never misreads it."""
        return self._place(file) / f"{sha256}-{FINGERPRINT}.model"

    def history(self, file: str) -> History:
        """What is known of a file; empty when nothing is, or when the record is damaged."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            found: dict[str, Any] = json.loads((self._place(file) / "current.json").read_text(encoding="utf-8"))
            return History(str(found["sha256"]), str(found["since"]), dict(found["ids"]), list(found["gone"]))
        return History()

    def current(self, file: str) -> Model | None:
        """The version in use, or None when there is none (or it is damaged)."""
        history = self.history(file)
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            if history.sha256:
                return from_bytes(self._version(file, history.sha256).read_bytes())
        return None

    def adopt(self, file: str, model: Model) -> tuple[Difference | None, History]:
        """Make ``model`` the version in use; what it changes (None: the first one, or the same), and what is known."""
        history = self.history(file)
        if history.sha256 == model.sha256 and self._version(file, model.sha256).exists():
            return None, history
        old = self.current(file)
        difference = None if old is None else compare(old, model)
        now = _after(history, model, difference or Difference())
        if not self.read_only:
            self._write(file, model, now)
        return difference, now

    def _write(self, file: str, model: Model, now: History) -> None:
        place = self._place(file)
        with contextlib.suppress(OSError):  # a disk that is full costs the memory of this version, not the campus
            write_atomic(self._version(file, model.sha256), to_bytes(model))
            record = {"file": file, "sha256": now.sha256, "since": now.since, "ids": now.ids, "gone": now.gone}
            write_atomic(place / "current.json", json.dumps(record, ensure_ascii=False).encode())
            old = sorted(place.glob("*.model"), key=lambda path: path.stat().st_mtime_ns)
            for path in old[:-KEEP]:
                path.unlink(missing_ok=True)


def _after(history: History, model: Model, difference: Difference) -> History:
    """What is known once ``model`` is in use: every id of the past leads to its entity of today, or is gone.

    An id that the new version uses again means what it means there: the code is the key.
    """
    there = set(_ids(model))
    gone = {*history.gone, *difference.gone}
    ids = {old: difference.ids.get(new, new) for old, new in history.ids.items()} | difference.ids
    gone.update(old for old, new in ids.items() if new not in there)
    ids = {old: new for old, new in ids.items() if new in there and old not in there}
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return History(model.sha256, since, ids, sorted(gone - there - set(ids)))


def _ids(model: Model) -> list[str]:
    found = [item.id for item in model.equipment]
    for building in model.buildings:
        found.append(building.id)
        for storey in building.storeys:
            found.extend((storey.id, *(space.id for space in storey.spaces)))
    return found
