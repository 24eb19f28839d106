"""Campus Twin's command line: ``python app.py [COMMAND]``; without a command it serves the demo campus.

Parses, then calls one function a command, imported where it is needed: ``import --json`` of a small file must not
wait for a web framework. Exit codes: 0 good, 1 a finding or a bar that does not hold, 2 refused or a bad argument.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
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
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument("--port", type=int, default=8050, help="port to listen on (default %(default)s)")
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

    discover = sub.add_parser("discover", help="what a source has to offer, as a sheet")
    discover.add_argument("source", metavar="SOURCE", help="name of a source in campus.yaml")
    discover.add_argument("--campus", type=Path, default=Path(), metavar="DIR", help="campus folder (default here)")
    discover.add_argument("--seconds", type=float, default=10.0, metavar="N", help="how long (default %(default)s)")
    discover.add_argument("--out", type=Path, metavar="FILE", help="write the sheet there, not to the screen")

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

    bench = sub.add_parser("bench", help="measure beside a named peer in the same run")
    bench.add_argument("name", metavar="NAME", help="import, viewer, live ...")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    return top


def serve(args: argparse.Namespace) -> int:
    """Build the campus, the server and the pages; run until interrupted."""
    import gc

    import uvicorn

    from pages.application import create_app
    from server.app import UVICORN, create_server
    from server.runtime import StartError, build_runtime
    from server.security import BindingError, check_binding

    try:
        check_binding(args.host)
        runtime = build_runtime(args.campus, role=args.role)
    except (BindingError, StartError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    server = create_server(runtime)
    create_app(server, runtime)
    gc.collect()
    gc.freeze()  # the campus stays: walking its 21,000 spaces again stopped every socket for 0.2 to 0.4 s
    uvicorn.run(server, host=args.host, port=args.port, log_level="info", **UVICORN)
    return 0


def run(args: argparse.Namespace) -> int:
    """Call the command that was asked for; its exit code."""
    if args.command == "bench":
        from bench.command import bench

        return bench(args.name, as_json=args.json)
    if args.command == "check":
        from server.commands import check

        return check(args.folder, as_json=args.json)
    if args.command == "discover":
        from server.discover import discover

        return discover(args.source, args.campus, seconds=args.seconds, out=args.out)
    if args.command == "simulate":
        from server.commands import simulate

        return simulate(args.start, args.end, args.out, seed=args.seed, step_s=args.step)
    if args.command == "import":
        from models3d.commands import import_files

        return import_files(args.files, as_json=args.json, out=args.out)
    if args.command == "new":
        from models3d.commands import new

        return new(args.folder, args.files)
    return serve(args)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "serve")
    return run(parser().parse_args(words))


if __name__ == "__main__":
    sys.exit(main())
