"""A store of each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.history import engines


@pytest.fixture(params=["duckdb"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[engines.Make]:
    opened: list[object] = []
    of = getattr(engines, request.param)(tmp_path)

    def opening(zone: str = "Asia/Shanghai") -> object:
        store = of(zone)
        opened.append(store)
        return store

    yield opening  # type: ignore[misc]
    for store in opened:
        store.close()  # type: ignore[attr-defined]
