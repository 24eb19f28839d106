"""The page on the forecast says what the product does: keys of the answers, when models are made, what is left out."""

from __future__ import annotations

from typing import get_args

from server.schemas_forecast import ForecastOut, ForecastQuality, ModelCardOut, ModelsOut
from tests.conftest import ROOT
from twin.forecast import hourly, keeper, outlook, told
from twin.forecast.exclusions import EXCLUDING
from twin.quality.finding import CHECKS

TEXT = (ROOT / "docs" / "reference" / "forecast.md").read_text("utf-8").partition("## In the product")[2]


def test_every_key_of_the_answers_is_explained() -> None:
    keys = [key for model in (ForecastOut, ModelsOut, ModelCardOut) for key in model.model_fields]
    assert [key for key in keys if f"`{key}`" not in TEXT] == []
    assert [word for word in get_args(ForecastQuality) if f"`{word}`" not in TEXT] == []


def test_what_is_left_out_and_when_models_are_made_is_there() -> None:
    assert [check for check in EXCLUDING if f"`{check}`" not in TEXT] == []
    assert f"less than {100 * hourly.LEAST_SHARE:.0f} %" in TEXT
    assert f"for {100 * keeper.WARM_COVERAGE:.0f} % of the hours" in TEXT.replace("\n", " ")
    night = keeper.NIGHT.hour
    assert f"from {night}:00 to {night + keeper.NIGHT_H}:00" in TEXT
    assert f"up to {keeper.TRAINED_D} days" in TEXT
    assert (outlook.RECENT_D, outlook.WATCHED_D, outlook.AHEAD_D, told.SMALL) == (42, 14, 8, 0.25)


def test_every_check_has_a_row() -> None:
    quality = (ROOT / "docs" / "reference" / "quality.md").read_text("utf-8")
    assert [check for check in CHECKS if f"| `{check}` |" not in quality] == []
