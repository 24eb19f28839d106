"""What KPIs know of each point beside its value, as columns made once: device, source, kind, link, way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.topology import Edge, Topology

I32 = npt.NDArray[np.int32]

IN, OUT = 1, 2
_WAY = re.compile(
    r"(?:^|[./_:#-])(?:(?P<i>in|rx|down|ingress|download)|(?P<o>out|tx|up|egress|upload))$", re.IGNORECASE
)
_NO_LINK = re.compile(r"(?:^|[./_:#-])(?:cpu|mem|memory|disk|storage|load|channel|air)$", re.IGNORECASE)


def way(point: str) -> int:
    """``IN`` or ``OUT``, as the last word of a point's id says; 0 when it does not."""
    found = _WAY.search(point)
    return 0 if found is None else IN if found["i"] else OUT


def link(point: str) -> str:
    """The link whose utilisation a point is: its id without the direction; '' for that of a processor or a channel."""
    return "" if _NO_LINK.search(point) else _WAY.sub("", point)


@dataclass(frozen=True, slots=True)
class PointFacts:
    """One row a point: numbers of its device (entity), its source, its entity's kind (in ``kinds``), its link (-1 =
    none), its way (0, ``IN``, ``OUT``).
    """

    kinds: tuple[str, ...]
    device: I32
    source: I32
    kind: I32
    link: I32
    way: I32

    @classmethod
    def of(cls, live: LiveState, kinds: Mapping[str, str]) -> PointFacts:
        """The facts of every point of ``live``."""
        kind, names = _numbers(kinds.get(point.entity, "") for point in live.points)
        links = (link(p.id) if p.quantity == "utilisation" else "" for p in live.points)
        number, known = _numbers(links)
        none = known.get("", -2)
        linked = np.where(number == none, -1, number).astype(np.int32)
        return cls(
            tuple(names), _numbers(point.entity for point in live.points)[0],
            _numbers(point.source for point in live.points)[0], kind, linked,
            np.array([way(p.id) if p.quantity == "traffic" else 0 for p in live.points], np.int32),
        )  # fmt: skip


def _numbers(words: Iterable[str]) -> tuple[I32, dict[str, int]]:
    """Each word as the number of its first appearance."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(word, len(known)) for word in words], np.int32), known


@dataclass(frozen=True, slots=True)
class Uplinks:
    """The edges of the network, lower to upper: ``device`` number of the lower (as in ``PointFacts``), ``lower`` and
    ``upper`` slot (-1: not in the campus), ``capacity`` [Mbit/s] (NaN = not known). Only those whose lower has points.
    """

    device: I32
    lower: I32
    upper: I32
    capacity: npt.NDArray[np.float64]

    @classmethod
    def of(cls, live: LiveState, topology: Topology) -> Uplinks:
        """The uplinks of ``topology`` whose lower end has points of traffic."""
        traffic = {live.points[row].entity for row in live.rows("traffic").tolist()}
        numbers = _numbers(point.entity for point in live.points)[1]
        edges = [
            edge for edge in topology.edges
            if edge.medium == "network" and edge.relation != "meters" and edge.lower in traffic
        ]  # fmt: skip
        slot = live.tree.slot
        return cls(
            np.array([numbers[edge.lower] for edge in edges], np.int32),
            np.array([slot(edge.lower) for edge in edges], np.int32),
            np.array([slot(edge.upper) for edge in edges], np.int32),
            np.array([_mbit_s(edge) for edge in edges], np.float64),
        )


def _mbit_s(edge: Edge) -> float:
    quantity = QUANTITIES["traffic"]
    if edge.capacity is None or edge.unit not in quantity.units:
        return float("nan")
    return quantity.to_canonical(edge.capacity, edge.unit)
