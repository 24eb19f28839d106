"""A tour under way: it never leaves the tour, back undoes next, the time left falls, one guide leads."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.tours.conductor import (
    HELD_S,
    WARNING_S,
    ActError,
    Plan,
    Refusal,
    Skip,
    Stop,
    Under,
    begin,
    change_length,
    go_back,
    go_on,
    hold,
    join,
    jump,
    leave,
    leave_out,
    resume,
    take_over,
    tick,
    to_chapter,
    touch,
)

STOPS = tuple(Stop(f"s{n}", "one" if n < 3 else "two", 20.0 + n) for n in range(6))
PLAN = Plan(STOPS, {5: frozenset({"s0", "s2", "s4"}), 10: frozenset({"s0", "s2", "s3", "s4"})})


LOST, UNTOLD = Skip("lost", "99"), Skip("condition")


def at(state: Under) -> str:
    return state.stop.id


def test_it_goes_on_and_back_and_ends() -> None:
    state = begin(PLAN, "ann", 0.0, minutes=5)
    assert (at(state), state.left(0)) == ("s0", 20 + 22 + 24)
    state = go_on(go_on(state, "ann", 5), "ann", 9)
    assert (at(state), state.left(19)) == ("s4", 14.0)
    ended = go_on(state, "ann", 30)
    assert (ended.phase, ended.left(30), at(ended)) == ("ended", 0.0, "s4")
    with pytest.raises(ActError, match="has ended"):
        go_on(ended, "ann", 31)
    again = go_back(ended, "ann", 40)
    assert (again.phase, at(again), again.left(40)) == ("under-way", "s4", 24.0)
    with pytest.raises(ActError, match="first step"):
        go_back(begin(PLAN, "ann", 0), "ann", 1)


def test_time_stands_still_while_it_is_held() -> None:
    state = hold(begin(PLAN, "ann", 0.0), "ann", 8)
    assert state.left(8) == state.left(500)
    state = resume(hold(state, "ann", 300), "ann", 508)
    assert state.elapsed(510) == 10.0


def test_lost_steps_are_passed_over_with_a_note() -> None:
    state = begin(PLAN, "ann", 0.0, skips={"s0": LOST, "s2": UNTOLD})
    assert at(state) == "s1"
    assert [(note.step, note.why) for note in state.notes] == [("s0", LOST)]
    state = go_on(state, "ann", 1)
    assert (at(state), [note.step for note in state.notes]) == ("s3", ["s0", "s2"])
    again = go_on(go_back(state, "ann", 2), "ann", 3)
    assert again.notes == state.notes
    with pytest.raises(ActError, match="left out: its condition"):
        jump(state, "ann", "s2", 4)
    with pytest.raises(ActError, match="no step of this tour"):
        begin(PLAN, "ann", 0.0, skips={stop.id: LOST for stop in STOPS})
    assert LOST.in_words("en") == "there is no '99' in this campus"
    assert LOST.in_words("zh") == "校园里没有'99'"
    kept = leave_out(state, {"s3": LOST})
    assert at(kept) == "s3"
    assert at(go_on(kept, "ann", 5)) == "s4"


def test_only_the_holder_of_the_baton_leads() -> None:
    state = join(begin(PLAN, "ann", 0.0), "bo")
    with pytest.raises(ActError, match="'ann' leads"):
        go_on(state, "bo", 1)
    with pytest.raises(ActError, match="join the tour"):
        take_over(state, "cy", 1)
    state = take_over(state, "bo", 1)
    assert at(go_on(state, "bo", 2)) == "s1"
    with pytest.raises(ActError, match="'bo' leads"):
        hold(state, "ann", 2)
    state = leave(state, "bo", 3)
    assert (state.holder, state.guides) == ("ann", ("ann",))
    nobody = leave(state, "ann", 4)
    with pytest.raises(ActError, match="nobody leads"):
        touch(nobody, "ann", 5)
    assert take_over(join(nobody, "cy"), "cy", 6).holder == "cy"


def test_another_length_keeps_the_step_that_stands() -> None:
    state = jump(begin(PLAN, "ann", 0.0, minutes=10), "ann", "s3", 1)
    short = change_length(state, "ann", 5, 2)
    assert (at(short), at(go_on(short, "ann", 3)), at(go_back(short, "ann", 3))) == ("s3", "s4", "s2")
    assert change_length(short, "ann", 0, 3).left(1) == 23 + 24 + 25
    with pytest.raises(ActError, match="there are: 5, 10"):
        change_length(state, "ann", 7, 2)
    with pytest.raises(ActError, match="there are: 5, 10"):
        begin(PLAN, "ann", 0, minutes=7)


def test_chapters_and_steps_by_name() -> None:
    state = to_chapter(begin(PLAN, "ann", 0.0, skips={"s3": LOST}), "ann", "two", 1)
    assert at(state) == "s4"
    with pytest.raises(ActError, match="chapter 'three'"):
        to_chapter(state, "ann", "three", 2)
    with pytest.raises(ActError, match="no step 's9'"):
        jump(state, "ann", "s9", 2)


def test_what_nobody_touches_begins_anew_after_a_warning() -> None:
    state = go_on(begin(PLAN, "ann", 0.0), "ann", 10)
    over = 10 + 21 + PLAN.idle_s
    assert not state.warns(over - WARNING_S - 1)
    assert state.warns(over - WARNING_S)
    assert at(tick(state, over - 0.5)) == "s1"
    assert at(touch(state, "ann", over - 1)) == "s1"
    assert touch(state, "ann", over - 1).resets_in(over) == PLAN.idle_s - 1
    assert at(tick(state, over)) == "s0"
    held = hold(state, "ann", 20)
    assert at(tick(held, over)) == "s1"
    assert at(tick(held, 20 + HELD_S + PLAN.idle_s)) == "s0"
    with pytest.raises(ValueError, match="at least the 20 s"):
        Plan(STOPS, idle_s=10)
    with pytest.raises(ValueError, match="without a step"):
        Plan(())


ACTS = ("go_on", "go_back", "hold", "resume", "jump", "chapter", "length", "skip", "tick", "take", "leave")


def _do(state: Under, act: str, pick: int, now: float) -> Under:
    guide = state.holder
    if act == "jump":
        return jump(state, guide, STOPS[pick % 6].id, now)
    if act == "chapter":
        return to_chapter(state, guide, ("one", "two")[pick % 2], now)
    if act == "length":
        return change_length(state, guide, (0, 5, 10)[pick % 3], now)
    if act == "skip":
        return leave_out(state, {stop.id: LOST for n, stop in enumerate(STOPS) if pick >> n & 1})
    if act == "tick":
        return tick(state, now)
    if act == "take":
        return take_over(join(state, f"g{pick % 3}"), f"g{pick % 3}", now)
    if act == "leave":
        return leave(state, guide, now)
    return {"go_on": go_on, "go_back": go_back, "hold": hold, "resume": resume}[act](state, guide, now)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 63), st.floats(0, 90)), max_size=30))
def test_whatever_is_done_it_never_leaves_the_tour(acts: list[tuple[str, int, float]]) -> None:
    now = 0.0
    state = begin(PLAN, "g0", now)
    for act, pick, later in acts:
        before, now = state, now + later
        try:
            state = _do(state, act, pick, now)
        except ActError as refused:
            assert str(refused)  # noqa: PT017 - a refusal has words
            assert refused.code in get_args(Refusal)  # noqa: PT017
            assert state is before
        assert 0 <= state.at < len(STOPS)
        assert state.left(now) >= 0
        assert state.left(now + 7) <= state.left(now)
        assert state.holder in ("", *state.guides)
        assert len({note.step for note in state.notes}) == len(state.notes)
        if state.phase == "under-way" and state.at in state.path and state.holder:
            on = go_on(state, state.holder, now)
            assert on.left(now) <= state.left(now) or state.elapsed(now) >= state.stop.dwell_s
            back = go_back(on, state.holder, now)
            assert (back.at, back.phase, back.minutes) == (state.at, state.phase, state.minutes)
            assert replace(back, since=0, touched=0, held=None, notes=()) == replace(
                state, since=0, touched=0, held=None, notes=()
            )
