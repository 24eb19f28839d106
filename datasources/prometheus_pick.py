"""Finds the series of each address in a scrape, and remembers which series no address wants.

An exporter names the same series scrape after scrape: what was once found to be of no use is passed over by its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from datasources.prometheus_text import Labels, Sample, Scrape, labels_of, parse
from twin.reading import RawReading

MAX_KNOWN = 200_000

Place = tuple[str, Labels]
"""A metric and labels that a series must have."""

Series = dict[str, dict[Labels, list[Sample]]]


class Picker:
    """The addresses of one exporter."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._index: dict[str, _Index] = {}
        for name in {name for name, _ in places.values()}:
            index = _Index(labels for other, labels in places.values() if other == name)
            self._index[name] = self._index[_created(name)] = index
        self._known: dict[str, Labels | None] = {}
        self._useless: set[tuple[str, str]] = set()

    def readings(self, text: str, openmetrics: bool, received: float) -> tuple[list[RawReading], int]:
        """A reading of each address of a body, and how many lines cannot be read.

        A reading is bad, with the reason, where its address names no series or several. CutShortError: the body's end
        is missing.
        """
        scrape = parse(text, openmetrics, self._index, self._useless)
        series: Series = {}
        for sample in scrape.samples:
            labels = self._labels(sample.labels)
            if labels is None:
                scrape.unreadable += 1
            elif self._index[sample.name].wants(labels):
                series.setdefault(sample.name, {}).setdefault(labels, []).append(sample)
            elif len(self._useless) < MAX_KNOWN:
                self._useless.add((sample.name, sample.labels))
            else:
                self._useless.clear()
        readings = [_reading(address, place, series, scrape, received) for address, place in self._places.items()]
        return readings, scrape.unreadable

    def _labels(self, text: str) -> Labels | None:
        if text not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[text] = labels_of(text)
        return self._known[text]


class _Index:
    """The places of one metric, each filed under that of its labels that the fewest others have."""

    def __init__(self, places: Iterable[Labels]) -> None:
        wanted = set(places)
        often = Counter(pair for labels in wanted for pair in labels)
        self._any = frozenset() in wanted
        self._filed: dict[tuple[str, str], list[Labels]] = {}
        for labels in wanted - {frozenset()}:
            self._filed.setdefault(min(labels, key=lambda pair: (often[pair], pair)), []).append(labels)

    def wants(self, labels: Labels) -> bool:
        """Whether some place fits a series with these labels."""
        return self._any or any(place <= labels for place in self._candidates(labels))

    def _candidates(self, labels: Labels) -> Iterator[Labels]:
        for pair in labels:
            yield from self._filed.get(pair, ())


def _reading(address: str, place: Place, series: Series, scrape: Scrape, received: float) -> RawReading:
    name, labels = place
    rows = series.get(name, {})
    found = [labels] if labels in rows else [other for other in rows if labels <= other]
    if len(found) != 1:
        doubt = f" ({scrape.unreadable} lines cannot be read)" if scrape.unreadable else ""
        bad = f"matches {len(found)} series" if found else f"the scrape has no such series{doubt}"
        return RawReading(address, None, received, bad=bad)
    samples = rows[found[0]]
    newest = max(samples, key=lambda sample: sample.time or 0.0)
    same = {repr(sample.value) for sample in samples if sample.time == newest.time}
    if len(same) > 1:
        return RawReading(address, None, received, newest.time, bad=f"stands {len(samples)} times in the scrape")
    created = series.get(_created(name), {}).get(found[0]) if scrape.kind(name) == "counter" else None
    return RawReading(address, newest.value, received, newest.time, boot=created[0].value if created else None)


def _created(name: str) -> str:
    return f"{name.removesuffix('_total')}_created"
