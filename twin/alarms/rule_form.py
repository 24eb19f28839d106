"""How a rule is written: the form of ``alarms/*.yaml``, read into records (docs/reference/alarms.md)."""

from __future__ import annotations

import re
import string
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twin.alarms.alarm import PRIORITIES
from twin.alarms.bind import MOST_SAMPLES
from twin.alarms.rule import INFINITE, Condition, ConditionKind, Escalation, Rule, Selector, Window
from twin.alarms.schedule import EVERY_DAY, WHOLE_DAY, Schedule, Vacation, hours, weekdays
from twin.alarms.words import PLACEHOLDERS
from twin.index import EntityKind
from twin.mistake import nearest
from twin.quality.finding import CHECKS
from twin.quantity import QUANTITIES

_UNITS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
SOURCE_STATES = ("connecting", "silent", "down", "misconfigured")


def duration(text: object) -> object:
    """``90``, ``30s``, ``15min``, ``8h``, ``2d`` as seconds; ValueError says how it is written."""
    if not isinstance(text, str):
        return text
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|)\s*", text)
    if match is None:
        raise ValueError(f"'{text}' is no duration: write it as 30s, 15min, 8h or 2d")
    return float(match[1]) * _UNITS[match[2]]


def _priority(text: object) -> object:
    if isinstance(text, str) and text in PRIORITIES:
        return PRIORITIES.index(text) + 1
    raise ValueError(f"'{text}' is no priority; {nearest(str(text), PRIORITIES)}")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _filled(texts: Any) -> Any:
    for lang in ("zh", "en"):
        try:
            names = [name for _, name, _, _ in string.Formatter().parse(texts[lang]) if name is not None]
        except ValueError as error:
            raise ValueError(f"braces in '{texts[lang]}' do not match ({error})") from None
        for name in names:
            if name not in PLACEHOLDERS:
                raise ValueError(f"'{{{name}}}' is no placeholder; {nearest(name, PLACEHOLDERS)}")
    return texts


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Both(_Strict):
    """A text in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=2000)]
    en: Annotated[str, Field(min_length=1, max_length=2000)]

    def __getitem__(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def texts(self) -> dict[str, str]:
        """As a mapping."""
        return {"zh": self.zh, "en": self.en}


Both = Annotated[_Both, AfterValidator(_filled)]
Seconds = Annotated[float, BeforeValidator(duration), Field(ge=0, le=366 * 86_400.0, allow_inf_nan=False)]
Priority = Annotated[int, BeforeValidator(_priority)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=400)], ...], BeforeValidator(_listed)]


class Of(_Strict):
    """Which points, findings or sources."""

    quantity: Words = ()
    points: Words = ()
    without: Words = ()
    at: Annotated[tuple[EntityKind, ...], BeforeValidator(_listed)] = ()
    category: Words = ()
    building: Words = ()
    source: Words = ()
    tags: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Of:
        for each in self.quantity:
            if each not in QUANTITIES:
                raise ValueError(f"'{each}' is no quantity; {nearest(each, QUANTITIES)}")
        return self

    def record(self) -> Selector:
        """The selector."""
        return Selector(
            self.quantity, self.points, self.without, self.at, self.category, self.building, self.source,
            tuple(self.tags.items()),
        )  # fmt: skip


class Deviation(_Strict):
    """The difference to another point."""

    of: Annotated[str, Field(min_length=1, max_length=400)]
    above: Number | None = None
    below: Number | None = None


KINDS = ("above", "below", "outside", "is", "is_not", "rises", "falls", "deviates", "lost", "finding", "source")


class When(_Strict):
    """What must be true: one of ``KINDS``."""

    above: Number | None = None
    below: Number | None = None
    outside: tuple[Number, Number] | None = None
    is_: Annotated[Number | None, Field(alias="is")] = None
    is_not: Number | None = None
    rises: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    falls: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    deviates: Deviation | None = None
    lost: Seconds | None = None
    finding: Words = ()
    source: Words = ()
    deadband: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _one(self) -> When:
        given = [name for name in KINDS if getattr(self, "is_" if name == "is" else name) not in (None, ())]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(KINDS)}" + (f", not {' and '.join(given)}" if given else ""))
        if self.outside is not None and not self.outside[0] < self.outside[1]:
            raise ValueError("outside: the lower limit comes first, as in [18, 26]")
        if self.deviates is not None and (self.deviates.above is None) is (self.deviates.below is None):
            raise ValueError("deviates: give either above or below")
        for words, known in ((self.finding, CHECKS), (self.source, SOURCE_STATES)):
            for word in words:
                if word not in known:
                    raise ValueError(f"'{word}' is not known; {nearest(word, known)}")
        return self

    def record(self) -> Condition:
        """The condition."""
        kind, low, high = self._limits()
        other = "" if self.deviates is None else self.deviates.of
        return Condition(kind, low, high, self.deadband, other, (*self.finding, *self.source))

    def _limits(self) -> tuple[ConditionKind, float, float]:
        if self.above is not None or self.below is not None:
            return "outside", _or(self.below, -INFINITE), _or(self.above, INFINITE)
        if self.outside is not None:
            return "outside", *self.outside
        if (exact := self.is_ if self.is_ is not None else self.is_not) is not None:
            return "inside" if self.is_ is not None else "outside", exact, exact
        if self.rises is not None or self.falls is not None:
            return "rate", -_or(self.falls, INFINITE), _or(self.rises, INFINITE)
        if self.deviates is not None:
            return "deviation", _or(self.deviates.below, -INFINITE), _or(self.deviates.above, INFINITE)
        return "lost" if self.lost is not None else "finding" if self.finding else "source", -INFINITE, INFINITE


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


class During(_Strict):
    """When a rule counts, or a window is open."""

    days: Annotated[frozenset[int], BeforeValidator(lambda v: weekdays(v) if isinstance(v, str) else v)] = EVERY_DAY
    hours: Annotated[tuple[tuple[int, int], ...], BeforeValidator(lambda v: hours(v) if isinstance(v, str) else v)] = (
        WHOLE_DAY
    )
    vacation: Literal["any", "never", "only"] = "any"
    occupied: bool = False

    def record(self) -> Schedule:
        """The schedule."""
        assert self.vacation in get_args(Vacation)
        return Schedule(self.days, self.hours, self.vacation, self.occupied)


class Step(_Strict):
    """One escalation."""

    after: Seconds
    priority: Priority | None = None
    acknowledged: bool = False


class AtMost(_Strict):
    """So many calls in so long."""

    calls: Annotated[int, Field(ge=1, le=1000)]
    per: Seconds = 3600.0


class RuleForm(_Strict):
    """A rule as it is written."""

    of: Of = Of()
    when: When
    texts: Both
    cause: Both
    consequence: Both
    action: Both
    owner: Both
    respond: Seconds
    priority: Priority
    runbook: Both | None = None
    on_delay: Seconds = 0.0
    off_delay: Seconds = 0.0
    k: Annotated[int, Field(ge=1, le=MOST_SAMPLES)] = 1
    n: Annotated[int, Field(ge=1, le=MOST_SAMPLES)] = 1
    latch: bool = False
    escalate: tuple[Step, ...] = ()
    during: During = During()
    at_most: AtMost | None = None

    @model_validator(mode="after")
    def _fits(self) -> RuleForm:
        if self.k > self.n:
            raise ValueError(f"k is {self.k} of n {self.n}: k cannot be more than n")
        if self.when.finding or self.when.source:
            if self.of.quantity or self.of.points:
                raise ValueError("a rule over findings or sources selects no quantity and no points")
        elif not (self.of.quantity or self.of.points):
            raise ValueError("of: name a quantity, or points by pattern; '*' takes all")
        return self

    def record(self, id_: str, file: str, line: int) -> Rule:
        """The rule named ``id_``."""
        most = self.at_most
        return Rule(
            id_, self.of.record(), self.when.record(), self.texts.texts(), self.cause.texts(),
            self.consequence.texts(), self.action.texts(), self.owner.texts(), self.respond, self.priority,
            {} if self.runbook is None else self.runbook.texts(), self.on_delay + (self.when.lost or 0.0),
            self.off_delay, self.k, self.n, self.latch,
            tuple(Escalation(step.after, step.priority, step.acknowledged) for step in self.escalate),
            self.during.record(), 0 if most is None else most.calls, 3600.0 if most is None else most.per, file, line,
        )  # fmt: skip


def _instant(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no instant: write it as 2026-12-01T08:00+08:00") from None
    if found.tzinfo is None:
        raise ValueError(f"'{text}' does not say its zone: add an offset, as in 2026-12-01T08:00+08:00")
    return found


Instant = Annotated[datetime, BeforeValidator(_instant)]


class WindowForm(_Strict):
    """A window as it is written."""

    reason: Both
    places: Words = ()
    rules: Words = ("*",)
    start: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None
    weekly: During | None = None

    @model_validator(mode="after")
    def _fits(self) -> WindowForm:
        if self.start is None and self.to is None and self.weekly is None:
            raise ValueError("say when: from and to, or weekly")
        if self.start is not None and self.to is not None and self.to <= self.start:
            raise ValueError("to must be after from")
        if self.weekly is not None and self.weekly.occupied:
            raise ValueError("weekly: a window does not know who is there")
        return self

    def record(self, id_: str, line: int) -> Window:
        """The window named ``id_``."""
        start = -INFINITE if self.start is None else self.start.timestamp()
        end = INFINITE if self.to is None else self.to.timestamp()
        weekly = (self.weekly or During()).record()
        return Window(id_, self.reason.texts(), self.places, self.rules, start, end, weekly, line)


class VacationForm(_Strict):
    """A vacation: its first and last day."""

    start: Annotated[date, Field(alias="from")]
    to: date

    @model_validator(mode="after")
    def _fits(self) -> VacationForm:
        if self.to < self.start:
            raise ValueError("to must not be before from")
        return self
