"""The page about tours: its example is read without a mistake, and every key, limit and finding is explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tests.conftest import ROOT
from twin.tours.camera import SHOTS
from twin.tours.condition import WORDS
from twin.tours.language import LanguageForm, StepTexts
from twin.tours.spoken import spoken
from twin.tours.tour import Layer
from twin.tours.tour_files import default_tours, read_tours
from twin.tours.tour_form import (
    CalloutForm,
    MediaForm,
    OtherwiseForm,
    PoseForm,
    StepForm,
    TimeForm,
    chapter_keys,
    head_keys,
)

REFERENCE = (ROOT / "docs/reference/tours.md").read_text("utf-8")


def test_the_example_is_read_as_it_stands(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.+?)```", REFERENCE, re.DOTALL)
    (tmp_path / "library.yaml").write_text(block, encoding="utf-8")
    tours, mistakes = read_tours(tmp_path, "tours")
    assert mistakes == []
    assert tours["library"].steps[1].moment.play_s == 12.0


def test_every_key_and_finding_is_explained() -> None:
    forms = (StepForm, PoseForm, OtherwiseForm, CalloutForm, MediaForm, LanguageForm, StepTexts)
    words = [*head_keys(), *chapter_keys(), *(name for form in forms for name in form.model_fields)]
    words += [*get_args(Layer), *SHOTS, *WORDS, *default_tours()]
    assert [word for word in words if f"`{word}`" not in REFERENCE] == []
    assert f"`{{{', '.join(TimeForm.model_fields)}}}`" in REFERENCE
    sources = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "twin/tours").glob("*.py")))
    codes = set(re.findall(r'"(tour-[a-z-]+)"', sources))
    assert len(codes) == 10
    assert [code for code in codes if f"`{code}`" not in REFERENCE] == []


def test_the_table_of_numbers_is_what_is_said() -> None:
    rows = re.findall(r"^\| ([\d.,]+)(?: (kW|%))? \| (.+?) \| (.+?) \|$", REFERENCE, re.MULTILINE)
    assert len(rows) == 6
    for number, unit, zh, en in rows:
        value = float(number.replace(",", ""))
        assert (spoken(value, unit, "zh").text, spoken(value, unit, "en").text) == (zh, en)


def test_the_limits_of_the_camera_stand_there() -> None:
    for kind, shot in SHOTS.items():
        (row,) = [line for line in REFERENCE.splitlines() if line.startswith("| `") and f"`{kind}`" in line
                  and line.count("|") == 5 and " to " in line]  # fmt: skip
        for least, _, most in (shot.fov, shot.height, shot.pitch):
            assert f"{least:,g} to {most:,g}" in row or (least == most and f"| {least:g} |" in row)
