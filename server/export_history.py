"""The command ``export csv|parquet|arrow``: any slice of the history as one file, streamed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from server.commands import read_time
from server.kept import Kept, asking, kept
from server.series_out import METADATA, arrow_bytes, csv_bytes, parquet_bytes
from twin.config import ConfigError
from twin.history.contract import HistoryError
from twin.history.pieces import Part
from twin.history.steps import read_step


@dataclass(frozen=True, slots=True)
class Slice:
    """What is to be written, as the command line has it: times without a zone are the campus's own."""

    start: str | None
    end: str | None
    step: str
    points: list[str]


def export_history(kind: Literal["csv", "parquet", "arrow"], folder: Path | None, part: Slice, out: Path | None) -> int:
    """Write a slice of the history of the campus in ``folder`` (or of the demo campus) to ``out``, CSV without one to
    the screen; 0 written, 1 nothing was there, 2 refused."""
    try:
        if out is None and kind != "csv":
            raise ValueError(f"{kind} is no text: name a file with --out")
        of = kept(folder)
        start, end = _window(of, part)
        if part.step:
            read_step(part.step)
        told = {"patterns": part.points, "from": _ms(start), "to": _ms(end), "step": part.step}
        with asking(of, "export", **told) as (_, parts):
            rows = 0
            for each in parts:
                head = {"campus": of.campus, "timezone": of.zone.key, "start": start.isoformat(),
                        "end": end.isoformat(), "step": part.step}  # fmt: skip
                rows = _write(kind, each, head, out)
    except (ConfigError, HistoryError, OSError, ValueError) as error:
        sys.stderr.write(f"export {kind}: {error}\n")
        return 2
    sys.stderr.write(f"{rows} rows in {out or 'the output'}\n")
    return 0 if rows else 1


def _window(of: Kept, part: Slice) -> tuple[datetime, datetime]:
    if part.start is None or part.end is None:
        raise ValueError("say the slice with --from and --to, as in --from 2026-04-15 --to 2026-04-16")
    start, end = read_time(part.start, "--from", of.zone), read_time(part.end, "--to", of.zone)
    if start >= end:
        raise ValueError("the slice is empty: --from must be before --to")
    return start, end


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _write(kind: str, part: Part, head: dict[str, str], out: Path | None) -> int:
    """Encode a part piece by piece into a file beside, which then takes the place of ``out``; how many rows."""
    rows = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal rows
        for piece in part.pieces:
            rows += len(piece)
            yield piece

    schema = part.schema.with_metadata({METADATA: json.dumps(head).encode()})
    encode = {"csv": csv_bytes, "arrow": arrow_bytes, "parquet": parquet_bytes}[kind]
    if out is None:
        for data in encode(schema, counted()):
            sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return rows
    beside = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with beside.open("wb") as file:
            for data in encode(schema, counted()):
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return rows
