"""What network devices tell of their neighbours, kept up to date in the topology while the server runs.

``take`` is called by the supervisor each time that a device was read; ``run`` then matches the wires to devices in a
thread, and where edges differ the topology and the links are other ones. Each change is a line in the log, and the last
of them stand in ``GET /api/v1/neighbours``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from datasources.contract import Neighbours
from server.wiring_text import change_words, disagreement_words
from twin.links import Links
from twin.neighbours import Change, Neighbourhood
from twin.space import Campus
from twin.topology import Topology, TopologyFacts, kinds_of
from twin.topology_lldp import Wiring, match
from twin.topology_wiring import Disagreement, Merged, merged

if TYPE_CHECKING:
    from server.runtime import Runtime
    from twin.point import Point

log = logging.getLogger(__name__)

GATHER_S = 2.0
"""Devices that were read within so long [s] change the topology together."""
SETTLE_S = 600.0
"""So often is looked whether wires have been lost for too long [s]."""
KEPT = 1000
"""Changes that are remembered."""


class WiringBoard:
    """The wires of a campus. Everything but ``merge`` happens on the event loop."""

    def __init__(self, gather_s: float = GATHER_S) -> None:
        self.neighbourhood = Neighbourhood()
        self.changes: deque[Change] = deque(maxlen=KEPT)
        self.found = Merged((), Wiring(), {})
        self._gather_s = gather_s
        self._changed = asyncio.Event()
        self._notes: dict[str, list[str]] = {}

    def take(self, source: str, told: Neighbours, now: float) -> None:
        """Take in what one device says at ``now`` [s since epoch]."""
        changes, matters = self.neighbourhood.take(source, told.target, told.names, told.rows, now)
        self._tell(changes)
        if matters:
            self._changed.set()

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self.changes.append(change)
            log.log(logging.WARNING if change.kind == "lost" else logging.INFO, "LLDP: %s", change_words(change, "en"))

    def forget(self, sources: Iterable[str]) -> None:
        """Forget what sources other than these told, and match again: the campus folder changed."""
        self.neighbourhood.forget(sources)
        self._changed.set()

    def merge(self, facts: TopologyFacts, campus: Campus, points: Sequence[Point]) -> Merged:
        """The wires in the topology of a campus; may run in a thread."""
        return merged(facts, campus, points, self.neighbourhood.devices())

    async def run(self, runtime: Runtime) -> None:
        """Match what came, and take it over, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await self._changed.wait()
                    await asyncio.sleep(self._gather_s)
            try:
                settled = self.neighbourhood.settle(runtime.ingest.clock())
                self._tell(settled)
                if settled or self._changed.is_set():
                    self._changed.clear()
                    await self._follow(runtime)
            except Exception:
                # What one device says must not end the news of all others; the topology stays as it was.
                log.exception("LLDP: the wires could not be taken over")

    async def _follow(self, runtime: Runtime) -> None:
        """Take the wires over into what runs; where that became another meanwhile, the next turn does it."""
        assembled, live = runtime.assembled, runtime.live
        campus, facts = assembled.campus, assembled.topology
        found = await asyncio.to_thread(self.merge, facts, campus, assembled.points)
        if found.edges != runtime.topology.edges and set(found.edges) != set(runtime.topology.edges):
            topology = Topology(found.edges, kinds_of(campus, facts.nodes))
            links = await asyncio.to_thread(Links.of, live, topology, campus, facts.nodes, runtime.egress)
            basis = await asyncio.to_thread(runtime.kpis.basis, live, topology, runtime.given)
            if runtime.live is not live or runtime.assembled is not assembled:
                self._changed.set()
                return
            runtime.topology, runtime.links = topology, links
            runtime.hub.follow_links(links)
            runtime.kpis.follow(basis)
            log.info("LLDP: the topology has %d uplinks of devices that tell them", len(found.wiring.edges))
        for row in found.disagreements:
            if row not in self.found.disagreements:
                log.warning("LLDP: %s", disagreement_words(row, "en"))
        self.found = found
        self._notes = {source: self._noted(source) for source in {row.source for row in self.neighbourhood.devices()}}

    def notes(self, source: str) -> list[str]:
        """What the operator of a source should know of its neighbours, in words; [] where nothing is amiss."""
        return self._notes.get(source, [])

    def _noted(self, source: str) -> list[str]:
        seen = [row for row in self.neighbourhood.wires() if row.source == source]
        lost = sum(row.lost is not None for row in seen)
        amiss = self._amiss(source)
        notes = [f"{lost} of {len(seen)} LLDP neighbours are not seen any more"] if lost else []
        if amiss:
            notes.append(f"LLDP differs from what is known of {len(amiss)} devices")
        return [f"{note}: see /api/v1/neighbours" for note in notes]

    def _amiss(self, source: str) -> list[Disagreement]:
        own = {
            device for row in self.neighbourhood.devices() if row.source == source
            if (device := match(self.found.names, row.target))
        }  # fmt: skip
        return [row for row in self.found.disagreements if own & {row.device, *row.told, *row.known}]
