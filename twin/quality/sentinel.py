"""Sentinel: placeholders for 'no value' that arrive as numbers, declared in the point's row or well known.

Declared ones are bad already at the ingest. Of the well-known ones this check speaks where they came out of range, or
as a spike: then the row should declare them.
"""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.view import F64, Bools, CheckOf, View, each, spoken

KNOWN = np.array(
    [-9999, -999, -99.9, -999.9, 9999, 99999, 999999, 32767, -32768, 3276.7, -3276.8, 327.67, -327.68, 65535, 6553.5,
     655.35, 4294967295, 2147483647, -2147483648, 85.0, -127.0, 0.0]
)  # fmt: skip
"""Values of 16 and 32 bits that are full, with and without decimals; 85 and -127 of DS18B20 thermometers; -9999 of
loggers; and 0, where that cannot be (CO2, humidity)."""

MOST = 1e12


def is_placeholder(raw: F64) -> Bools:
    """Which numbers, as they came, are well-known placeholders."""
    known: Bools = np.isin(np.round(np.clip(raw, -MOST, MOST), 2), KNOWN)
    return known


def look(view: View) -> list[Hit]:
    """Declared sentinels, then well-known ones among what was refused; values are in the source's own unit."""
    hits = []
    events = view.recent.events
    declared = events["sentinel"]
    fresh = (declared.n > 0) & (view.now - declared.last <= view.recent.hold)
    hits += [
        Hit((row,), float(declared.first[row]), {"n": int(declared.n[row]), "raw": float(declared.example[row])})
        for row in each(fresh)
    ]
    for kind in ("range", "spike"):
        event = events[kind]
        raw = event.example if kind == "range" else view.recent.raw_example
        known = is_placeholder(raw) & ~fresh
        hits += [
            Hit((row,), float(event.first[row]), {"n": int(event.n[row]), "raw": float(raw[row])}, "undeclared")
            for row in each(known & (event.n > 0) & (view.now - event.last <= view.recent.hold))
        ]
        fresh |= known
    return hits


CHECK = CheckOf(look, spoken)
