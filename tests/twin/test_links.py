"""Links of the network: which points are whose, what is known of them, lines of the map, bandwidth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models3d.demo import demo_campus
from models3d.tiles import slots
from tests.twin.kpi_campus import KpiCampus
from twin.frame import FLAG_DERIVED, FLAG_SIMULATED, FLAG_STALE
from twin.link_points import Candidates, bind
from twin.link_values import LinkStatus, LinkValues
from twin.links import Link, Links
from twin.live import LiveState
from twin.point import Point
from twin.reading import Quality
from twin.slots import SlotTree
from twin.topology import Edge, Node, Topology, kinds_of

UPLINK = Edge("SWA", "uplinks", "CORE", "network", 1.0, "Gbit/s")


class Net:
    """The network of ``KpiCampus``: SWA in building A hangs on CORE in B, which hangs on NET outside."""

    def __init__(self, *edges: Edge, nodes: tuple[Node, ...] = (), egress: tuple[str, ...] = ()) -> None:
        self.base = KpiCampus(origins={"net": "simulated"})
        self.live = self.base.live
        topology = Topology(edges or self.base.topology.edges, kinds_of(self.base.campus, nodes))
        self.links = Links.of(self.live, topology, self.base.campus, nodes, egress)
        self.values = LinkValues(self.links, self.live)

    def link(self, name: str) -> Link:
        return next(link for link in self.links.links if link.id == name)

    def now(self, name: str) -> dict[str, float]:
        """The row of a link."""
        self.live.tick()
        number = [link.id for link in self.links.links].index(name)
        columns = self.values.now()
        return {key: float(getattr(columns, key)[number]) for key in columns.__dataclass_fields__}


def point(name: str, address: str = "", quantity: str = "traffic", entity: str = "SW1") -> Point:
    unit = {"traffic": "Mbit/s", "utilisation": "%", "link_state": "1"}[quantity]
    return Point(name, entity, quantity, unit, source="net", address=address or name)


def test_ends_say_where_they_stand_and_what_is_outside() -> None:
    net = Net(nodes=(Node("NET", "internet", {"en": "Internet"}),))
    up = net.link("SWA>CORE")
    assert (up.lower.place, up.lower.storey, up.lower.building, up.capacity) == ("A/1/3", "A/1", "A", 1000.0)
    assert (up.upper.building, up.upper.outside) == ("B", False)
    out = net.link("CORE>NET").upper
    assert (out.outside, out.role, out.names, out.building) == (True, "egress", {"en": "Internet"}, "")
    assert [(line.lower.id, line.upper.id, line.capacity) for line in net.links.lines] == [
        ("A", "B", 1000.0),
        ("B", "NET", 10_000.0),
    ]


def test_what_campus_yaml_names_as_the_way_out_is_the_egress() -> None:
    assert Net().link("CORE>NET").upper.role == "outside"
    assert Net(egress=("CORE/traffic.in",)).link("CORE>NET").upper.role == "egress"


def test_a_link_has_its_own_utilisation_and_the_worse_direction_of_it() -> None:
    net = Net()
    net.base.say({"SWA/utilisation.in": 20, "SWA/utilisation.out": 60, "SWA/traffic.in": 200, "SWA/traffic.out": 600})
    row = net.now("SWA>CORE")
    assert (row["status"], row["utilisation"], row["into"], row["out"]) == (LinkStatus.UP, 60, 200, 600)
    assert row["busier"] == 2
    assert int(row["flags"]) == FLAG_SIMULATED
    assert row["oldest"] == net.base.now


def test_without_its_own_it_is_worked_out_and_says_so() -> None:
    net = Net()
    net.base.say({"SWA/traffic.in": 710, "SWA/traffic.out": 90})
    row = net.now("SWA>CORE")
    assert (row["utilisation"], row["busier"]) == (71, 1)
    assert int(row["flags"]) == FLAG_SIMULATED | FLAG_DERIVED


def test_more_than_it_can_carry_is_doubted() -> None:
    net = Net()
    net.base.say({"SWA/traffic.in": 1710, "SWA/traffic.out": 90})
    row = net.now("SWA>CORE")
    assert int(row["flags"]) & 3 == Quality.UNCERTAIN
    assert "over-capacity" in net.values.reasons(0, net.values.now())


def test_down_is_told_from_silent_and_silent_from_nothing() -> None:
    net = Net()
    assert net.now("SWA>CORE")["status"] == LinkStatus.NONE
    net.base.say({"SWA/traffic.in": 100, "SWA/traffic.out": 90, "SWA/state": 0})
    row = net.now("SWA>CORE")
    assert (row["status"], int(row["flags"]) & FLAG_STALE) == (LinkStatus.DOWN, 0)
    net.base.say({"SWA/state": 1})
    assert net.now("SWA>CORE")["status"] == LinkStatus.UP
    net.base.now += 3600
    row = net.now("SWA>CORE")
    assert (row["status"], int(row["flags"]) & FLAG_STALE) == (LinkStatus.SILENT, FLAG_STALE)
    assert row["into"] == 100, "the last value stays, with its state"
    net.base.say({"SWA/state": 0})
    row = net.now("SWA>CORE")
    assert (row["status"], int(row["flags"]) & FLAG_STALE) == (LinkStatus.DOWN, 0), "that it is down is news"


def test_a_line_shows_the_worst_link_and_the_traffic_of_all() -> None:
    edges = (
        UPLINK,
        Edge("AP1", "uplinks", "CORE", "network", 500.0, "Mbit/s"),
        Edge("CORE", "uplinks", "AP2", "network"),
    )
    net = Net(*edges)
    (line,) = net.links.lines
    assert (len(line.links), line.capacity, line.turned) == (3, None, frozenset({2}))
    net.base.say({"SWA/traffic.in": 500, "SWA/traffic.out": 900, "AP1/up-state": 0, "CORE/traffic.in": 30})
    net.base.say({"CORE/traffic.out": 7})
    now = net.values.now()
    rolled = net.values.lines(now)
    assert (rolled.status[0], rolled.utilisation[0], rolled.down[0], rolled.worst[0]) == (LinkStatus.UP, 90, 1, 0)
    assert (rolled.into[0], rolled.out[0]) == (507, 930), "what CORE receives from A is what A sends"


def test_bandwidth_of_each_line_outside_and_of_all() -> None:
    net = Net(nodes=(Node("NET", "internet"),))
    empty = net.values.bandwidth(net.values.now())
    assert [(b.key, b.into, b.have, b.of) for b in empty] == [("egress", None, 0, 1), ("total", None, 0, 1)]
    net.base.say({"CORE/traffic.in": 3000, "CORE/traffic.out": 1000})
    egress, total = net.values.bandwidth(net.values.now())
    assert (egress.into, egress.out, egress.capacity, egress.share) == (3000, 1000, 10_000, 30)
    assert (total.key, total.into, total.have, total.of) == ("total", 3000, 1, 1)


def test_two_edges_of_a_pair_are_one_link_and_the_sheet_goes_first() -> None:
    model = replace(UPLINK, capacity=None, unit="", origin="model")
    net = Net(model, replace(UPLINK, note="Te1/1/1"))
    (link,) = net.links.links
    assert (link.origin, link.capacity, link.note) == ("sheet", 1000.0, "Te1/1/1")


def test_links_under_a_place_have_an_end_there() -> None:
    net = Net()
    index = net.live.tree.index
    assert net.links.under(net.live.tree, index["A"]).tolist() == [True, False]
    assert net.links.under(net.live.tree, index["B/1"]).tolist() == [True, True]
    assert net.links.under(net.live.tree, 0).tolist() == [True, True]


EDGE = Edge("SW1", "uplinks", "SW0", "network", note="Te1/1/1 - Gi1/0/24")
MINE = [point("SW1/a.in", "sw1#octets_in[Te1/1/1]"), point("SW1/a.out", "sw1#octets_out[Te1/1/1]")]
OTHERS = [point("SW1/b.in", "sw1#octets_in[Gi1/0/1]"), point("SW1/b.out", "sw1#octets_out[Gi1/0/1]")]


@pytest.mark.parametrize(
    ("points", "note", "alone", "wanted"),
    [
        (MINE + OTHERS, EDGE.note, True, ("port", "", 0, 1)),
        (MINE + OTHERS, "te1/1/1", False, ("port", "", 0, 1)),
        (MINE + OTHERS, "", True, ("", "which-port", -1, -1)),
        (MINE, "", True, ("", "which-port", -1, -1)),
        ([], "", True, ("", "no-points", -1, -1)),
        ([point("SW1/Te1/1/1/in"), point("SW1/Te1/1/1/out")], EDGE.note, False, ("port", "", 0, 1)),
        ([point("SW1/Te1/1/10/in"), point("SW1/Te1/1/10/out")], EDGE.note, False, ("", "which-port", -1, -1)),
        ([point("SW1/up.in"), point("SW1/up.out")], "", True, ("device", "", 0, 1)),
        ([point("SW1/up.in"), point("SW1/up.out")], "", False, ("", "which-port", -1, -1)),
        ([point("SW1/up.in"), point("SW1/two.in")], "", True, ("", "which-port", -1, -1)),
        ([point("x.in", "traffic/building/in/10/SW1>SW0"), *MINE], "", False, ("address", "", 0, -1)),
        (
            [
                point("SW0/g.in", "sw0#octets_in[Gi1/0/24]", entity="SW0"),
                point("SW0/g.out", "[Gi1/0/24]", entity="SW0"),
            ],
            EDGE.note,
            False,
            ("port", "", 1, 0),
        ),
        ([point("SW1/cpu", quantity="utilisation")], "", True, ("", "no-points", -1, -1)),
    ],
)
def test_points_are_bound_by_name_or_not_at_all(
    points: list[Point], note: str, alone: bool, wanted: tuple[str, str, int, int]
) -> None:
    bound = bind(replace(EDGE, note=note), Candidates(points), alone=alone)
    assert (bound.rule, bound.why, bound.into, bound.out) == wanted


def test_every_uplink_of_the_demo_is_bound_by_its_address() -> None:
    built = demo_campus(seed=1)
    campus = built.campus
    live = LiveState(built.points, SlotTree.of(campus, slots(campus)))
    topology = Topology(built.topology.edges, kinds_of(campus, built.topology.nodes))
    links = Links.of(live, topology, campus, built.topology.nodes)
    bound = [link for link in links.links if link.bound.rule == "address"]
    rows = {row for link in bound for row in link.bound.rows}
    assert rows == {r for q in ("traffic", "utilisation", "link_state") for r in live.rows(q).tolist()}
    assert {link.upper.role for link in bound if link.upper.outside} == {"egress", "campus"}
    assert all(link.lower.position and link.upper.position for link in links.links)
    assert len(links.lines) == len(campus.buildings) - 1 + 4, "the core's own building has no line"
