"""The import benchmark runs and reports as promised (whether its bars hold is for the benchmark, not for this test)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import import_bench
from bench.report import against_limit, against_peer, alternate


@pytest.mark.samples
def test_the_report_has_every_bar(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_SAMPLES", str(samples))
    monkeypatch.setattr(import_bench, "FILE", "TallBuilding.ifc")
    monkeypatch.setattr(import_bench, "SEVERAL", ("TallBuilding.ifc", "LargeBuilding.ifc"))
    report = import_bench.run(times=1)
    assert report["name"] == "import"
    assert report["versions"]["ifcopenshell"] != "absent"
    assert [bar["unit"] for bar in report["bars"]] == ["s", "s", "MB", "s", "s"]
    assert all(bar["measured"] > 0 and bar["n"] == 1 for bar in report["bars"])


def test_a_missing_sample_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_SAMPLES", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set CAMPUS_SAMPLES"):
        import_bench.samples()


def test_bars_compare_medians() -> None:
    bar = against_peer("b", "s", 1.3, [1.0, 9.0, 1.2], "peer", [1.0, 1.0, 0.5])
    assert (bar["measured"], bar["peer_measured"], bar["ratio"], bar["n"]) == (1.2, 1.0, 1.2, 3)
    assert bar["holds"]
    assert not against_limit("b", "s", 0.1, [0.05, 0.2, 0.3])["holds"]
    order: list[str] = []
    alternate(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]
