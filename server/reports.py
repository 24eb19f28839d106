"""The reports of the campus that is served: gathered in a thread, put into words, printed.

A report that was just made is kept for a moment, so that what is previewed is what is printed.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from server.forecast_text import state_of
from server.paper import Document
from server.paper_html import page
from server.paper_pdf import Printer
from server.past import Archive
from server.report_words import document
from server.texts import Lang
from twin.forecast.outlook import Outlook
from twin.history.contract import HistoryError
from twin.history.store import SqlStore
from twin.kpi_network import ways_out
from twin.kpi_points import IN, OUT
from twin.kpi_value import Place
from twin.live import LiveState
from twin.reports.energy import Expected
from twin.reports.gather import Around, areas, gather, slot_of
from twin.reports.periods import KINDS, Kind, Period, PeriodError, read_date
from twin.reports.report import F64, Report
from twin.reports.services import Ways

if TYPE_CHECKING:
    from server.runtime import Runtime

Form = Literal["html", "pdf", "json"]
KEPT, KEPT_S = 8, 30.0
"""So many reports are kept for so long [s]."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which report: of the campus ('' ) or a building, the period that ``day`` lies in."""

    kind: Kind
    of: str
    day: date


class Reporter:
    """Makes the reports of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept: OrderedDict[tuple[Wish, LiveState], tuple[float, Report]] = OrderedDict()
        self._areas: tuple[object, dict[str, float]] | None = None
        self.printer = Printer()

    async def report(self, wish: Wish) -> Report:
        """The report that is wished for. HistoryError where no history is kept or it cannot answer, PeriodError where
        the period has not begun, KeyError where there is no such place."""
        runtime = self._runtime
        slot_of(runtime.live, wish.of)
        if not isinstance(runtime.past, Archive):
            raise HistoryError("this campus keeps no history, and a report is made of it: see 'history' in campus.yaml")
        key = (wish, runtime.live)
        found = self._kept.get(key)
        if found is not None and time.monotonic() - found[0] < KEPT_S:
            return found[1]
        told = await runtime.past.ask(self.question(wish))
        self._kept[key] = time.monotonic(), told
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return told

    def question(self, wish: Wish) -> Callable[[SqlStore], Report]:
        """What the historian is asked for a report; it takes a while, so in a thread."""
        around = self._around(wish.of)
        period = Period.of(wish.kind, wish.day, around.zone)
        now = round(self._runtime.ingest.clock() * 1000)
        return lambda store: gather(store, around, wish.of, period, now)

    def _around(self, entity: str) -> Around:
        runtime = self._runtime
        campus = runtime.assembled.campus
        if self._areas is None or self._areas[0] is not campus:
            self._areas = campus, areas(campus)
        given = runtime.given
        return Around(
            campus, runtime.live, given.tariff if given is not None else None, given.co2 if given is not None else None,
            self._expected(entity or campus.id), ways_of(runtime.kpis.place(entity)), runtime.watch.findings(),
            self._areas[1],
        )  # fmt: skip

    def _expected(self, entity: str) -> Expected | None:
        forecasts = self._runtime.forecasts
        outlook = forecasts.keeper.outlooks.get(entity) if forecasts is not None else None
        if forecasts is None or outlook is None:
            return None
        return expected_of(outlook, state_of(forecasts.keeper, entity)[0])

    @property
    def schematic(self) -> bool:
        """Whether any building is schematic, and areas with it."""
        campus = self._runtime.assembled.campus
        return campus.schematic or any(building.schematic for building in campus.buildings)

    def written(self, report: Report, lang: Lang) -> Document:
        """The report in words."""
        return document(report, lang, schematic=self.schematic)

    async def html(self, wish: Wish, lang: Lang, *, linked: bool = False) -> str:
        """The report as a page that stands alone; ``linked``: with the typefaces of the server."""
        report = await self.report(wish)
        return await asyncio.to_thread(lambda: page(self.written(report, lang), linked=linked))

    async def pdf(self, wish: Wish, lang: Lang) -> bytes:
        """The report as PDF; also ``server.paper_pdf``'s errors."""
        return await self.printed(await self.html(wish, lang))

    async def printed(self, html: str) -> bytes:
        """A page as PDF, by the browser that campus.yaml names."""
        config = self._runtime.config  # another one after the campus folder changed
        self.printer.configured = config.file.reports.chromium if config is not None else ""
        return await self.printer.pdf(html)

    @property
    def zone(self) -> ZoneInfo:
        """The campus's zone."""
        return ZoneInfo(self._runtime.assembled.campus.timezone)


def ways_of(place: Place) -> Ways:
    """The points of traffic over the border of a place."""
    rows, _ = ways_out(place)
    ids = [[place.live.points[row].id for row in rows[place.points.way[rows] == way].tolist()] for way in (IN, OUT)]
    return Ways(tuple(ids[0]), tuple(ids[1]))


def expected_of(outlook: Outlook, quality: str) -> Expected:
    """What a model expects of hours, as far as it reaches."""

    def told(times: F64) -> tuple[F64, F64, F64, str] | None:
        oldest, newest = outlook.reach
        inside = (times >= oldest) & (times < newest)
        if not inside.any():
            return None
        band = outlook.band(times[inside])
        columns = [np.full(len(times), np.nan) for _ in range(3)]
        for column, values in zip(columns, (band.value, band.low, band.high), strict=True):
            column[inside] = values
        return columns[0], columns[1], columns[2], quality

    return told


def file_name(report: Report, lang: Lang, form: str) -> str:
    """A name for its file that any system takes: 'day-2026-11-26-14-zh.pdf'."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in report.entity)[:60]
    return f"{report.period.kind}-{report.period.first.isoformat()}-{plain}-{lang}.{form}"


def owner_report(runtime: Runtime, store: SqlStore, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the owner of the history answers to ``report`` (``kind``, ``of``, ``date``, ``lang``), in a thread of its
    own; HistoryError says what is no report."""
    from server.reports_command import made

    try:
        kind = next(each for each in KINDS if each == asked.get("kind"))
        wish = Wish(kind, str(asked.get("of", "")), read_date(str(asked.get("date", ""))))
        lang: Lang = "zh" if asked.get("lang") == "zh" else "en"
        return made(runtime.reports.question(wish)(store), lang, schematic=runtime.reports.schematic)
    except StopIteration:
        raise HistoryError("that is no kind of report: use the same version of both") from None
    except KeyError:
        raise HistoryError(
            f"there is no report of '{wish.of[:100]}': name a building, or none for the campus"
        ) from None
    except PeriodError as error:
        raise HistoryError(str(error)) from error
