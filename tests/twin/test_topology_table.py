"""topology.csv: what is right is read, every mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.topology import Edge, Node
from twin.topology_table import read_topology, unknown_ends


def read(
    tmp_path: Path, text: str, encoding: str = "utf-8"
) -> tuple[list[Edge], list[Node], list[tuple[int, str, str]]]:
    (tmp_path / "topology.csv").write_bytes(text.encode(encoding))
    facts, mistakes = read_topology(tmp_path / "topology.csv")
    return facts.edges, facts.nodes, [(m.line, m.code, m.severity) for m in mistakes]


def test_a_sheet_from_excel_is_read(tmp_path: Path) -> None:
    text = (
        "From;Relation;To;Medium;Capacity;Unit;Note\r\nTR1;is;transformer;;;;一号变压器\r\nGRID;is;mains\r\n"
        "GRID;feeds;TR1;;1000;kVA\r\n# a remark\r\nTR1;feeds;MSB\r\nSW1;uplinks;CORE;;10;Gbit/s;Te1/1\r\n"
        "AHU;serves;14/05;\r\n"
    )
    edges, nodes, mistakes = read(tmp_path, text, "gbk")
    assert mistakes == []
    assert nodes == [Node("TR1", "transformer", {"": "一号变压器"}), Node("GRID", "mains")]
    assert edges[0] == Edge("GRID", "feeds", "TR1", "electricity", 1000.0, "kVA", line=4)
    assert [(e.source, e.medium, e.line) for e in edges[1:]] == [
        ("TR1", "electricity", 6), ("SW1", "network", 7), ("AHU", "air", 8),
    ]  # fmt: skip
    assert edges[2].upper == "CORE"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["a,feds,b"], [(2, "relation", "error")]),
        (["a,feeds"], [(2, "empty-cell", "error")]),
        (["a,feeds,b,steam"], [(2, "medium", "error")]),
        (["a,feeds,a"], [(2, "self-edge", "error")]),
        (["a,feeds,b,,-3,kVA"], [(2, "not-a-number", "error")]),
        (["a,feeds,b,,ten,kVA"], [(2, "not-a-number", "error")]),
        (["a,feeds,b,,10"], [(2, "no-unit", "error")]),
        (["a,feeds,b,,10,horses"], [(2, "unknown-unit", "error")]),
        (["a,is,board,air"], [(2, "node-cell", "error")]),
        (["a,feeds,b", "a,feeds,b"], [(3, "duplicate-edge", "error")]),
        (["a,feeds,b", "b,feeds,c", "c,feeds,a"], [(4, "circle", "error")]),
        (["a,uplinks,b", "b,uplinks,a"], []),
        (["a,feeds,b,water", "b,feeds,a,water"], []),
        (["a,feeds,c", "b,feeds,c"], [(3, "two-feeders", "warning")]),
        (["m,meters,k", "n,meters,k", "k,meters,x"], [(3, "two-mains", "error")]),
        (["m,meters,n", "n,meters,m"], [(3, "circle", "error")]),
        (["m,meters,x", "n,meters,x"], []),
    ],
)
def test_mistakes_stand_with_their_line(tmp_path: Path, rows: list[str], expected: list[tuple[int, str, str]]) -> None:
    _, _, mistakes = read(tmp_path, "\n".join(["from,relation,to,medium,capacity,unit,note", *rows]) + "\n")
    assert mistakes == expected


def test_a_column_that_is_missing_is_one_mistake(tmp_path: Path) -> None:
    _, _, mistakes = read(tmp_path, "from,to\na,b\n")
    assert mistakes == [(1, "missing-column", "error")]


def test_ends_that_nobody_knows_are_named_with_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("from,relation,to\nGRID,is,mains\nGRID,feeds,14/O5\nTR9,feeds,14/05\n", "utf-8")
    facts, _ = read_topology(tmp_path / "t.csv")
    found = list(unknown_ends(facts, {"14", "14/05"}, "t.csv"))
    assert [(m.line, m.key) for m in found] == [(3, "to"), (4, "from")]
    assert "did you mean '14/05'?" in found[0].message
    assert "TR9,is,KIND" in found[1].message
