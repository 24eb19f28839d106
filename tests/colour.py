"""Colour measures for tests: CIEDE2000, and what people with a colour vision deficiency see.

CIEDE2000 after Sharma, Wu and Dalal (Color Research and Application 30, 2005, doi:10.1002/col.20070); deficiencies at
full severity after Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009, doi:10.1109/TVCG.2009.113).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

SIGHT: dict[str, F64] = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def srgb(colour: str) -> F64:
    """'#rrggbb' as sRGB 0..1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64) / 255


def seen(colour: F64, sight: str) -> F64:
    """sRGB (..., 3) as somebody with this sight sees it; the model's matrices work on linear light."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    turned = np.clip(linear @ SIGHT[sight].T, 0, 1)
    return np.where(turned <= 0.0031308, turned * 12.92, 1.055 * turned ** (1 / 2.4) - 0.055)


def lab(colour: F64) -> F64:
    """CIE L*a*b* (D65) of sRGB (..., 3)."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    t = linear @ _XYZ.T / _WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack((116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])), axis=-1)


def ciede2000(one: F64, other: F64) -> F64:
    """Difference of two colours in L*a*b* (..., 3)."""
    l1, a1, b1 = np.moveaxis(one, -1, 0)
    l2, a2, b2 = np.moveaxis(other, -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1, h2 = np.arctan2(b1, (1 + g) * a1) % (2 * math.pi), np.arctan2(b2, (1 + g) * a2) % (2 * math.pi)
    turn = (h2 - h1 + math.pi) % (2 * math.pi) - math.pi
    turn = np.where(c1 * c2 == 0, 0.0, turn)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)
    h = np.where(c1 * c2 == 0, h1 + h2, h1 + turn / 2)
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(h - math.radians(30))
        + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + math.radians(6))
        - 0.20 * np.cos(4 * h - math.radians(63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    bent = np.radians(30) * np.exp(-(((np.degrees(h) % 360 - 275) / 25) ** 2))
    r = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(2 * bent)
    dl, dc = (l2 - l1) / s_l, (c2 - c1) / s_c
    result: F64 = np.sqrt(dl**2 + dc**2 + (dh / s_h) ** 2 + r * dc * dh / s_h)
    return result


def difference(one: str, other: str, sight: str = "normal") -> float:
    """CIEDE2000 between two '#rrggbb' for a kind of sight."""
    return float(ciede2000(lab(seen(srgb(one), sight)), lab(seen(srgb(other), sight))))
