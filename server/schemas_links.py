"""What ``GET /api/v1/links`` answers. Units stand in the names; positions are metres in the campus's frame."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from server.schemas import Page, QualityWord

Position = Annotated[list[float], Field(min_length=3, max_length=3)]
StatusWord = Literal["up", "down", "silent", "none"]


class LinkEndOut(BaseModel):
    """One end: a device and the space, storey or building it stands in; ``outside`` the campus the ``role`` says what
    it is. ``schematic``: the position is that of its place, or one beside the campus, not the device's own.
    """

    id: str
    kind: str
    names: dict[str, str]
    place: str
    storey: str
    building: str
    position: Position | None
    schematic: bool
    outside: bool
    role: Literal["", "egress", "campus", "outside"]


class LinkValueOut(BaseModel):
    """What is known now. ``traffic_in_mbit_s`` is what the lower end receives; ``busier`` the direction that
    ``utilisation_percent`` is of. ``origin`` is derived where it was worked out from traffic and capacity.
    """

    status: StatusWord
    utilisation_percent: float | None
    busier: Literal["in", "out", ""]
    traffic_in_mbit_s: float | None
    traffic_out_mbit_s: float | None
    capacity_mbit_s: float | None
    time: AwareDatetime | None
    age_s: float | None
    quality: QualityWord
    stale: bool
    simulated: bool
    reasons: list[str]
    origin: Literal["measured", "simulated", "derived"]


class LinkOut(LinkValueOut):
    """A link. ``number`` is its row on the live stream; ``known_from`` says where the link is known from, ``bound`` by
    which rule its ``points`` were found ('' = none were, and ``reasons`` say why).
    """

    id: str
    number: int
    lower: LinkEndOut
    upper: LinkEndOut
    note: str
    known_from: Literal["sheet", "model", "lldp", "schematic"]
    bound: Literal["address", "port", "device", ""]
    points: list[str]


class LinkLineOut(LinkValueOut):
    """All links between two buildings, or a building and a place outside: values are those of its ``worst`` link,
    traffic and capacity those of all; ``down`` of ``links`` are down.
    """

    id: str
    number: int
    lower: LinkEndOut
    upper: LinkEndOut
    links: int
    down: int
    worst: str


class BandwidthOut(BaseModel):
    """Bandwidth of the way out (``egress``), of one line outside (its id), or of all of them (``total``): ``have`` of
    ``of`` links count.
    """

    key: str
    names: dict[str, str]
    role: Literal["egress", "campus", "outside", "total"]
    traffic_in_mbit_s: float | None
    traffic_out_mbit_s: float | None
    capacity_mbit_s: float | None
    share_percent: float | None
    have: int
    of: int
    age_s: float | None
    quality: QualityWord
    simulated: bool


class LinksOut(Page[LinkOut]):
    """The links of a place, every line on the map, and the campus's bandwidth.

    ``layout`` names the numbering: where the live stream has another one, ask again. ``breaks`` are the six borders
    between the classes of utilisation [%].
    """

    layout: str
    breaks: list[float]
    lines: list[LinkLineOut]
    totals: list[BandwidthOut]
