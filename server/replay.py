"""The command ``replay``: the campus as served, with a source's values out of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from datasources import replay
from datasources.recording import Recording, RecordingError, is_recording
from datasources.runner import SourceConfig
from server.campus_folder import StartError, read_campus
from server.environment import cache_folder
from server.runtime import Runtime, runtime_of
from twin.point import Point


@dataclass(frozen=True, slots=True)
class Play:
    """What the command line says. ``source`` is whose values the file has, '' = what the file itself says."""

    file: Path
    faults: Path | None = None
    source: str = ""
    speed: float = 1.0
    loop: bool = False
    times: str = "now"
    start: str | None = None


def replay_runtime(play: Play, folder: Path, cache: Path | None = None) -> Runtime:
    """The runtime of the campus in ``folder`` that is fed by the file alone: none of its devices is asked.

    StartError says what is wrong with the campus or the file.
    """
    cache = cache_folder() if cache is None else cache
    read = read_campus(folder, cache)
    return runtime_of(read.assembled, played(play, folder, read.sources, read.assembled.points), cache)


def played(play: Play, folder: Path, sources: Sequence[SourceConfig], points: Sequence[Point]) -> list[SourceConfig]:
    """The sources that play the file, each under the name of the one it stands for."""
    allowed = {each for each in (play.file, play.faults) if each is not None}
    if not play.file.exists() and not is_recording(play.file):
        raise StartError(f"there is no file {play.file}: make one with 'python app.py record'")
    common: dict[str, Any] = {"speed": play.speed, "loop": play.loop, "times": play.times}
    if play.start is not None:
        common["start"] = play.start
    if play.faults is not None:
        sidecar = play.faults.with_name(play.faults.name + ".labels.csv")
        allowed.add(sidecar)
        common |= {"faults": str(play.faults), "labels": str(sidecar)}
    known = {row.name: row for row in sources}
    found = []
    for name, recorded in _names(play, known, points).items():
        own = dict(known[name].settings) if known[name].type == "replay" else {}
        settings = {**own, **common, "file": str(play.file), "source": recorded}
        context = {"folder": folder, "allowed": allowed}
        try:
            replay.Settings.model_validate(settings, context=context)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors())
            raise StartError(f"{play.file} cannot be played: {wrong.replace('Value error, ', '')}") from None
        found.append(SourceConfig(name, "replay", settings, context))
    return found


def _names(play: Play, known: dict[str, SourceConfig], points: Sequence[Point]) -> dict[str, str]:
    """Source of the campus -> the one of the recording that plays it ('' for a table)."""
    if play.source and play.source not in known:
        raise StartError(f"campus.yaml has no source '{play.source}': it has {', '.join(known) or 'none'}")
    if not is_recording(play.file):
        fed = {point.source for point in points if point.source in known}
        if not play.source and len(fed) != 1:
            which = f"one of {', '.join(sorted(fed))}" if fed else "a source that points have"
            raise StartError(f"{play.file} does not say whose values it has: name {which} with --source")
        return {play.source or next(iter(fed)): ""}
    try:
        recorded = list(Recording(play.file).info.sources)
    except RecordingError as error:
        raise StartError(str(error)) from None
    if play.source:
        if play.source not in recorded and len(recorded) > 1:
            raise StartError(f"{play.file} has no source '{play.source}': it has {', '.join(recorded)}")
        return {play.source: play.source if play.source in recorded else recorded[0]}
    names = {name: name for name in recorded if name in known}
    if not names:
        have, want = ", ".join(recorded), ", ".join(known)
        raise StartError(f"{play.file} was recorded from {have}, and campus.yaml has {want}: name one with --source")
    return names
