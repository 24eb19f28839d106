"""``GET /api/v1/meters``: every meter of the tree, its own value, the sum of its sub-meters, and what is left over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query

from server.runtime import Runtime
from server.schemas_meters import MeterOut, MetersOut, MeterSumOut, Verdict
from server.values import instant, latest_out, word
from twin.live import LiveState
from twin.meter_values import MeterReader, MeterState, MeterSum
from twin.quantity import QUANTITIES
from twin.space import Names
from twin.topology import Medium
from twin.topology_meters import ACCURACY, LOSSES, Meter, rows_of

Code = Annotated[str, Query(max_length=200)]

SHOWN = 1000
"""Sub-meters that one meter names."""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route. It runs in a thread: thousands of meters take some milliseconds to add up."""
    desk = _Desk(runtime)

    @api.get("/meters")
    def meters(
        building: Code = "",
        storey: Code = "",
        main: Annotated[str | None, Query(max_length=400)] = None,
        medium: Medium | None = None,
        verdict: Verdict | None = None,
        quantity: Literal["power", "flow"] = "power",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> MetersOut:
        kept = desk.kept()
        if main and main not in kept.tree:
            raise HTTPException(404, f"there is no meter '{main[:100]}': see docs/reference/topology.md")
        texts = _Texts(kept, runtime)
        places = [texts.under(entity) for entity in (building, storey) if entity]
        chosen = [
            state for state in kept.states(quantity)
            if (main is None or state.meter.main == main) and medium in (None, state.meter.medium)
            and all(texts.stands_in(state, place) for place in places)
        ]  # fmt: skip
        verdicts: Counter[str] = Counter(state.balance.verdict for state in chosen if state.balance is not None)
        if verdict is not None:
            chosen = [state for state in chosen if state.balance is not None and state.balance.verdict == verdict]
        shown = chosen[offset : offset + limit]
        end = offset + len(shown)
        low, high = LOSSES
        return MetersOut(
            items=[texts.meter(state) for state in shown], total=len(chosen), limit=limit, offset=offset,
            next_offset=end if shown and end < len(chosen) else None, quantity=quantity,
            unit=QUANTITIES[quantity].unit, verdicts=dict(verdicts),
            tolerated_percent=(round(100 * (low - ACCURACY), 1), round(100 * (high + ACCURACY), 1)),
        )  # fmt: skip


@dataclass(slots=True)
class _Kept:
    """What stays of the meters of one ``live`` state: how they hang together, their names, which points are theirs; and
    their values, until one of the quantity changes. Used by several threads: whatever is here is made whole, then put.
    """

    tree: Mapping[str, Meter]
    live: LiveState
    names: Mapping[str, Names]
    places: Mapping[str, str]
    _readers: dict[str, MeterReader] = field(default_factory=dict)
    _states: dict[str, tuple[int, Sequence[MeterState]]] = field(default_factory=dict)

    def states(self, quantity: str) -> Sequence[MeterState]:
        """Every meter as it stands now, each followed by those below it."""
        version = self.live.quantity_version(quantity)  # before the values are read: they may be newer, never older
        before, states = self._states.get(quantity, (-1, ()))
        if version != before:
            reader = self._readers.get(quantity)
            if reader is None:
                reader = MeterReader(self.tree, rows_of(self.tree, self.live.points, quantity))
                self._readers[quantity] = reader
            states = reader.states(self.live)
            self._states[quantity] = version, states
        return states


class _Desk:
    """What is kept of the runtime's meters; begun anew when they, their points or the campus became others."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._held: tuple[tuple[object, ...], _Kept] | None = None

    def kept(self) -> _Kept:
        """What is kept of the meters as they are now."""
        runtime = self._runtime
        tree, live, assembled = runtime.meters, runtime.live, runtime.assembled
        held, of = self._held, (tree, live, assembled)
        if held is not None and all(a is b for a, b in zip(held[0], of, strict=True)):
            return held[1]
        equipment, nodes = assembled.campus.equipment, assembled.topology.nodes
        names = {item.id: item.names for item in equipment} | {node.id: node.names for node in nodes}
        places = {item.id: item.space for item in equipment} | {node.id: node.place for node in nodes}
        kept = _Kept(tree, live, names, places)
        self._held = of, kept
        return kept


class _Texts:
    """What is said of meters beside their values."""

    def __init__(self, kept: _Kept, runtime: Runtime) -> None:
        self._live, self._clock, self._kinds = kept.live, kept.live.clock(), runtime.topology.kinds
        self._names, self._places = kept.names, kept.places
        self._findings: Mapping[str, str] = {
            row.points[0]: row.id for row in runtime.watch.findings() if row.check == "submeter" and row.until is None
        }

    def under(self, entity: str) -> frozenset[int]:
        """The slots under a place; 404 where there is none."""
        slot = self._live.tree.index.get(entity)
        if slot is None:
            raise HTTPException(404, f"there is no '{entity[:100]}' in the campus: see /api/v1/buildings")
        return frozenset(self._live.tree.under(slot).nonzero()[0].tolist())

    def stands_in(self, state: MeterState, place: frozenset[int]) -> bool:
        """Whether the meter, or anything that it meters, is in the place."""
        named = (state.meter.id, self._places.get(state.meter.id, ""), *state.meter.of)
        return any(self._live.tree.slot(each) in place for each in named)

    def meter(self, state: MeterState) -> MeterOut:
        """One meter."""
        meter, rest = state.meter, state.rest
        point = None if state.row is None else self._live.points[state.row].id
        return MeterOut(
            id=meter.id, kind=self._kinds.get(meter.id, ""), names=self._names.get(meter.id, {}),
            place=self._places.get(meter.id, ""), medium=meter.medium, meters=list(meter.of), main=meter.main,
            level=state.level, sub_meters=meter.subs[:SHOWN],
            own=None if point is None else latest_out(self._live.latest(point)),
            sum=None if state.subs is None else self._sum(state.subs), difference=_rounded(rest, 4),
            difference_percent=_rounded(100 * rest / state.own, 2) if rest is not None and state.own else None,
            verdict=None if state.balance is None else state.balance.verdict,
            finding=self._findings.get(point) if point is not None and state.subs is not None else None,
        )  # fmt: skip

    def _sum(self, row: MeterSum) -> MeterSumOut:
        return MeterSumOut(
            value=_rounded(row.value, 4), have=row.have, of=row.of, coverage_percent=round(100 * row.have / row.of, 1),
            estimated=row.estimated, quality=word(row.quality), time=instant(row.oldest),
            age_s=None if row.oldest is None else round(max(0.0, self._clock - row.oldest), 1), simulated=row.simulated,
        )  # fmt: skip


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
