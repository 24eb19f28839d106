"""Scrapes: taking apart 20,000 series as an exporter writes them, and finding 200 of them again, scrape after scrape.

The peer is prometheus_client's parser where it is installed (it is not needed otherwise), else the parser that one
writes first: line by line, letter by letter through the labels, every label of every series.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator

from bench.report import Report, against_limit, against_peer, alternate, machine, versions
from datasources.prometheus_pick import Picker, Place
from datasources.prometheus_text import labels_of, parse, selector

SERIES = 20_000
POINTS = 200
ROUNDS = 5


def run(series: int = SERIES, rounds: int = ROUNDS) -> Report:
    """``rounds`` of each, taking turns."""
    text = body(series)
    name, peer = _peer(text)
    whole, again, theirs = alternate(rounds, lambda: _timed(lambda: _whole(text)), _repeated(text, series), peer)
    bars = [
        against_peer(f"{series} series taken apart, every label", "ms", 0.8, whole, name, theirs),
        against_peer(f"{POINTS} points of {series} series, scraped again", "ms", 0.4, again, name, theirs),
        against_limit("time for a series, scraped again", "us", 5.0, [1000 * value / series for value in again]),
    ]
    return Report(name="scrape", machine=machine(), versions=versions("prometheus_client"), bars=bars)


def body(series: int) -> str:
    """What an exporter of switches would answer."""
    lines = ["# HELP if_octets_total Octets of a port", "# TYPE if_octets_total counter"]
    lines += [
        f'if_octets_total{{switch="sw-{n // 48:03}",port="GigabitEthernet0/0/{n % 48}",direction="in",vlan="{n % 7}"}} '
        f"{n * 7919.25}"
        for n in range(series)
    ]
    return "\n".join(lines) + "\n"


def _timed(work: Callable[[], object]) -> float:
    """CPU time [ms] of this process."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _whole(text: str) -> int:
    return sum(labels_of(sample.labels) is not None for sample in parse(text, openmetrics=False).samples)


def _repeated(text: str, series: int) -> Callable[[], float]:
    """A scrape of a source that has scraped before."""
    places: dict[str, Place] = {}
    for n in range(0, series, max(1, series // POINTS)):
        labels = f'switch="sw-{n // 48:03}",port="GigabitEthernet0/0/{n % 48}",direction="in",vlan="{n % 7}"'
        places[f"e#{n}"] = selector(f"if_octets_total{{{labels}}}")
    picker = Picker(places)
    picker.readings(text, False, 0.0)

    def scrape() -> None:
        readings, _ = picker.readings(text, False, 0.0)
        assert not any(reading.bad for reading in readings)

    return lambda: _timed(scrape)


def _peer(text: str) -> tuple[str, Callable[[], float]]:
    if importlib.util.find_spec("prometheus_client"):
        parser = importlib.import_module("prometheus_client.parser").text_string_to_metric_families
        return "prometheus_client", lambda: _timed(lambda: [len(family.samples) for family in parser(text)])
    return "line by line", lambda: _timed(lambda: list(plain(text)))


def plain(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The parser that one writes first."""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, brace, inside = line.partition("{")
        labels: dict[str, str] = {}
        if brace:
            labels, rest = _plain_labels(inside)
        else:
            name, _, rest = line.partition(" ")
        yield name.strip(), labels, float(rest.split()[0])


def _plain_labels(text: str) -> tuple[dict[str, str], str]:
    labels: dict[str, str] = {}
    key, value, quoted, escaped = "", "", False, False
    for at, letter in enumerate(text):
        if quoted and escaped:
            value, escaped = value + {"n": "\n"}.get(letter, letter), False
        elif quoted and letter == "\\":
            escaped = True
        elif quoted and letter != '"':
            value += letter
        elif letter == '"':
            quoted = not quoted
            if not quoted:
                labels[key.strip(" ,=")], key, value = value, "", ""
        elif letter == "}":
            return labels, text[at + 1 :]
        else:
            key += letter
    raise ValueError(f"no end of the labels: {text[:80]}")
