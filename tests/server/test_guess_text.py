"""Reasons of suggestions in words: every one in both languages, with exactly the arguments that it has."""

from __future__ import annotations

import re
from string import Formatter
from typing import get_args

import pytest

from server.guess_text import sentence, why
from server.texts import Lang, table
from tests.conftest import ROOT
from twin.guess import Guess
from twin.guess_names import Way
from twin.guess_reason import Reason, because


def asked() -> dict[str, set[str]]:
    """The keys that the guesses use, and the names of their arguments."""
    found: dict[str, set[str]] = {f"building-{way}": {"word", "building"} for way in get_args(Way)}
    for file in (ROOT / "twin").glob("*.py"):
        for call in re.findall(r'because\(\s*"[^"]+"(?:[^()]|\([^()]*\))*\)', file.read_text("utf-8")):
            key = call.partition('"')[2].partition('"')[0]
            found.setdefault(key, set()).update(re.findall(r"[(,]\s*([a-z]+)=(?!=)", call))
    found["building-name"] = {"word"}
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_a_sentence_with_its_arguments_and_none_is_left_over(lang: Lang) -> None:
    texts = {key.removeprefix("guess."): line for key, line in table(lang).items() if key.startswith("guess.")}
    texts = {key: line for key, line in texts.items() if not key.startswith("about.")}
    assert {key: {name for _, name, _, _ in Formatter().parse(line) if name} for key, line in texts.items()} == asked()


def test_quantities_are_named_and_numbers_are_short() -> None:
    assert sentence(Reason("beside", (("quantities", ("power", "voltage")),)), "zh") == "同一设备还有功率、电压"
    assert sentence(because("told-foreign", quantity="power")[0], "en") == "told by the source, but no unit of Power"
    guess = Guess("x", 0.5, because("usual") + because("unusual", value=1234567.0))
    assert why(guess, "en") == "the usual one, though 1.23457e+06 is unusual"
    assert why(guess, "zh") == "常用单位，但 1.23457e+06 不常见"
    assert why(Guess(), "zh") == ""
