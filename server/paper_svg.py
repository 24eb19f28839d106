"""Charts on paper: bars over time with their gaps and what was expected, and a month as a carpet of hours.

Finished SVG with classes of ``paper_html``'s stylesheet, no script, no outside reference. Sizes are CSS pixels at the
width of an A4 page's text, so that letters are as large as those around. What is not known is hatched, never drawn
as 0; what is yet to come is empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

WIDTH = 658.0
LEFT, RIGHT, TOP = 52.0, 4.0, 24.0
WHOLE = 0.95
"""A bar of which less than this share is known is hatched."""
NOTHING = 0.005
STEPS = 7
TALL, LONG = 176.0, 200.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``value`` (None: nothing known), how much of its time is known [0..1], whether it has begun, the label
    under it ('' for none) and what was expected (value, low, high; None where that is not known)."""

    value: float | None
    known: float
    begun: bool = True
    label: str = ""
    expected: tuple[float, float, float] | None = None
    strong: bool = False


def bars(name: str, every: Sequence[Bar], title: str, unit: str, ticks: Sequence[str] | None = None) -> str:
    """Bars over time. ``name`` makes the ids of this drawing its own; ``title`` is what a screen reader says; ``ticks``
    instead of labels under the middle stand at the borders between the bars."""
    height = TALL
    foot = 32.0 if any("\n" in bar.label for bar in every) else 18.0
    floor, roof = height - foot, TOP
    top = scale([v for bar in every for v in (bar.value, *(bar.expected or ()))])
    low = min(0.0, min((bar.value or 0.0 for bar in every), default=0.0))
    top, low = (top, 0.0) if low >= 0 else (top, -scale([-low]))
    width = (WIDTH - LEFT - RIGHT) / max(1, len(every))

    def y(value: float) -> float:
        return floor - (value - low) / (top - low) * (floor - roof)

    parts = [_open(name, height, title), *_levels(top, low, y, unit)]
    parts += [_band(every, width, y)]
    gap = min(6.0, 0.24 * width)
    for number, bar in enumerate(every):
        x = LEFT + number * width
        if bar.begun and bar.known < NOTHING:
            parts.append(_rect(x + gap / 2, roof, width - gap, floor - roof, "gap", f"url(#{name}-hatch)"))
        elif bar.value is not None and bar.begun:
            a, b = sorted((y(bar.value), y(0.0)))
            kind = "bar" if bar.known >= WHOLE else "part"
            fill = "" if bar.known >= WHOLE else f"url(#{name}-part)"
            parts.append(_rect(x + gap / 2, a, width - gap, max(b - a, 0.6), kind, fill))
        if bar.label:
            parts += _label(x + width / 2, floor, bar)
    parts += [_expected(every, width, y), f'<path class="axis" d="M{LEFT} {y(0):.1f}H{WIDTH - RIGHT}"/>']
    if ticks:
        parts += _borders(ticks, width, floor, len(every))
    return "".join(parts) + "</svg>"


def _label(x: float, floor: float, bar: Bar) -> list[str]:
    lines = bar.label.split("\n")
    kind = "tick strong" if bar.strong else "tick"
    return [
        f'<text class="{kind}" x="{x:.1f}" y="{floor + 13 + 12.5 * n:.1f}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(lines)
    ]


def _borders(ticks: Sequence[str], width: float, floor: float, number: int) -> list[str]:
    told = []
    for at, text in enumerate(ticks):
        if text:
            x = LEFT + at * width
            anchor = "start" if at == 0 else "end" if at == number else "middle"
            told.append(f'<path class="axis" d="M{x:.1f} {floor:.1f}v3.5"/>')
            told.append(
                f'<text class="tick" x="{x:.1f}" y="{floor + 14:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
            )
    return told


def _band(every: Sequence[Bar], width: float, y: object) -> str:
    """The band of what was expected, as steps; nothing where there is none."""
    assert callable(y)
    pieces = []
    for number, bar in enumerate(every):
        if bar.expected is not None and math.isfinite(bar.expected[1]) and math.isfinite(bar.expected[2]):
            x = LEFT + number * width
            a, b = y(bar.expected[2]), y(bar.expected[1])
            pieces.append(f"M{x:.1f} {a:.1f}h{width:.2f}V{b:.1f}h{-width:.2f}z")
    return f'<path class="band" d="{"".join(pieces)}"/>' if pieces else ""


