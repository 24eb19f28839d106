"""Opens the history that a campus asks for: in its folder by default, or in a database server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

from twin.history.contract import HistoryError
from twin.history.retention import Retention
from twin.history.store import SqlStore
from twin.secret import SecretError, SecretRef

_SCHEMES = {"clickhouse": ("http", "https"), "postgresql": ("postgresql", "postgres")}
_EXAMPLES = {
    "clickhouse": "https://historian@10.20.0.9:8443/campus",
    "postgresql": "postgresql://historian@10.20.0.9/campus",
}


class HistorySettings(BaseModel):
    """Where the history is kept: ``engine``, the ``url`` of its server, and where the password stands.

    ClickHouse without a ``url`` runs within the process, in the campus's folder (needs the package chdb).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["duckdb", "clickhouse", "postgresql"] = "duckdb"
    url: str = ""
    password: SecretRef | None = None

    @model_validator(mode="after")
    def _fits(self) -> HistorySettings:
        if self.engine == "duckdb":
            if self.url or self.password:
                raise ValueError("the engine duckdb keeps its files in the campus's folder: leave 'url' and 'password'")
            return self
        if not self.url and self.engine == "clickhouse":
            return self
        try:
            url = urlsplit(self.url)
            known = url.scheme in _SCHEMES[self.engine] and url.hostname and url.port != 0
        except ValueError:
            raise ValueError(f"'url': write it as in {_EXAMPLES[self.engine]}") from None
        if not known:
            raise ValueError(f"'url': write it as in {_EXAMPLES[self.engine]}")
        if url.password is not None:
            raise ValueError("no password in the 'url': use 'password', as in {env: HISTORY_PASSWORD}")
        return self


def open_history(
    settings: HistorySettings | None, folder: Path, zone: ZoneInfo, retention: Retention | None = None
) -> SqlStore:
    """The history; ``folder`` is where the engines keep it that have no server.

    HistoryError says what is wrong and what to do.
    """
    settings = settings or HistorySettings()
    if settings.engine == "duckdb":
        from twin.history.duckdb_parquet import DuckDbStore

        return DuckDbStore(folder, zone, retention)
    try:
        password = settings.password.reveal() if settings.password else ""
    except SecretError as error:
        raise HistoryError(f"the password of the history: {error}") from None
    if settings.engine == "clickhouse":
        from twin.history import clickhouse, clickhouse_link

        link = (
            clickhouse_link.Server(settings.url, password)
            if settings.url
            else clickhouse_link.Embedded(folder / "clickhouse")
        )
        return clickhouse.ClickHouseStore(link, zone, retention)
    from twin.history import postgres, postgres_link

    return postgres.PostgresStore(postgres_link.Connections(settings.url, password), zone, retention)
