"""Reports that are written by themselves: each when its period is over, at a local time, into a folder.

The files are the memory: what is not there and is due is written, so a report that was missed while the program did
not run comes at its next start, and none is written twice.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.paper_browser import NoBrowserError
from server.paper_html import page
from server.paper_pdf import PrintError
from server.reports import Wish, file_name
from server.texts import Lang
from twin.config_reports import ReportsEntry, ScheduledReport
from twin.history.contract import HistoryError
from twin.reports.periods import Period, local

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

LOOK_S = 20.0
AGAIN_S = 1800.0
"""What could not be written is tried again after so long [s]."""
MISSED = 7
"""So many periods that were missed are made up for; older ones are not."""


@dataclass(frozen=True, slots=True)
class Due:
    """A report that is to be written: what, in which language and form."""

    entry: ScheduledReport
    period: Period
    lang: Lang
    form: str


class Scheduler:
    """Writes the reports that campus.yaml lists, of the campus folder ``base``."""

    def __init__(self, runtime: Runtime, base: Path) -> None:
        self._runtime, self._base = runtime, base
        self._failed: dict[Due, float] = {}

    async def run(self) -> None:
        """Look and write, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # one report that cannot be made must not end the others
                log.exception("the reports could not be looked after; the next look is in %.0f s", LOOK_S)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> list[Path]:
        """Write what is due; the files."""
        config, recorder = self._runtime.config, self._runtime.recorder
        if config is None or not config.file.reports.write or recorder is None or recorder.store is None:
            return []
        entry, now = config.file.reports, self._runtime.ingest.clock()
        folder = self._base / entry.folder
        written = []
        for due in await asyncio.to_thread(self._due, entry, folder, now):
            if now - self._failed.get(due, -AGAIN_S) < AGAIN_S:
                continue
            try:
                written.append(await self._write(due, folder))
                self._failed.pop(due, None)
            except (NoBrowserError, PrintError, HistoryError, KeyError, OSError) as error:
                self._failed[due] = now
                why = f"there is no building '{due.entry.of}' in the campus" if isinstance(error, KeyError) else error
                log.error(
                    "the report of the %s from %s could not be written as %s, and is tried again in %.0f min: %s",
                    due.period.kind, due.period.first, due.form, AGAIN_S / 60, why,
                )  # fmt: skip
        if written:
            await asyncio.to_thread(prune, folder, entry, self._campus)
        return written

    @property
    def _campus(self) -> str:
        return self._runtime.assembled.campus.id

    def _due(self, entry: ReportsEntry, folder: Path, now: float) -> list[Due]:
        zone = self._runtime.reports.zone
        span = self._runtime.recorder.span if self._runtime.recorder is not None else None
        oldest = span[0] if span is not None else round(now * 1000)
        return list(missing(entry, folder, self._campus, zone, now, oldest))

    async def _write(self, due: Due, folder: Path) -> Path:
        reporter = self._runtime.reports
        report = await reporter.report(Wish(due.period.kind, due.entry.of, due.period.first))
        text = await asyncio.to_thread(lambda: page(reporter.written(report, due.lang)))
        data = text.encode() if due.form == "html" else await reporter.printed(text)
        path = folder / file_name(report, due.lang, due.form)
        await asyncio.to_thread(keep, path, data)
        log.info("the report %s was written", path)
        return path


def due_at(entry: ScheduledReport, period: Period) -> float:
    """When a report of that period is written [s since the epoch]: the first day after it, at the local time."""
    hour, minute = map(int, entry.at.split(":"))
    after = period.last + timedelta(days=1)
    return datetime.combine(after, time(hour, minute), period.zone).timestamp()


def newest(entry: ScheduledReport, zone: ZoneInfo, now: float) -> Period:
    """The newest period whose report is due at ``now`` [s since the epoch]."""
    period = Period.of(entry.kind, local(round(now * 1000), zone).date(), zone).before()
    return period if due_at(entry, period) <= now else period.before()


def missing(entry: ReportsEntry, folder: Path, campus: str, zone: ZoneInfo, now: float, oldest: int) -> Iterator[Due]:
    """What is due and not there, the oldest first: the newest of each, and what was missed since the last one that is
    there. Nothing of before ``oldest`` [ms], where the history begins."""
    for each in entry.write:
        for lang in each.langs:
            for form in each.formats:
                for period in reversed(list(_missing(each, folder, campus, zone, now, oldest, lang, form))):
                    yield Due(each, period, lang, form)


def _missing(
    entry: ScheduledReport, folder: Path, campus: str, zone: ZoneInfo, now: float, oldest: int, lang: str, form: str
) -> Iterator[Period]:
    period = newest(entry, zone, now)
    there = files_of(folder, entry, campus, lang, form)
    for number in range(min(MISSED, entry.keep)):
        known = any(day == period.first for day, _ in there)
        if known or period.end <= oldest or (number and not there):
            return
        yield period
        period = period.before()


def files_of(folder: Path, entry: ScheduledReport, campus: str, lang: str, form: str) -> list[tuple[date, Path]]:
    """The files of a report that are there, newest first."""
    found = []
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in entry.of or campus)[:60]
    end = f"-{plain}-{lang}.{form}"
    for path in folder.glob(f"{entry.kind}-????-??-??{end}"):
        try:
            found.append((date.fromisoformat(path.name.removeprefix(f"{entry.kind}-").removesuffix(end)), path))
        except ValueError:
            continue
    return sorted(found, reverse=True)


def prune(folder: Path, entry: ReportsEntry, campus: str) -> None:
    """Delete what is more than is to be kept, the oldest first; files of other names are left alone."""
    for each in entry.write:
        for lang in each.langs:
            for form in each.formats:
                for _, path in files_of(folder, each, campus, lang, form)[each.keep :]:
                    path.unlink(missing_ok=True)


def keep(path: Path, data: bytes) -> None:
    """Write a file beside, and let it take its place when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
