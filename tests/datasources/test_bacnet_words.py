"""BACnet addresses, units, status flags and settings: what is read, and what is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from datasources import bacnet
from datasources.bacnet_address import Place, parse, unit_of, verdict
from datasources.fieldbus import AddressError
from tests.datasources.test_bacnet import FLAGS, source, target


@pytest.mark.parametrize(("flags", "reliability", "bad", "remark"), FLAGS)
def test_verdict(flags: list[int], reliability: int, bad: str, remark: str) -> None:
    assert verdict(flags, reliability) == (bad, remark)
    assert verdict(None, None) == verdict([], None) == ("", "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("analog-input,5", Place(0, 5)),
        ("Binary-Value:7", Place(5, 7)),
        ("130,5", Place(130, 5)),
        ("analog-input,5/present-value", Place(0, 5)),
        ("multi-state-value,2/state-text[3]", Place(19, 2, 110, 3)),
        ("device,1001/600", Place(8, 1001, 600)),
    ],
)
def test_addresses_are_read_as_the_reference_says(text: str, place: Place) -> None:
    assert parse(text) == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no BACnet address"),
        ("analog-input", "no BACnet address"),
        ("analog-input,5/", "no BACnet address"),
        ("analog-input,5/x[", "no BACnet address"),
        ("analog-input,4194303", "instances go from 0"),
        ("analogue-input,5", "no BACnet object type"),
        ("1024,5", "numbers end at 1023"),
        ("analog-input,5/present", "no BACnet property"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse(text)


def test_units_of_the_standard_become_ours() -> None:
    assert [unit_of(n) for n in (62, 19, 135, 96, 47, 98, 33)] == ["°C", "kWh", "m³/h", "ppm", "W", "%", "feet"]


@pytest.mark.parametrize(
    "change",
    [{"host": "ahu.example"}, {"host": "1.2.3.400"}, {"network": 5}, {"mac": "5"}, {"network": 5, "mac": "256"},
     {"network": 5, "mac": "0x1"}, {"cov": "yes"}, {"lifetime_s": 0}, {"device": 4_194_303}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        bacnet.Settings.model_validate(source(m={**target(47808), **change}))
