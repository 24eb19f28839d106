"""Faults put into a stream of recorded readings, listed in a YAML file; each with its label of what was done and when.

The same file and recording give the same stream: chance is a hash of seed, fault, address and the number of the
reading. A fault works on the recorded times, before they are moved to now.
"""

from __future__ import annotations

import heapq
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datasources.contract import MisconfiguredError
from datasources.faults import SENTINEL, SPIKE_FACTOR, Instant, matches
from datasources.recording import Batch
from datasources.simulator_noise import key
from twin.mistake import Mistake
from twin.reading import RawReading
from twin.yaml_tree import dotted, read_yaml

log = logging.getLogger(__name__)

Kind = Literal[
    "silent", "duplicate", "late", "clock", "reset", "wrap", "sentinel", "flat", "unit", "spike", "zero", "garbage",
    "burst",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

OPTIONS: dict[str, tuple[Kind, ...]] = {
    "delay_s": ("late",), "offset_s": ("clock",), "copies": ("duplicate", "burst"), "value": ("sentinel",),
    "factor": ("unit", "spike"), "offset": ("unit",), "modulus": ("wrap",),
}  # fmt: skip
"""Which kinds an option is for."""

GARBAGE = ("\ufffd\ufffd\x01", "ERR 07", "1,5", "NaN", "-", "1e999", "{", "null")
MAX_HELD = 100_000
"""Readings held back at once; beyond it the first due goes on early."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[Finite, Field(ge=0)] | Instant


class StreamFault(BaseModel):
    """One fault: its ``kind``, the ``addresses`` it hits (patterns over addresses and point ids), and when.

    ``from`` and ``to`` are times with a zone, or seconds since the first reading [s]; ``chance`` is the share of the
    readings in between that are hit.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    addresses: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    begins: Moment = Field(0.0, alias="from")
    ends: Moment | None = Field(None, alias="to")
    chance: Annotated[float, Field(gt=0, le=1)] = 1.0
    delay_s: Annotated[float, Field(gt=0, le=90_000)] = 60.0
    offset_s: Finite = 3600.0
    copies: Annotated[int, Field(ge=1, le=100)] | None = None
    value: Finite | str = SENTINEL
    factor: Finite | None = None
    offset: Finite = 0.0
    modulus: Annotated[int, Field(ge=2, le=2**64)] = 2**32

    @model_validator(mode="after")
    def _fits(self) -> StreamFault:
        for option, kinds in OPTIONS.items():
            if option in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"'{option}' says nothing of a fault '{self.kind}': it is for {', '.join(kinds)}")
        if self.kind in ("reset", "wrap") and (self.ends is not None or self.chance < 1):
            raise ValueError(f"a fault '{self.kind}' stays: leave 'to' and 'chance' out")
        return self

    def window(self, begin: float) -> tuple[float, float]:
        """From when to when [s since epoch], of a stream that begins at ``begin``."""
        first, last = (
            begin + each if isinstance(each, float) else math.inf if each is None else each.timestamp()
            for each in (self.begins, self.ends)
        )
        if last <= first:
            raise MisconfiguredError(f"the fault '{self.kind}' at {', '.join(self.addresses)} ends before it begins")
        return first, last


class FaultFile(BaseModel):
    """The faults of a replay."""

    model_config = ConfigDict(extra="forbid")
    seed: int = 1
    faults: list[StreamFault] = []


def read_faults(path: Path) -> FaultFile:
    """The file's faults; MisconfiguredError with every mistake and its line."""
    tree = read_yaml(path)
    mistakes = tree.mistakes
    if not mistakes:
        try:
            return FaultFile.model_validate(tree.plain(()) if tree.data else {})
        except ValidationError as error:
            for detail in error.errors():
                place = tuple(detail["loc"])
                while place and place not in tree.nodes:  # pydantic adds which of several forms did not fit
                    place = place[:-1]
                line, column = tree.position(place)
                message = f"'{dotted(tuple(detail['loc']))}': {detail['msg'].removeprefix('Value error, ')}"
                mistakes.append(Mistake(path.name, message, "fault", line, column))
    raise MisconfiguredError("; ".join(str(mistake) for mistake in mistakes))


@dataclass(slots=True)
class Injected:
    """A label: ``fault`` (its place in the file, from 1) hit ``readings`` readings in a row of one address.

    ``start`` and ``end`` are the recorded times of the first and the last of them [s since epoch].
    """

    fault: int
    kind: Kind
    address: str
    start: float
    end: float
    readings: int = 1


@dataclass(slots=True)
class _State:
    """What a fault knows of one address: how many readings it saw, its first value, the label that is still open."""

    seen: int = 0
    first: float | None = None
    since: float = 0.0
    open: Injected | None = None


@dataclass(slots=True)
class _Active:
    number: int
    fault: StreamFault
    start: float
    end: float
    states: dict[str, _State | None] = field(default_factory=dict)


