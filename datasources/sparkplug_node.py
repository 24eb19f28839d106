"""What a host knows of Sparkplug edge nodes: births, aliases, sequence numbers, deaths; and what their points are then.

A death makes every point of its node or device bad at once. A sequence that is not whole, or data before a birth, makes
them uncertain and asks for a rebirth, once, until it comes. Such a mark stands a millisecond after the point's last
value, in the device's own time, so that neither a slow nor a fast clock hides what comes next.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from datasources.contract import TargetReport
from datasources.fieldbus import AddressError
from datasources.payload import SAMPLE_BYTES
from datasources.sparkplug_payload import BAD, GOOD, STALE, Metric, Payload, PayloadError, decode, scalar
from twin.ingest import CLOCK_SET
from twin.live import FUTURE_S
from twin.reading import RawReading

log = logging.getLogger(__name__)

OFFLINE = "device offline (DEATH)"
GAP = "messages were lost: rebirth asked for"
UNBORN = "no birth certificate yet: rebirth asked for"
ASK_AGAIN_S = 300.0
"""A rebirth that does not come is asked for again after this time [s], should data still arrive."""

MAX_NODES = 10_000
MARK_S = 0.001
KINDS = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA")
_OWN = ("bdSeq", "Node Control/", "Device Control/")
"""Metrics that serve the protocol and are no signals."""


def parse_address(address: str) -> tuple[str, str, str]:
    """``group/node#metric`` or ``group/node/device#metric`` -> node, device ('' the node itself), metric."""
    path, mark, metric = address.partition("#")
    parts = path.split("/")
    if not mark or not metric or len(parts) not in (2, 3) or not all(parts) or "+" in path:
        raise AddressError(f"'{address}' is no address: write group/node#metric or group/node/device#metric")
    return "/".join(parts[:2]), parts[2] if len(parts) == 3 else "", metric


@dataclass(slots=True)
class _Node:
    """One edge node. ``alive`` is None before anything is known, ``doubt`` why its values are uncertain."""

    alive: bool | None = None
    bd_seq: int | None = None
    seq: int | None = None
    doubt: str = ""
    asked: float = -1e9
    devices: set[str] = field(default_factory=set)
    names: dict[int, tuple[str, str]] = field(default_factory=dict)
    types: dict[tuple[str, str], int] = field(default_factory=dict)
    heard: float | None = None
    """The device's own time of its last message [s since epoch]."""


@dataclass(slots=True)
class _Last:
    """The last value of a point, and the latest time that one was filed under [s since epoch]."""

    value: float | int | str | bool | None
    time: float


