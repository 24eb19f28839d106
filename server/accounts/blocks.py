"""The drawing on the pages before the product: blocks of clay on a plain, lit from the left. It shows no campus."""

from __future__ import annotations

from functools import cache

WIDTH, HEIGHT = 960, 540
_BLOCKS = (
    # west, south, length, depth, height: drawn from the back to the front
    (30, 250, 120, 60, 46), (190, 260, 70, 70, 92), (300, 230, 150, 56, 34), (40, 130, 90, 70, 70),
    (170, 120, 160, 40, 40), (370, 110, 70, 90, 110), (60, 20, 150, 56, 30), (250, 14, 80, 60, 64),
)  # fmt: skip


@cache
def drawing() -> str:
    """The drawing as SVG; its colours are the stylesheet's."""
    parts = []
    for x, y, length, depth, height in _BLOCKS:
        parts.append(_face("front", [(x, y, 0), (x + length, y, 0), (x + length, y, height), (x, y, height)]))
        parts.append(_face("side", [(x + length, y, 0), (x + length, y + depth, 0), (x + length, y + depth, height),
                                    (x + length, y, height)]))  # fmt: skip
        top = [(x, y), (x + length, y), (x + length, y + depth), (x, y + depth)]
        parts.append(_face("top", [(a, b, height) for a, b in top]))
        parts.extend(
            _line([(x, y, storey), (x + length, y, storey), (x + length, y + depth, storey)])
            for storey in range(12, height - 6, 12)
        )
    return (
        f'<svg class="gate-drawing" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMaxYMax meet"'
        f' aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _at(x: float, y: float, z: float) -> str:
    """A point of the plain on the paper: a long lens from the south-west."""
    return f"{90 + 1.25 * x + 0.62 * y:.0f},{500 - 0.3 * x - 0.72 * y + 0.34 * x - 0.92 * z:.0f}"


def _face(kind: str, corners: list[tuple[float, float, float]]) -> str:
    return f'<polygon class="clay-{kind}" points="{" ".join(_at(*corner) for corner in corners)}"/>'


def _line(corners: list[tuple[float, float, float]]) -> str:
    return f'<polyline class="clay-line" points="{" ".join(_at(*corner) for corner in corners)}"/>'
