"""The benchmark of the alarms runs, and its peer judges what ours judges (whether its bars hold is for it to say)."""

from __future__ import annotations

from bench import alarms_bench


def test_the_report_has_every_bar() -> None:
    report = alarms_bench.run(points=400, seconds=2, rounds=1, steps=3_000, raised=3, flood=50, shown=0)
    assert report["name"] == "alarms"
    assert [bar["unit"] for bar in report["bars"]] == ["cores", "cores", "ms", "us", "s", "s", "s", "ms"]
    assert all(bar["measured"] > 0 for bar in report["bars"])
    assert report["bars"][0]["bar"].startswith("1,000 rules")
