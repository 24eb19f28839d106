"""The pages on polled sources name every setting with its default, and their addresses are read as they say."""

from __future__ import annotations

import csv
import json
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from datasources import prometheus, push, rest, rest_request, sql
from datasources.rest_path import place
from server import security
from server.push import _PROBLEMS, BODY_S
from server.push_body import KEYS, KINDS
from server.push_body import rows_of as body_rows
from server.push_rows import RowReader
from server.schemas import PushedOut, RefusedOut
from twin.point import Point

DOCS = Path(__file__).resolve().parent.parent / "docs"


def page_of(name: str) -> str:
    path = DOCS / "how-to" / f"{name}.md"
    return (path if path.is_file() else path.with_name(f"connect-{name}.md")).read_text(encoding="utf-8")


def rows_of(text: str) -> dict[str, str]:
    return {
        name: row[1].strip()
        for row in re.findall(r"^\| (`[^|]+`) \|([^|]*)\|[^|]*\|$", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row[0])
    }


@pytest.mark.parametrize(
    ("page", "models"),
    [
        ("prometheus", [prometheus.Settings, prometheus.Target]),
        ("sql", [sql.Settings, sql.Query]),
        ("rest", [rest.Settings, rest.Target, rest_request.Paging, rest_request.Since]),
        ("push-readings", [push.Settings]),
    ],
)
def test_every_setting_is_documented_with_its_default(page: str, models: list[type[BaseModel]]) -> None:
    text = page_of(page)
    rows = rows_of(text.partition("## Settings")[2])
    fields = {name: field for model in models for name, field in model.model_fields.items()}
    assert set(rows) == set(fields)
    for name, field in fields.items():
        if isinstance(field.default, int | float):
            assert rows[name] == f"`{field.default}`", name


def test_the_series_of_the_page_are_read() -> None:
    text = (DOCS / "how-to" / "connect-prometheus.md").read_text(encoding="utf-8")
    table = text.partition("point,entity")[2].partition("```")[0].splitlines()[1:]
    addresses = [row[-1] for row in csv.reader(line.strip() for line in table) if row]
    persons = prometheus.Persons(prometheus.PERSONS, prometheus.ONE_PERSON_EACH)
    places = [persons.place(address.partition("#")[2]) for address in addresses]
    assert [name for name, _ in places] == ["node_hwmon_temp_celsius", "node_power_watts", "vpn_active_sessions"]
    assert len(places[0][1]) == 2


@pytest.mark.parametrize(("page", "module"), [("prometheus", prometheus), ("sql", sql), ("rest", rest)])
def test_the_settings_of_the_pages_are_taken(page: str, module: ModuleType) -> None:
    text = (DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8")
    block = re.search(r"^ +```yaml\n(.+?)^ +```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    (settings,) = yaml.safe_load(textwrap.dedent(block[1]))["sources"].values()
    assert settings.pop("type") == page
    assert module.Settings.model_validate(settings).targets


def test_the_rest_addresses_and_what_is_withheld_stand_on_their_pages() -> None:
    text = (DOCS / "how-to" / "connect-rest.md").read_text(encoding="utf-8")
    for address in re.findall(r"chargers,(\S+)$", text, re.MULTILINE):
        assert place(address.partition("#")[2])
    text = (DOCS / "how-to" / "connect-prometheus.md").read_text(encoding="utf-8")
    assert [name for name in prometheus.ONE_PERSON_EACH if f"`{name}`" not in text] == []
    assert set(re.findall(r"`(\w+)`", text.partition("device (")[2].partition(";")[0])) <= set(prometheus.PERSONS)


def test_the_page_on_pushing_names_every_key_kind_code_and_status() -> None:
    text = page_of("push-readings")
    codes = RefusedOut.model_fields["code"].annotation
    words = (*KEYS, *KINDS, *get_args(codes), *PushedOut.model_fields)
    assert [word for word in words if f"`{word}`" not in text and f'"{word}"' not in text] == []
    assert [int(row) for row in re.findall(r"^\| ([0-9]{3}) \|", text, re.MULTILINE)] == list(_PROBLEMS)
    assert f"within {BODY_S:.0f} s" in text
    assert f"at most {security.MAX_BODY // 2**20} MB" in text


def test_the_example_of_the_page_on_pushing_is_taken_in() -> None:
    text = page_of("push-readings")
    example = text.partition("-d '")[2].partition("'")[0]
    table = text.partition("   point,entity")[2].partition("```")[0].splitlines()[1:]
    points = [Point(cells[0], cells[1], cells[2], cells[3], source=cells[5], address=cells[6])
              for line in table if len(cells := line.strip().split(",")) == 7]  # fmt: skip
    assert [point.id for point in points] == ["14-main", "5036-t"]
    judged = RowReader("gateway", points, "Asia/Shanghai").judge(body_rows("json", example.encode(), 10), 0)
    assert not judged.refused
    assert [reading.value for reading in judged.readings] == [412.5, pytest.approx(21.222, abs=0.001)]
    answer = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert PushedOut.model_validate(answer).rejected[0].row == 2
