"""The shapes of the demo's buildings: straight bars that meet at right angles, each part with its own top storey.

A bar along x ('H') owns its whole rectangle; bars along y ('V') fill the distance between the H bars that they join,
so that bars never overlap and a corner needs no special case. Coordinates are the building's own [m], origin in the
middle of its plan. A ``Part`` is a stretch of a bar that begins at storey ``low`` (2 where a gate passes under it)
and ends below storey ``top``: that is how terraces, towers and gates come about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

GATE_STOREYS = 2  # a gate is two storeys high


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch from ``a`` to ``b`` [m along the bar] that exists on storeys ``low`` <= s < ``top``."""

    a: float
    b: float
    low: int
    top: int

    @property
    def length(self) -> float:
        """Length along the bar [m]."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Bar:
    """A straight wing: ``at`` [m] is the centre line's other coordinate, ``depth`` [m] from facade to facade."""

    axis: Literal["x", "y"]
    at: float
    depth: float
    parts: tuple[Part, ...]

    def scaled(self, factor: float) -> Bar:
        """The same bar, ``factor`` times as large in plan."""
        parts = tuple(replace(p, a=p.a * factor, b=p.b * factor) for p in self.parts)
        return Bar(self.axis, self.at * factor, self.depth * factor, parts)

    def active(self, storey: int) -> list[tuple[float, float]]:
        """The stretches that exist on ``storey``, neighbours joined."""
        runs: list[tuple[float, float]] = []
        for part in self.parts:
            if not part.low <= storey < part.top:
                continue
            if runs and abs(runs[-1][1] - part.a) < 1e-6:
                runs[-1] = (runs[-1][0], part.b)
            else:
                runs.append((part.a, part.b))
        return runs

    @property
    def top(self) -> int:
        """One more than the highest storey."""
        return max(part.top for part in self.parts)


Shape = list[Bar]


def area(shape: Shape) -> float:
    """Gross floor area over all storeys [m2]."""
    return sum(bar.depth * part.length * (part.top - part.low) for bar in shape for part in bar.parts)


def _bar(
    axis: Literal["x", "y"],
    at: float,
    depth: float,
    ends: tuple[float, float],
    tops: list[int],
    cuts: list[float],
    gate: tuple[float, float] | None = None,
) -> Bar:
    """A bar from ``ends``, stepped at ``cuts`` (one fewer than ``tops``), with a ``gate`` under it if given."""
    edges = [ends[0], *cuts, ends[1]]
    parts: list[Part] = []
    for a, b, top in zip(edges[:-1], edges[1:], tops, strict=True):
        if gate and a < gate[0] and gate[1] < b:
            parts += [Part(a, gate[0], 0, top), Part(*gate, GATE_STOREYS, top), Part(gate[1], b, 0, top)]
        else:
            parts.append(Part(a, b, 0, top))
    return Bar(axis, at, depth, tuple(parts))


def court(rng: Random, width: float, height: float, depth: float, base: int, middles: int = 0) -> Shape:
    """A closed block round one, two or three courtyards: 口, 日 or 目; lower to the south, a tower on a corner."""
    x0, x1, y0, y1 = -width / 2, width / 2, -height / 2, height / 2
    nodes = [x0 + depth / 2 + k * (width - depth) / (middles + 1) for k in range(middles + 2)]
    if middles == 1:
        nodes[1] += rng.uniform(-0.09, 0.09) * width  # courts of two sizes look less like a stamp
    left_tower = rng.random() < 0.5
    rise = rng.choice((1, 2, 2, 3))
    cut_n = nodes[1] - depth / 2 if left_tower else nodes[-2] + depth / 2
    if middles == 0:
        cut_n = nodes[0] + depth * 1.2 if left_tower else nodes[-1] - depth * 1.2
    north = [base + rise, base] if left_tower else [base, base + rise]
    south = base - rng.choice((1, 2, 2))
    step = max(3, south - 1)
    span = (nodes[0] + depth / 2, nodes[1] - depth / 2)
    middle = (span[0] + span[1]) / 2 + rng.uniform(-0.1, 0.1) * (span[1] - span[0])
    gate = (middle - 5.4, middle + 5.4)
    cut_s = nodes[-2] + depth / 2 if middles else nodes[-1] - depth * 1.4
    bars = [
        _bar("x", y1 - depth / 2, depth, (x0, x1), north, [cut_n], gate if rng.random() < 0.35 else None),
        _bar("x", y0 + depth / 2, depth, (x0, x1), [south, step], [cut_s], gate),
    ]
    inner = (y0 + depth, y1 - depth)
    for k, node in enumerate(nodes):
        outer = k in (0, len(nodes) - 1)
        top = base - (0 if outer else rng.choice((1, 2)))
        half = sum(inner) / 2
        tops = [max(south, top - 1), top] if outer else [top]
        bars.append(_bar("y", node, depth, inner, tops, [half] if outer else []))
    return bars


