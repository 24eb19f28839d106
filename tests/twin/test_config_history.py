"""``history`` of campus.yaml."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twin.config_history import HistoryEntry


def test_everything_is_kept_by_default() -> None:
    entry = HistoryEntry()
    assert (entry.keep, entry.engine, entry.folder, entry.readings_days) == (True, "duckdb", "history", 400)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"quantities": {"peple": 3}}, "'peple' is no quantity"),
        ({"engine": "postgresql"}, "'url': write it as in"),
        ({"engine": "sqlite"}, "duckdb"),
        ({"readings_days": 0}, "greater than or equal to 1"),
        ({"keeps": True}, "keeps"),
    ],
)
def test_mistakes_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        HistoryEntry.model_validate(given)


def test_other_engines_have_a_url_and_a_password_by_reference() -> None:
    entry = HistoryEntry.model_validate(
        {"engine": "postgresql", "url": "postgresql://twin@db/twin", "password": {"env": "DB_PASSWORD"},
         "quantities": {"people": 90}},
    )  # fmt: skip
    assert entry.url.startswith("postgresql://")
    assert entry.quantities == {"people": 90}
