"""Runs the whole test suite in parts, three at once, and prints each part's report when it ends.

    python scripts/suite.py [name ...]     all parts, or those named

Two cores carry three parts: while one waits for a device or a browser another computes. Each part is a pytest of its
own (a browser's loop and asyncio's cannot share a process); the longest begin first, so that none is left alone at the
end.
What counts milliseconds (``-m alone``) is not here: it has nothing beside it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 3
PLAIN = "not browser and not alone"
BROWSER = "browser and not alone"
DEVICES = ("tests/datasources", "tests/faults", "tests/bench")
PAST = (
    "tests/pages/test_time_browser.py", "tests/pages/test_time_compare_browser.py", "tests/pages/test_feeds_browser.py",
    "tests/pages/test_reports_browser.py",
)  # fmt: skip
WALLS = (
    "tests/pages/test_alarms_browser.py", "tests/pages/test_wall_browser.py", "tests/pages/test_wall_edit_browser.py",
    "tests/pages/test_tour_browser.py", "tests/access",
)  # fmt: skip
KILLED = (
    "tests/pages/test_feed_browser.py",
    "tests/pages/test_incidents_browser.py",
    "tests/pages/test_links_browser.py",
)
LIGHT = (
    "tests/viewer/test_rest_browser.py",
    "tests/viewer/test_look_browser.py",
    "tests/viewer/test_section_browser.py",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A name, the marks that choose its tests, where they are, and what of that another part has."""

    name: str
    marks: str
    where: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """What pytest is told; a part's cache of its own, for three write at once."""
        ignored = [f"--ignore={path}" for path in self.but]
        slow = ["--durations=15"] if self.marks == BROWSER else []
        return ["-m", self.marks, "-o", f"cache_dir=.cache/pytest-{self.name}", *ignored, *slow, *self.where]


# A test that no part names is in `served` or `pages`: nothing is left out by forgetting it here.
PARTS = (
    Part("served", PLAIN, but=(*DEVICES, "tests/models3d", "tests/twin")),
    Part("pages", BROWSER, but=(*PAST, *WALLS, *KILLED, "tests/viewer")),
    Part("devices", PLAIN, DEVICES),
    Part("past", BROWSER, PAST),
    Part("walls", BROWSER, WALLS),
    Part("twin-long", f"{PLAIN} and long", ("tests/twin",)),
    Part("viewer", BROWSER, ("tests/viewer",), LIGHT),
    Part("light", BROWSER, LIGHT),
    Part("models", PLAIN, ("tests/models3d",)),
    Part("killed", BROWSER, KILLED),
    Part("twin", f"{PLAIN} and not long", ("tests/twin",)),
)


@dataclass(slots=True)
class Running:
    """A part under way: its process, where its report goes, when it began [s]."""

    part: Part
    process: subprocess.Popen[bytes]
    log: Path
    begun: float


def start(part: Part) -> Running:
    """Begin a part."""
    log = ROOT / ".cache" / f"tests-{part.name}.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "pytest", *part.arguments()]
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    return Running(part, process, log, time.monotonic())


def ended(running: list[Running]) -> Iterator[Running]:
    """Wait until some have ended."""
    while not (done := [each for each in running if each.process.poll() is not None]):
        time.sleep(0.2)
    yield from done


def report(each: Running) -> bool:
    """Print what a part said; whether all went well."""
    took = time.monotonic() - each.begun
    print(f"== {each.part.name}: {took:.0f} s", flush=True)
    sys.stdout.buffer.write(each.log.read_bytes())
    sys.stdout.flush()
    return each.process.returncode == 0


def main(names: list[str]) -> int:
    """Run the parts; 0 if every test passed, else 1 (2: there is no such part)."""
    if unknown := set(names) - {part.name for part in PARTS}:
        print(
            f"no part {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in PARTS)}", file=sys.stderr
        )
        return 2
    (ROOT / ".cache").mkdir(exist_ok=True)
    waiting = [part for part in PARTS if not names or part.name in names]
    running: list[Running] = []
    failed: list[str] = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for each in running:
            os.killpg(each.process.pid, signal.SIGTERM)
        sys.exit(130)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            running.append(start(waiting.pop(0)))
        for each in ended(running):
            running.remove(each)
            if not report(each):
                failed.append(each.part.name)
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
