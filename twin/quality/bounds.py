"""Out of range: values beyond what physics, or the point's own row, allows. They are bad; here they are reported."""

from __future__ import annotations

from twin.quality.finding import Hit
from twin.quality.sentinel import is_placeholder
from twin.quality.view import CheckOf, View, each, spoken


def look(view: View) -> list[Hit]:
    """Points with such readings not long ago, without those that a sentinel explains."""
    event = view.recent.events["range"]
    fresh = (event.n > 0) & (view.now - event.last <= view.recent.hold)
    fresh &= ~is_placeholder(event.example)
    return [
        Hit(
            (row,), float(event.first[row]),
            {
                "n": int(event.n[row]), "raw": float(event.example[row]), "low": float(view.meta.low[row]),
                "high": float(view.meta.high[row]), "unit": view.meta.points[row].unit,
            },
        )
        for row in each(fresh)
    ]  # fmt: skip


CHECK = CheckOf(look, spoken)
