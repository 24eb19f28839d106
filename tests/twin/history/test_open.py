"""Which history is opened, and what is said where that cannot be."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.datasources.postgres import OWNER, OWNER_PASSWORD, Server
from tests.twin.history.clickhouse_peer import PASSWORD, Peer
from tests.twin.history.engines import postgresql_url
from twin.history.contract import HistoryError
from twin.history.open import HistorySettings, open_history

ZONE = ZoneInfo("Asia/Shanghai")


def opened(settings: dict[str, Any] | None, folder: Path) -> str:
    """The kind of the store that is opened, and closed again."""
    store = open_history(settings if settings is None else HistorySettings.model_validate(settings), folder, ZONE)
    store.close()
    return type(store).__name__


def test_without_a_word_it_is_kept_in_the_folder(tmp_path: Path) -> None:
    assert opened(None, tmp_path) == opened({"engine": "duckdb"}, tmp_path) == "DuckDbStore"
    assert opened({"engine": "clickhouse"}, tmp_path) == "ClickHouseStore"
    assert (tmp_path / "clickhouse").is_dir()


def test_servers_are_opened_with_a_password_from_elsewhere(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTORY_PASSWORD", PASSWORD)
    peer.ask("CREATE DATABASE IF NOT EXISTS opened")
    settings = {"engine": "clickhouse", "url": peer.url("opened"), "password": {"env": "HISTORY_PASSWORD"}}
    assert opened(settings, tmp_path) == "ClickHouseStore"
    monkeypatch.delenv("HISTORY_PASSWORD")
    with pytest.raises(HistoryError, match="the password of the history: the environment variable HISTORY_PASSWORD"):
        opened(settings, tmp_path)


@pytest.mark.postgresql
def test_postgresql_is_opened_with_a_password_from_elsewhere(cluster: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(OWNER_PASSWORD)
    url = postgresql_url(cluster)
    settings = {"engine": "postgresql", "url": url, "password": {"file": str(secret)}}
    assert opened(settings, tmp_path) == "PostgresStore"
    assert OWNER in url


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"engine": "oracle"}, "engine"),
        ({"url": "postgresql://h/x"}, "leave 'url'"),
        ({"engine": "postgresql"}, "write it as in postgresql://"),
        ({"engine": "postgresql", "url": "https://h/x"}, "write it as in postgresql://"),
        ({"engine": "clickhouse", "url": "clickhouse://h/x"}, "write it as in https://"),
        ({"engine": "clickhouse", "url": "https://h:port/x"}, "write it as in https://"),
        ({"engine": "clickhouse", "url": "https://me:word@h/x"}, "no password in the 'url'"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        HistorySettings.model_validate(settings)


@pytest.mark.parametrize(
    ("missing", "settings", "says"),
    [
        ("chdb", {"engine": "clickhouse"}, "pip install chdb"),
        ("clickhouse_connect", {"engine": "clickhouse", "url": "http://h/x"}, r"campus-twin\[clickhouse\]"),
        ("psycopg", {"engine": "postgresql", "url": "postgresql://h/x"}, r"campus-twin\[postgresql\]"),
    ],
)
def test_a_package_that_is_not_there_is_named(
    missing: str, settings: dict[str, Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def importing(name: str, *arguments: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ImportError(name)
        return usual(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(HistoryError, match=says):
        opened(settings, tmp_path)
