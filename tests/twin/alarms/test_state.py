"""Every state and every event: what ISA-18.2's table says happens, and everything else refused in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.alarms.alarm import Alarm, AlarmError
from twin.alarms.state import Event, Process, letter
from twin.alarms.steps import Act, applied

NOW = 1_000.0
START = {
    "A": {}, "B": {"active": True}, "C": {"active": True}, "D": {}, "E": {"latch": True}, "F": {"latch": True},
}  # fmt: skip
FLAGS = {"G": {"shelved_until": NOW + 60}, "H": {"suppressed_by": ("them",)}, "I": {"out_of_service": True}}
"""The flagged states hold a condition that is true, but for their second letter."""

TABLE = {
    "A": {"alarm": "B", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "B": {"return": "D", "ack": "C", "escalate": "B", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "C": {"return": "A", "escalate": "B", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "D": {"alarm": "B", "ack": "A", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "E": {"alarm": "B", "ack": "F", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "F": {"alarm": "B", "reset": "A", "shelve": "G", "suppress": "H", "out-of-service": "I"},
    "G": {"return": "G", "unshelve": "B", "suppress": "H", "out-of-service": "I"},
    "G false": {"alarm": "G", "unshelve": "A", "suppress": "H", "out-of-service": "I"},
    "H": {"return": "H", "unsuppress": "B", "suppress": "H", "shelve": "H", "out-of-service": "I"},
    "H false": {"alarm": "H", "unsuppress": "A", "suppress": "H", "shelve": "H", "out-of-service": "I"},
    "I": {"return": "I", "in-service": "B", "shelve": "I", "suppress": "I"},
    "I false": {"alarm": "I", "in-service": "A", "shelve": "I", "suppress": "I"},
}


def start(state: str) -> Alarm:
    alarm = Alarm("r:p", "r", "p", base=3, priority=3)
    if state in START:
        return replace(alarm, process=Process(state), **START[state])  # type: ignore[arg-type]
    true = not state.endswith("false")
    process = Process.UNACKED if true else Process.NORMAL
    return replace(alarm, active=true, process=process, **FLAGS[state[0]])  # type: ignore[arg-type]


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", TABLE)
def test_every_state_and_event(state: str, event: Event) -> None:
    alarm = start(state)
    assert alarm.letter == state[0]
    actor = "them" if event is Event.UNSUPPRESS else "me"
    act = Act(actor, "because", NOW, value=5.0)
    expected = TABLE[state].get(event.value)
    if expected is None:
        with pytest.raises(AlarmError, match="alarm 'r:p' ") as refused:
            applied(alarm, event, act)
        assert len(str(refused.value)) > len("alarm 'r:p' is ...")
        return
    after = applied(alarm, event, act)
    assert after.letter == expected
    assert after.changed == NOW
    assert after.active == (alarm.active if event not in (Event.ALARM, Event.RETURN) else event is Event.ALARM)


@pytest.mark.parametrize(("state", "expected"), [("B", "E"), ("C", "F")])
def test_a_latching_alarm_stays_when_it_returns(state: str, expected: str) -> None:
    latching = replace(start(state), latch=True)
    assert applied(latching, Event.RETURN, Act("system", "", NOW)).letter == expected


def test_the_strongest_flag_gives_the_letter() -> None:
    flags = {"shelved": True, "suppressed": True, "out_of_service": True}
    assert letter(Process.UNACKED, **flags) == "I"
    assert letter(Process.UNACKED, **{**flags, "out_of_service": False}) == "H"
    assert letter(Process.UNACKED, shelved=True) == "G"
    assert [letter(process) for process in Process] == list("ABCDEF")


def test_of_two_flags_the_last_one_that_goes_brings_it_back() -> None:
    alarm = applied(start("B"), Event.SHELVE, Act("me", "noise", NOW))
    alarm = applied(alarm, Event.SUPPRESS, Act("them", "", NOW))
    alarm = applied(alarm, Event.UNSHELVE, Act("me", "", NOW))
    assert alarm.letter == "H"
    alarm = applied(alarm, Event.UNSUPPRESS, Act("them", "", NOW + 5))
    assert (alarm.letter, alarm.shown) == ("B", NOW + 5)


@pytest.mark.parametrize("event", [Event.SHELVE, Event.REMOVE])
def test_who_silences_an_alarm_says_why(event: Event) -> None:
    with pytest.raises(AlarmError, match="say why"):
        applied(start("B"), event, Act("me", "  ", NOW))


def test_shelving_is_bounded() -> None:
    for until in (NOW, NOW - 5, NOW + 8 * 3600 + 60):
        with pytest.raises(AlarmError, match="at most 8 h"):
            applied(start("B"), Event.SHELVE, Act("me", "noise", NOW, until))
    one_time = applied(start("B"), Event.SHELVE, Act("me", "noise", NOW))
    assert (one_time.one_shot, one_time.shelved_until) == (True, NOW + 8 * 3600)
    assert not applied(start("B"), Event.SHELVE, Act("me", "noise", NOW, NOW + 60)).one_shot


def test_a_review_lies_ahead() -> None:
    with pytest.raises(AlarmError, match="past"):
        applied(start("B"), Event.REMOVE, Act("me", "being repaired", NOW, NOW - 1))
    assert applied(start("B"), Event.REMOVE, Act("me", "being repaired", NOW, NOW + 1)).review == NOW + 1
