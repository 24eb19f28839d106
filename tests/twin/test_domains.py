"""The domain files: what stands in them is valid, and a mistake is named."""

from __future__ import annotations

import pytest

from twin.domains import channels, read_domain
from twin.quantity import QUANTITIES

ENERGY = """
domain: x
names: {zh: 测试, en: Test}
channels:
  - {key: k, quantity: power, names: {zh: 功, en: P}, legend: {low: 0, high: 9, breaks: [1, 2, 3, 4, 5, 6]}}
"""


def test_every_channel_is_whole() -> None:
    assert "energy.power" in channels()
    for key, channel in channels().items():
        assert key == channel.key
        assert channel.unit == QUANTITIES[channel.quantity].unit
        steps = [channel.low, *channel.breaks, channel.high]
        assert steps == sorted(set(steps))
        assert len(channel.breaks) == 6
        assert channel.zh
        assert channel.en
        assert set(channel.legend()) == {"low", "high", "breaks", "unit", "zh", "en", "decimals"}


def test_the_roll_up_comes_from_the_quantity_unless_the_file_says_another() -> None:
    assert read_domain(ENERGY)[0].rollup == "sum"
    assert read_domain(ENERGY.replace("quantity: power,", "quantity: power, rollup: max,"))[0].rollup == "max"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("quantity: power", "quantity: charm", "charm"),
        ("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5]", "breaks"),
        ("[1, 2, 3, 4, 5, 6]", "[1, 3, 2, 4, 5, 6]", "must rise"),
        ("key: k", "kex: k", "kex"),
        ("en: P", "fr: P", "en"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_domain(ENERGY.replace(old, new))
