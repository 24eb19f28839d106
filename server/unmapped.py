"""What the sources send and no point wants, with a suggestion for each signal; devices of a known type in one row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from datasources.mqtt_discover import leaves
from server.runtime import Runtime
from server.suggestions import point_id
from twin.config import CampusConfig
from twin.guess import Guess, Seen
from twin.guess_places import PlaceGuess
from twin.ingest import RawValue
from twin.suggest import Suggestion, suggest
from twin.template import Pattern, Template

NAMES = 200
"""Addresses of one source that suggestions are made for, the most frequent first."""
LEAVES = 20
"""Values of one JSON message that suggestions are made for."""
WITHHELD = "(withheld)"


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal without a point. ``example`` is its last value in words, '' where it cannot be shown; ``count`` the
    messages since the start, ``accepted`` whether it was mapped since then.
    """

    source: str
    address: str
    count: int
    example: str
    suggestion: Suggestion
    point: str
    accepted: bool


@dataclass(slots=True)
class KnownDevice:
    """A device that sends as a type of the campus does, and is not in the devices' table."""

    source: str
    id: str
    type: str
    columns: dict[str, str]
    entity: Guess
    address: str
    count: int = 0
    names: list[str] = field(default_factory=list)
    accepted: bool = False


@dataclass(slots=True)
class Unmapped:
    """What came unmapped. ``names`` counts all the addresses, of which only the most frequent have suggestions."""

    signals: list[Signal]
    devices: list[KnownDevice]
    names: int


class Suggester:
    """Looks at what came; keeps what it learned of the campus's places between two looks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._places: PlaceGuess | None = None
        self._config = runtime.config
        self._types = _types(runtime.config)

    def look(self) -> Unmapped:
        """All that came unmapped since the start, by source. Takes a while for a big campus: not for the event loop."""
        if self._places is None:
            self._places = PlaceGuess(self._runtime.assembled.campus)
        if self._config is not self._runtime.config:  # another one was taken over: it may have other types
            self._config = self._runtime.config
            self._types = _types(self._config)
        found = Unmapped([], [], 0)
        for source, counts in list(self._runtime.ingest.counts.items()):
            if not source:
                continue
            names = counts.unmapped_names.copy()
            examples = counts.unmapped_examples.copy()
            found.names += len(names)
            rest, devices = self._devices(source, names.most_common(NAMES))
            found.devices += devices
            found.signals += self._signals(source, rest, examples)
        return found

    def _devices(self, source: str, names: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], list[KnownDevice]]:
        """The names that no known type has; the devices of those that one has."""
        assert self._places is not None
        rest: list[tuple[str, int]] = []
        devices: dict[tuple[str, tuple[str, ...]], KnownDevice] = {}
        for name, count in names:
            match = self._match(source, name)
            if match is None:
                rest.append((name, count))
                continue
            template, cells = match
            key = (template.name, tuple(cells.values()))
            if key not in devices:
                own = cells.get("id") or "-".join(cells.values())
                columns = {column: value for column, value in cells.items() if column != "id"}
                devices[key] = KnownDevice(source, own, template.name, columns, self._places.of(name), name)
            devices[key].count += count
            devices[key].names.append(name)
            devices[key].accepted = (source, name) in self._runtime.accepted
        return rest, list(devices.values())

    def _match(self, source: str, name: str) -> tuple[Template, dict[str, str]] | None:
        for template, forms in self._types:
            if template.source in ("", source):
                for columns, form in forms:
                    if found := form.fullmatch(name):
                        cells = dict(zip(columns, found.groups(), strict=True))
                        return template, cells
        return None

    def _signals(self, source: str, names: list[tuple[str, int]], examples: dict[str, RawValue]) -> Iterator[Signal]:
        assert self._places is not None
        seen = [(name, count, one) for name, count in names for one in _seen(name, examples.get(name))]
        taken = set(self._runtime.live.index)
        for (_, count, one), row in zip(seen, suggest([one for _, _, one in seen], self._places), strict=True):
            example = "" if one.value is None else str(one.value)
            accepted = (source, one.address) in self._runtime.accepted
            yield Signal(source, one.address, count, example, row, point_id(one.address, taken), accepted)


def _types(config: CampusConfig | None) -> list[tuple[Template, list[tuple[tuple[str, ...], re.Pattern[str]]]]]:
    """The types of devices with what their addresses look like."""
    return [(template, list(_forms(template))) for template in (config.templates.values() if config else ())]


def _forms(template: Template) -> Iterator[tuple[tuple[str, ...], re.Pattern[str]]]:
    """What the addresses of a type look like before their ``#``: columns, and a form that finds their values."""
    for text in dict.fromkeys(pattern.text.partition("#")[0] for pattern in template.addresses):
        pattern = Pattern.of(text)
        if pattern.columns and len(set(pattern.columns)) == len(pattern.columns):
            yield pattern.columns, re.compile("([^/#]+)".join(re.escape(part) for part in pattern.parts))


def _seen(name: str, example: RawValue) -> Iterator[Seen]:
    """The signals of an address: itself, or the values of its JSON. What a key names as a person's is withheld."""
    if not isinstance(example, bytes):
        yield Seen(name, value=example)
        return
    for number, (pointer, value) in enumerate(leaves(example)):
        if number >= LEAVES:
            return
        if not pointer and isinstance(value, str) and value[:1] in ("{", "["):
            yield Seen(name)  # longer than what is kept: 'discover' reads it whole
        elif value != WITHHELD:
            yield Seen(f"{name}#{pointer}" if pointer else name, pointer.rpartition("/")[2], name, value=value)
