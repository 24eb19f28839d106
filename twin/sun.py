"""Where the sun stands: enough to tell day from night."""

from __future__ import annotations

import math

RISES = -0.833
"""Altitude of the sun's middle when its edge is seen to rise or set [deg]."""
_J2000 = 946_728_000.0
"""Noon of 1 January 2000 [s since epoch]."""


def altitude(latitude: float, longitude: float, at: float) -> float:
    """The sun's altitude [deg] at a place [deg north, deg east] at ``at`` [s since epoch]; to about 0.1 deg.

    The low-precision formulae of the Astronomical Almanac (mean longitude, anomaly, ecliptic, sidereal time).
    """
    days = (at - _J2000) / 86_400.0
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360.0)
    mean = (280.460 + 0.9856474 * days) % 360.0
    ecliptic = math.radians(mean + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.0000004 * days)
    ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * days + longitude) % 360.0)
    hour = sidereal - ascension
    north = math.radians(latitude)
    sine = math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(declination) * math.cos(hour)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def is_night(latitude: float, longitude: float, at: float) -> bool:
    """Whether the sun is down."""
    return altitude(latitude, longitude, at) < RISES
