"""Processes of a benchmark and what they take: CPU time, memory, answers line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.report import ROOT


@contextmanager
def running(module: str, *args: object) -> Iterator[subprocess.Popen[str]]:
    """``python -m module args``, spoken to by its input and output; killed when the block ends."""
    words = [sys.executable, "-m", module, *map(str, args)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    """The next line that it prints; RuntimeError when it has ended."""
    assert process.stdout is not None
    text = process.stdout.readline()
    if not text:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")
    return text


def ask(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Ask it how it stands: one line in, one line of JSON out."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(line(process))
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time that the threads of a process have taken [s], to the nanosecond: a clock of 10 ms is too coarse here."""
    return sum(int(path.read_text(encoding="ascii").split()[0]) for path in _threads(pid)) / 1e9


def _threads(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").glob("*/schedstat"))


def memory_mb(pid: int, *, most: bool = False) -> float:
    """Resident memory of a process [MB]; ``most``: the most since ``forget_peak``."""
    key = "VmHWM:" if most else "VmRSS:"
    for row in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if row.startswith(key):
            return int(row.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


def forget_peak(pid: int) -> None:
    """From now on ``memory_mb(most=True)`` counts anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
