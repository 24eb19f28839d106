"""The command line's words: every command with its options. Imports nothing that takes time to load."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn


class _Parser(argparse.ArgumentParser):
    """argparse with one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. Try '{self.prog} --help'.\n")


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = _Parser(prog="app.py", description="Campus Twin: building models and live feeds on one 3D/2D view.")
    sub = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    serve = sub.add_parser("serve", help="run the product; without --campus the generated demo campus")
    serve.add_argument("--campus", type=Path, metavar="DIR", help="a campus folder with a campus.yaml")
    _listen(serve)
    serve.add_argument(
        "--accounts", action="store_true", help="people sign in; the first start prints a link for the admin"
    )
    serve.add_argument("--role", choices=("all", "ingest", "web", "history"), default="all", help="part to run")

    new = sub.add_parser("new", help="a campus folder from model files or footprints, ready to serve")
    new.add_argument("folder", type=Path, metavar="DIR")
    new.add_argument("files", type=Path, nargs="*", metavar="FILE", help="model files, or folders of them")

    read = sub.add_parser("import", help="read model files and report what is in them")
    read.add_argument("files", type=Path, nargs="+", metavar="FILE")
    read.add_argument("--json", action="store_true", help="print the report as JSON")
    read.add_argument("--out", type=Path, metavar="DIR", help="also write the spaces as GeoParquet tables")

    check = sub.add_parser("check", help="every mistake of a campus folder at once")
    check.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="DIR")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.add_argument("--found", type=Path, metavar="FILE", help="compare with a sheet that discover wrote")

    discover = sub.add_parser("discover", help="what a source has to offer, as suggestions")
    discover.add_argument("source", metavar="SOURCE", help="name of a source in campus.yaml")
    discover.add_argument("--campus", type=Path, default=Path(), metavar="DIR", help="campus folder (default here)")
    discover.add_argument("--seconds", type=float, default=10.0, metavar="N", help="how long (default %(default)s)")
    discover.add_argument("--out", type=Path, metavar="FILE", help="write the sheet there, not to the screen")

    record = sub.add_parser("record", help="what sources bring, as it came, into a Parquet file")
    record.add_argument("sources", nargs="+", metavar="SOURCE", help="names of sources in campus.yaml")
    record.add_argument("--campus", type=Path, default=Path(), metavar="DIR", help="campus folder (default here)")
    record.add_argument("--out", type=Path, required=True, metavar="FILE", help="the Parquet file")
    record.add_argument("--seconds", type=float, metavar="N", help="how long (default until interrupted)")

    replay = sub.add_parser("replay", help="the campus with a source's values out of a recording or a table")
    replay.add_argument("file", type=Path, metavar="FILE", help="a recording, or measured data as CSV or Parquet")
    replay.add_argument("--campus", type=Path, default=Path(), metavar="DIR", help="campus folder (default here)")
    replay.add_argument("--source", default="", metavar="NAME", help="whose values they are (default as recorded)")
    replay.add_argument("--speed", type=float, default=1.0, metavar="X", help="times faster (default %(default)s)")
    replay.add_argument("--faults", type=Path, metavar="FILE", help="faults to put in, as YAML")
    replay.add_argument("--start", metavar="T", help="begin there, as in 2026-04-15T08:00+08:00")
    replay.add_argument("--times", choices=("now", "original"), default="now", help="move times to now, or keep them")
    replay.add_argument("--loop", action="store_true", help="again from the beginning at the end")
    _listen(replay)

    _export(sub.add_parser("export", help="the campus for other systems, or any slice of its history"))
    backup = sub.add_parser("backup", help="the whole history as Parquet and JSON, also while it is served")
    backup.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")
    backup.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder for it")
    restore = sub.add_parser("restore", help="a backup into a campus that has no history yet")
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="what backup wrote")
    restore.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")

    _report(sub.add_parser("report", help="the report of a day, week or month as PDF, HTML or JSON"))

    _accounts(sub.add_parser("users", help="people who may sign in: for an admin who cannot"))
    _audit(sub.add_parser("audit", help="whether the audit log is as it was written"))

    simulate = sub.add_parser("simulate", help="the simulated campus as Parquet files")
    simulate.add_argument(
        "--from", dest="start", required=True, metavar="T", help="first instant, as in 2026-04-15T08:00"
    )
    simulate.add_argument("--to", dest="end", required=True, metavar="T", help="end of the window, not included")
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    simulate.add_argument(
        "--seed", type=int, default=1, metavar="N", help="same seed, same bytes (default %(default)s)"
    )
    simulate.add_argument(
        "--step", type=float, default=900.0, metavar="S", help="seconds between readings (%(default)s)"
    )
    simulate.add_argument(
        "--points", nargs="+", default=[], metavar="PATTERN",
        help="only points whose id, entity or address is or fits one of these, as 'power/building/*' (default: all)",
    )  # fmt: skip

    bench = sub.add_parser("bench", help="measure beside a named peer in the same run")
    bench.add_argument("name", metavar="NAME", help="import, viewer, live ...")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.add_argument("--minutes", type=float, metavar="N", help="how long, where a benchmark may last (soak: 60)")
    return top


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "format", choices=("brick", "haystack", "csv", "parquet", "arrow"), metavar="FORMAT",
        help="brick or haystack: the campus; csv, parquet or arrow: its history",
    )  # fmt: skip
    command.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")
    command.add_argument("--out", type=Path, metavar="FILE", help="write there, not to the screen")
    command.add_argument("--from", dest="start", metavar="T", help="begin of the slice, as in 2026-04-15T08:00+08:00")
    command.add_argument("--to", dest="end", metavar="T", help="end of the slice, not included")
    command.add_argument(
        "--points", nargs="+", default=[], metavar="PATTERN",
        help="only points whose id or quantity is or fits one of these, as 'library/*' (default: all)",
    )  # fmt: skip
    command.add_argument("--step", default="", metavar="S", help="buckets of S seconds, of an hour, of a day")


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")
    command.add_argument("--kind", choices=("day", "week", "month"), default="day", help="default %(default)s")
    command.add_argument("--of", default="", metavar="ENTITY", help="a building; without it the campus")
    command.add_argument("--date", default="", metavar="D", help="a day of it, as in 2026-11-26 (default yesterday)")
    command.add_argument("--lang", choices=("zh", "en"), default="zh", help="default %(default)s")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="FILE.pdf, FILE.html or FILE.json")


def _accounts(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "do", choices=("list", "invite", "reset", "disable"), metavar="DO", help="list, invite, reset or disable"
    )
    command.add_argument("name", nargs="?", default="", metavar="NAME")
    command.add_argument("--role", default="viewer", metavar="R", help="viewer, operator, planner or admin")
    command.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")
    command.add_argument("--url", default="http://127.0.0.1:8050", help="where links begin (default %(default)s)")


def _audit(command: argparse.ArgumentParser) -> None:
    command.add_argument("do", choices=("verify",), metavar="DO", help="verify")
    command.add_argument("--campus", type=Path, metavar="DIR", help="campus folder; without it the demo campus")


def _listen(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    command.add_argument("--port", type=int, default=8050, help="port to listen on (default %(default)s)")