class Injector:
    """Puts the faults of ``plan`` into batches. ``ids`` gives the points' ids of an address; ``tell`` takes labels."""

    def __init__(
        self, plan: FaultFile, begin: float, ids: Mapping[str, Sequence[str]], tell: Callable[[Injected], object]
    ) -> None:
        self._seed = plan.seed
        self._ids = ids
        self._tell = tell
        self._active = [_Active(i, fault, *fault.window(begin)) for i, fault in enumerate(plan.faults, 1)]
        self._held: list[tuple[float, int, str, RawReading]] = []
        self._order = 0

    def through(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches with the faults in them; what is late comes when it is due."""
        for batch in batches:
            yield from self._due(batch.arrived)
            readings = [spoiled for reading in batch.readings for spoiled in self._spoil(reading, batch)]
            if readings:
                yield Batch(batch.source, batch.arrived, readings)
        yield from self._due(math.inf)
        for active in self._active:
            for state in active.states.values():
                self._close(state)

    def _due(self, now: float) -> Iterator[Batch]:
        while self._held and (self._held[0][0] <= now or len(self._held) > MAX_HELD):
            due, _, source, reading = heapq.heappop(self._held)
            yield Batch(source, due, [reading])

    def _spoil(self, reading: RawReading, batch: Batch) -> list[RawReading]:
        readings = [reading]
        for active in self._active:
            state = self._state(active, reading.address)
            if state is not None:
                readings = [out for each in readings for out in self._hit(active, state, each, batch)]
        return readings

    def _state(self, active: _Active, address: str) -> _State | None:
        """The state of an address, None where the fault does not concern it; found once."""
        if address not in active.states:
            names = (address, *self._ids.get(address, ()))
            concerned = any(matches(pattern, *names) for pattern in active.fault.addresses)
            active.states[address] = _State() if concerned else None
        return active.states[address]

    def _hit(self, active: _Active, state: _State, reading: RawReading, batch: Batch) -> list[RawReading]:
        moment = reading.received if reading.time is None else reading.time
        hit = active.start <= moment < active.end
        if hit and active.fault.chance < 1:
            state.seen += 1
            drawn = key(self._seed, active.number, reading.address, state.seen) / 2.0**64
            hit = drawn < active.fault.chance
        spoiled = self._spoiled(active, state, reading, moment, batch) if hit else None
        if spoiled is None:
            self._close(state)
            return [reading]
        label = state.open
        if label is None:
            state.open = Injected(active.number, active.fault.kind, reading.address, moment, moment)
        else:
            label.start, label.end = min(label.start, moment), max(label.end, moment)
            label.readings += 1
        return spoiled

    def _close(self, state: _State | None) -> None:
        if state is not None and state.open is not None:
            self._tell(state.open)
            state.open = None

    def _spoiled(
        self, active: _Active, state: _State, reading: RawReading, moment: float, batch: Batch
    ) -> list[RawReading] | None:
        """What comes instead; None where the fault cannot be put into this reading (no number to change)."""
        fault = active.fault
        if fault.kind == "silent":
            return []
        if fault.kind == "late":
            due = batch.arrived + fault.delay_s
            self._order += 1
            heapq.heappush(self._held, (due, self._order, batch.source, reading._replace(received=due, time=moment)))
            return []
        if fault.kind == "duplicate":
            return [reading] * (1 + (fault.copies or 1))
        if fault.kind == "burst":
            times = range((fault.copies or 9) + 1)  # a millisecond apart: new readings, not the same again
            return [reading._replace(time=moment + number / 1000) for number in times]
        if fault.kind == "clock":
            return [reading._replace(time=moment + fault.offset_s)]
        if fault.kind == "garbage":
            text = GARBAGE[key(self._seed, active.number, reading.address, moment.hex()) % len(GARBAGE)]
            return [reading._replace(value=text, raw=text.encode())]
        value = _changed(fault, state, reading, moment)
        if value is None:
            return None
        changed = reading._replace(value=value, raw=None)
        if fault.kind == "wrap" and reading.wrap:
            changed = changed._replace(wrap=fault.modulus)
        if fault.kind == "reset" and reading.boot is not None:
            changed = changed._replace(boot=state.since)
        return [changed]


def _changed(fault: StreamFault, state: _State, reading: RawReading, moment: float) -> float | int | str | None:
    """Another value in the place of the reading's own."""
    if fault.kind == "sentinel":
        return fault.value
    if fault.kind == "zero":
        return 0
    number = _number(reading.value)
    if number is None or reading.bad:
        return None
    if state.first is None:
        state.first, state.since = number, moment
    if fault.kind == "flat":
        return state.first
    if fault.kind == "reset":
        return number - state.first
    if fault.kind == "wrap":  # one short of going round, so that the next count has gone round
        return (number - state.first - 1) % fault.modulus
    if fault.kind == "spike":
        return number * (SPIKE_FACTOR if fault.factor is None else fault.factor)
    return number * (1000.0 if fault.factor is None else fault.factor) + fault.offset


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if math.isfinite(value) else None
