"""The domain files: what stands in them is valid, and a mistake is named."""

from __future__ import annotations

import pytest

from twin.domains import Channel, channels, domains
from twin.domains import read_domain as read
from twin.domains.domain_file import KIND_KEYS
from twin.quantity import QUANTITIES

ENERGY = """
domain: x
names: {zh: 测试, en: Test}
channels:
  - {key: k, quantity: power, names: {zh: 功, en: P}, legend: {low: 0, high: 9, breaks: [1, 2, 3, 4, 5, 6]}}
"""


KPI = "\nkpis:\n  - {key: a, names: {zh: 甲, en: A}, unit: kW, formula: {zh: 和, en: sum}, source: none, "


def read_domain(text: str) -> tuple[Channel, ...]:
    return read(text).channels


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
        assert set(channel.legend()) == {
            "low", "high", "breaks", "unit", "zh", "en", "decimals", "density", "difference",
        }  # fmt: skip


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


def test_the_three_domains_have_their_channels_and_figures() -> None:
    assert list(domains()) == ["energy", "network", "occupancy"]
    keys = {key: [kpi.key.partition(".")[2] for kpi in domain.kpis] for key, domain in domains().items()}
    assert keys == {
        "energy": ["power", "energy_today", "energy_per_area", "base_load", "base_share", "emissions_today",
                   "cost_today", "comfort"],
        "network": ["clients", "ap_online", "bandwidth_in", "bandwidth_out", "bandwidth_share", "links_over",
                    "devices_down"],
        "occupancy": ["people", "occupied_share", "occupied", "density", "clients"],
    }  # fmt: skip
    assert [key for key in channels() if key.startswith("network.")] == [
        "network.clients", "network.traffic", "network.utilisation", "network.state",
    ]  # fmt: skip
    assert channels()["network.traffic"].rollup == "max", "a sum would count what passes two switches twice"
    for domain in domains().values():
        assert 5 <= sum(kpi.strip for kpi in domain.kpis) <= 7
        for kpi in domain.kpis:
            assert all((kpi.zh, kpi.en, kpi.formula_zh, kpi.formula_en, kpi.source)), kpi.key
            assert set(KIND_KEYS) >= {kpi.kind}


def test_a_count_has_no_unit_beside_it() -> None:
    assert channels()["network.clients"].legend()["unit"] == ""
    assert channels()["energy.power"].legend()["unit"] == "kW"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("kind: total}", "needs quantity"),
        ("kind: total, quantity: charm}", "charm"),
        ("kind: total, quantity: power, over: 70}", "has no over"),
        ("kind: rooms}", "either all or any"),
        ("kind: magic}", "kind"),
        ("kind: rooms, any: [{quantity: people, bands: [{low: 1, high: 2, months: [13]}]}]}", "months"),
    ],
)
def test_a_mistake_in_a_figure_is_named(kind: str, says: str) -> None:
    assert read(f"{ENERGY}{KPI}kind: total, quantity: power}}").kpis[0].kind == "total"
    with pytest.raises(ValueError, match=says):
        read(ENERGY + KPI + kind)


def test_two_figures_with_one_key_are_refused() -> None:
    row = "kind: total, quantity: power}"
    with pytest.raises(ValueError, match="same key: a"):
        read(f"{ENERGY}{KPI}{row}{KPI.partition('kpis:')[2]}{row}")


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


def test_the_scale_of_differences_is_even_about_none_and_of_the_scale_that_is_shown() -> None:
    for channel in channels().values():
        scale = channel.difference()
        assert scale["breaks"] == sorted(scale["breaks"])
        assert scale["breaks"] == [-value for value in reversed(scale["breaks"])]
        assert (scale["low"], scale["high"]) == (-scale["high"], 2 * scale["breaks"][-1])
    power, heat = channels()["energy.power"], channels()["energy.temperature"]
    assert (power.difference()["unit"], power.difference()["factor"]) == ("W/m²", 1000.0)
    assert (heat.difference()["unit"], heat.difference()["factor"]) == ("°C", 0.0)
