"""HTML to PDF by a headless Chromium: a process of its own with a time limit and bounds of memory and size, without
network, in a temporary folder that is deleted. It ends with its children when nobody waits for it any longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from server.paper_browser import find_browser

log = logging.getLogger(__name__)

SECONDS = 60.0
"""So long may a document take [s]; a month of 48 buildings takes three."""
MEMORY = 2 * 2**30
"""So much may the browser's processes hold together [bytes]."""
MOST_HTML, MOST_PDF = 32 * 2**20, 64 * 2**20
AT_ONCE, WAITING = 1, 8
"""So many are printed at a time, and so many may wait for their turn."""
LOOK_S = 0.1
TRIES = 2
LOST = 0.05
"""A PDF that lacks a larger share of the letters and digits of its page was printed before they were there."""
_TAIL = 600

FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-domain-reliability", "--disable-breakpad", "--disable-crash-reporter", "--disable-dev-shm-usage",
    "--disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider", "--no-pings", "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
    "--password-store=basic", "--use-mock-keychain", "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
    # the page's own clock does not move while a typeface is loading: nothing is printed before all of them are there
    "--virtual-time-budget=20000", "--run-all-compositor-stages-before-draw",
)  # fmt: skip


class PrintError(Exception):
    """A document that could not be printed; the message says why and what to do."""


class BusyError(PrintError):
    """Too many wait already: ask again in a moment."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What printing may take: seconds, bytes of memory, bytes of the PDF."""

    seconds: float = SECONDS
    memory: int = MEMORY
    size: int = MOST_PDF


class Printer:
    """Prints, one document at a time. ``configured`` is the browser that campus.yaml names ('' finds one)."""

    def __init__(self, configured: str = "", limits: Limits | None = None) -> None:
        self.configured = configured
        self._limits = limits or Limits()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def pdf(self, html: str) -> bytes:
        """The document as PDF. NoBrowserError where there is no browser, PrintError where it did not print, BusyError
        where too many wait."""
        program = await asyncio.to_thread(find_browser, self.configured)
        data = html.encode()
        if len(data) > MOST_HTML:
            raise PrintError(f"a document of {len(data) // 2**20} MB is too large to print: take the HTML")
        if self._waiting >= WAITING:
            raise BusyError(f"{self._waiting} documents wait to be printed: ask again in a moment")
        self._waiting += 1
        try:
            async with self._turns:
                for _ in range(TRIES):
                    paper = await _printed(program, data, self._limits)
                    lost = await asyncio.to_thread(lost_signs, html, paper)
                    if not lost:
                        return paper
                    log.warning("%d signs are missing in a PDF: it is printed again", len(lost))
                raise PrintError(
                    f"{len(lost)} signs ({''.join(sorted(lost)[:12])}) are missing in what Chromium printed: its "
                    "typefaces were not ready, try again"
                )
        finally:
            self._waiting -= 1


async def _printed(program: str, html: bytes, limits: Limits) -> bytes:
    with tempfile.TemporaryDirectory(prefix="campus-print-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source, target, errors = folder / "document.html", folder / "document.pdf", folder / "errors"
        await asyncio.to_thread(source.write_bytes, html)
        async with _browser(program, folder, source, target, errors) as process:
            trouble = await _watched(process, target, limits)
        if trouble:
            raise PrintError(trouble)
        return await asyncio.to_thread(_taken, target, errors, process.returncode, limits)


@contextlib.asynccontextmanager
async def _browser(
    program: str, folder: Path, source: Path, target: Path, errors: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The browser at work; whatever happens, nothing of it is left."""
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR")}
    # root has no sandbox in Chromium; what is printed is our own page, without script and without network
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with errors.open("wb") as told:
        try:
            process = await asyncio.create_subprocess_exec(
                program, *FLAGS, *alone, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}",
                source.as_uri(), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=told,
                cwd=folder, env={**os.environ, **home}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise PrintError(
                f"{program} cannot be started ({error.strerror or error}): see reports.chromium"
            ) from error
    try:
        yield process
    finally:
        _end(process)
        await process.wait()


async def _watched(process: asyncio.subprocess.Process, target: Path, limits: Limits) -> str:
    """Wait for the browser to end; what went beyond its bounds, '' if nothing did."""
    waiting = asyncio.ensure_future(process.wait())
    until = time.monotonic() + limits.seconds
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=LOOK_S)
            if done:
                return ""
            if time.monotonic() > until:
                return f"Chromium did not print within {limits.seconds:g} s: try again, or take the HTML"
            if await asyncio.to_thread(_memory, process.pid) > limits.memory:
                return f"Chromium took more than {limits.memory // 2**20} MB: take a shorter period, or the HTML"
            if _size(target) > limits.size:
                return f"the PDF grew over {limits.size // 2**20} MB: take a shorter period, or the HTML"
    finally:
        waiting.cancel()


def _taken(target: Path, errors: Path, code: int | None, limits: Limits) -> bytes:
    """The PDF that was written; PrintError says what the browser said where there is none."""
    if 0 < _size(target) <= limits.size:
        data = target.read_bytes()
        if data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]:
            return data
    tail = errors.read_bytes()[-8000:].decode("utf-8", "replace").splitlines()
    said = "; ".join(line.strip() for line in tail if line.strip())[-_TAIL:] or "it said nothing"
    hint = (
        " (its sandbox cannot start here: let the user have user namespaces, or name a script with reports.chromium "
        "that runs Chromium with --no-sandbox)" if "sandbox" in said.lower() else ""
    )  # fmt: skip
    raise PrintError(f"Chromium ended with {code} and printed nothing: {said}{hint}")


def lost_signs(html: str, paper: bytes) -> set[str]:
    """The letters and digits of a page that its PDF does not have; none where only a few are lost (no typeface has
    everything). On a machine that is busy a page can be printed before its typefaces are ready: empty lines."""
    text = unescape(re.sub(r"<(style|title)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL))
    wanted = {sign for sign in text if sign.isalnum()}
    lost = wanted - set(_signs(paper))
    return lost if len(lost) > max(2.0, LOST * len(wanted)) else set()


def _signs(paper: bytes) -> Iterator[str]:
    """Every sign that the fonts of a PDF stand for."""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL):
        try:
            table = zlib.decompress(stream)
        except zlib.error:
            continue
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
            for text in re.findall(rb"<\w+>\s*<(\w+)>", block):
                yield from bytes.fromhex(text.decode()).decode("utf-16-be", "ignore")
        for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
            for first, last, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
                begin = int(text[-4:], 16)
                yield from (chr(begin + n) for n in range(int(last, 16) - int(first, 16) + 1))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def family(leader: int) -> list[int]:
    """The processes of the session that a browser leads, with all that they started; those that still run."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(told[1])
        if int(told[3]) == leader:
            found.add(int(entry.name))
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def _memory(leader: int) -> int:
    """What the processes hold of memory together [bytes]; what they share counts in each."""
    page, held = os.sysconf("SC_PAGE_SIZE"), 0
    for pid in family(leader):
        with contextlib.suppress(OSError, IndexError, ValueError):
            held += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
    return held


def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what a browser left running, itself included. Its number is nobody else's while any of its session runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    for pid in family(process.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
