"""Who is wired to whom, as devices say it again and again: what changed since, and what is not seen any more.

A device's first answer is taken as it is; from then on a neighbour that comes, goes, or is found at another port is
told. One that is not seen any more is *lost*, and stays a wire for a day: an uplink that fails must not vanish from the
topology just then. Where it is found elsewhere, or its port has another neighbour, it is no wire any more at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from twin.topology_lldp import Wire, plain

LOST_KEPT_S = 86_400.0

Kind = Literal["new", "moved", "lost", "back", "dropped"]
Key = tuple[str, str, str]
"""Local port, who the other system is, its port."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a neighbour of ``target``: ``before`` is where it was (``moved``), ``time`` [s since epoch]."""

    kind: Kind
    source: str
    target: str
    port: str
    remote: str
    remote_port: str
    time: float
    before: str = ""


@dataclass(slots=True)
class Seen:
    """A wire as one device tells it: first seen at ``since``, last at ``last``, missing from ``lost`` on [s since
    epoch]; None while it is there.
    """

    source: str
    wire: Wire
    since: float
    last: float
    lost: float | None = None


@dataclass(slots=True)
class Device:
    """What one target told: its own ``names``, when it was last ``read`` [s since epoch], its wires."""

    source: str
    target: str
    names: tuple[str, ...]
    read: float
    wires: dict[Key, Seen] = field(default_factory=dict)


class Neighbourhood:
    """What all devices tell of their neighbours."""

    def __init__(self) -> None:
        self._devices: dict[tuple[str, str], Device] = {}

    def devices(self) -> list[Device]:
        """Every device that was read."""
        return list(self._devices.values())

    def wires(self) -> list[Seen]:
        """Every wire, those that are lost too."""
        return [seen for device in self.devices() for seen in list(device.wires.values())]

    def forget(self, sources: Iterable[str]) -> bool:
        """Forget what sources other than these told: they are gone. Whether there was any."""
        kept = set(sources)
        gone = [key for key in self._devices if key[0] not in kept]
        for key in gone:
            del self._devices[key]
        return bool(gone)

    def take(
        self, source: str, target: str, names: Sequence[str], wires: Iterable[Wire], now: float
    ) -> tuple[list[Change], bool]:
        """Take in what a device says at ``now`` [s since epoch]: what changed, and whether that matters to others."""
        current = {_key(wire): wire for wire in wires}
        device = self._devices.get((source, target))
        if device is None:
            device = Device(source, target, tuple(names), now)
            device.wires = {key: Seen(source, wire, now, now) for key, wire in current.items()}
            self._devices[source, target] = device
            return [], True
        renamed = device.names != tuple(names)
        device.names, device.read = tuple(names), now
        changes = list(_compared(device, current, now))
        return changes, renamed or bool(changes)

    def settle(self, now: float) -> list[Change]:
        """End lost wires that are known to be none any more: what that changed."""
        rows = self.wires()
        if all(seen.lost is None for seen in rows):
            return []
        there = {_key(seen.wire)[1:]: seen for seen in rows if seen.lost is None and seen.wire.remote_port}
        return [change for device in self.devices() for change in _settled(device, there, now)]


def _settled(device: Device, there: Mapping[tuple[str, str], Seen], now: float) -> Iterator[Change]:
    """Of one device; ``there`` is where each port of another system is seen."""
    for key, seen in list(device.wires.items()):
        if seen.lost is None:
            continue
        elsewhere = there.get(key[1:])
        if elsewhere is not None:
            yield _change("moved", device, key, seen.wire, now, f"{device.target} {key[0]}", elsewhere)
        elif any(other[0] == key[0] and row.lost is None for other, row in device.wires.items()):
            pass  # its port has another neighbour, which was told
        elif now - seen.lost >= LOST_KEPT_S:
            yield _change("dropped", device, key, seen.wire, now)
        else:
            continue
        del device.wires[key]


def _key(wire: Wire) -> Key:
    return wire.local_port, plain(wire.remote_chassis or wire.remote_name), wire.remote_port


def _compared(device: Device, current: dict[Key, Wire], now: float) -> Iterator[Change]:
    """Take over what one device says now; a wire between the same two at other ports has moved."""
    known = device.wires
    for key, wire in current.items():
        if (seen := known.get(key)) is not None:
            if seen.lost is not None:
                yield _change("back", device, key, wire, now)
            seen.wire, seen.last, seen.lost = wire, now, None
    missing = [key for key in known if key not in current]
    for key, wire in current.items():
        if key in known:
            continue
        was = next((old for old in missing if old[1] == key[1]), None)
        if was is None:
            yield _change("new", device, key, wire, now)
        else:
            missing.remove(was)
            yield _change("moved", device, key, wire, now, _ports(known.pop(was).wire))
        known[key] = Seen(device.source, wire, now, now)
    for key in missing:
        if known[key].lost is None:
            known[key].lost = now
            yield _change("lost", device, key, known[key].wire, now)


def _ports(wire: Wire) -> str:
    return f"{wire.local_port} - {wire.remote_port}"


def _change(
    kind: Kind, device: Device, key: Key, wire: Wire, now: float, before: str = "", seen: Seen | None = None
) -> Change:
    there = seen.wire if seen is not None else wire
    return Change(
        kind, device.source, there.target, there.local_port, wire.remote_name or wire.remote_chassis, there.remote_port,
        now, before,
    )  # fmt: skip
