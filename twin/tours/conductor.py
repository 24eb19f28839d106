"""A tour under way: which step stands, who leads, how much time is left. Pure: each act gives a new state, and the time
``now`` [s] is given with it.

One guide holds the baton, and only that one's acts count; another takes it over in so many words. Steps that are left
out (their place is lost, their condition does not hold) are passed over with a note to the guide. A tour that nobody
touches goes back to its beginning, after a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

WARNING_S = 20.0
"""How long before the reset it is said that there will be one [s]."""
HELD_S = 900.0
"""How long a tour that is held is left alone [s]."""

Phase = Literal["under-way", "ended"]


@dataclass(frozen=True, slots=True)
class Stop:
    """A step of the plan: its chapter and all of its time [s]."""

    id: str
    chapter: str
    dwell_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a whole tour, and of each variant [min] those that belong to it; ``idle_s`` [s] without a touch
    after a step's own time is over until the tour goes back to its beginning."""

    stops: tuple[Stop, ...]
    variants: Mapping[int, frozenset[str]] = field(default_factory=dict)
    idle_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.stops:
            raise ValueError("a tour without a step cannot be led")
        if self.idle_s < WARNING_S:
            raise ValueError(f"idle_s is {self.idle_s:g} s: at least the {WARNING_S:g} s of its warning")


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a step is left out: its ``place`` is not of this campus, or its condition does not hold."""

    code: Literal["lost", "condition"]
    place: str = ""

    def in_words(self, lang: Literal["zh", "en"]) -> str:
        """As the guide reads it."""
        if self.code == "lost":
            return f"校园里没有'{self.place}'" if lang == "zh" else f"there is no '{self.place}' in this campus"
        return "此刻不符合条件" if lang == "zh" else "its condition does not hold just now"


@dataclass(frozen=True, slots=True)
class Note:
    """To the guide: a step was passed over, and why."""

    step: str
    why: Skip


@dataclass(frozen=True, slots=True)
class Under:
    """A tour under way. ``at`` is the place in the plan; ``since`` [s] when that step began, moved on by the time that
    it was held; ``held`` [s] since when it is held; ``touched`` [s] the last act of the holder."""

    plan: Plan
    at: int
    since: float
    touched: float
    holder: str
    guides: tuple[str, ...]
    phase: Phase = "under-way"
    minutes: int = 0
    skips: Mapping[str, Skip] = field(default_factory=dict)
    held: float | None = None
    notes: tuple[Note, ...] = ()

    @property
    def stop(self) -> Stop:
        """The step that stands."""
        return self.plan.stops[self.at]

    @property
    def path(self) -> tuple[int, ...]:
        """The places that are told: those of the variant that are not left out."""
        chosen = self.plan.variants.get(self.minutes)
        return tuple(
            n for n, stop in enumerate(self.plan.stops)
            if (chosen is None or stop.id in chosen) and stop.id not in self.skips
        )  # fmt: skip

    def elapsed(self, now: float) -> float:
        """How long the step stands [s], without the time it was held."""
        return max(0.0, (now if self.held is None else min(now, self.held)) - self.since)

    def left(self, now: float) -> float:
        """How much time is left [s]: of this step, and all of those that follow."""
        if self.phase == "ended":
            return 0.0
        own = max(0.0, self.stop.dwell_s - self.elapsed(now))
        return own + sum(self.plan.stops[n].dwell_s for n in self.path if n > self.at)

    def resets_in(self, now: float) -> float:
        """How long until it goes back to its beginning [s]; 0 = now."""
        quiet = self.touched + HELD_S if self.held is not None else max(self.touched, self.since + self.stop.dwell_s)
        return max(0.0, quiet + self.plan.idle_s - now)

    def warns(self, now: float) -> bool:
        """Whether the audience is told that it will begin anew."""
        return 0 < self.resets_in(now) <= WARNING_S


Refusal = Literal["not-holder", "not-joined", "ended", "first", "left-out", "no-step", "no-variant", "nothing-left"]


class ActError(ValueError):
    """What cannot be done, and what to do instead, in words; ``code`` is stable."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code = code


def begin(plan: Plan, guide: str, now: float, *, minutes: int = 0, skips: Mapping[str, Skip] | None = None) -> Under:
    """A tour at its first step; ``minutes`` 0 is all of it, ``skips`` the steps that are left out -> why.

    ActError where the variant is none of the plan's, or no step is left to tell.
    """
    _known(plan, minutes)
    state = Under(plan, 0, now, now, guide, (guide,), minutes=minutes, skips=dict(skips or {}))
    if not state.path:
        raise ActError("nothing-left", "no step of this tour can be told here: its places are not of this campus")
    return replace(state, at=state.path[0], notes=_passed(state, -1, state.path[0]))


def go_on(state: Under, guide: str, now: float) -> Under:
    """The next step; after the last one the tour has ended."""
    _leads(state, guide)
    if state.phase == "ended":
        raise ActError("ended", "the tour has ended: go back, or begin anew")
    later = [n for n in state.path if n > state.at]
    if later:
        return _to(state, later[0], now, (*state.notes, *_passed(state, state.at, later[0])))
    end = _passed(state, state.at, len(state.plan.stops))
    return replace(state, phase="ended", touched=now, held=None, notes=(*state.notes, *end))


