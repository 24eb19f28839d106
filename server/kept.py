"""The history of a campus folder for commands: through the server that has it, or opened here where none runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from server import owner
from server.environment import cache_folder
from server.past import open_recorder
from server.runtime import DEMO_SEED, DEMO_SPACES
from twin.config import ConfigError, read_campus_config
from twin.config_history import HistoryEntry
from twin.history.contract import HistoryError
from twin.history.pieces import Part


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the history of a campus is: what campus.yaml says of it, the folder that is relative to, zone and id."""

    entry: HistoryEntry
    base: Path
    zone: ZoneInfo
    campus: str

    @property
    def folder(self) -> Path:
        """The folder of the history."""
        return self.base / self.entry.folder

    @property
    def journal(self) -> Path:
        """The folder of what waits to be kept; who has its lock has the history."""
        return self.folder / "journal"


def kept(folder: Path | None) -> Kept:
    """The history of the campus in ``folder``, or of the demo campus; ConfigError where that cannot be read."""
    if folder is None:
        from server.built import demo

        cache = cache_folder()
        campus = demo(cache, DEMO_SEED, DEMO_SPACES)[0].campus
        base = cache / "demo" / f"{DEMO_SEED}-{DEMO_SPACES}"
        return Kept(HistoryEntry(), base, ZoneInfo(campus.timezone), campus.id)
    config, mistakes = read_campus_config(folder)  # other mistakes in it are no reason to leave its history alone
    if config is None:
        raise ConfigError(mistakes)
    told = config.file
    return Kept(told.history, folder, ZoneInfo(told.campus.timezone), told.campus.id)


@contextmanager
def asking(of: Kept, verb: Literal["export", "backup"], **more: Any) -> Iterator[tuple[dict[str, Any], Iterator[Part]]]:
    """What the history answers to a verb of ``server.owner``: a head, and tables, to be read one after the other."""
    if not of.journal.is_dir():
        raise HistoryError(f"there is no history in {of.folder}: it begins when the campus is served")
    try:
        recorder = open_recorder(of.entry, of.base, of.zone, time.time)
    except HistoryError:
        if not (of.folder / owner.SOCKET).exists():
            raise
        with owner.asked(of.folder, verb, **more) as answer:
            yield answer
        return
    try:
        recorder.keep()  # what a server that ended left in the journal
        assert recorder.store is not None
        yield owner.answered(recorder.store, {"verb": verb, **more}, of.campus, round(time.time() * 1000))
    finally:
        recorder.stop()
