"""What an installed package needs beside its modules."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_table_that_a_package_reads_is_installed_with_it() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    found = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for package in ("twin", "models3d", "datasources", "server", "pages")
        for file in (ROOT / package).rglob("*.yaml")
    }
    assert found
    assert set(told) == found
    assert all(patterns == ["*.yaml"] for patterns in told.values())
