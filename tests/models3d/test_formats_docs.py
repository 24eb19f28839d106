"""docs/reference/formats.md explains every format, every finding and every refusal; the sources use no other codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from models3d import formats
from models3d.remarks import FINDINGS, REFUSALS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RAISERS = {
    "ModelError": REFUSALS,
    "Finding": FINDINGS,
    "note": FINDINGS,
    "_find": FINDINGS,
    "_element_findings": FINDINGS,
}


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading by their first cell."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def used_codes() -> Iterator[tuple[str, str, str]]:
    """(file, function, code) of every code that stands as a constant in a call that makes a finding or a refusal."""
    for path in sorted((ROOT / "models3d").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = (
                function.id
                if isinstance(function, ast.Name)
                else function.attr
                if isinstance(function, ast.Attribute)
                else ""
            )
            constants = [
                item.value for item in node.args[:3] if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            if name in RAISERS and constants and CODE.fullmatch(constants[0]):
                yield path.name, name, constants[0]


def test_every_format_is_explained() -> None:
    table = {
        line.split("|")[1].strip().strip("`") for line in PAGE.split("## ")[0].splitlines() if line.startswith("| `")
    }
    assert table == {row.key for row in formats.FORMATS}
    assert all(
        suffix in PAGE
        for row in formats.FORMATS
        for suffix in row.suffixes
        if suffix in (".ifc", ".gpkg", ".glb", ".ttl")
    )


def test_every_finding_and_refusal_is_explained() -> None:
    for heading, table in (("Findings", FINDINGS), ("Refusals", REFUSALS)):
        found = rows(heading)
        assert list(found) == list(table)
        for code, (title, meaning) in found.items():
            assert title == f"{table[code][1]} / {table[code][0]}"
            assert len(meaning) > 8


def test_the_sources_use_no_other_codes() -> None:
    used = list(used_codes())
    assert len(used) > 60
    assert [entry for entry in used if entry[2] not in RAISERS[entry[1]]] == []