def comb(rng: Random, width: float, height: float, depth: float, base: int, teeth: int = 4) -> Shape:
    """A spine at the north with teeth that step down to the south."""
    x0, y0, y1 = -width / 2, -height / 2, height / 2
    pitch = (width - depth) / (teeth - 1)
    nodes = [x0 + depth / 2 + k * pitch for k in range(teeth)]
    cut = nodes[1] + depth / 2 if rng.random() < 0.5 else nodes[-2] - depth / 2
    tops = [base + 1, base] if cut < 0 else [base, base + 2]
    bars = [_bar("x", y1 - depth / 2, depth, (x0, -x0), tops, [cut])]
    for k, node in enumerate(nodes):
        tip = y0 + (9.0 if k % 2 else 0.0)
        top = base - (k % 2)
        bars.append(
            _bar("y", node, depth, (tip, y1 - depth), [top - 3, top - 2, top - 1, top],
                 [tip + 15, tip + 30, tip + 44])
        )  # fmt: skip
    return bars


def meander(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """An S: three bars, joined on the right and on the left, lower toward the sun."""
    x0, x1 = -width / 2, width / 2
    ys = [height / 2 - depth / 2, rng.uniform(-0.03, 0.03) * height, -height / 2 + depth / 2]
    flip = rng.random() < 0.5
    tops = [base + 1, base, base - 2]
    bars = []
    for k, (y, top) in enumerate(zip(ys, tops, strict=True)):
        free_left = (k == 0) != flip
        ends = (x0 + (12.0 if k == 1 else 0.0), x1 - (12.0 if k == 1 else 0.0))
        if k == 1:
            ends = (x0, x1)
        cut = x0 + 0.3 * width if free_left else x1 - 0.3 * width
        steps = [top - 1, top] if free_left else [top, top - 1]
        bars.append(_bar("x", y, depth, ends, steps, [cut]))
    left, right = x0 + depth / 2, x1 - depth / 2
    upper, lower = (right, left) if not flip else (left, right)
    bars.append(_bar("y", upper, depth, (ys[1] + depth / 2, ys[0] - depth / 2), [base], []))
    bars.append(_bar("y", lower, depth, (ys[2] + depth / 2, ys[1] - depth / 2), [base - 1], []))
    return bars


def ladder(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """A μ: a closed court, and two legs that run on to the south in terraces."""
    y0, y1 = -height / 2, height / 2
    x0, x1 = -width / 2, width / 2
    mid = y0 + 0.40 * height
    nodes = [x0 + depth / 2, 0.06 * width * rng.choice((-1, 1)), x1 - depth / 2]
    gate_at = (nodes[0] + nodes[1]) / 2
    bars = [
        _bar("x", y1 - depth / 2, depth, (x0, x1), [base, base + 2], [nodes[1] + depth / 2]),
        _bar("x", mid, depth, (x0, x1), [base - 1], [], (gate_at - 5.4, gate_at + 5.4)),
    ]
    for k, node in enumerate(nodes):
        bars.append(_bar("y", node, depth, (mid + depth / 2, y1 - depth), [base - (k == 1)], []))
        if k != 1:
            bars.append(_bar("y", node, depth, (y0, mid - depth / 2), [base - 3, base - 2], [y0 + 17]))
    return bars


def u_block(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """A dormitory: a long bar with two short wings to the south; the bar's ends step."""
    x0, x1, y1 = -width / 2, width / 2, height / 2
    rise = rng.choice((1, 2))
    tops = [base + rise, base] if rng.random() < 0.5 else [base, base + rise]
    cut = (-0.18 if tops[0] > tops[1] else 0.18) * width
    wing = base - rng.choice((1, 2, 3))
    ends = (-height / 2, y1 - depth)
    return [
        _bar("x", y1 - depth / 2, depth, (x0, x1), tops, [cut]),
        _bar("y", x0 + depth / 2, depth, ends, [wing], []),
        _bar("y", x1 - depth / 2, depth, ends, [wing - 1], []),
    ]


def slab(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """A plain bar of dormitories with a taller end."""
    tops = [base, base + 2] if rng.random() < 0.5 else [base + 2, base]
    return [
        _bar("x", 0.0, height, (-width / 2, width / 2), tops, [0.22 * width if tops[0] < tops[1] else -0.22 * width])
    ]


def tower(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """A tall slab on a long base of three or four storeys."""
    shift = rng.choice((-0.1, 0.1)) * width
    cuts = [shift - 0.26 * width, shift + 0.26 * width]
    low = rng.choice((3, 4))
    return [_bar("x", 0.0, depth, (-width / 2, width / 2), [low, base, low], cuts)]


def ell(rng: Random, width: float, height: float, depth: float, base: int) -> Shape:
    """An L: a bar and one leg, with a tower over the corner."""
    x0, x1, y1 = -width / 2, width / 2, height / 2
    left = rng.random() < 0.5
    node = x0 + depth / 2 if left else x1 - depth / 2
    cut = node + depth if left else node - depth
    return [
        _bar("x", y1 - depth / 2, depth, (x0, x1), [base + 3, base] if left else [base, base + 3], [cut]),
        _bar("y", node, depth, (-height / 2, y1 - depth), [base - 2, base - 1], [-height / 2 + 0.4 * (height - depth)]),
    ]
