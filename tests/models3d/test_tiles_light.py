"""The light that is baked: the sky over ground and roofs, even round whatever stands there."""

from __future__ import annotations

import math

import numpy as np
from shapely import Polygon

from models3d.tiles_light import raise_area, sky_visibility


def test_open_ground_sees_the_whole_sky() -> None:
    field = np.zeros((80, 80), np.float32)
    assert np.all(sky_visibility(field, field, 1.0) == 1.0)


def test_the_foot_of_a_long_wall_sees_half_of_the_sky() -> None:
    """Before an endless wall far higher than the reach, half of the dome is left."""
    field = np.zeros((200, 200), np.float32)
    field[:, 100:] = 10_000
    sky = sky_visibility(field, field, 1.0)
    assert abs(float(sky[100, 99]) - 0.5) < 0.03
    assert sky[100, 120] == 1.0, "the roof itself stands free"


def test_the_ground_round_a_slender_tower_darkens_evenly() -> None:
    """A disc shades its surroundings by the distance alone: no rays of light and shadow stand round it."""
    texel, radius, size = 0.5, 5.0, 200
    middle = size * texel / 2
    field = np.zeros((size, size), np.float32)
    rim = [(middle + radius * math.cos(a), middle + radius * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 64)]
    raise_area(field, Polygon(rim), 15.0, (0.0, 0.0), texel)
    sky = sky_visibility(field, field, texel)
    rows, columns = np.mgrid[0:size, 0:size]
    away = np.hypot((columns + 0.5) * texel - middle, (rows + 0.5) * texel - middle)
    means = []
    for distance in (8.0, 12.0, 16.0, 20.0):
        ring = sky[np.abs(away - distance) < 0.3]
        means.append(float(ring.mean()))
        assert np.ptp(ring) < 0.04, (distance, np.ptp(ring))
    assert means == sorted(means), "farther away it is lighter"
    assert means[0] < 0.85
