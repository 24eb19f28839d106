"""``reports`` of campus.yaml: which browser prints, and which reports are written to a folder, when."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twin.reports.periods import Kind


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"'{text}' is no time of day: write it in quotes, as in \"06:30\"")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScheduledReport(_Strict):
    """A report that is written when its period is over: a day's every day, a week's on Monday, a month's on the 1st.

    ``at`` is the local time; ``of`` a building ('' for the campus); ``keep`` [files] of each language and format.
    """

    kind: Kind
    at: Annotated[str, AfterValidator(_clock)] = "06:30"
    of: Annotated[str, Field(max_length=200)] = ""
    langs: Annotated[tuple[Literal["zh", "en"], ...], Field(min_length=1)] = ("zh",)
    formats: Annotated[tuple[Literal["pdf", "html"], ...], Field(min_length=1)] = ("pdf",)
    keep: Annotated[int, Field(ge=1, le=10_000)] = 90


class ReportsEntry(_Strict):
    """``chromium`` is the browser that prints ('' finds one); ``folder`` is relative to the campus folder."""

    chromium: str = ""
    folder: Annotated[str, Field(min_length=1)] = "reports"
    write: tuple[ScheduledReport, ...] = ()
