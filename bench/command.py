"""The ``bench`` command: finds ``bench/<name>_bench.py``, runs it, prints its bars."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem.removesuffix("_bench") for path in HERE.glob("*_bench.py"))


def as_text(report: Mapping[str, Any]) -> str:
    """The bars of a report as an aligned table; beside a peer the ratio is what is limited."""
    rows = [("bar", "measured", "peer", "ratio", "limit", "n", "holds")]
    for bar in report["bars"]:
        peer = "-" if bar["peer"] is None else f"{bar['peer']} {bar['peer_measured']:.4g}"
        ratio = "-" if bar["ratio"] is None else f"{bar['ratio']:.3g}"
        holds = "yes" if bar["holds"] else "NO"
        measured = f"{bar['measured']:.4g} {bar['unit']}"
        rows.append((bar["bar"], measured, peer, ratio, f"{bar['limit']:.4g}", str(bar["n"]), holds))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def bench(name: str, *, as_json: bool, minutes: float | None = None) -> int:
    """Run the benchmark ``name`` (its ``run()`` gives the report of docs/reference), for so long where it may be asked
    that; 0 when every bar holds, else 1."""
    if name not in names():
        there = ", ".join(names()) or "none yet"
        sys.stderr.write(f"app.py bench: there is no benchmark '{name}'; there are: {there}.\n")
        return 2
    run = importlib.import_module(f"bench.{name}_bench").run
    if minutes is not None and "minutes" not in inspect.signature(run).parameters:
        sys.stderr.write(f"app.py bench: '{name}' lasts as long as it does: leave --minutes out.\n")
        return 2
    report: dict[str, Any] = run() if minutes is None else run(minutes=minutes)
    sys.stdout.write((json.dumps(report, indent=1, ensure_ascii=False) if as_json else as_text(report)) + "\n")
    return 0 if all(bar["holds"] for bar in report["bars"]) else 1
