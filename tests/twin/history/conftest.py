"""A store of each engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require
from tests.datasources.postgres import Server, account
from tests.twin.history.clickhouse_peer import Peer
from tests.twin.history.engines import ENGINES, Engine, Make
from twin.history.store import SqlStore


@pytest.fixture(scope="session")
def cluster(postgresql: Path) -> Iterator[Server]:
    """One PostgreSQL for all tests; each has a schema of its own."""
    require(os.getuid() != 0 or account(), "PostgreSQL refuses root, and there is no account postgres or nobody")
    server = Server(postgresql)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """ClickHouse behind HTTP, for all tests; each has a database of its own."""
    peer = Peer(tmp_path_factory.mktemp("clickhouse"))
    yield peer
    peer.end()


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.postgresql) if name == "postgresql" else name for name in ENGINES]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture
def make(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Make]:
    opened: list[SqlStore] = []
    of = engine.of(request.getfixturevalue(engine.needs))

    def opening(zone: str = "Asia/Shanghai") -> SqlStore:
        store = of(zone)
        opened.append(store)
        return store

    yield opening
    for store in opened:
        store.close()
