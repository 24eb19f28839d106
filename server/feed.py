"""What is built by the rows of a campus's points: live state, ingest, the watch over the data, the tree of meters.

It is built at the start, and again beside the running one when points come or go (``server.reload``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from datasources.runner import SourceConfig
from models3d.campus import Assembled
from twin.ingest import Ingest
from twin.links import Links
from twin.live import LiveState
from twin.occupancy.watch import PeopleWatch, derived_points
from twin.quality.engine import Inspector
from twin.reading import ValueOrigin
from twin.slots import SlotTree
from twin.topology import Edge, Topology, kinds_of, surroundings
from twin.topology_meters import Meter, meter_tree, rows_of, sub_meters

NOT_MEASURED = ("simulator", "replay")
"""Types of sources whose values are not of now and here; a recording that is played again is simulated."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The live state of the points, the one way into it, and what judges what comes in."""

    live: LiveState
    ingest: Ingest
    watch: Inspector
    people: PeopleWatch
    topology: Topology
    meters: dict[str, Meter]
    links: Links


def feed(
    assembled: Assembled,
    tree: SlotTree,
    sources: Sequence[SourceConfig],
    cache: Path,
    clock: Callable[[], float],
    egress: Sequence[str] = (),
    edges: Sequence[Edge] | None = None,
) -> Feed:
    """The feed of a campus; what its watches learn is kept in ``cache``. ``egress`` are the points of its way out,
    ``edges`` those of the topology where they are not just what the campus's files say.
    """
    points, facts, campus = assembled.points, assembled.topology, assembled.campus
    booked = {lesson.space for lesson in assembled.timetable}
    live = LiveState([*points, *derived_points(points, tree, booked)], tree, clock)
    origins: dict[str, ValueOrigin] = {row.name: "simulated" for row in sources if row.type in NOT_MEASURED}
    ingest = Ingest(points, live, clock, origins)
    topology = Topology(facts.edges if edges is None else edges, kinds_of(campus, facts.nodes))
    meters = meter_tree(topology, surroundings(campus))
    memory = cache / "quality" / f"{campus.id}.npz"
    watch = Inspector(live, ZoneInfo(campus.timezone), sub_meters(meters, rows_of(meters, points)), memory)
    ingest.judges.append(watch.judge)
    ingest.listeners.append(watch.take)
    people = PeopleWatch(live, campus, cache / "occupancy" / f"{campus.id}.npz", assembled.timetable)
    links = Links.of(live, topology, campus, facts.nodes, egress)
    return Feed(live, ingest, watch, people, topology, meters, links)
