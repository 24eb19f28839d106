"""What ``/api/v1`` answers, as pydantic models: the source of its OpenAPI document. Units stand in the names."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

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
    origin: Literal["measured", "simulated", "forecast", "manual"]


class LevelState(BaseModel):
    """A value of a space, or a total of a storey, building or the campus: ``have`` of ``of`` points count."""

    id: str
    value: float | None
    quality: QualityWord
    stale: bool
    simulated: bool
    estimated: bool
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
    """A source, how it is, and what became of its readings."""

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
    reasons: dict[str, int]
    unmapped_names: dict[str, int]
    samples: list[dict[str, Any]]


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
