"""The graph of supply: queries against the slow obvious way, media that depend on one another, common causes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.space import Building, Campus, Equipment, Space, Storey, Zone
from twin.topology import Edge, Topology, edges_of, kinds_of, medium_of, surroundings

CAMPUS = Topology(
    [
        Edge("GRID", "feeds", "TR1"), Edge("GRID", "feeds", "TR2"), Edge("TR1", "feeds", "MSB"),
        Edge("TR2", "feeds", "MSB"),
        Edge("MSB", "feeds", "L1"), Edge("MSB", "feeds", "L2"), Edge("MSB", "feeds", "SW0"), Edge("L1", "feeds", "SW1"),
        Edge("L2", "feeds", "SW2"), Edge("SW0", "uplinks", "CORE", "network"), Edge("SW1", "uplinks", "SW0", "network"),
        Edge("SW2", "uplinks", "SW0", "network"), Edge("SW2", "uplinks", "SW1", "network"),
        Edge("AP1", "uplinks", "SW1", "network"), Edge("AP2", "uplinks", "SW2", "network"),
        Edge("EM", "meters", "MSB"), Edge("AHU", "serves", "L2", "air"),
    ]
)  # fmt: skip


def test_what_is_above_and_below() -> None:
    assert CAMPUS.suppliers("SW2", "network") == ["SW0", "SW1"]
    assert CAMPUS.supplied("MSB") == ["L1", "L2", "SW0"]
    assert CAMPUS.upstream("SW2", "network") == ["SW0", "SW1", "CORE"]
    assert set(CAMPUS.upstream("AP1")) == {"SW1", "SW0", "CORE", "L1", "MSB", "TR1", "TR2", "GRID"}
    assert CAMPUS.downstream("SW0") == ["SW1", "SW2", "AP1", "AP2"]
    assert CAMPUS.path_to_root("AP2", "network") == ["AP2", "SW2", "SW0", "CORE"]
    assert CAMPUS.path_to_root("AP2", "electricity") == ["AP2"]
    assert CAMPUS.path_to_root("SW1", "electricity") == ["SW1", "L1", "MSB", "TR1", "GRID"]
    assert CAMPUS.downstream("nothing") == CAMPUS.upstream("nothing") == []


def test_a_failure_takes_what_has_no_other_supply_in_any_medium() -> None:
    one = CAMPUS.impact("TR1")
    assert (one.lost, one.weakened, one.depends_on) == ((), ("MSB",), ("GRID",))
    assert set(CAMPUS.impact("TR1", "TR2").lost) == {"MSB", "L1", "L2", "SW0", "SW1", "SW2", "AP1", "AP2"}
    floor = CAMPUS.impact("L1")
    assert floor.lost == ("SW1", "AP1"), "its switch has no current, its access point no switch"
    assert floor.weakened == ("SW2",), "which has another uplink"
    assert CAMPUS.impact("AHU").lost == ("L2", "SW2", "AP2"), "no air is a loss of supply too"
    assert CAMPUS.impact("EM").lost == (), "a meter supplies nothing"


def test_the_lowest_common_cause() -> None:
    assert CAMPUS.common_ancestor(["AP1", "AP2"], "network") == "SW1"
    assert CAMPUS.common_ancestor(["AP1", "AP2", "SW0"], "network") == "SW0"
    assert CAMPUS.common_ancestor(["L1", "L2"]) == "MSB"
    assert CAMPUS.common_ancestor(["MSB", "L1"]) == "MSB"
    assert CAMPUS.common_ancestor(["AP1"]) == "AP1"
    assert CAMPUS.common_ancestor(["AP1", "AHU"]) is None
    assert CAMPUS.common_ancestor([]) is None


NAMES = st.sampled_from("abcdefgh")
MEDIA = st.sampled_from(["electricity", "network"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES, MEDIA), max_size=20), NAMES)
def test_impact_against_the_slow_obvious_way(rows: list[tuple[str, str, str]], failed: str) -> None:
    """Circles and all: repeat 'dead if in some medium all suppliers are dead' until nothing changes."""
    rows = [row for row in rows if row[0] != row[1]]
    graph = Topology(Edge(a, "feeds", b, m) for a, b, m in rows)  # type: ignore[arg-type]
    dead = {failed}
    while True:
        more = {
            lower
            for _, lower, medium in rows
            if lower not in dead and all(a in dead for a, b, m in rows if b == lower and m == medium)
        }
        if not more:
            break
        dead |= more
    found = graph.impact(failed)
    assert set(found.lost) == dead - {failed}
    assert set(found.weakened) == {b for a, b, _ in rows if a in dead and b not in dead}
    assert set(graph.upstream(failed)) >= {a for a, b, _ in rows if b == failed and a != failed}


def test_edges_of_a_models_equipment_by_what_it_is() -> None:
    campus = Campus(
        "c",
        buildings=[Building("A", storeys=[Storey("A/1", spaces=[Space("A/1/1", "1"), Space("A/1/2", "2")])])],
        zones=[Zone("z", spaces=("A/1/1", "A/1/2"))],
        equipment=[
            Equipment("ahu", category="AHU", feeds=("vav",), parts=("fan",)),
            Equipment("vav", category="VAV", feeds=("z",)),
            Equipment("fan", category="Supply_Fan"), Equipment("em", category="Electrical_Meter", meters=("ahu",)),
            Equipment("sw", category="switch", feeds=("ap",)), Equipment("ap", category="access-point"),
            Equipment("main", category="meter", feeds=("em", "A/1")),
            Equipment("p", category="Chilled_Water_Pump", feeds=("ahu",)),
        ],
    )  # fmt: skip
    found = {(e.source, e.relation, e.target, e.medium) for e in edges_of(campus)}
    assert found == {
        ("ahu", "feeds", "vav", "air"), ("ahu", "feeds", "fan", "air"), ("vav", "serves", "z", "air"),
        ("z", "serves", "A/1/1", "air"), ("z", "serves", "A/1/2", "air"), ("em", "meters", "ahu", "electricity"),
        ("ap", "uplinks", "sw", "network"), ("main", "meters", "em", "electricity"),
        ("main", "meters", "A/1", "electricity"), ("p", "feeds", "ahu", "water"),
    }  # fmt: skip
    graph = Topology(edges_of(campus), kinds_of(campus))
    assert graph.impact("p").lost[0] == "ahu"
    assert "A/1/2" in graph.impact("p").lost
    assert graph.kinds["A/1/1"] == "space"
    assert surroundings(campus)["A/1/1"] == "A/1"
    assert medium_of("Something") == "other"


def test_a_circle_has_no_root() -> None:
    ring = Topology([Edge("a", "feeds", "b", "water"), Edge("b", "feeds", "a", "water")])
    assert ring.path_to_root("a", "water") == ["a"]
    assert ring.impact("a").lost == ("b",)
    assert ring.common_ancestor(["a", "b"], "water") in {"a", "b"}
