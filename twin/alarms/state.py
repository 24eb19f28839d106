"""The states of an alarm and what leads from one to the next, as a table (ISA-18.2 / IEC 62682, figure of the states).

Three flags (shelved, suppressed, out of service) are kept beside the process state, as OPC UA Part 9 does; the letter
that people see is derived from all four.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Process(StrEnum):
    """The process state: what the condition and the operator's acknowledgement have made of the alarm."""

    NORMAL = "A"
    UNACKED = "B"
    ACKED = "C"
    RTN_UNACKED = "D"
    LATCHED_UNACKED = "E"
    LATCHED_ACKED = "F"


class Event(StrEnum):
    """What may happen to an alarm."""

    ALARM = "alarm"
    RETURN = "return"
    ACK = "ack"
    RESET = "reset"
    ESCALATE = "escalate"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    REMOVE = "out-of-service"
    RESTORE = "in-service"


SHELVED, SUPPRESSED, OUT_OF_SERVICE = "G", "H", "I"
LETTERS = (*(state.value for state in Process), SHELVED, SUPPRESSED, OUT_OF_SERVICE)
FLAG_EVENTS = frozenset({Event.SHELVE, Event.UNSHELVE, Event.SUPPRESS, Event.UNSUPPRESS, Event.REMOVE, Event.RESTORE})

_A, _B, _C, _D, _E, _F = Process
TABLE: Mapping[tuple[Process, Event], Process] = MappingProxyType(
    {
        (_A, Event.ALARM): _B, (_D, Event.ALARM): _B, (_E, Event.ALARM): _B, (_F, Event.ALARM): _B,
        (_B, Event.RETURN): _D, (_C, Event.RETURN): _A,
        (_B, Event.ACK): _C, (_D, Event.ACK): _A, (_E, Event.ACK): _F,
        (_F, Event.RESET): _A,
        (_B, Event.ESCALATE): _B, (_C, Event.ESCALATE): _B,
    }
)  # fmt: skip
"""Process state and event -> the next state; what is not here is refused."""
LATCHING: Mapping[tuple[Process, Event], Process] = MappingProxyType({(_B, Event.RETURN): _E, (_C, Event.RETURN): _F})
"""What is otherwise where the rule latches."""

_REFUSED: Mapping[tuple[Process, Event], str] = MappingProxyType(
    {
        (_A, Event.ACK): "is normal: there is nothing to acknowledge",
        (_C, Event.ACK): "is acknowledged already",
        (_F, Event.ACK): "is acknowledged already: reset it",
        (_A, Event.RESET): "is normal: there is nothing to reset",
        (_E, Event.RESET): "is not acknowledged yet: acknowledge it first",
        (_D, Event.RESET): "does not latch: acknowledge it, then it is normal",
    }
)


def step(process: Process, event: Event, *, latch: bool = False) -> Process | None:
    """The process state after ``event``; None where the table has no such step."""
    if latch and (process, event) in LATCHING:
        return LATCHING[process, event]
    return TABLE.get((process, event))


def refusal(process: Process, event: Event) -> str:
    """Why ``event`` cannot happen in ``process``, as the end of a sentence that begins with the alarm."""
    told = _REFUSED.get((process, event))
    if told is not None:
        return told
    if event is Event.RESET:
        return "is still true: it can be reset once it has returned"
    if event is Event.ALARM:
        return "is active already"
    if event is Event.RETURN:
        return "is not active: it cannot return"
    return "is not active: it cannot be escalated"


def letter(process: Process, *, shelved: bool = False, suppressed: bool = False, out_of_service: bool = False) -> str:
    """The one letter of the four states."""
    if out_of_service:
        return OUT_OF_SERVICE
    if suppressed:
        return SUPPRESSED
    return SHELVED if shelved else process.value
