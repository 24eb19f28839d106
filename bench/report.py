"""The shape of a benchmark's report, and how its bars are measured: fresh processes, alternating, medians.

``{"name", "machine", "versions", "bars": [{"bar", "unit", "limit", "measured", "peer", "peer_measured", "ratio", "n",
"holds"}]}``: docs/reference lists the benchmarks. A module ``bench/<name>_bench.py`` has ``run() -> Report``.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, TypedDict, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent


class Bar(TypedDict):
    """One promise: ``measured`` (a median of ``n``) against ``limit``; with a peer, ``ratio`` is what is limited."""

    bar: str
    unit: str
    limit: float
    measured: float
    peer: str | None
    peer_measured: float | None
    ratio: float | None
    n: int
    holds: bool


class Report(TypedDict):
    """What ``bench NAME --json`` prints."""

    name: str
    machine: dict[str, Any]
    versions: dict[str, str]
    bars: list[Bar]


def machine() -> dict[str, Any]:
    """Where the figures were taken: system, processor, cores that this process may use, memory [MB], Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": cores,
        "memory_mb": pages // 2**20,
        "python": platform.python_version(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions(*packages: str) -> dict[str, str]:
    """The installed versions of ``packages``; 'absent' for one that is not installed."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def against_peer(
    bar: str, unit: str, limit: float, measured: Sequence[float], peer: str, peer_measured: Sequence[float]
) -> Bar:
    """A bar whose ``limit`` is the largest allowed ratio of our median to the peer's median, measured in one run."""
    ours, theirs = median(measured), median(peer_measured)
    ratio = ours / theirs if theirs else float("inf")
    return Bar(
        bar=bar, unit=unit, limit=limit, measured=ours, peer=peer, peer_measured=theirs, ratio=ratio,
        n=min(len(measured), len(peer_measured)), holds=ratio <= limit,
    )  # fmt: skip


def against_limit(bar: str, unit: str, limit: float, measured: Sequence[float]) -> Bar:
    """A bar whose ``limit`` is the largest allowed median of ``measured`` [``unit``]."""
    ours = median(measured)
    return Bar(
        bar=bar, unit=unit, limit=limit, measured=ours, peer=None, peer_measured=None, ratio=None,
        n=len(measured), holds=ours <= limit,
    )  # fmt: skip


def alternate(times: int, *runs: Callable[[], T]) -> list[list[T]]:
    """Each of ``runs`` called ``times`` times, taking turns, so that a busy minute falls on all of them alike."""
    results: list[list[T]] = [[] for _ in runs]
    for _ in range(times):
        for column, call in zip(results, runs, strict=True):
            column.append(call())
    return results


def fresh_python(code: str, *args: str, timeout_s: float = 600.0) -> str:
    """Standard output of ``code`` in a fresh interpreter with the project importable; RuntimeError when it fails."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark's process ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
