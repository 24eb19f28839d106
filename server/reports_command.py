"""The command ``report``: one report as a file, whether the campus is served or not."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from server import owner
from server.campus_folder import StartError
from server.kept import Kept, kept
from server.paper_browser import NoBrowserError
from server.paper_html import page
from server.paper_pdf import Printer, PrintError
from server.past import open_recorder
from server.report_words import document
from server.reports import Wish
from server.reports_schedule import keep
from server.runtime import build_runtime
from server.texts import Lang
from twin.config import ConfigError, read_campus_config
from twin.history.contract import HistoryError
from twin.reports.periods import Kind, local, read_date
from twin.reports.report import plain

FORMS: dict[str, Literal["html", "pdf", "json"]] = {".html": "html", ".htm": "html", ".pdf": "pdf", ".json": "json"}


def report(folder: Path | None, kind: Kind, of: str, day: str, lang: Lang, out: Path) -> int:
    """Write the report of the campus in ``folder`` (or of the demo campus) to ``out``, as its ending says; 0 written,
    1 written, but nothing is known of that time, 2 refused."""
    try:
        form = FORMS.get(out.suffix.lower())
        if form is None:
            raise ValueError(f"'{out}' names no form: end it in .pdf, .html or .json")
        where = kept(folder)
        wanted = read_date(day) if day else local(round((time.time() - 86_400) * 1000), where.zone).date()
        answer = _asked(where, folder, Wish(kind, of, wanted), lang)
        data = _bytes(answer, form, _browser(folder))
        keep(out, data)
    except KeyError:
        sys.stderr.write(f"report: there is no report of '{of}': name a building, or leave --of out for the campus\n")
        return 2
    except (ConfigError, StartError, HistoryError, NoBrowserError, PrintError, OSError, ValueError) as error:
        sys.stderr.write(f"report: {error}\n")
        return 2
    sys.stdout.write(f"{answer['told']} in {out}\n")
    return 1 if answer["empty"] else 0


def _bytes(answer: dict[str, Any], form: str, browser: str) -> bytes:
    if form == "json":
        return json.dumps(answer["report"], ensure_ascii=False).encode()
    if form == "html":
        return str(answer["html"]).encode()
    return asyncio.run(Printer(browser).pdf(answer["html"]))


def _browser(folder: Path | None) -> str:
    """The browser that campus.yaml names."""
    if folder is None:
        return ""
    config, _ = read_campus_config(folder)
    return config.file.reports.chromium if config is not None else ""


def _asked(where: Kept, folder: Path | None, wish: Wish, lang: Lang) -> dict[str, Any]:
    """The report in words and numbers: from the server that has the history, or made here where none runs."""
    if not where.journal.is_dir():
        raise HistoryError(f"there is no history in {where.folder}: it begins when the campus is served")
    told = {"kind": wish.kind, "of": wish.of, "date": wish.day.isoformat(), "lang": lang}
    try:
        recorder = open_recorder(where.entry, where.base, where.zone, time.time)
    except HistoryError:
        if not (where.folder / owner.SOCKET).exists():
            raise
        with owner.asked(where.folder, "report", **told) as (head, _):
            return head
    try:
        recorder.keep()  # what a server that ended left in the journal
        store = recorder.store
        assert store is not None
        # the history is open here already: the campus is read for its places, points and prices alone
        runtime = build_runtime(folder, keep_history=False)
        return made(runtime.reports.question(wish)(store), lang, schematic=runtime.reports.schematic)
    finally:
        with suppress(HistoryError):
            recorder.stop()


def made(report: Any, lang: Lang, *, schematic: bool) -> dict[str, Any]:
    """A report as it goes over the socket: as a page, as numbers, and what it is of in a line."""
    paper = document(report, lang, schematic=schematic)
    return {
        "html": page(paper), "report": {**plain(report), "complete": report.complete}, "empty": report.empty,
        "told": f"{paper.title}, {paper.under}",
    }  # fmt: skip
