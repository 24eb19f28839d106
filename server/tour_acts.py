"""What can be done with a telling: each act by its name. The rules are those of ``twin.tours.conductor``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from server.schemas_tours import ActIn
from server.tour_picture import place_out
from server.tour_telling import Telling
from twin.tours import conductor
from twin.tours.conductor import Under
from twin.tours.privacy import why_not_shown

if TYPE_CHECKING:
    from server.runtime import Runtime

SCREEN = ""
"""Who acts at the screen itself, or by itself: nobody that holds a baton."""
Code = Literal["full", "language", "place", "wall", "taken", "length"]


class TellingError(Exception):
    """What cannot be done with a telling, in words; ``code`` is stable."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


Act = Callable[[Under, str, float], Under]
_PLAIN: Mapping[str, Act] = MappingProxyType(
    {
        "next": conductor.go_on, "back": conductor.go_back, "hold": conductor.hold, "resume": conductor.resume,
        "leave": conductor.leave, "touch": conductor.touch,
    }
)  # fmt: skip


def act(runtime: Runtime, telling: Telling, given: ActIn, who: str, now: float) -> bool:
    """Do it; True where the telling is over. ActError and TellingError say why it cannot be, and nothing is done."""
    under, value = telling.under, given.value
    match given.do:
        case "jump":
            telling.under = conductor.jump(under, who, value, now)
        case "chapter":
            telling.under = conductor.to_chapter(under, who, value, now)
        case "length":
            telling.under = conductor.change_length(under, who, _minutes(value), now)
        case "join":
            telling.under = conductor.join(under, who)
        case "take-over":
            telling.under = conductor.take_over(conductor.join(under, who), who, now)
        case "lang" | "point" | "wall" | "end":
            telling.under = conductor.touch(under, who, now)  # only who leads
            return _beside(runtime, telling, given)
        case plain:
            telling.under = _PLAIN[plain](under, who, now)
    if telling.under.at != under.at:
        telling.pointer = None
    return False


def _beside(runtime: Runtime, telling: Telling, given: ActIn) -> bool:
    """What is no matter of the steps."""
    value = given.value
    if given.do == "end":
        return True
    if given.do == "lang":
        if value not in telling.tour.languages:
            known = ", ".join(telling.tour.languages)
            raise TellingError("language", f"this tour is not told in '{value[:20]}': choose {known}")
        telling.lang = value
    elif given.do == "point":
        if value and value not in runtime.index:
            raise TellingError("place", f"there is no '{value[:100]}' in the campus: see /api/v1/buildings")
        visitors = telling.tour.audience == "visitors"
        if visitors and (why := why_not_shown(value, runtime.index)):
            raise TellingError("place", f"{value[:100]}: {why}")
        telling.pointer = place_out(runtime, value, visitors=visitors) if value else None
    else:
        _take_wall(runtime, telling, value)
    telling.version += 1
    return False


def _take_wall(runtime: Runtime, telling: Telling, wall: str) -> None:
    """The wall is this telling's for the visit; '' gives it back. One that another guide leads on is not taken."""
    if wall and wall not in (walls := runtime.walls.walls()):
        raise TellingError("wall", f"there is no wall '{wall[:80]}': there are {', '.join(walls) or 'none'}")
    other = runtime.tours.on_wall(wall) if wall else None
    if other is not None and other is not telling:
        if other.under.holder:
            raise TellingError("taken", f"'{other.under.holder}' leads a tour on the wall '{wall}': ask for it first")
        runtime.tours.end(other)
    telling.wall = wall


def _minutes(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 3:
        raise TellingError("length", f"'{value[:20]}' is no length: write minutes, as in 10; 0 is all of the tour")
    return int(value)
