"""The command ``discover``: what a source of a campus folder has to offer, as a sheet of suggestions."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pydantic import ValidationError

from datasources.contract import Found, SourceError, discover_of, settings_model, source_types
from models3d.cache import ModelCache, default_folder
from models3d.campus import assemble_config
from models3d.versions import Versions
from server.suggestions import devices_sheet, points_sheet, seen_of, types_file
from twin.config import CampusConfig, ConfigError, load_campus_config
from twin.guess_places import PlaceGuess
from twin.mistake import nearest
from twin.suggest import suggest, types_of


def discover(source: str, folder: Path, *, seconds: float, out: Path | None) -> int:
    """Suggest what the signals of ``source`` may be, to ``out`` or the screen; 0 listed, 1 nothing, 2 refused.

    A source that listens does so for ``seconds`` [s]; one that can be browsed takes at most that. Beside ``out`` go the
    devices and their types, where several devices send the same.
    """
    try:
        _check_room(out)
        config = load_campus_config(folder, settings_model)
        found = asyncio.run(_found(source, config, seconds))
        texts, devices = _suggestions(source, config, found)
        written = _write(out, texts) if out is not None else []
    except (ConfigError, SourceError, OSError, ValueError) as error:
        sys.stderr.write(f"discover {source}: {error}\n")
        return 2
    if out is None:
        sys.stdout.write(texts[0])
    sys.stderr.write(f"{len(found)} signals of {devices} devices{' in ' + ', '.join(written) if written else ''}\n")
    return 0 if found else 1


def _suggestions(source: str, config: CampusConfig, found: list[Found]) -> tuple[tuple[str, str, str], int]:
    """The sheet of points, that of devices and the file of types (the last two may be empty), and how many devices."""
    cache = default_folder()
    versions = Versions.of_campus(config.folder, cache, read_only=True)
    assembled = assemble_config(config, ModelCache(cache).load, versions)
    rows = suggest([seen_of(row) for row in found], PlaceGuess(assembled.campus))
    mapped = {point.address or point.id: point.id for point in assembled.points if point.source == source}
    types, typed = types_of([row for row in rows if row.seen.address not in mapped])
    new = {row.seen.address: row for row in typed}
    sheet = points_sheet(source, found, [new.get(row.seen.address, row) for row in rows], mapped)
    texts = (sheet, devices_sheet(source, types), types_file(source, types)) if types else (sheet, "", "")
    return texts, len({row.device for row in rows})


def _beside(out: Path) -> tuple[Path, Path]:
    """The files that go beside the sheet: devices, types."""
    return out.with_suffix(".devices.csv"), out.with_suffix(".types.yaml")


def _check_room(out: Path | None) -> None:
    """ValueError where files beside the sheet would be overwritten, before anybody waits: they may have been edited."""
    there = [path for path in _beside(out) if path.exists()] if out is not None else []
    if there:
        raise ValueError(f"'{there[0]}' is there already: move it to its place in the campus folder, or delete it")


def _write(out: Path, texts: tuple[str, str, str]) -> list[str]:
    """Write the files that are not empty; with a byte-order mark, so that Excel and WPS read Chinese names."""
    written = []
    for path, text in zip((out, *_beside(out)), texts, strict=True):
        if text:
            yaml = path.suffix == ".yaml" and path != out
            path.write_text(text, encoding="utf-8" if yaml else "utf-8-sig", newline="")
            written.append(str(path))
    return written


async def _found(source: str, config: CampusConfig, seconds: float) -> list[Found]:
    entry = config.file.sources.get(source)
    if entry is None:
        raise ValueError(f"campus.yaml has no source '{source}'; {nearest(source, list(config.file.sources))}")
    module = source_types()[entry.type]
    browse = discover_of(module)
    if browse is None:
        able = ", ".join(sorted(kind for kind, each in source_types().items() if discover_of(each)))
        raise ValueError(f"a source of type '{entry.type}' cannot be browsed: that can {able}")
    try:
        settings = module.Settings.model_validate(config.source_settings[source], context={"folder": config.folder})
    except ValidationError as error:
        raise ValueError(str(error)) from None
    return await browse(settings, seconds)
