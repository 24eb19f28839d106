"""The pages on field devices say what the code does: every setting with its default, every address as it is read."""

from __future__ import annotations

import csv
import re
import textwrap
from collections.abc import Callable
from types import ModuleType

import pytest
import yaml
from pydantic import BaseModel

from datasources import bacnet, modbus, modbus_address, opcua
from datasources.fieldbus import AddressError
from tests.conftest import ROOT
from twin.quantity import QUANTITIES

DOCS = ROOT / "docs"
GRAMMAR = (DOCS / "reference" / "fieldbus-addresses.md").read_text(encoding="utf-8")


def rows(text: str, title: str) -> dict[str, str]:
    """The settings of the table with that title, and the defaults it tells."""
    table = text.partition(f"| {title} | default | meaning |")[2].partition("\n\n")[0]
    return {
        name: row[1].strip().strip("`")
        for row in re.findall(r"^\| (`[^|]+`) \|([^|]*)\|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row[0])
    }


@pytest.mark.parametrize(("page", "module"), [("modbus", modbus), ("bacnet", bacnet), ("opcua", opcua)])
@pytest.mark.parametrize(("title", "model"), [("setting", "Settings"), ("setting of a target", "Target")])
def test_every_setting_is_documented_with_its_default(page: str, module: ModuleType, title: str, model: str) -> None:
    text = (DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8")
    settings: type[BaseModel] = getattr(module, model)
    told = rows(text, title)
    assert set(told) == set(settings.model_fields)
    for name, field in settings.model_fields.items():
        if field.is_required() or field.default in (None, ""):
            assert told[name] in ("", "none", "the shortest of its points"), name
        else:
            assert str(field.default).lower() == told[name].lower(), f"{name}: the page says {told[name]}"


@pytest.mark.parametrize(("page", "module"), [("modbus", modbus), ("bacnet", bacnet), ("opcua", opcua)])
def test_the_settings_of_the_pages_are_taken(page: str, module: ModuleType) -> None:
    text = (DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8")
    block = re.search(r"^ +```yaml\n(.+?)^ +```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    (settings,) = yaml.safe_load(textwrap.dedent(block[1]))["sources"].values()
    assert settings.pop("type") == page
    assert module.Settings.model_validate(settings).targets


@pytest.mark.parametrize("page", ["modbus", "bacnet", "opcua"])
def test_the_points_of_the_pages_can_be_used(page: str) -> None:
    text = (DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8")
    header, *lines = re.search(r"^ +(point,entity.+?)\n +```", text, re.MULTILINE | re.DOTALL)[1].split("\n")  # type: ignore[index]
    for line in lines:
        row = dict(zip(header.strip().split(","), next(csv.reader([line.strip()])), strict=True))
        assert row["unit"] in QUANTITIES[row["quantity"]].units, line
        parse(page)(row["address"].partition("#")[2])


def parse(page: str) -> Callable[[str], object]:
    if page == "modbus":
        return modbus_address.parse
    if page == "bacnet":
        from datasources.bacnet_address import parse as bacnet_parse

        return bacnet_parse
    pytest.importorskip("asyncua")
    from datasources.opcua_values import parse as opcua_parse

    return opcua_parse


def test_the_ways_to_count_registers_are_read_as_the_reference_says() -> None:
    read = modbus_address.parse
    assert read("holding:40001").start == read("input:30001").start == read("discrete:10001").start == 0
    assert read("coil:00001").start == 0
    assert read("holding:465536").start == 65535
    assert read("holding:@40236").start == read("holding:0x9D2C").start == 40236
    assert read("holding:2700").start == 2700
    with pytest.raises(AddressError):
        read("holding:30775")
    for word in (*modbus_address._WORDS, *modbus_address._ORDERS):
        assert f"`{word}`" in GRAMMAR, word


def test_the_byte_orders_are_those_of_the_reference() -> None:
    table = dict(re.findall(r"^\| `([abcd]{4})`[^|]*\|[^|]*\|[^|]*\| ([A-H ]+) \|$", GRAMMAR, re.MULTILINE))
    assert set(table) == set(modbus_address._ORDERS)
    for order, letters in table.items():
        wire = bytes(ord(letter) for letter in letters.split())
        registers = [int.from_bytes(wire[at : at + 2], "big") for at in range(0, 8, 2)]
        value = modbus_address.value_of(modbus_address.parse(f"holding:0:uint64:{order}"), registers)
        assert int(value).to_bytes(8, "big") == b"ABCDEFGH", order


def test_the_table_of_quantities_is_that_of_the_program() -> None:
    text = (DOCS / "reference" / "campus-folder.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| ([^|]*) \| ([^|]+) to ([^|]+) \|", text, re.MULTILINE)
    assert len(table) > 10
    for key, unit, others, low, high in table:
        quantity = QUANTITIES[key]
        assert [unit, *re.findall(r"`([^`]+)`", others)] == list(quantity.units), key
        assert (float(low.replace(",", "")), float(high.replace(",", ""))) == (quantity.low, quantity.high), key


def test_the_node_ids_of_the_reference_are_read() -> None:
    pytest.importorskip("asyncua")
    from datasources.opcua_values import parse as read

    nodes = re.findall(r"^\| `((?:ns|nsu|i)=[^`]+)`", GRAMMAR, re.MULTILINE)
    assert len(nodes) == 6
    for node in nodes:
        read(node)
