"""The benchmark of SNMP runs against net-snmp's agent (whether its bars hold is for the benchmark)."""

from __future__ import annotations

import pytest

from bench import snmp_bench


@pytest.mark.agent
def test_the_report_has_every_bar() -> None:
    report = snmp_bench.run(rounds=1, seconds=0.3, switches=5)
    assert report["name"] == "snmp"
    assert [bar["peer"] for bar in report["bars"]] == [None, "pysnmp"]
    assert all(bar["measured"] > 0 and bar["n"] == 1 for bar in report["bars"])
