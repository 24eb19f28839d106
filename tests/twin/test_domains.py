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
        assert set(channel.legend()) == {"low", "high", "breaks", "unit", "zh", "en", "decimals", "density"}


def test_the_roll_up_comes_from_the_quantity_unless_the_file_says_another() -> None:
    assert read_domain(ENERGY)[0].rollup == "sum"
    assert read_domain(ENERGY.replace("quantity: power,", "quantity: power, rollup: max,"))[0].rollup == "max"


def test_a_ramp_may_show_the_value_a_square_metre() -> None:
    plain = read_domain(ENERGY)[0]
    assert plain.density is None
    assert plain.legend()["density"] is None
    dense = "density: {unit: W/m², factor: 1000, low: 0, high: 90, breaks: [1, 2, 4, 8, 16, 32]}, legend:"
    channel = read_domain(ENERGY.replace("legend:", dense))[0]
    assert channel.unit == "kW"
    assert channel.legend()["density"]["breaks"] == (1, 2, 4, 8, 16, 32)
    with pytest.raises(ValueError, match="factor"):
        read_domain(ENERGY.replace("legend:", dense.replace("1000", "0")))


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
