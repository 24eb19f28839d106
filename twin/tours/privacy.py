"""What of a tour goes to visitors: sums of buildings and the campus, nothing of people, nothing of where people live.

``check`` warns of what the server would not tell.
"""

from __future__ import annotations

from twin.index import SpaceIndex, kind_of
from twin.space import Building, Space
from twin.tours.figure import Figure

HOMES = "bedroom"
"""Category of buildings in which people live."""
PRIVATE = ("office", HOMES)
"""Categories of rooms that belong to somebody."""
OF_PEOPLE = ("occupancy.", "network.clients")
"""Beginnings of channels that say whether somebody is there."""


def why_not_told(figure: Figure, index: SpaceIndex) -> str:
    """Why visitors do not get a figure, in words; '' where they do."""
    if figure.kind == "point":
        return "visitors get sums, no point: name a KPI or a channel"
    if figure.tells_of_people:
        return "it tells of people: nothing of them goes to visitors"
    return too_near(figure.place, index)


def why_not_asked(figure: Figure, index: SpaceIndex) -> str:
    """Why nothing that visitors see may hang on a figure, in words; '' where it may: which words are told tells of
    it."""
    if figure.kind == "point" or (figure.tells_of_people and figure.place not in ("", index.campus.id)):
        return "what visitors are told may hang on the whole campus only"
    return too_near(figure.place, index)


def too_near(place: str, index: SpaceIndex) -> str:
    """Why visitors get no figure of a place; '' where they do, or where there is no such place."""
    entity = index.get(place) if place else index.campus
    if entity is None:
        return ""
    if kind_of(entity) not in ("campus", "building"):
        return "visitors get figures of buildings and of the campus alone"
    if isinstance(entity, Building) and entity.category == HOMES:
        return "visitors get no figure of a building in which people live"
    return ""


def why_not_shown(place: str, index: SpaceIndex) -> str:
    """Why a place is not shown to visitors, in words; '' where it is: an office or a bedroom is somebody's, and may be
    called after who sits there."""
    entity = index.get(place)
    if isinstance(entity, Space) and entity.category in PRIVATE:
        return f"a room of the kind '{entity.category}' is somebody's: visitors are not shown it"
    return ""


def may_colour(channel: str) -> bool:
    """Whether a channel may colour the model before visitors."""
    return not channel.startswith(OF_PEOPLE)
