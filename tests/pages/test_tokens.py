"""Design tokens: the stylesheet has them all, and text can be read on every ground it stands on (WCAG 2.2 AA)."""

from __future__ import annotations

import re

import pytest

from pages._parts.tokens import ASSETS, load_tokens, stylesheet

TOKENS = load_tokens()


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb after WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = ((c / 12.92) if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["bg", "surface", "raised"])
@pytest.mark.parametrize("text", ["text-1", "text-2", "text-3"])
def test_text_is_readable_on_every_ground(theme: str, ground: str, text: str) -> None:
    table = TOKENS["themes"][theme]
    assert contrast(table[text], table[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_button_is_readable_and_alarm_symbols_stand_out(theme: str) -> None:
    table = TOKENS["themes"][theme]
    assert contrast(table["on-select"], table["select"]) >= 4.5
    assert all(contrast(alarm, table["bg"]) >= 3.0 for alarm in table["alarm"])


def test_both_themes_have_the_same_tokens() -> None:
    light, dark = TOKENS["themes"]["light"], TOKENS["themes"]["dark"]
    assert light.keys() == dark.keys()
    assert len(light["ramp"]) == len(dark["ramp"]) == 7


def test_every_variable_that_a_stylesheet_uses_is_defined() -> None:
    made = stylesheet(TOKENS)
    sheets = {file.name: file.read_text("utf-8") for file in ASSETS.glob("*.css")}
    defined = set(re.findall(r"(--[\w-]+)\s*:", made + "".join(sheets.values())))
    for name, sheet in sheets.items():
        used = set(re.findall(r"var\((--[\w-]+)", sheet))
        # --icon, --level and --passed are set on the element by the script or the page.
        assert used - defined - {"--icon", "--level", "--passed"} == set(), name


def test_stylesheets_have_no_colours_of_their_own() -> None:
    for file in ASSETS.glob("*.css"):
        if file.name != "print.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!-)", file.read_text("utf-8")) == [], file.name
