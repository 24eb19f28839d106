"""The camera of a tour: kinds of picture, what each allows, and how long a flight takes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ShotKind = Literal["opening", "night", "step", "planner", "map"]

NEIGHBOURS_S, ACROSS_S, LONGEST_MOVE_S = 2.4, 4.5, 6.0
NEIGHBOURS_M, ACROSS_M = 300.0, 1000.0
MOST_POSES = 4


@dataclass(frozen=True, slots=True)
class Shot:
    """Of a kind of picture what is usual and what is allowed: field of view [deg], height of the camera over the
    ground [m], pitch below the horizon [deg]; each as (least, usual, most)."""

    fov: tuple[float, float, float]
    height: tuple[float, float, float]
    pitch: tuple[float, float, float]


SHOTS: MappingProxyType[ShotKind, Shot] = MappingProxyType(
    {
        "opening": Shot((33, 34, 35), (430, 440, 455), (13, 14, 15)),
        "night": Shot((33, 34, 35), (430, 440, 455), (13, 14, 15)),
        "step": Shot((22, 23, 24), (300, 330, 360), (20, 21, 22)),
        "planner": Shot((19, 20, 21), (1100, 1200, 1300), (27, 28, 29)),
        "map": Shot((20, 20, 20), (500, 1200, 3000), (90, 90, 90)),
    }
)
"""A map is drawn without perspective: its height only says how much of the campus is seen."""


@dataclass(frozen=True, slots=True)
class Pose:
    """One key pose: looks at ``of`` ('' = the campus) from ``azimuth`` (compass bearing of the view) [deg], reached in
    ``move_s`` [s] (None: by the distance) and held for ``rest_s`` [s] before the next one."""

    shot: ShotKind
    of: str = ""
    azimuth: float = 0.0
    pitch: float = 21.0
    height: float = 330.0
    fov: float = 23.0
    move_s: float | None = None
    rest_s: float = 0.0


def move_seconds(distance_m: float) -> float:
    """How long a flight over ``distance_m`` [m] takes [s]: neighbours 2.4, across the campus 4.5, never longer."""
    share = (distance_m - NEIGHBOURS_M) / (ACROSS_M - NEIGHBOURS_M)
    return NEIGHBOURS_S + (ACROSS_S - NEIGHBOURS_S) * min(1.0, max(0.0, share))


def longest_s(path: tuple[Pose, ...]) -> float:
    """How long a path takes [s] where every flight of unknown length goes across the campus."""
    return sum((ACROSS_S if pose.move_s is None else pose.move_s) + pose.rest_s for pose in path)
