"""What ``GET /api/v1/neighbours`` answers."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from server.schemas import Page


class NeighbourOut(BaseModel):
    """A wire as one device tells it: ``port`` of ``target`` leads to ``remote_port`` of ``remote``. ``device`` and
    ``remote_device`` are the ids that they were matched to ('' = none); ``lost`` is since when it is not seen any more.
    """

    source: str
    target: str
    device: str
    port: str
    remote: str
    remote_chassis: str
    remote_port: str
    remote_device: str
    since: AwareDatetime
    last_seen: AwareDatetime
    lost: AwareDatetime | None


class NeighbourDeviceOut(BaseModel):
    """A device that was asked: when it was ``read`` last, and how many ``wires`` it tells of."""

    source: str
    target: str
    device: str
    read: AwareDatetime
    wires: int


class NeighbourChangeOut(BaseModel):
    """What happened to a neighbour, in words too; ``before`` is where it was."""

    kind: Literal["new", "moved", "lost", "back", "dropped"]
    time: AwareDatetime
    source: str
    target: str
    port: str
    remote: str
    remote_port: str
    before: str
    text: dict[str, str]


class DisagreementOut(BaseModel):
    """Where LLDP (``told``) and a sheet or model (``known``) differ about the uplinks of ``device``; ``line`` is that
    of the sheet, 0 = of none.
    """

    kind: Literal["other-uplink", "not-seen", "model-replaced"]
    device: str
    told: list[str]
    known: list[str]
    line: int
    text: dict[str, str]


class NeighboursOut(Page[NeighbourOut]):
    """Wires by the device that tells them, and what is remarkable: ``changes`` (the last 100, newest first),
    ``disagreements``, systems that match no device (``unmatched``, with where they were seen), wires between devices
    equally far from a core (``cross``), which are nobody's uplink.
    """

    devices: list[NeighbourDeviceOut]
    changes: list[NeighbourChangeOut]
    disagreements: list[DisagreementOut]
    unmatched: dict[str, list[str]]
    cross: list[tuple[str, str]]
