"""From a screen and its farthest viewer to sizes of type: what is written is seen under an angle, never a constant.

16 minutes of arc for the height of Latin capitals and digits, 20 for Chinese signs, at the farthest viewer. The least
type (42 of 62) is 16 minutes at two thirds of that distance. Every size of a wall is a multiple of one unit, so that
42 : 62 : 77 : 168 holds on every screen.
"""

from __future__ import annotations

import math

from twin.walls.wall import Screen

LATIN_ARCMIN, CHINESE_ARCMIN = 16.0, 20.0
CAP = 0.7125
"""Height of what is read, as a share of the size of the type."""
NUMBER, LEAST, TITLE, HERO = 62.0, 42.0, 77.0, 168.0
INCH_M = 0.0254
LANDSCAPE = (1760.0, 1000.0)
"""The least room that the layout needs, in units: wide, high."""
PORTRAIT = (1000.0, 1760.0)


def pixel_m(screen: Screen) -> float:
    """Edge of a pixel [m]."""
    return screen.diagonal_in * INCH_M / math.hypot(screen.width, screen.height)


def type_px(screen: Screen, arcmin: float) -> float:
    """The size of type [px] that is seen under ``arcmin`` [minutes of arc] from the farthest viewer."""
    return screen.viewer_m * math.tan(math.radians(arcmin / 60)) / pixel_m(screen) / CAP


def wanted_unit(screen: Screen) -> float:
    """The unit [px] that the viewers need: 1 on 55 in with 1920 pixels at 6 m."""
    return max(type_px(screen, LATIN_ARCMIN) / NUMBER, type_px(screen, CHINESE_ARCMIN) / TITLE)


def largest_unit(screen: Screen) -> float:
    """The largest unit [px] with which everything fits."""
    wide, high = LANDSCAPE if screen.width >= screen.height else PORTRAIT
    return min(screen.width / wide, screen.height / high)


def unit(screen: Screen) -> float:
    """The unit [px]: what the viewers need, at most what fits."""
    return min(wanted_unit(screen), largest_unit(screen))


def legible_m(screen: Screen) -> float:
    """From how far the numbers can be read [m]."""
    return screen.viewer_m * min(1.0, unit(screen) / wanted_unit(screen))
