"""What ``/api/v1`` answers, as pydantic models: the source of its OpenAPI document. Units stand in the names."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Item = TypeVar("Item")
QualityWord = Literal["good", "uncertain", "bad", "none"]


class Page(BaseModel, Generic[Item]):
    """A page of a list; ``next_offset`` is null on the last."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_offset: int | None


class CampusOut(BaseModel):
    """The campus."""

    id: str
    names: dict[str, str]
    timezone: str
    latitude: float | None
    longitude: float | None
    schematic: bool
    sites: list[dict[str, Any]]
    buildings: int
    storeys: int
    spaces: int
    points: int
    scene_url: str
    channels: list[dict[str, Any]]
    build_id: int


class BuildingOut(BaseModel):
    """A building."""

    id: str
    names: dict[str, str]
    site: str
    category: str
    schematic: bool
    storeys: int
    spaces: int
    area_m2: float | None = Field(description="sum of the areas of its spaces")


class StoreyOut(BaseModel):
    """A storey; ``ordinal`` 0 is the ground floor."""

    id: str
    building: str
    names: dict[str, str]
    ordinal: int
    elevation_m: float
    height_m: float
    spaces: int


class SpaceOut(BaseModel):
    """A space; areas and volume come from its geometry, ``area_authored_m2`` is what its file claims."""

    id: str
    building: str
    storey: str
    number: str
    names: dict[str, str]
    category: str
    area_m2: float | None
    area_authored_m2: float | None
    volume_m3: float | None
    height_m: float
    origin: Literal["authored", "derived", "schematic", "synthetic"]
    has_geometry: bool
    aliases: list[dict[str, str]]


class PointOut(BaseModel):
    """A point; ``unit`` is its quantity's canonical unit, ``source_unit`` what the source sends."""

    id: str
    entity: str
    quantity: str
    unit: str
    source_unit: str
    kind: Literal["gauge", "counter", "state"]
    interval_s: float
    stale_s: float
    source: str
    address: str


class LatestOut(BaseModel):
    """The latest reading of a point. ``time`` is what the device says, or when it was received."""

    point: str
    value: float | None
    unit: str
    time: AwareDatetime | None
    received: AwareDatetime | None
    age_s: float | None
    quality: QualityWord
    stale: bool
    reasons: list[str]
    origin: Literal["measured", "simulated", "forecast", "manual", "derived"]


class ConversionOut(BaseModel):
    """A step from what came to what is shown: a rate of counts, or ``after`` = ``before`` x factor + offset."""

    kind: Literal["rate", "unit"]
    before: str
    after: str
    factor: float
    offset: float


class CheckOfValueOut(BaseModel):
    """What a value was checked against; ``passed`` is null where there was nothing to judge."""

    name: Literal["usable", "sentinel", "range", "clock", "habit", "age"]
    passed: bool | None
    low: float | None
    high: float | None
    limit_s: float | None
    values: list[float]


class ProvenanceOut(BaseModel):
    """How the latest value of a point came to be: what its source sent (at most 200 characters), and what was done.

    ``raw`` is the value as the source's module read it, ``payload`` the message around it where there is one.
    """

    latest: LatestOut
    source: str
    source_state: str
    address: str
    raw: str
    payload: str
    device_time: AwareDatetime | None
    conversions: list[ConversionOut]
    checks: list[CheckOfValueOut]


class OccupancySource(BaseModel):
    """What a source of an estimate contributes: its share of what is known, and the age of its reading [s]."""

    source: Literal["people", "clients", "co2", "pir", "timetable"]
    weight: float
    age_s: float


class OccupancyOut(BaseModel):
    """The estimated number of persons of a space with its 80 % interval; ``people`` is null where no source speaks.

    Of a storey, a building or the campus the sum over ``have`` of ``of`` estimates; ``sources`` is empty then.
    """

    id: str
    point: str
    people: float | None
    low: float | None
    high: float | None
    origin: Literal["derived"]
    simulated: bool
    time: AwareDatetime | None
    have: int
    of: int
    sources: list[OccupancySource]


class LevelState(BaseModel):
    """A value of a space, or a total of a storey, building or the campus: ``have`` of ``of`` points count."""

    id: str
    value: float | None
    quality: QualityWord
    stale: bool
    simulated: bool
    estimated: bool
    derived: bool
    have: int
    of: int
    oldest: AwareDatetime | None


class StateOut(BaseModel):
    """The state of one channel over the whole tree."""

    channel: str
    unit: str
    time: AwareDatetime
    campus: LevelState
    buildings: list[LevelState]
    storeys: list[LevelState]
    spaces: list[LevelState]


