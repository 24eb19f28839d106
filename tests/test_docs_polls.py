"""The pages on polled sources name every setting with its default, and their addresses are read as they say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from datasources import prometheus, rest, sql

DOCS = Path(__file__).resolve().parent.parent / "docs"


def rows_of(text: str) -> dict[str, str]:
    return {
        name: row[1].strip()
        for row in re.findall(r"^\| (`[^|]+`) \|([^|]*)\|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row[0])
    }


@pytest.mark.parametrize(
    ("page", "models"),
    [
        ("prometheus", [prometheus.Settings, prometheus.Target]),
        ("sql", [sql.Settings, sql.Query]),
        ("rest", [rest.Settings, rest.Target]),
    ],
)
def test_every_setting_is_documented_with_its_default(page: str, models: list[type[BaseModel]]) -> None:
    rows = rows_of((DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8"))
    fields = {name: field for model in models for name, field in model.model_fields.items()}
    assert set(rows) == set(fields)
    for name, field in fields.items():
        if isinstance(field.default, int | float):
            assert rows[name] == f"`{field.default}`", name


def test_the_series_of_the_page_are_read() -> None:
    text = (DOCS / "how-to" / "connect-prometheus.md").read_text(encoding="utf-8")
    table = text.partition("point,entity")[2].partition("```")[0].splitlines()[1:]
    addresses = [row[-1] for row in csv.reader(line.strip() for line in table) if row]
    persons = prometheus.Persons(prometheus.PERSONS)
    places = [persons.place(address.partition("#")[2]) for address in addresses]
    assert [name for name, _ in places] == ["node_hwmon_temp_celsius", "node_power_watts"]
    assert len(places[0][1]) == 2
