"""The commands ``check`` and ``simulate``: here, because sources and models of buildings meet on this level only."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from datasources.contract import settings_model
from models3d.cache import ModelCache, default_folder
from models3d.check import check_folder
from models3d.versions import Versions


def check(folder: Path, *, as_json: bool, found: Path | None = None) -> int:
    """Print everything that is wrong with a campus folder; 0 clean, 1 warnings, 2 errors.

    ``found`` is a sheet of ``discover``: what of it is mapped, and which points it lacks.
    """
    cache = default_folder()
    versions = Versions.of_campus(folder, cache, read_only=True)
    report = check_folder(folder, ModelCache(cache).load, settings_model, versions, found)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(report.as_text())
    return report.exit_code


def simulate(start: str, end: str, out: Path, *, seed: int, step_s: float, points: Sequence[str] = ()) -> int:
    """Write the simulated demo campus from ``start`` to ``end`` (ISO 8601) into ``out``; 0 written, 2 refused.

    ``points`` are patterns of those to write, none: all.

    A time without a zone is one of the demo campus's own.
    """
    from datasources.simulate_files import simulate as write
    from datasources.simulator import Settings
    from models3d.demo import demo_campus

    try:
        assembled = demo_campus(seed=seed)
        zone = ZoneInfo(assembled.campus.timezone)
        first, last = read_time(start, "--from", zone), read_time(end, "--to", zone)
        written = write(
            assembled.points, first, last, out, Settings(seed=seed), step_s, lambda text: _say(sys.stderr, text), points
        )
    except (ValueError, OSError) as error:
        sys.stderr.write(f"simulate: {error}\n")
        return 2
    _say(sys.stdout, f"{written.readings} readings in {len(written.files) - 3} files in {out / 'readings'}")
    return 0


def _say(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")


def read_time(text: str, option: str, zone: ZoneInfo) -> datetime:
    """The instant that ``text`` names; ValueError names the option and the form it wants."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} '{text}' is no time: write it as 2026-04-15 or 2026-04-15T08:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)
