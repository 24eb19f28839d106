"""Forked work: order, limits, exceptions, and the crash that costs one piece of work."""

from __future__ import annotations

import os
import signal
import time

import pytest

from models3d import forked
from models3d.forked import Crash, can_fork, run_all
from tests.conftest import require


@pytest.fixture(autouse=True)
def _needs_fork() -> None:
    require(can_fork(), "this system has no fork that is safe to use")


def work(job: int) -> object:
    if job == -1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if job == -2:
        raise ValueError("job -2 cannot be done")
    if job == -3:
        os._exit(7)
    time.sleep(0.02 * (job % 3))
    return {"job": job, "pid": os.getpid(), "data": bytes(300_000)}


def test_results_come_in_order_from_other_processes() -> None:
    results = run_all(work, range(5), at_once=3)
    assert [result["job"] for result in results if isinstance(result, dict)] == [0, 1, 2, 3, 4]
    assert os.getpid() not in {result["pid"] for result in results if isinstance(result, dict)}


def test_a_crash_costs_one_piece_of_work() -> None:
    first, crash, gone, last = run_all(work, [1, -1, -3, 2], at_once=2)
    assert crash == Crash(-signal.SIGSEGV)
    assert gone == Crash(7)
    assert isinstance(first, dict)
    assert isinstance(last, dict)


def test_work_that_never_ends_is_ended() -> None:
    began = time.monotonic()
    first, hung, last = run_all(lambda job: time.sleep(job), [0.0, 60.0, 0.1], at_once=3, seconds=0.5)
    assert isinstance(hung, Crash)
    assert hung.hung
    assert time.monotonic() - began < 30
    assert not isinstance(first, Crash)
    assert not isinstance(last, Crash)


def test_an_exception_is_raised_here_and_nothing_is_left_running() -> None:
    with pytest.raises(ValueError, match="job -2 cannot be done"):
        run_all(work, [1, -2, 2, 2, 2], at_once=2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_at_most_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    start = forked._start

    def counted(*args: object) -> object:
        running.append(len(running) - finished[0])
        return start(*args)  # type: ignore[arg-type]

    finished = [0]
    finish = forked.Results.finish

    def counting(self: object, child: object) -> None:
        finished[0] += 1
        finish(self, child)  # type: ignore[arg-type]

    monkeypatch.setattr(forked, "_start", counted)
    monkeypatch.setattr(forked.Results, "finish", counting)
    assert len(run_all(work, range(6), at_once=2)) == 6
    assert max(running) <= 1, "a third never starts while two are running"


def test_without_fork_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "can_fork", lambda: False)
    results = run_all(work, [1, 2], at_once=2)
    assert {result["pid"] for result in results if isinstance(result, dict)} == {os.getpid()}


def test_nothing_to_do() -> None:
    assert run_all(work, [], at_once=2) == []