def go_back(state: Under, guide: str, now: float) -> Under:
    """The step before; from the end the last one."""
    _leads(state, guide)
    if state.phase == "ended":
        return _to(state, state.at, now, state.notes)
    earlier = [n for n in state.path if n < state.at]
    if not earlier:
        raise ActError("first", "this is the first step")
    return _to(state, earlier[-1], now, state.notes)


def jump(state: Under, guide: str, step: str, now: float) -> Under:
    """Any step of the tour that is not left out, of this variant or not."""
    _leads(state, guide)
    if (why := state.skips.get(step)) is not None:
        raise ActError("left-out", f"'{step}' is left out: {why.in_words('en')}")
    for n, stop in enumerate(state.plan.stops):
        if stop.id == step:
            return _to(state, n, now, state.notes)
    raise ActError("no-step", f"there is no step '{step}' in this tour")


def to_chapter(state: Under, guide: str, chapter: str, now: float) -> Under:
    """The first step of a chapter that is told."""
    _leads(state, guide)
    for n in state.path:
        if state.plan.stops[n].chapter == chapter:
            return _to(state, n, now, state.notes)
    raise ActError("no-step", f"nothing of a chapter '{chapter}' is told in this variant")


def hold(state: Under, guide: str, now: float) -> Under:
    """Time stands still, for a question."""
    _leads(state, guide)
    if state.phase == "ended":
        raise ActError("ended", "the tour has ended: go back, or begin anew")
    return replace(state, held=now if state.held is None else state.held, touched=now)


def resume(state: Under, guide: str, now: float) -> Under:
    """Time goes on where it stood."""
    _leads(state, guide)
    if state.held is None:
        return replace(state, touched=now)
    return replace(state, since=state.since + max(0.0, now - state.held), held=None, touched=now)


def change_length(state: Under, guide: str, minutes: int, now: float) -> Under:
    """Another variant: the step that stands goes on, what follows is of the new one."""
    _leads(state, guide)
    _known(state.plan, minutes)
    changed = replace(state, minutes=minutes, touched=now)
    if not changed.path:
        raise ActError("nothing-left", f"in {minutes} minutes nothing of this tour can be told here")
    return changed


def leave_out(state: Under, skips: Mapping[str, Skip]) -> Under:
    """What is left out from now on -> why; the step that stands goes on. Nobody's act: the campus changed."""
    return replace(state, skips=dict(skips))


def join(state: Under, guide: str) -> Under:
    """One more guide looks on, without the baton."""
    return state if guide in state.guides else replace(state, guides=(*state.guides, guide))


def take_over(state: Under, guide: str, now: float) -> Under:
    """The baton goes to ``guide``, who must have joined."""
    if guide not in state.guides:
        raise ActError("not-joined", "join the tour before you take it over")
    return replace(state, holder=guide, touched=now)


def leave(state: Under, guide: str, now: float) -> Under:
    """A guide goes; the baton goes to the one who joined first, if there is another."""
    guides = tuple(each for each in state.guides if each != guide)
    if state.holder != guide:
        return replace(state, guides=guides)
    return replace(state, guides=guides, holder=guides[0] if guides else "", touched=now)


def touch(state: Under, guide: str, now: float) -> Under:
    """A sign of life of the holder: the reset is put off."""
    _leads(state, guide)
    return replace(state, touched=max(state.touched, now))


def tick(state: Under, now: float) -> Under:
    """The state at ``now``: back at the beginning where nobody touched it for too long."""
    if state.resets_in(now) > 0:
        return state
    fresh = replace(state, at=0, phase="under-way", notes=(), held=None, since=now, touched=now)
    if not fresh.path:
        return replace(state, phase="ended", held=None, touched=now)
    return replace(fresh, at=fresh.path[0], notes=_passed(fresh, -1, fresh.path[0]))


def _to(state: Under, at: int, now: float, notes: tuple[Note, ...]) -> Under:
    return replace(state, at=at, since=now, touched=now, held=None, phase="under-way", notes=notes)


def _passed(state: Under, after: int, before: int) -> tuple[Note, ...]:
    """Notes of the steps of this variant between two places that are left out, each once."""
    chosen = state.plan.variants.get(state.minutes)
    told = {note.step for note in state.notes}
    return tuple(
        Note(stop.id, state.skips[stop.id]) for stop in state.plan.stops[after + 1 : before]
        if stop.id in state.skips and stop.id not in told and (chosen is None or stop.id in chosen)
    )  # fmt: skip


def _leads(state: Under, guide: str) -> None:
    if guide != state.holder:
        who = f"'{state.holder}' leads this tour" if state.holder else "nobody leads this tour"
        raise ActError("not-holder", f"{who}: take it over first")


def _known(plan: Plan, minutes: int) -> None:
    if minutes and minutes not in plan.variants:
        lengths = ", ".join(map(str, sorted(plan.variants)))
        raise ActError("no-variant", f"there is no variant of {minutes} minutes; there are: {lengths or 'none'}")