class Host:
    """All edge nodes of one connection. ``outbox`` are the nodes to ask for a rebirth, ``reports`` how nodes are."""

    def __init__(self, addresses: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._nodes: dict[str, _Node] = {}
        self._points: dict[str, dict[str, list[str]]] = {}
        self._last: dict[str, _Last] = {}
        self._wanted = set(addresses)
        self.outbox: list[str] = []
        self.reports: list[TargetReport] = []
        for address in self._wanted:
            node, device, _ = parse_address(address)
            self._points.setdefault(node, {}).setdefault(device, []).append(address)

    @property
    def nodes(self) -> list[str]:
        """The nodes that points name."""
        return sorted(self._points)

    def unborn(self) -> None:
        """Ask every node that points name and that has not been heard of for its birth."""
        for name in self.nodes:
            node = self._node(name)
            if node is not None and node.alive is None:
                self._ask(name, node)

    def take(self, topic: str, raw: bytes, received: float) -> list[RawReading]:
        """The readings of one message."""
        parts = topic.split("/")
        if len(parts) not in (4, 5) or parts[2] not in KINDS or (len(parts) == 5) != (parts[2][0] == "D"):
            return []  # STATE, and commands to the nodes, are not for us
        name, kind, device = f"{parts[1]}/{parts[3]}", parts[2], parts[4] if len(parts) == 5 else ""
        node = self._node(name)
        if node is None:
            return []
        try:
            payload = decode(raw)
        except PayloadError as error:
            log.warning("%s: %s", topic, error)
            bad = RawReading(topic, None, received, bad=f"no Sparkplug payload: {error}", raw=raw[:SAMPLE_BYTES])
            return [bad, *self._doubt(name, node, GAP, received)]
        message = _Message(name, device, payload, received)
        return list(_HANDLERS[kind](self, node, message))

    def _node(self, name: str) -> _Node | None:
        node = self._nodes.get(name)
        if node is None and len(self._nodes) < MAX_NODES:
            node = self._nodes[name] = _Node()
        return node

    def _ask(self, name: str, node: _Node) -> None:
        now = self._clock()
        if now - node.asked >= ASK_AGAIN_S and name not in self.outbox:
            node.asked = now
            self.outbox.append(name)

    def _doubt(self, name: str, node: _Node, why: str, received: float) -> Iterator[RawReading]:
        """From now on the node's values are uncertain; those that are there say so."""
        self._ask(name, node)
        if node.doubt:
            return
        node.doubt = why
        for device, addresses in self._points.get(name, {}).items():
            if node.alive is not False and (not device or device in node.devices):
                for address in addresses:
                    last = self._last.get(address)
                    if last is not None and last.value is not None:
                        yield self._mark(address, last.value, node, received, remark=why)

    def _mark(
        self, address: str, value: float | int | str | bool | None, node: _Node, received: float, **words: str
    ) -> RawReading:
        last = self._last.get(address)
        moment = last.time + MARK_S if last is not None else _filed(node.heard, received)
        moment = min(moment, received + FUTURE_S)
        self._last[address] = _Last(value, moment)
        return RawReading(address, value, received, moment, **words)  # type: ignore[arg-type]  # bad and remark only

    def _in_order(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        """Check the sequence number of a message that is no NBIRTH."""
        seq = message.payload.seq
        if node.alive and seq is not None:
            if node.seq is not None and seq != (node.seq + 1) % 256:
                yield from self._doubt(message.node, node, GAP, message.received)
            node.seq = seq
        elif not node.alive:
            yield from self._doubt(message.node, node, UNBORN, message.received)

    def _nbirth(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        if node.alive is False:
            self.reports.append(TargetReport(message.node, "live", "born again"))
        node.alive, node.doubt, node.asked = True, "", -1e9
        node.seq = message.payload.seq
        node.names.clear()
        node.types.clear()
        node.devices.clear()
        node.bd_seq = _bd_seq(message.payload)
        yield from self._values(node, message, birth=True)

    def _dbirth(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        yield from self._in_order(node, message)
        node.devices.add(message.device)
        yield from self._values(node, message, birth=True)

    def _data(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        yield from self._in_order(node, message)
        if message.device and message.device not in node.devices and node.alive:
            self._ask(message.node, node)
        yield from self._values(node, message)

    def _ndeath(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        told = _bd_seq(message.payload)
        if node.bd_seq is not None and told is not None and told != node.bd_seq:
            log.info("%s: a death of an earlier connection (bdSeq %s) is passed over", message.node, told)
            return
        node.alive, node.doubt, node.seq = False, "", None
        node.devices.clear()
        self.reports.append(TargetReport(message.node, "down", OFFLINE))
        for addresses in self._points.get(message.node, {}).values():
            for address in addresses:
                yield self._mark(address, None, node, message.received, bad=OFFLINE)

    def _ddeath(self, node: _Node, message: _Message) -> Iterator[RawReading]:
        yield from self._in_order(node, message)
        node.devices.discard(message.device)
        for address in self._points.get(message.node, {}).get(message.device, ()):
            yield self._mark(address, None, node, message.received, bad=OFFLINE)

    def _values(self, node: _Node, message: _Message, *, birth: bool = False) -> Iterator[RawReading]:
        payload = message.payload
        sent = None if payload.timestamp is None else payload.timestamp / 1000
        if sent is not None:
            node.heard = sent
        for metric in payload.metrics:
            device, name = message.device, metric.name
            if metric.alias is not None:
                if birth and name:
                    node.names[metric.alias] = (device, name)
                device, name = node.names.get(metric.alias, (device, name)) if not name else (device, name)
            if name.startswith(_OWN):
                continue
            if not name:
                self._ask(message.node, node)
            if birth:
                node.types[device, name] = metric.datatype
            datatype = metric.datatype or node.types.get((device, name), 0)
            path = f"{message.node}/{device}" if device else message.node
            address = f"{path}#{name or f'alias {metric.alias}'}"
            moment = sent if metric.timestamp is None else metric.timestamp / 1000
            yield self._reading(address, metric, datatype, moment, sent, node, message.received, birth=birth)

    def _reading(
        self, address: str, metric: Metric, datatype: int, moment: float | None, sent: float | None, node: _Node,
        received: float, *, birth: bool,
    ) -> RawReading:  # fmt: skip
        value = None if metric.null else scalar(metric.value, datatype)
        bad, remark = _judgement(metric)
        remark = remark or node.doubt
        last = self._last.get(address)
        if birth and not metric.historical and last is not None and _filed(moment, received) <= last.time:
            # A birth says what is so now; its metrics may carry the time of the last change, before a death.
            moment = sent if sent is not None and _filed(sent, received) > last.time else last.time + MARK_S
        if address in self._wanted:
            latest = _filed(moment, received)
            now = (last.value if last is not None else None) if metric.historical else None if bad else value
            self._last[address] = _Last(now, latest if last is None else max(latest, last.time))
        return RawReading(address, value, received, moment, bad=bad, remark=remark)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message on its way: ``node`` is group/node, ``device`` '' the node itself."""

    node: str
    device: str
    payload: Payload
    received: float


_HANDLERS: dict[str, Callable[[Host, _Node, _Message], Iterator[RawReading]]] = {
    "NBIRTH": Host._nbirth, "DBIRTH": Host._dbirth, "NDATA": Host._data, "DDATA": Host._data,
    "NDEATH": Host._ndeath, "DDEATH": Host._ddeath,
}  # fmt: skip


def _filed(moment: float | None, received: float) -> float:
    """The time under which the ingest files a reading: its own, unless that cannot be."""
    return received if moment is None or not CLOCK_SET <= moment <= received + FUTURE_S else moment


def _bd_seq(payload: Payload) -> int | None:
    found = next((metric.value for metric in payload.metrics if metric.name == "bdSeq"), None)
    return found if isinstance(found, int) else None


def _judgement(metric: Metric) -> tuple[str, str]:
    """What the metric says of itself: bad with a reason, or a remark."""
    if not metric.whole:
        return "not a single value", ""
    if metric.quality is None or metric.quality == GOOD:
        return "", ""
    if metric.quality == BAD:
        return "quality BAD (0)", ""
    return "", "quality STALE (500)" if metric.quality == STALE else f"quality {metric.quality}"
