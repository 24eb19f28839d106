"""The engines that the contract is held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from twin.history.duckdb_parquet import DuckDbStore
from twin.history.store import SqlStore

Make = Callable[[str], SqlStore]
"""Opens the store again, of the same folder or database, in a zone."""


def duckdb(folder: Path) -> Make:
    return lambda zone: DuckDbStore(folder / "history", ZoneInfo(zone), memory="256MB")
