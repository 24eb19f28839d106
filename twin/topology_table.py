"""``topology.csv``: one row an edge; every mistake of every row, and of what the rows make together, with its line."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from twin.mistake import Mistake, nearest
from twin.quantity import QUANTITIES
from twin.tables import Row, read_table
from twin.topology import DEFAULT_MEDIUM, MEDIA, RELATIONS, TREES, Edge, Node, TopologyFacts

REQUIRED = ("from", "relation", "to")
OPTIONAL = ("medium", "capacity", "unit", "note")
DECLARES = "is"
"""A row ``TR-1,is,transformer``: a node that no model has; its ``medium`` column stays empty, ``note`` is its name."""
CAPACITY_UNITS = tuple(
    dict.fromkeys(
        (
            "kVA",
            "MVA",
            *(unit for key in ("power", "current", "traffic", "flow") for unit in QUANTITIES[key].units),
        )
    )
)


def read_topology(path: Path, shown: str = "") -> tuple[TopologyFacts, list[Mistake]]:
    """The rows that are right, and every mistake. Ends are checked against the models where these are known."""
    table = read_table(path, REQUIRED, OPTIONAL, shown)
    mistakes = list(table.mistakes)
    facts = TopologyFacts()
    if any(mistake.code == "missing-column" for mistake in mistakes):
        return facts, mistakes
    lines: dict[object, int] = {}
    for row in table.rows:
        found = _RowReader(table.name, row)
        made = found.declaration() if row.cells.get("relation") == DECLARES else found.edge()
        if made is not None:
            key = made.id if isinstance(made, Node) else (made.source, made.relation, made.target, made.medium)
            if (first := lines.setdefault(key, row.line)) != row.line:
                found.wrong("from", f"this stands in line {first} too: say it once", "duplicate-edge")
        mistakes.extend(found.mistakes)
        if made is not None and not found.mistakes:
            (facts.nodes if isinstance(made, Node) else facts.edges).append(made)  # type: ignore[arg-type]
    mistakes.extend(structure(facts.edges, table.name))
    return facts, mistakes


class _RowReader:
    """One row on its way to an edge."""

    def __init__(self, file: str, row: Row) -> None:
        self.file, self.row = file, row
        self.mistakes: list[Mistake] = []

    def wrong(self, column: str, message: str, code: str) -> None:
        """Note a mistake of this row."""
        self.mistakes.append(Mistake(self.file, message, code, self.row.line, 0, column))

    def _all_there(self) -> bool:
        for column in REQUIRED:
            if column not in self.row.cells:
                self.wrong(column, f"'{column}' is empty: every row needs one", "empty-cell")
        return not self.mistakes

    def declaration(self) -> Node | None:
        """A node of its own."""
        if not self._all_there():
            return None
        cells = self.row.cells
        for column in ("medium", "capacity", "unit"):
            if column in cells:
                self.wrong(column, f"'{column}' says nothing of a node: leave it empty here", "node-cell")
        return Node(cells["from"], cells["to"], {"": cells["note"]} if "note" in cells else {})

    def edge(self) -> Edge | None:
        """An edge; what is wrong is noted."""
        if not self._all_there():
            return None
        cells = self.row.cells
        relation = next((r for r in RELATIONS if r == cells["relation"].casefold()), None)
        if relation is None:
            known = (*RELATIONS, DECLARES)
            self.wrong(
                "relation", f"'{cells['relation']}' is no relation; {nearest(cells['relation'], known)}", "relation"
            )
            return None
        written = cells.get("medium", DEFAULT_MEDIUM[relation]).casefold()
        medium = next((m for m in MEDIA if m == written), None)
        if medium is None:
            self.wrong("medium", f"'{written}' is no medium; {nearest(written, MEDIA)}", "medium")
            return None
        if cells["from"] == cells["to"]:
            self.wrong("to", f"'{cells['to']}' cannot {relation.removesuffix('s')} itself", "self-edge")
        capacity, unit = self._capacity()
        return Edge(
            cells["from"], relation, cells["to"], medium, capacity, unit, cells.get("note", ""), line=self.row.line
        )

    def _capacity(self) -> tuple[float | None, str]:
        text, unit = self.row.cells.get("capacity"), self.row.cells.get("unit", "")
        if unit and unit not in CAPACITY_UNITS:
            self.wrong(
                "unit", f"'{unit}' is no unit of a capacity: use one of {', '.join(CAPACITY_UNITS)}", "unknown-unit"
            )
        if text is None:
            return None, unit
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            self.wrong("capacity", f"'{text}' is no number above 0", "not-a-number")
        if not unit:
            self.wrong("unit", f"a capacity of {text} needs its unit, as in kVA or Mbit/s", "no-unit")
        return value, unit


def structure(edges: Sequence[Edge], file: str) -> Iterator[Mistake]:
    """What the rows make together: circles in media that have none, meters under two meters, things fed twice."""
    for medium in sorted(TREES):
        yield from _circles([e for e in edges if e.medium == medium and e.relation != "meters"], medium, file)
    meters = {edge.source for edge in edges if edge.relation == "meters"}
    yield from _circles([e for e in edges if e.relation == "meters" and e.target in meters], "meters", file)
    mains: dict[str, Edge] = {}
    feeds: dict[str, Edge] = {}
    for edge in edges:
        if edge.relation == "meters" and edge.target in meters:
            first = mains.setdefault(edge.target, edge)
            if first.source != edge.source:
                message = (
                    f"the meter '{edge.target}' is under '{first.source}' (line {first.line}): a meter has one main"
                )
                yield Mistake(file, message, "two-mains", edge.line, 0, "to")
        elif edge.relation == "feeds" and edge.medium == "electricity":
            first = feeds.setdefault(edge.target, edge)
            if first.source != edge.source:
                message = (
                    f"'{edge.target}' is fed by '{first.source}' too (line {first.line}): right if it has two feeders, "
                    "then it counts as lost only when both are"
                )
                yield Mistake(file, message, "two-feeders", edge.line, 0, "to", "warning")


def _circles(edges: Sequence[Edge], medium: str, file: str) -> Iterator[Mistake]:
    """One mistake for each edge that closes a circle of the edges before it."""
    below: dict[str, list[str]] = {}
    for edge in edges:
        if edge.upper == edge.lower:
            continue
        if _reaches(below, edge.lower, edge.upper):
            message = f"'{edge.upper}' above '{edge.lower}' closes a circle of {medium}: one row is the wrong way round"
            yield Mistake(file, message, "circle", edge.line, 0, "to")
        else:
            below.setdefault(edge.upper, []).append(edge.lower)


def _reaches(below: dict[str, list[str]], start: str, goal: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        here = stack.pop()
        if here == goal:
            return True
        for lower in below.get(here, ()):
            if lower not in seen:
                seen.add(lower)
                stack.append(lower)
    return False


def unknown_ends(facts: TopologyFacts, known: Collection[str], file: str) -> Iterator[Mistake]:
    """Every end of an edge that neither a model nor a row ``is`` names, with its line."""
    there = {*known, *(node.id for node in facts.nodes)}
    for edge in facts.edges:
        for column, end in (("from", edge.source), ("to", edge.target)):
            if end not in there:
                head = end.split("/", 1)[0]
                near = sorted(other for other in there if other.split("/", 1)[0] == head)[:1000] or sorted(there)[:1000]
                message = (
                    f"no model has '{end}'; {nearest(end, near)} A node of its own begins with a row '{end},is,KIND'"
                )
                yield Mistake(file, message, "unknown-entity", edge.line, 0, column)


def without_mistakes(facts: TopologyFacts, mistakes: Collection[Mistake]) -> TopologyFacts:
    """The facts whose lines bear no error."""
    wrong = {mistake.line for mistake in mistakes if mistake.severity == "error"}
    return TopologyFacts(facts.nodes, [edge for edge in facts.edges if edge.line not in wrong])
