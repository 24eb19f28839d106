"""Which hours of which points are not to be believed, from what the history says of findings."""

from __future__ import annotations

import json
from typing import Any

from twin.forecast.exclusions import MOST_D, Mark, marks_of

DAY = 86_400_000


def event(time: int, subject: str, state: str, kind: str = "finding", **detail: Any) -> dict[str, Any]:
    return {"time": time, "kind": kind, "subject": subject, "state": state, "detail": json.dumps(detail)}


def opened(time: int, subject: str, check: str, *points: str) -> dict[str, Any]:
    return event(time, subject, "open", check=check, points=points)


def test_a_finding_spoils_its_points_from_begin_to_end() -> None:
    events = [opened(10, "1", "flat", "a", "b"), opened(20, "2", "zero", "a"), event(30, "1", "ended"),
              event(31, "never seen", "ended")]  # fmt: skip
    assert marks_of(events, 50) == {
        "a": (Mark(10, 30, "flat"), Mark(20, 50, "zero")), "b": (Mark(10, 30, "flat"),),
    }  # fmt: skip


def test_checks_that_doubt_no_value_spoil_none() -> None:
    events = [opened(10, str(n), check, "a") for n, check in enumerate(("twins", "gap", "clock", "submeter", "energy"))]
    assert marks_of(events, 50) == {}


def test_without_an_end_it_ended_when_the_program_began_again_and_no_later_than_two_months_on() -> None:
    started = event(40, "campus-twin", "started", "program")
    events = [opened(10, "1", "flat", "a"), started, opened(45, "2", "unit", "b")]
    assert marks_of(events, 200 * DAY) == {"a": (Mark(10, 40, "flat"),), "b": (Mark(45, 45 + MOST_D * DAY, "unit"),)}
    assert marks_of([opened(10, "1", "flat", "a")], 5) == {"a": (Mark(10, 10, "flat"),)}, "never backwards"
