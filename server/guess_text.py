"""The reasons of a suggestion in both languages, from the table of interface texts and their arguments."""

from __future__ import annotations

from collections.abc import Sequence

from server.texts import Lang, filled
from twin.guess import Guess
from twin.guess_reason import Argument, Reason
from twin.quantity import QUANTITIES
from twin.suggest import Suggestion

_BETWEEN: dict[Lang, tuple[str, str, str]] = {"en": (", ", "; ", ", "), "zh": ("，", "；", "、")}
"""Between reasons of one guess, between guesses, between the things that one reason names."""


def why(guess: Guess, lang: Lang) -> str:
    """The reasons of one guess; '' where there are none."""
    return _BETWEEN[lang][0].join(sentence(reason, lang) for reason in guess.why)


def whole(suggestion: Suggestion, lang: Lang) -> str:
    """The reasons of all its guesses, in one line."""
    told = [(about, why(guess, lang)) for about, guess in suggestion.parts.items()]
    return _BETWEEN[lang][1].join(filled(f"guess.about.{about}", lang, {"why": text}) for about, text in told if text)


def sentence(reason: Reason, lang: Lang) -> str:
    """One reason."""
    return filled(f"guess.{reason.key}", lang, {name: _shown(name, value, lang) for name, value in reason.arguments})


def _shown(name: str, value: Argument, lang: Lang) -> str:
    if name in ("quantity", "quantities"):
        keys: Sequence[str] = value if isinstance(value, tuple) else [str(value)]
        return _BETWEEN[lang][2].join(_quantity(key, lang) for key in keys)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quantity(key: str, lang: Lang) -> str:
    quantity = QUANTITIES[key]
    return quantity.zh if lang == "zh" else quantity.en
