"""The command ``discover``: what a source of a campus folder has to offer, as a sheet that a spreadsheet opens."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from pydantic import ValidationError

from datasources.contract import Found, SourceError, discover_of, settings_model, source_types
from twin.config import ConfigError, load_campus_config
from twin.mistake import nearest

COLUMNS = tuple(field.name for field in fields(Found))


def discover(source: str, folder: Path, *, seconds: float, out: Path | None) -> int:
    """List what ``source`` of the campus in ``folder`` has, to ``out`` or the screen; 0 listed, 1 nothing, 2 refused.

    A source that listens does so for ``seconds`` [s]; one that can be browsed takes at most that.
    """
    try:
        found = asyncio.run(_found(source, folder, seconds))
        if out is not None:
            # with a byte-order mark, so that Excel and WPS read Chinese names
            out.write_text(_sheet(found), encoding="utf-8-sig", newline="")
    except (ConfigError, SourceError, OSError, ValueError) as error:
        sys.stderr.write(f"discover {source}: {error}\n")
        return 2
    if out is None:
        sys.stdout.write(_sheet(found))
    devices = len({row.device for row in found})
    sys.stderr.write(f"{len(found)} signals of {devices} devices{f' in {out}' if out else ''}\n")
    return 0 if found else 1


async def _found(source: str, folder: Path, seconds: float) -> list[Found]:
    config = load_campus_config(folder, settings_model)
    entry = config.file.sources.get(source)
    if entry is None:
        raise ValueError(f"campus.yaml has no source '{source}'; {nearest(source, list(config.file.sources))}")
    module = source_types()[entry.type]
    browse = discover_of(module)
    if browse is None:
        able = ", ".join(sorted(kind for kind, each in source_types().items() if discover_of(each)))
        raise ValueError(f"a source of type '{entry.type}' cannot be browsed: that can {able}")
    try:
        settings = module.Settings.model_validate(config.source_settings[source])
    except ValidationError as error:
        raise ValueError(str(error)) from None
    return await browse(settings, seconds)


def _sheet(rows: Sequence[Found]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in asdict(row).items()})
    return text.getvalue()


def _cell(value: object) -> object:
    """A device's own text is no formula of the spreadsheet that opens it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
