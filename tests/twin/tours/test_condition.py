"""Conditions: what they say, what they make of what is not known, and what is refused."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.tours.condition import Dead, Facts, Not, condition, figures_of, sources_of
from twin.tours.figure import Figure

POWER = Figure("kpi", "energy.power")


def facts(*words: str, power: float | None = None, dead: tuple[str, ...] = ()) -> Facts:
    return Facts(
        frozenset(words),  # type: ignore[arg-type]
        lambda figure: power if figure == POWER else None,
        lambda of: str(of) in dead,
    )


CASES = [
    ("night", facts("night"), True),
    ("night", facts(), False),
    ("not night", facts(), True),
    ("night and weekday", facts("night"), False),
    ("night or weekday", facts("night"), True),
    ("not (night or weekday)", facts(), True),
    ("night or weekday and vacation", facts("night"), True),
    ("(night or weekday) and vacation", facts("night"), False),
    ("kpi:energy.power > 12000", facts(power=12_001), True),
    ("kpi:energy.power > 12000", facts(power=12_000), False),
    ("kpi:energy.power>=12000", facts(power=12_000), True),
    ("kpi:energy.power < -3.5", facts(power=-4), True),
    ("kpi:energy.power <= 10", facts(power=10), True),
    ("kpi:energy.power > 1", facts(), None),
    ("not kpi:energy.power > 1", facts(), None),
    ("kpi:energy.power > 1 or night", facts("night"), True),
    ("kpi:energy.power > 1 and night", facts(), False),
    ("kpi:energy.power > 1 and night", facts("night"), None),
    ("kpi:energy.power > 1", facts(power=float("nan")), None),
    ("dead(kpi:energy.power)", facts(dead=("kpi:energy.power",)), True),
    ("dead( source:mqtt ) or night", facts(dead=("mqtt",)), True),
]


@pytest.mark.parametrize(("text", "given_facts", "holds"), CASES)
def test_a_condition_holds_or_not_or_is_not_known(text: str, given_facts: Facts, holds: bool | None) -> None:
    assert condition(text).holds(given_facts) is holds


WRONG = [
    ("nigth", "did you mean 'night'"),
    ("", "ends where a fact is due"),
    ("night and", "ends where a fact is due"),
    ("night weekday", "one word too many"),
    ("(night", "ends where ')' is due"),
    ("kpi:energy.pwer > 3", "did you mean 'energy.power'"),
    ("kpi:energy.power", "ends where a comparison"),
    ("kpi:energy.power > many", "is no number"),
    ("kpi:energy.power == 3", "is not understood"),
    ("kpi:energy.power night", "is no comparison"),
    ("dead()", "is no fact"),
    ("__import__('os')", "is no fact"),
    ("not " * 40 + "night", "nested at most"),
    ("(" * 40 + "night" + ")" * 40, "nested at most"),
    ("night or " * 100 + "night", "at most 400 characters"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_no_condition_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        condition(text)


@given(
    st.text(string.printable, max_size=60)
    | st.lists(st.sampled_from(["night", "and", "or", "not", "(", ")", "<", "3"])).map(" ".join)
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = condition(text)
    except ValueError:
        return
    assert found.holds(facts("night")) in (True, False, None)


def test_it_says_what_it_asks_for() -> None:
    found = condition("dead(source:mqtt) or not (channel:energy.co2@14 > 1000 and dead(point:14/EM/power))")
    assert [str(figure) for figure in figures_of(found)] == ["channel:energy.co2@14", "point:14/EM/power"]
    assert list(sources_of(found)) == ["mqtt"]
    assert Not(Dead("mqtt")).holds(facts()) is True
