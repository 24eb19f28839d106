"""Work in forked copies of this process, so that a crash of native code costs one piece of work and not the import.

A fork shares the opened model copy-on-write: nothing is parsed twice. Where there is no fork (Windows) the work runs
in this process, one piece after the other.
"""

from __future__ import annotations

import ctypes
import faulthandler
import functools
import gc
import os
import pickle
import selectors
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")

Failures = tuple[type[Exception], ...]

_PR_SET_PDEATHSIG = 1
HUNG = -999
SECONDS = 240.0
"""How long one piece of work may take [s]: kernels run in circles on some files."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Stands for the result of work that ended its process: ``code`` is the negative signal, or the exit code."""

    code: int

    @property
    def hung(self) -> bool:
        """Whether the work was ended because it took too long."""
        return self.code == HUNG


@dataclass(slots=True)
class _Child:
    pid: int
    pipe: int
    job: int
    data: bytearray
    began: float
    late: bool = False


def can_fork() -> bool:
    """Whether this system has a fork that is safe to use (Linux; on macOS system libraries forbid it)."""
    return hasattr(os, "fork") and sys.platform.startswith("linux")


def _die_with_parent() -> None:
    """Ask Linux to end this process when the parent ends, so that a killed import leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _guarded(work: Callable[[J], R], failures: Failures, job: J) -> R | Crash:
    try:
        return work(job)
    except failures:
        return Crash(1)


def _run_child(work: Callable[[J], R], job: J, pipe: int) -> None:
    _die_with_parent()
    faulthandler.disable()  # the parent reports a crash; the traceback of a copy misleads
    gc.disable()
    try:
        answer: tuple[bool, object] = (True, work(job))
    except Exception as error:  # the parent raises it again
        answer = (False, error)
    with os.fdopen(pipe, "wb") as sink:
        pickle.dump(answer, sink, protocol=5)


def _start(work: Callable[[J], R], jobs: list[J], index: int) -> _Child:
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # Python >= 3.12 warns of a fork beside threads; the libraries' idle thread pools are no danger to the child,
        # which only computes and writes to its pipe.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_end)
            _run_child(work, jobs[index], write_end)
            status = 0
        finally:
            os._exit(status)  # neither the parent's handlers nor its buffers belong to the child
    os.close(write_end)
    return _Child(pid, read_end, index, bytearray(), time.monotonic())


class Results(Generic[R]):
    """What came of each job: a result, or the ``Crash`` of its process."""

    def __init__(self, count: int) -> None:
        self.values: list[R | Crash] = [Crash(0)] * count

    def finish(self, child: _Child) -> None:
        """Take the answer of a child whose pipe has closed; raises what its work raised."""
        os.close(child.pipe)
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code:
            self.values[child.job] = Crash(HUNG if child.late else code)
            return
        good, answer = pickle.loads(child.data)  # noqa: S301 -- our own child wrote it
        if not good:
            raise answer
        self.values[child.job] = answer


def _end_late(children: Iterable[_Child], seconds: float) -> None:
    """Kill what has run for too long; its pipe closes, and it is finished like a crash."""
    now = time.monotonic()
    for child in children:
        if now - child.began > seconds and not child.late:
            child.late = True
            os.kill(child.pid, signal.SIGKILL)


def run_all(
    job_work: Callable[[J], R],
    jobs: Iterable[J],
    *,
    at_once: int,
    failures: Failures = (),
    seconds: float = SECONDS,
) -> list[R | Crash]:
    """``job_work(job)`` for every job, at most ``at_once`` at a time; in the jobs' order, a ``Crash`` where one died.

    An exception of the work is raised here, unless ``failures`` names it: then it is a ``Crash``. Work that takes
    longer than ``seconds`` [s] is killed: a ``Crash`` that is ``hung``. Results are pickled.
    """
    todo = list(jobs)
    work: Callable[[J], R | Crash] = functools.partial(_guarded, job_work, failures)
    if not can_fork():
        return [work(job) for job in todo]
    results: Results[R | Crash] = Results(len(todo))
    waiting = deque(range(len(todo)))
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < max(at_once, 1):
                    child = _start(work, todo, waiting.popleft())
                    running[child.pipe] = child
                    selector.register(child.pipe, selectors.EVENT_READ)
                for key, _ in selector.select(timeout=min(seconds, 1.0)):
                    child = running[key.fd]
                    chunk = os.read(key.fd, 1 << 20)
                    child.data += chunk
                    if not chunk:
                        selector.unregister(key.fd)
                        del running[key.fd]
                        results.finish(child)
                _end_late(running.values(), seconds)
        finally:
            for child in running.values():  # only when an exception ended the loop early
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)
                os.close(child.pipe)
    return results.values
