"""A finding: what a check of the data saw, where, since when, and the figures that show it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

Check = Literal[
    "stale", "flat", "spike", "sentinel", "range", "unit", "zero", "twins", "clock", "gap", "submeter", "register",
    "energy",
]  # fmt: skip
CHECKS: tuple[Check, ...] = get_args(Check)

Severity = Literal["info", "warning", "error"]
SEVERITY: Mapping[Check, Severity] = MappingProxyType(
    {
        "stale": "warning", "flat": "warning", "spike": "warning", "sentinel": "info", "range": "warning",
        "unit": "error", "zero": "warning", "twins": "error", "clock": "warning", "gap": "info", "submeter": "warning",
        "register": "info", "energy": "warning",
    }
)  # fmt: skip

Figure = float | int | str
Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check sees now: the ``rows`` of the points, ``since`` when [s since epoch, UTC], and its evidence.

    ``figures`` are numbers in the quantity's canonical unit unless their name says otherwise (``_s``, ``_percent``);
    ``variant`` chooses between several wordings of one check; ``severity`` is another than the check's where that is
    given, ``entity`` what the points together are of, where that is not what each belongs to.
    """

    rows: tuple[int, ...]
    since: float
    figures: Figures
    variant: str = ""
    severity: Severity | None = None
    entity: str = ""


@dataclass(slots=True)
class Finding:
    """A fault of the data from ``since`` to ``until`` (None while it lasts) [s since epoch, UTC].

    ``points`` are the ids of the points that show it (the first 100 of ``n_points``), ``entities`` what they belong
    to, ``last_seen`` when the check saw it last.
    """

    id: str
    check: Check
    severity: Severity
    points: tuple[str, ...]
    n_points: int
    entities: tuple[str, ...]
    source: str
    since: float
    last_seen: float
    until: float | None = None
    variant: str = ""
    figures: dict[str, Figure] = field(default_factory=dict)


def finding_id(check: Check, key: str, since: float) -> str:
    """A short name that stays the same while the finding lasts."""
    return f"{check}-{hashlib.blake2s(f'{key} {since:.0f}'.encode(), digest_size=6).hexdigest()}"
