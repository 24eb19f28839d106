"""The figures of the soak: growth by the hour, heaps against their beginning, displays that do not come back."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bench import command
from bench.soak_bench import Display, Soak, bars


def test_growth_is_by_the_hour_and_what_does_not_come_back_does_not_hold() -> None:
    soak = Soak([float(t) for t in range(0, 3600, 10)], [300 + t / 3600 * 7 for t in range(0, 3600, 10)])
    assert soak.slope() == pytest.approx(7)
    page = cast("Any", None)
    displays = [Display("wall", page, 50.0, 55.0, 4.0), Display("phone", page, 20.0, 30.0)]
    found = {bar["bar"]: (bar["measured"], bar["holds"]) for bar in bars(soak, displays)}
    assert found["the server's memory grows"][1] is False
    assert found["heap of the wall against that of its beginning"] == (1.1, True)
    assert found["heap of the phone against that of its beginning"] == (1.5, False)
    assert found["the wall is back after an outage"] == (4.0, True)
    assert found["the phone is back after an outage"] == (float("inf"), False)


def test_only_what_may_last_takes_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.bench("scrape", as_json=True, minutes=1) == 2
    assert "leave --minutes out" in capsys.readouterr().err
