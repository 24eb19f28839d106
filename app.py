"""Campus Twin's command line: ``python app.py [COMMAND]``; without a command it serves the demo campus.

Parses, then calls one function a command, imported where it is needed: ``import --json`` of a small file must not
wait for a web framework. Exit codes: 0 good, 1 a finding or a bar that does not hold, 2 refused or a bad argument.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from server.arguments import parser


def serve(args: argparse.Namespace) -> int:
    """Build the campus (of ``replay`` with the file's values), the server, the pages; run until interrupted."""
    import gc

    import uvicorn

    from pages.application import create_app
    from server.accounts.opening import open_accounts
    from server.app import UVICORN, create_server
    from server.campus_folder import StartError
    from server.replay import Play, replay_runtime
    from server.runtime import build_runtime
    from server.security import BindingError, check_binding

    accounts = getattr(args, "accounts", False)
    try:
        check_binding(args.host, users=accounts or args.campus is not None)  # at once; campus.yaml is asked below
        if args.command == "replay":
            play = Play(args.file, args.faults, args.source, args.speed, args.loop, args.times, args.start)
            runtime = replay_runtime(play, args.campus)
        else:
            runtime = build_runtime(args.campus, role=args.role, past_days=1.0, mains_days=45.0)
        open_accounts(runtime, args.host, args.port, accounts)
    except (BindingError, StartError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    server = create_server(runtime)
    create_app(server, runtime)
    gc.collect()
    gc.freeze()  # the campus stays: walking its 21,000 spaces again stopped every socket for 0.2 to 0.4 s
    uvicorn.run(server, host=args.host, port=args.port, log_level="info", **UVICORN)
    return 0


def take_out(args: argparse.Namespace) -> int:
    """The campus and its history as files, and back."""
    if args.command == "backup":
        from server.backups import backup

        return backup(args.campus, args.out)
    if args.command == "restore":
        from server.backups import restore

        return restore(args.folder, args.campus)
    if args.command == "report":
        from server.reports_command import report

        return report(args.campus, args.kind, args.of, args.date, args.lang, args.out)
    if args.format in ("brick", "haystack"):
        from server.export import export

        return export(args.format, args.campus, args.out)
    from server.export_history import Slice, export_history

    return export_history(args.format, args.campus, Slice(args.start, args.end, args.step, args.points), args.out)


def run(args: argparse.Namespace) -> int:
    """Call the command that was asked for; its exit code."""
    if args.command == "bench":
        from bench.command import bench

        return bench(args.name, as_json=args.json, minutes=args.minutes)
    if args.command == "check":
        from server.commands import check

        return check(args.folder, as_json=args.json, found=args.found)
    if args.command == "discover":
        from server.discover import discover

        return discover(args.source, args.campus, seconds=args.seconds, out=args.out)
    if args.command == "record":
        from server.record import record

        return record(args.sources, args.campus, args.out, seconds=args.seconds)
    if args.command in ("export", "backup", "restore", "report"):
        return take_out(args)
    if args.command in ("users", "audit"):
        from server.accounts.command import users, verify

        return (
            verify(args.campus)
            if args.command == "audit"
            else users(args.do, args.name, args.role, args.campus, args.url)
        )
    if args.command == "simulate":
        from server.commands import simulate

        return simulate(args.start, args.end, args.out, seed=args.seed, step_s=args.step, points=args.points)
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
