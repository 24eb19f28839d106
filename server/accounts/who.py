"""Who asks: a name, a role, and how that is known. Everything below the gate reads only this."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, get_args

Role = Literal["viewer", "operator", "planner", "admin", "kiosk", "visitor"]
Kind = Literal["local", "oidc", "proxy", "key", "kiosk", "demo", "visitor"]
StaffRole = Literal["viewer", "operator", "planner", "admin"]

STAFF: tuple[StaffRole, ...] = get_args(StaffRole)
"""The roles of people and programs, each with all that the ones before it may."""

_RANK: dict[str, int] = {role: rank for rank, role in enumerate(STAFF, start=1)}


@dataclass(frozen=True, slots=True)
class Who:
    """``name`` as it is shown and logged; of a kiosk the display's, ``wall`` the one that it may show ('' = any)."""

    name: str
    role: Role
    kind: Kind
    wall: str = ""


DEMO = Who("demo", "admin", "demo")
"""Everybody, while no accounts are set up and the server answers this machine only."""
VISITOR = Who("visitor", "visitor", "visitor")

_now: ContextVar[tuple[Who | None, str]] = ContextVar("who", default=(None, ""))


def rank(role: str) -> int:
    """How much a role may: 1 viewer to 4 admin; 0 for a kiosk, a visitor and what is no role."""
    return _RANK.get(role, 0)


def who_now() -> Who | None:
    """Who asked for what is being done now; None outside of a request, or where nobody signed in."""
    return _now.get()[0]


def session_now() -> str:
    """The session of who asks, '' without one."""
    return _now.get()[1]


def say_who(who: Who | None, session: str = "") -> Any:
    """From here on ``who`` is the one who asks, in ``session``; gives what ``unsay`` needs."""
    return _now.set((who, session))


def unsay(token: Any) -> None:
    """Take back what ``say_who`` said."""
    _now.reset(token)
