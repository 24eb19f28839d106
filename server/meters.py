"""``GET /api/v1/meters``: every meter of the tree, its own value, the sum of its sub-meters, and what is left over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query

from server.runtime import Runtime
from server.schemas_meters import MeterOut, MetersOut, MeterSumOut, Verdict
from server.values import instant, latest_out, word
from twin.live import LiveState
from twin.meter_values import MeterState, MeterSum, meter_states
from twin.quantity import QUANTITIES
from twin.space import Names
from twin.topology import Medium
from twin.topology_meters import ACCURACY, LOSSES, rows_of

Code = Annotated[str, Query(max_length=200)]

SHOWN = 1000
"""Sub-meters that one meter names."""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route. It runs in a thread: thousands of meters take some milliseconds to add up."""

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
        tree, live = runtime.meters, runtime.live
        if main and main not in tree:
            raise HTTPException(404, f"there is no meter '{main[:100]}': see docs/reference/topology.md")
        texts = _Texts(runtime, live)
        places = [texts.under(entity) for entity in (building, storey) if entity]
        chosen = [
            state for state in meter_states(tree, rows_of(tree, live.points, quantity), live)
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


class _Texts:
    """What is said of meters beside their values."""

    def __init__(self, runtime: Runtime, live: LiveState) -> None:
        campus, nodes = runtime.assembled.campus, runtime.assembled.topology.nodes
        self._live, self._clock, self._kinds = live, live.clock(), runtime.topology.kinds
        self._names: dict[str, Names] = {item.id: item.names for item in campus.equipment}
        self._names.update({node.id: node.names for node in nodes})
        self._places = {item.id: item.space for item in campus.equipment}
        self._places.update({node.id: node.place for node in nodes})
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
