"""What rooms, storeys and buildings draw: one row of loads a use, [W/m2] of the room's own area.

Installed loads and densities follow the use types of SIA 2024, lowered so that the campus as a whole meets what is
metered: 39 to 79 kWh/m2 a year (a science campus in Guangzhou; 51 universities in Taiwan), peak about 24 MW.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Load:
    """Electric loads of a use, per area of the room.

    ``place`` is where its people are counted (simulator_people.PLACES); ``base`` runs always, ``plug`` and ``light``
    with people [W/m2]; ``cool`` and ``heat`` [W/(m2 K)] above 22 and below 13 °C outside, ``idle`` of them without
    people. ``absent``: chance that a room stays empty for a day.
    """

    place: str
    base: float
    plug: float
    light: float
    cool: float
    heat: float = 0.05
    idle: float = 0.10
    absent: float = 0.06


LOADS: MappingProxyType[str, Load] = MappingProxyType(
    {
        "laboratory": Load("laboratory", 4.3, 12.0, 7.2, 1.8, 0.08, 0.22),
        "instrument": Load("laboratory", 12.0, 18.0, 6.0, 1.9, 0.08, 0.4),
        "preparation": Load("laboratory", 3.4, 7.5, 6.0, 0.97),
        "office": Load("office", 1.4, 8.8, 7.8, 1.5, 0.1, 0.06, 0.12),
        "meeting": Load("office", 0.84, 6.2, 8.4, 1.6, 0.1, 0.04, 0.35),
        "seminar": Load("teaching", 0.68, 5.0, 8.4, 1.6, 0.08, 0.04, 0.25),
        "classroom": Load("teaching", 0.68, 5.6, 9.6, 1.8, 0.08, 0.02, 0.0),
        "study": Load("library", 0.51, 5.0, 8.4, 1.5),
        "reading": Load("library", 0.84, 5.0, 8.4, 1.6, 0.08, 0.15),
        "stacks": Load("library", 0.51, 0.62, 3.6, 0.73),
        "dormitory": Load("dormitory", 0.84, 5.2, 2.6, 0.87, 0.12, 0.03, 0.04),
        "laundry": Load("dormitory", 0.84, 20.0, 6.0, 0.36),
        "common": Load("dormitory", 0.84, 5.0, 7.2, 1.3),
        "canteen": Load("canteen", 1.6, 6.2, 8.4, 1.9),
        "kitchen": Load("canteen", 10.0, 75.0, 9.6, 1.5, 0.0, 0.2, 0.0),
        "sports": Load("sports", 0.84, 1.9, 11.0, 1.1),
        "auditorium": Load("public", 1.0, 5.0, 9.6, 1.5, 0.06, 0.05, 0.4),
        "exhibition": Load("public", 1.6, 5.0, 11.0, 1.5, 0.08, 0.25),
        "clinic": Load("public", 2.6, 10.0, 9.6, 1.6, 0.1, 0.2),
        "shop": Load("public", 3.4, 10.0, 11.0, 1.6),
        "server": Load("public", 110.0, 0.0, 3.0, 2.2, 0.0, 1.0, 0.0),
        "comms": Load("public", 26.0, 0.0, 2.0, 0.36, 0.0, 1.0, 0.0),
        "electrical": Load("public", 5.0, 0.0, 1.2, 0.12, 0.0, 1.0, 0.0),
        "ventilation": Load("public", 5.0, 9.0, 2.0, 2.0, 0.5, 0.4, 0.0),
        "plant": Load("public", 15.0, 7.5, 3.6, 6.9, 1.2, 0.7, 0.0),
    }
)

SERVER_SWING_W = 95.0  # what the jobs add to a machine room's idle load [W/m2]

# Corridors, stairs, lifts and fans of a storey [W/m2 of what is shared], at night and fully used.
SHARED_NIGHT_W, SHARED_DAY_W = 1.7, 5.4
# The building's own: fire pumps, outdoor light, cooling pumps [W/m2 gross]; and what its cables lose.
SERVICES_W, PUMPS_W_PER_K = 0.22, 0.05
LOSS = 0.025

COOL_FROM_C, HEAT_FROM_C = 22.0, 13.0

# People in a dormitory sleep: share of its plugs and lamps at each full hour.
AWAKE = (0.35, 0.12, 0.06, 0.05, 0.05, 0.06, 0.35, 0.8, 0.8, 0.7, 0.7, 0.75,
         0.7, 0.5, 0.6, 0.7, 0.75, 0.85, 1.0, 1.0, 1.0, 1.0, 0.95, 0.7)  # fmt: skip

# The university's periods, local time [h]: two lessons each.
PERIODS = ((8.0, 9.83), (10.17, 12.0), (14.0, 15.83), (16.17, 18.0), (19.0, 20.83))
# Chance that a classroom is used in a period, by kind of day; the evening's is lower.
TIMETABLED: MappingProxyType[str, tuple[float, ...]] = MappingProxyType(
    {
        "term": (0.66, 0.70, 0.62, 0.55, 0.30),
        "weekend": (0.10, 0.12, 0.10, 0.08, 0.05),
        "exams": (0.32, 0.36, 0.34, 0.25, 0.12),
        "holiday": (0.02, 0.02, 0.02, 0.02, 0.0),
        "vacation": (0.03, 0.03, 0.03, 0.02, 0.0),
        "spring-festival": (0.0, 0.0, 0.0, 0.0, 0.0),
    }
)
