"""What of thousands of links is told again: what reads differently, or is newer by seconds; and what looking costs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from server.link_board import AGE_STEP_S, _Rows
from twin.link_values import LinkColumns, LinkStatus

COUNT = 8_000


def columns(into: float = 12.0, oldest: float = 1_000.0, count: int = 3) -> LinkColumns:
    """Links that are up, but for the last, of which nothing is known."""
    status = np.full(count, LinkStatus.UP, np.uint8)
    status[-1] = LinkStatus.NONE
    flow, none = np.full(count, into), np.full(count, np.nan)
    zero, number = np.zeros(count, np.uint8), np.zeros(count, np.int32)
    return LinkColumns(status, none, flow, none, zero, np.full(count, oldest), zero, number, number)


def told(rows: _Rows, now: LinkColumns, seq: int) -> list[int]:
    changed = rows.take(now, seq)
    numbers = np.flatnonzero(rows.changed == seq).tolist()
    assert changed == bool(numbers)
    return numbers


def test_what_reads_as_before_is_not_told_again() -> None:
    rows = _Rows(3)
    assert told(rows, columns(), 1) == [0, 1], "of the last nothing is known"
    assert rows.rows[0] == [0, 0, None, 12.0, None, 1_000, 0, 0, 0]
    assert told(rows, columns(12.001), 2) == []
    assert told(rows, columns(oldest=1_000 + AGE_STEP_S - 1), 3) == []
    assert told(rows, columns(12.02), 4) == [0, 1]
    assert told(rows, columns(12.02, 1_000 + AGE_STEP_S), 5) == [0, 1]


def test_a_time_or_a_number_that_goes_is_told() -> None:
    rows = _Rows(3)
    rows.take(columns(), 1)
    assert told(rows, columns(oldest=np.inf), 2) == [0, 1]
    assert rows.rows[0][5] is None
    assert told(rows, columns(oldest=np.inf), 3) == []
    assert told(rows, columns(np.nan, np.inf), 4) == [0, 1]
    assert told(rows, columns(np.nan, np.inf), 5) == []


def test_a_link_of_which_nothing_is_known_any_more_is_told_once() -> None:
    rows = _Rows(3)
    rows.take(columns(), 1)
    gone = columns()
    gone.status[:] = LinkStatus.NONE
    assert told(rows, gone, 2) == [0, 1]
    assert told(rows, gone, 3) == []


@pytest.mark.alone
def test_looking_at_8000_links_of_which_few_changed_does_not_hold_up_the_loop() -> None:
    rows = _Rows(COUNT)
    rows.take(columns(count=COUNT), 1)
    spans = []
    for seq in range(2, 22):
        now = columns(count=COUNT)
        now.into[seq * 10 : seq * 10 + 200] += seq
        begin = time.process_time()
        assert rows.take(now, seq)
        spans.append(time.process_time() - begin)
    assert sorted(spans)[10] < 0.02  # s; row by row it took 0.04
