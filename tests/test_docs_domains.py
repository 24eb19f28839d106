"""The page on domains says what the code does: keys of the file, kinds of figures, keys of the answers."""

from __future__ import annotations

import re
from types import MappingProxyType

from pydantic import BaseModel

from server.schemas_kpis import KpiHistoryOut, KpiOut, KpisOut
from tests.conftest import ROOT
from twin.config_kpis import DEFAULT_CARBON
from twin.domains import domain_file, domains, read_domain
from twin.domains.domain_file import KIND_KEYS
from twin.kpi_points import IN, OUT, link, way

PAGE = (ROOT / "docs" / "reference" / "domains.md").read_text(encoding="utf-8")


def forms() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [
        row for row in vars(domain_file).values() if isinstance(row, type) and issubclass(row, domain_file._Form)
    ]
    assert len(found) > 6
    return found


def test_every_key_of_a_domain_file_is_explained() -> None:
    keys = {key for form in forms() for key in form.model_fields}
    assert sorted(key for key in keys if f"`{key}`" not in PAGE) == []


def test_every_kind_of_figure_is_explained_with_its_keys() -> None:
    rows = dict(re.findall(r"^\| (`[a-z`, -]+`) \|.*\| ([^|]*) \|$", PAGE, re.MULTILINE))
    assert isinstance(KIND_KEYS, MappingProxyType)
    for kind, (needs, may) in KIND_KEYS.items():
        (row,) = [keys for names, keys in rows.items() if f"`{kind}`" in names]
        assert set(re.findall(r"`(\w+)`", row)) == needs | may, kind


def test_every_key_of_the_answers_is_explained() -> None:
    _, _, api = PAGE.partition("## API")
    for model in (KpiOut, KpisOut, KpiHistoryOut):
        assert [key for key in model.model_fields if f"`{key}`" not in api] == [], model.__name__


def test_the_example_is_a_domain_and_every_domain_is_named() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert read_domain(example).kpis[0].key == "water.flow"
    assert [key for key in domains() if f"`{key}.yaml`" not in PAGE] == []
    assert f"{DEFAULT_CARBON.kg_per_kwh} kg/kWh" in PAGE


def test_the_words_of_direction_are_those_of_the_page() -> None:
    line = next(part for part in PAGE.split("\n- ") if part.startswith("**In and out**"))
    words = re.findall(r"`([a-z]+)`", line)
    directions, others = words[:10], [word for word in words[10:] if word != "utilisation"]
    assert [way(f"a.{word}") for word in directions] == [IN] * 5 + [OUT] * 5
    assert way("a.main") == 0
    assert [link(f"a.{word}") for word in others] == [""] * 8
    assert link("a.in") == link("a.out") == "a"
