"""The card of a model: what it was made from, how well it does on what it has not seen, and what it may be used for.

ASHRAE Guideline 14-2014 (section 5.3.2.4.f) calls a model calibrated at hourly CV(RMSE) <= 30 % and NMBE within
+-10 %, at monthly CV(RMSE) <= 15 % and NMBE within +-5 %. Here both have to hold, and on months that the model was not
fitted to; any other model is 'indicative', with the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from twin.forecast.goodness import Goodness

Verdict = Literal["calibrated", "indicative"]

HOUR_S = 3600.0
HOURLY_CV, HOURLY_NMBE = 30.0, 10.0
MONTHLY_CV, MONTHLY_NMBE = 15.0, 5.0
LEAST_MONTHS = 3
"""Whole months without which nothing is said about months."""


@dataclass(frozen=True, slots=True)
class Card:
    """``model`` in the field's terms; trained on readings ``since`` to ``until`` [s since the epoch, UTC], ``n`` of
    them, a ``coverage`` [1] of that time; ``excluded`` counts readings left out by reason. ``fit`` is in-sample,
    ``held_out`` each part of the year (``blocks``: months or weeks) by models fitted to the others, ``monthly`` the
    same summed by month, ``day_ahead`` with recent readings. ``band`` is the share promised, ``band_coverage`` and
    ``day_ahead_coverage`` what was measured. ``base_load`` [unit] is the median of the daily minima, ``detectable``
    [unit] the size of a change of 24 hours that a watch finds four times of five (NaN: days have too few readings).
    """

    model: str
    since: float
    until: float
    interval_s: float
    zone: str
    n: int
    coverage: float
    excluded: Mapping[str, int]
    parameters: int
    knots: tuple[float, ...]
    modes: tuple[str, ...]
    fit: Goodness
    held_out: Goodness
    monthly: Goodness
    day_ahead: Goodness
    blocks: str
    band: float
    band_coverage: float
    day_ahead_coverage: float
    base_load: float
    detectable: float
    verdict: Verdict = "indicative"
    reasons: tuple[str, ...] = ()

    def judged(self) -> Card:
        """The same card with its verdict, and the reasons why a model is no more than indicative."""
        reasons = tuple(_why(self))
        return replace(self, verdict="indicative" if reasons else "calibrated", reasons=reasons)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, None where a figure is undefined."""
        kept = {name: _plain(value) for name, value in asdict(self).items()}
        return kept | {name: getattr(self, name).to_dict() for name in _GOODNESS}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Card:
        """What ``to_dict`` made."""
        values: dict[str, Any] = {name: math.nan if value is None else value for name, value in kept.items()}
        values |= {name: Goodness.from_dict(kept[name]) for name in _GOODNESS}
        values |= {name: tuple(kept[name]) for name in ("knots", "modes", "reasons")}
        return cls(**values)


_GOODNESS = ("fit", "held_out", "monthly", "day_ahead")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return list(value) if isinstance(value, tuple) else value


def _why(card: Card) -> list[str]:
    reasons = []
    if card.interval_s <= HOUR_S:
        reasons += _beyond("hourly", card.held_out, HOURLY_CV, HOURLY_NMBE)
    if card.monthly.n < LEAST_MONTHS:
        reasons.append(f"monthly figures need {LEAST_MONTHS} whole months, there are {card.monthly.n}")
    else:
        reasons += _beyond("monthly", card.monthly, MONTHLY_CV, MONTHLY_NMBE)
    return reasons


def _beyond(name: str, figures: Goodness, cv: float, nmbe: float) -> list[str]:
    """What exceeds the guideline; a figure that is undefined (a mean of 0) does."""
    reasons = []
    if not figures.cv_rmse <= cv:
        reasons.append(f"{name} CV(RMSE) {figures.cv_rmse:.1f} % on held-out {'hours' if cv > MONTHLY_CV else 'months'}"
                       f" exceeds {cv:.0f} %")  # fmt: skip
    if not abs(figures.nmbe) <= nmbe:
        reasons.append(f"{name} NMBE {figures.nmbe:+.1f} % is outside of +-{nmbe:.0f} %")
    return reasons
