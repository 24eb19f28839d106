"""Conditions of a step, as ``night and kpi:energy.power > 12000`` or ``dead(source:mqtt)``; read here, never evaluated
as code.

What is not known (a figure without a value) makes neither itself nor its opposite true: the answer is then None, and
what was to be told under that condition is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from twin.mistake import nearest
from twin.tours.figure import Figure, figure

Word = Literal["night", "weekday", "weekend", "vacation"]
WORDS: tuple[Word, ...] = ("night", "weekday", "weekend", "vacation")
LONGEST = 400
_DEEPEST = 20
_TOKENS = re.compile(r"\s*(?:(dead)\s*\(\s*([^()\s]+)\s*\)|(<=|>=|<|>|\(|\))|([^\s()<>=]+))")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so just now: the words that hold, the value of a figure [its unit] or None, and whether a figure or a
    source (by its name) is dead."""

    words: frozenset[Word] = frozenset()
    value: Callable[[Figure], float | None] = field(default=lambda _: None)
    dead: Callable[[Figure | str], bool] = field(default=lambda _: False)


@dataclass(frozen=True, slots=True)
class Fact:
    """A word that holds or not."""

    word: Word

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is so."""
        return self.word in facts.words


@dataclass(frozen=True, slots=True)
class Dead:
    """No data of a figure, or of a source named by a text."""

    of: Figure | str

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is so."""
        return facts.dead(self.of)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside a limit [the figure's unit]."""

    figure: Figure
    sign: Literal["<", ">", "<=", ">="]
    limit: float

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is so; None without a value."""
        value = facts.value(self.figure)
        if value is None or value != value:
            return None
        more, same = value > self.limit, value == self.limit
        return {">": more, ">=": more or same, "<": not (more or same), "<=": not more}[self.sign]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Condition

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is so; of what is not known the opposite is not known."""
        found = self.of.holds(facts)
        return None if found is None else not found


@dataclass(frozen=True, slots=True)
class Joined:
    """All of the parts, or any of them."""

    how: Literal["and", "or"]
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is so."""
        found = [part.holds(facts) for part in self.parts]
        decides = self.how == "or"
        if decides in found:
            return decides
        return None if None in found else not decides


Condition = Fact | Dead | Compared | Not | Joined


def figures_of(condition: Condition) -> Iterator[Figure]:
    """Every figure that a condition asks for."""
    match condition:
        case Compared(figure=asked):
            yield asked
        case Dead(of=Figure() as asked):
            yield asked
        case Not(of=inner):
            yield from figures_of(inner)
        case Joined(parts=parts):
            for part in parts:
                yield from figures_of(part)


def sources_of(condition: Condition) -> Iterator[str]:
    """Every source whose death it asks for."""
    match condition:
        case Dead(of=str() as name):
            yield name
        case Not(of=inner):
            yield from sources_of(inner)
        case Joined(parts=parts):
            for part in parts:
                yield from sources_of(part)


def condition(text: str) -> Condition:
    """The condition of a text; ValueError says which part is none, and how it is written."""
    if len(text) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters, this one {len(text)}")
    reader = _Reader(list(_tokens(text)))
    found = reader.any_of(0)
    if reader.rest:
        raise ValueError(f"'{reader.rest[0]}' is one word too many: join with 'and', 'or'")
    return found


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            raise ValueError(f"'{text[at:].strip()}' is not understood: as in night and kpi:energy.power > 12000")
        yield f"dead({match[2]})" if match[1] else match[3] or match[4]
        at = match.end()


class _Reader:
    """One text: 'or' of 'and' of 'not'."""

    def __init__(self, rest: list[str]) -> None:
        self.rest = rest

    def any_of(self, depth: int) -> Condition:
        return self._joined("or", lambda: self._joined("and", lambda: self._one(depth)))

    def _joined(self, how: Literal["and", "or"], inner: Callable[[], Condition]) -> Condition:
        parts = [inner()]
        while self.rest and self.rest[0].casefold() == how:
            self.rest.pop(0)
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Joined(how, tuple(parts))

    def _take(self, what: str) -> str:
        if not self.rest:
            raise ValueError(f"the condition ends where {what} is due")
        return self.rest.pop(0)

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise ValueError(f"a condition is nested at most {_DEEPEST} deep")
        token = self._take("a fact")
        if token.casefold() == "not":
            return Not(self._one(depth + 1))
        if token == "(":  # noqa: S105 - a bracket
            found = self.any_of(depth + 1)
            if self._take("')'") != ")":
                raise ValueError("a bracket is not closed: ')' is due")
            return found
        if token.startswith("dead("):
            name = token[5:-1]
            return Dead(name.removeprefix("source:") if name.startswith("source:") else figure(name))
        if token in WORDS:
            return Fact(token)
        if ":" not in token:
            raise ValueError(f"'{token}' is no fact; {nearest(token, (*WORDS, 'dead(source:NAME)'))}")
        asked = figure(token)
        sign = self._take(f"a comparison with {asked}")
        if sign not in ("<", ">", "<=", ">="):
            raise ValueError(f"'{sign}' is no comparison: <, >, <= or >=")
        return Compared(asked, sign, _number(self._take("a number")))  # type: ignore[arg-type]


def _number(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text):
        raise ValueError(f"'{text}' is no number: write it as 12000 or -3.5, in the unit of the figure")
    return float(text)
