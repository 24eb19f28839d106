"""An address as a QR code, as the page draws it: one path of squares in a field of ``size`` by ``size``."""

from __future__ import annotations

from functools import lru_cache

import segno

QUIET = 2
"""Modules of light around it; a plate of the page's own colour adds to it."""


@lru_cache(maxsize=64)
def qr_path(address: str) -> tuple[int, str]:
    """The size of the field [modules] and the path of its dark squares. DataOverflowError: longer than fits."""
    code = segno.make(address, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    parts = []
    for y, row in enumerate(rows):
        start = None
        for x, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                parts.append(f"M{start + QUIET} {y + QUIET}h{x - start}v1h-{x - start}z")
                start = None
    return len(rows) + 2 * QUIET, "".join(parts)
