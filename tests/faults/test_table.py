"""docs/reference/faults.md names for every fault the tests that provoke it, and those tests are there."""

from __future__ import annotations

import ast
import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "faults.md").read_text(encoding="utf-8")
ROWS = {int(row[0]): row[1] for row in re.findall(r"^\| (\d+) \|(.*)\|$", PAGE, re.MULTILINE)}


def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_fault_has_a_row_and_every_row_a_test_that_exists() -> None:
    assert sorted(ROWS) == list(range(1, 25))
    for number, row in ROWS.items():
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, f"row {number} names no test"
        assert [name for file, name in named if name not in names_in(file)] == [], f"row {number}"
