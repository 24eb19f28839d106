"""docs/reference/reports.md says what a report has: every key of its JSON, every parameter, the limits of printing."""

from __future__ import annotations

import dataclasses

from server import paper_browser, paper_pdf
from tests.conftest import ROOT
from twin.reports import energy, services
from twin.reports.report import Course, Coverage, Energy, Happened, Peak, Report, Trust

TEXT = (ROOT / "docs" / "reference" / "reports.md").read_text("utf-8")


def test_every_key_of_the_numbers_is_explained() -> None:
    _, _, json = TEXT.partition("## JSON")
    for kind in (Report, Energy, Coverage, Peak, Course, Happened, Trust):
        missing = [field.name for field in dataclasses.fields(kind) if f"`{field.name}`" not in json]
        assert missing == [], kind


def test_the_limits_are_those_of_the_program() -> None:
    assert f"at most {paper_pdf.SECONDS:.0f} s, {paper_pdf.MEMORY // 2**30} GB of memory" in TEXT
    assert f"{paper_pdf.MOST_PDF // 2**20} MB of\nPDF" in TEXT
    for name in (*paper_browser.NAMES, paper_browser.VARIABLE):
        assert f"`{name}`" in TEXT
    assert f"only where {energy.WHOLE:.0%} of the meters'".replace("%", " %") in TEXT
    assert f"within {energy.DIFFERS:.0%}".replace("%", " %") in TEXT
    low, high = services.LIMITS["temperature"]
    assert f"below {low:.0f} or above {high:.0f} °C" in TEXT
    assert f"below {services.K} nothing is told" in TEXT