def _expected(every: Sequence[Bar], width: float, y: object) -> str:
    assert callable(y)
    pieces = [
        f"M{LEFT + number * width:.1f} {y(bar.expected[0]):.1f}h{width:.2f}"
        for number, bar in enumerate(every) if bar.expected is not None and math.isfinite(bar.expected[0])
    ]  # fmt: skip
    return f'<path class="expected" d="{"".join(pieces)}"/>' if pieces else ""


def _open(name: str, height: float, title: str) -> str:
    """The beginning of a drawing with its two hatchings: of nothing known, and of a part known."""
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-labelledby="{name}-title" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-title">{escape(title)}</title><defs>'
        f'<pattern id="{name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" d="M0 0V5"/></pattern>'
        f'<pattern id="{name}-part" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="part-ground" width="4" height="4"/><path class="part-line" d="M0 0V4"/></pattern></defs>'
    )


def _levels(top: float, low: float, y: object, unit: str) -> list[str]:
    assert callable(y)
    step = nice((top - low) / 4)
    told = []
    for n in range(math.ceil(low / step), math.floor(top / step + 1e-9) + 1):
        value = n * step
        at = y(value)
        if value:
            told.append(f'<path class="level" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        told.append(
            f'<text class="tick" x="{LEFT - 7}" y="{at + 3.2:.1f}" text-anchor="end">{short(value, step)}</text>'
        )
    told.append(f'<text class="tick unit" x="{LEFT - 7}" y="7" text-anchor="end">{escape(unit)}</text>')
    return told


def _rect(x: float, y: float, width: float, height: float, kind: str, fill: str = "") -> str:
    painted = f' fill="{fill}"' if fill else ""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{painted}/>'


def nice(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten that is not below ``value``."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(each * power for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= value - 1e-12 * power)


def scale(values: Sequence[float | None]) -> float:
    """The upper end of an axis for these values: a quarter of it is a round number."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    highest = max(known, default=0.0)
    return 4 * nice(highest / 4 * 1.02) if highest > 0 else 1.0


def short(value: float, step: float) -> str:
    """A number on an axis, with as many decimals as its step needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 1 if step % 1 else 0
    return f"{value:,.{decimals}f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "\N{MINUS SIGN}")


# the carpet


def carpet(
    name: str,
    table: F64,
    begun: npt.NDArray[np.bool_],
    exists: npt.NDArray[np.bool_],
    days: Sequence[tuple[str, bool]],
    limits: Sequence[float],
    title: str,
) -> str:
    """A month: a column a day, a row an hour of the clock, coloured by seven classes with the six inner ``limits``.

    ``table`` (24, d) NaN where nothing is known, which is hatched; hours that have not ``begun`` (24, d) are empty, and
    so are those that do not ``exist`` (24, d) on a day with 23 hours. ``days``: label and whether it is a free day.
    """
    rows, number = table.shape
    height, floor = LONG + 16, LONG - 10
    width, tall = (WIDTH - LEFT - RIGHT) / number, (floor - TOP) / rows
    parts = [_open(name, height, title)]
    for hour in range(rows):
        for day in range(number):
            if not exists[hour, day] or not begun[hour, day]:
                continue
            x, y = LEFT + day * width, TOP + hour * tall
            value = table[hour, day]
            if math.isnan(value):
                parts.append(_rect(x, y, width - 0.8, tall - 0.6, "gap", f"url(#{name}-hatch)"))
            else:
                step = int(np.searchsorted(np.asarray(limits), value, side="right")) + 1
                parts.append(_rect(x, y, width - 0.8, tall - 0.6, f"r{step}"))
    for hour in (0, 6, 12, 18, 24):
        y = TOP + hour * tall
        parts.append(f'<text class="tick" x="{LEFT - 7}" y="{y + 3.2:.1f}" text-anchor="end">{hour:02}:00</text>')
    for day, (label, free) in enumerate(days):
        parts += _label(LEFT + (day + 0.5) * width, floor, Bar(None, 0, label=label, strong=free))
    return "".join(parts) + "</svg>"


def classes(table: F64) -> list[float]:
    """The six limits between seven classes: round numbers from the lowest to the highest value."""
    known = table[np.isfinite(table)]
    if not known.size or float(known.max()) <= float(known.min()):
        top = float(known.max()) if known.size else 1.0
        return [top + n for n in range(6)]
    low, high = float(known.min()), float(known.max())
    step = nice((high - low) / STEPS)
    first = math.ceil(low / step + 0.25) * step
    return [first + n * step for n in range(STEPS - 1)]
