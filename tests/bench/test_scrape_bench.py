"""The benchmark of scrapes runs, and its peer reads what ours reads (whether its bars hold is for the benchmark)."""

from __future__ import annotations

from bench import scrape_bench
from datasources.prometheus_text import labels_of, parse


def test_the_report_has_every_bar() -> None:
    report = scrape_bench.run(series=500, rounds=1)
    assert report["name"] == "scrape"
    assert [bar["unit"] for bar in report["bars"]] == ["ms", "ms", "us"]
    assert all(bar["measured"] > 0 and bar["n"] == 1 for bar in report["bars"])


def test_the_peer_reads_the_same() -> None:
    text = scrape_bench.body(100) + 'odd{a="x\\"y\\\\n}",b="2"} 3\n'
    ours = [(row.name, labels_of(row.labels), row.value) for row in parse(text, openmetrics=False).samples]
    assert [(name, frozenset(labels.items()), value) for name, labels, value in scrape_bench.plain(text)] == ours
    assert len(ours) == 101
