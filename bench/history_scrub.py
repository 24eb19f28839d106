"""From the pointer on the time axis to painted pixels of that instant: the demo campus, a browser."""

from __future__ import annotations

from bench.report import Bar


def bars() -> list[Bar]:
    """The scrub bars."""
    return []
