"""What visitors are told of figures, taken together, shows no room and nothing of where people live."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models3d import tiles
from server.tour_figures import Answers
from server.visitors import FEWEST
from tests.server.serving import small_campus
from twin.index import SpaceIndex
from twin.ingest import Ingest
from twin.kpi import Kpis
from twin.live import LiveState
from twin.reading import RawReading
from twin.slots import SlotTree
from twin.topology import Topology
from twin.tours.figure import figure

FIGURES = (
    "kpi:energy.power", "channel:energy.power", "kpi:energy.energy_today", "kpi:energy.base_load",
)  # fmt: skip


def answers(seed: int, buildings: int, storeys: int, rooms: int, silent: float, homes: int) -> tuple[Answers, Any]:
    """Of a campus in which some rooms have no point, and some of those that have one say nothing."""
    assembled, dice = small_campus(buildings, storeys, rooms), np.random.default_rng(seed)
    for building in assembled.campus.buildings[:homes]:
        building.category = "bedroom"
    points = [point for point in assembled.points if dice.random() > 0.3]
    tree = SlotTree.of(assembled.campus, tiles.slots(assembled.campus))
    live = LiveState(points, tree, lambda: 1000.0)
    heard = [point for point in points if dice.random() > silent]
    Ingest(points, live, lambda: 1000.0).accept([RawReading(point.address, 5000.0, 1000.0) for point in heard], "feed")
    kpis = Kpis(assembled.campus, live, Topology(()))
    runtime: Any = SimpleNamespace(live=live, index=SpaceIndex(assembled.campus), kpis=kpis)
    return Answers(runtime), assembled.campus


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3), st.integers(1, 7), st.floats(0, 0.9),
    st.integers(0, 1), st.sampled_from(FIGURES),
)  # fmt: skip
def test_no_difference_of_what_is_told_shows_a_room(
    seed: int, buildings: int, storeys: int, rooms: int, silent: float, homes: int, key: str
) -> None:
    found, campus = answers(seed, buildings, storeys, rooms, silent, homes)
    live = found._live
    for only in (np.arange(len(live.points)), np.flatnonzero(live.counting(np.arange(len(live.points))))):
        places = {live.points[row].entity for row in only.tolist()}

        def under(id_: str, places: set[str] = places) -> set[str]:
            return {place for place in places if place.startswith(f"{id_}/")}

        told = [b.id for b in campus.buildings if found.told(figure(f"{key}@{b.id}"))]
        cells = [places, *map(under, told)] if found.told(figure(key)) else list(map(under, told))
        assert all(not cell or len(cell) >= FEWEST for cell in cells)
        if found.told(figure(key)):
            for n in range(len(told) + 1):
                for chosen in combinations(told, n):
                    rest = places - set().union(*map(under, chosen))
                    assert not rest or len(rest) >= FEWEST, (told, rest)
        assert not any(found.told(figure(f"{key}@{s.id}")) for b in campus.buildings for s in b.storeys)
        assert not any(found.told(figure(f"{key}@{b.id}")) for b in campus.buildings if b.category == "bedroom")


def test_what_is_not_told_has_no_value_and_says_so() -> None:
    found, _ = answers(1, 2, 2, 6, 0.0, 0)
    whole, room = found.of(figure("channel:energy.power")), found.of(figure("channel:energy.power@1/01"))
    assert (whole.hidden, room.hidden, room.value, room.have) == (False, True, None, 0)
    assert whole.value is not None
    point = found.of(figure(f"point:{found._live.points[0].id}"))
    assert (point.value, point.hidden) == (None, True)