class SourceOut(BaseModel):
    """A source, how it is, and what became of its readings; ``notes`` are what else its operator should know."""

    name: str
    type: str
    state: Literal["connecting", "live", "silent", "down", "misconfigured"]
    reason: str
    since: AwareDatetime
    points: int
    last_reading: AwareDatetime | None
    interval_s: float | None
    restarts: int
    readings: int
    accepted: int
    bad: int
    duplicate: int
    late: int
    unmapped: int
    refused: int
    reasons: dict[str, int]
    unmapped_names: dict[str, int]
    samples: list[dict[str, Any]]
    notes: list[str]


class RefusedOut(BaseModel):
    """A pushed reading that was not taken in. ``row`` is the entry from 1, in NDJSON and CSV the line."""

    row: int
    point: str
    code: Literal["broken-row", "unknown-key", "no-point", "unknown-point", "foreign-point", "no-value", "not-a-number",
                  "unknown-unit", "no-time", "two-values"]  # fmt: skip
    reason: str


class PushedOut(BaseModel):
    """What became of pushed readings: each was ``accepted``, stood twice in the request (``duplicate``), or was
    ``rejected``; the list has the first 1,000, ``rejected_count`` counts all.
    """

    source: str
    accepted: int
    duplicate: int
    rejected_count: int
    rejected: list[RefusedOut]


Cell = Annotated[str, Field(max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]
FilledCell = Annotated[Cell, Field(min_length=1)]


class AcceptPoint(BaseModel):
    """A suggestion that becomes a row of the points' table; without ``point`` its id is made from the address."""

    model_config = ConfigDict(extra="forbid")
    source: FilledCell
    address: FilledCell
    entity: FilledCell
    quantity: FilledCell
    unit: FilledCell
    kind: Literal["gauge", "counter", "state"] = "gauge"
    point: Annotated[Cell, Field(pattern=r"^(?:[^#\s]|$)")] = ""


class AcceptDevice(BaseModel):
    """A device of a known type that becomes a row of the devices' table. ``names`` are the addresses it sends to."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[FilledCell, Field(pattern=r"^[^#]")]
    type: FilledCell
    source: FilledCell
    entity: FilledCell
    columns: Annotated[dict[FilledCell, Cell], Field(max_length=20)] = Field(default_factory=dict)
    names: Annotated[list[Cell], Field(max_length=200)] = Field(default_factory=list)


class AcceptIn(BaseModel):
    """Suggestions that a person accepted."""

    model_config = ConfigDict(extra="forbid")
    points: Annotated[list[AcceptPoint], Field(max_length=500)] = Field(default_factory=list)
    devices: Annotated[list[AcceptDevice], Field(max_length=500)] = Field(default_factory=list)


class AcceptedOut(BaseModel):
    """How many rows were written to which files; they are taken over within seconds."""

    points: int
    devices: int
    files: list[str]


class HitOut(BaseModel):
    """An answer of the search."""

    id: str
    kind: str
    label_zh: str
    label_en: str
    score: float
    why: str


class FindingOut(BaseModel):
    """A remark of the model check."""

    code: str
    message: str
    severity: Literal["info", "warning", "error"]
    element: str
    entity: str
    position: Annotated[list[float], Field(min_length=3, max_length=3)] | None


class CheckOut(BaseModel):
    """The model report: the files' entries (as of ``import --json``) and all findings."""

    files: list[dict[str, Any]]
    findings: list[FindingOut]


class QualityFindingOut(BaseModel):
    """What a check of the data found. ``points`` are the first 100 of ``n_points``; ``until`` is null while it lasts.

    ``evidence`` holds the figures of the sentence in ``text``: in ``unit``, but ``_s`` [s], ``_percent`` [%], ``raw``
    as it came from the source.
    """

    id: str
    check: str
    variant: str
    severity: Literal["info", "warning", "error"]
    points: list[str]
    n_points: int
    entities: list[str]
    source: str
    since: AwareDatetime
    last_seen: AwareDatetime
    until: AwareDatetime | None
    unit: str
    evidence: dict[str, float | int | str]
    text: dict[str, str]
    action: dict[str, str]


class QualityCheckOut(BaseModel):
    """How far a check is: it can judge ``ready`` of ``of`` points (mains), each after it was heard for ``needs``."""

    check: str
    open: int
    opened: int
    dropped: int
    ready: int
    of: int
    needs: str


class QualityPage(Page[QualityFindingOut]):
    """A page of findings, the open ones first, and the state of every check."""

    checks: list[QualityCheckOut]
