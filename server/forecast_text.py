"""The state of a model in one word and a sentence of both languages."""

from __future__ import annotations

from server.schemas_forecast import ForecastQuality
from server.texts import Lang, filled
from twin.forecast.card import HOURLY_CV, HOURLY_NMBE, LEAST_MONTHS, MONTHLY_CV, MONTHLY_NMBE, Card
from twin.forecast.keeper import Keeper
from twin.forecast.meter_model import LEAST_DAYS

LANGUAGES: tuple[Lang, ...] = ("zh", "en")
Words = dict[str, str]


def state_of(keeper: Keeper, entity: str) -> tuple[ForecastQuality, Words]:
    """How far the forecast of a subject is to be trusted, and why no further."""
    found = keeper.trained.get(entity)
    if found is None:
        return "none", _both("forecast.why.waiting", {})
    if found.refusal is not None:
        known = found.refusal.reason if found.refusal.reason in ("too-little", "gaps", "constant") else "failed"
        return "none", _both(f"forecast.why.{known}", {"limit": str(LEAST_DAYS), "figure": str(found.refusal.days)})
    if found.model is None or entity not in keeper.outlooks:
        return "none", _both("forecast.why.looking", {})
    return found.model.card.verdict, why(found.model.card)


def why(card: Card) -> Words:
    """The figures behind the verdict of a card."""
    if card.verdict == "calibrated":
        figures = {"hourly_cv": f"{card.held_out.cv_rmse:.1f}", "monthly_cv": f"{card.monthly.cv_rmse:.1f}"}
        return _both("forecast.why.calibrated", figures)
    held, monthly = card.held_out, card.monthly
    found = [
        ("hourly-cv", held.cv_rmse, HOURLY_CV, not held.cv_rmse <= HOURLY_CV),
        ("hourly-nmbe", held.nmbe, HOURLY_NMBE, not abs(held.nmbe) <= HOURLY_NMBE),
    ]
    if monthly.n < LEAST_MONTHS:
        found.append(("months", monthly.n, LEAST_MONTHS, True))
    else:
        found.append(("monthly-cv", monthly.cv_rmse, MONTHLY_CV, not monthly.cv_rmse <= MONTHLY_CV))
        found.append(("monthly-nmbe", monthly.nmbe, MONTHLY_NMBE, not abs(monthly.nmbe) <= MONTHLY_NMBE))
    told = [
        _both(f"forecast.why.{name}", {"figure": f"{figure:.3g}", "limit": f"{limit:.0f}"})
        for name, figure, limit, is_so in found if is_so
    ]  # fmt: skip
    return {"zh": "；".join(row["zh"] for row in told), "en": "; ".join(row["en"] for row in told)}


def _both(key: str, figures: Words) -> Words:
    return {lang: filled(key, lang, figures) for lang in LANGUAGES}
