"""What ``GET /api/v1/impact`` answers."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel


class ImpactNodeOut(BaseModel):
    """A node of the topology; ``place`` is where it stands, as far as that is known."""

    id: str
    kind: str
    names: dict[str, str]
    place: str


class WeakenedOut(ImpactNodeOut):
    """A node that has ``left`` of its ``of`` suppliers in ``medium``."""

    medium: str
    left: int
    of: int


class StepOut(ImpactNodeOut):
    """A node on a way; ``suppliers`` in the way's medium, 0 at the root: with one there is nothing to fall back on."""

    suppliers: int


class WayOut(BaseModel):
    """How something is supplied with ``medium``, from it up to the root."""

    medium: str
    steps: list[StepOut]


class ClassOut(BaseModel):
    """A room that is booked now, and for how many persons."""

    space: str
    people: float


class ClassesOut(BaseModel):
    """Rooms among those that lose something which are booked now: how many, for how many persons, the largest 20."""

    rooms: int
    people: float
    items: list[ClassOut]


class UsersOut(BaseModel):
    """People in the spaces that lose something, in steps of five; null where nobody knows or, ``withheld``, where they
    are fewer than five. ``low`` to ``high`` is the 80 % interval, null where it is not kept; ``have`` of ``of`` spaces
    are known, as of ``time``.
    """

    people: int | None
    low: int | None
    high: int | None
    withheld: bool
    have: int
    of: int
    simulated: bool
    time: AwareDatetime | None


class ImpactOut(BaseModel):
    """What a failure of ``node`` does. ``lost`` has no supply left in some medium, ``held`` lives on the battery of a
    UPS, ``weakened`` lost one of several suppliers; each list holds the first 1,000 from near to far, ``lost_kinds``,
    ``held_kinds`` and ``weakened_kinds`` count all. ``failed`` counts what fails with it: what stands in a place.

    ``lost_spaces`` counts spaces that lose something, ``spaces`` the same for each medium. ``ways`` lead from the node
    to the root of each medium, ``paths`` are the first of each as ids.
    """

    node: ImpactNodeOut
    at: AwareDatetime
    failed: int
    lost: list[ImpactNodeOut]
    held: list[ImpactNodeOut]
    weakened: list[WeakenedOut]
    depends_on: list[ImpactNodeOut]
    lost_kinds: dict[str, int]
    held_kinds: dict[str, int]
    weakened_kinds: dict[str, int]
    lost_spaces: int
    weakened_spaces: int
    spaces: dict[str, int]
    classes: ClassesOut | None
    users: UsersOut | None
    ways: list[WayOut]
    paths: dict[str, list[str]]
    meters: list[str]
    main: str
    sub_meters: list[str]
