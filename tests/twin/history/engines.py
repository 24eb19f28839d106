"""The engines that the contract is held against."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.datasources.postgres import OWNER, OWNER_PASSWORD, Server
from tests.twin.history.clickhouse_peer import PASSWORD, Peer
from twin.history.clickhouse import ClickHouseStore
from twin.history.clickhouse_link import Embedded
from twin.history.clickhouse_link import Server as ClickHouse
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.postgres import PostgresStore
from twin.history.postgres_link import Connections
from twin.history.store import SqlStore

Make = Callable[[str], SqlStore]
"""Opens the store again, of the same folder or database, in a zone."""

NUMBERS = itertools.count(1)


def duckdb(folder: Path) -> Make:
    return lambda zone: DuckDbStore(folder / "history", ZoneInfo(zone), memory="256MB")


def chdb(folder: Path) -> Make:
    return lambda zone: ClickHouseStore(Embedded(folder / "clickhouse"), ZoneInfo(zone))


def clickhouse(peer: Peer) -> Make:
    database = f"campus_{next(NUMBERS)}"
    peer.ask(f"CREATE DATABASE {database}")
    return lambda zone: ClickHouseStore(ClickHouse(peer.url(database), PASSWORD), ZoneInfo(zone))


def postgresql(server: Server) -> Make:
    url = postgresql_url(server)
    return lambda zone: PostgresStore(Connections(url, OWNER_PASSWORD), ZoneInfo(zone))


def postgresql_url(server: Server) -> str:
    """A schema of its own in the server's database."""
    schema = f"campus_{next(NUMBERS)}"
    with closing(server.owner("postgres")) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return f"postgresql://{OWNER}@127.0.0.1:{server.port}/postgres?options=-csearch_path%3D{schema}"


@dataclass(frozen=True)
class Engine:
    """An engine under test; ``examples`` is how many a property test tries, and each ``stride``-th write is one that a
    process ends at: some engines take longer."""

    name: str
    examples: int
    stride: int
    of: Callable[[Any], Make]
    needs: str


ENGINES = {
    each.name: each
    for each in (
        Engine("duckdb", 20, 2, duckdb, "tmp_path"),
        Engine("chdb", 6, 3, chdb, "tmp_path"),
        Engine("clickhouse", 2, 9, clickhouse, "peer"),
        Engine("postgresql", 10, 2, postgresql, "cluster"),
    )
}
