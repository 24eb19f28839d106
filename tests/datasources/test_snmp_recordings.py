"""SNMP against recordings of real devices, replayed by snmpsim: what the profiles say of them, in numbers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from datasources import snmp
from tests.datasources.agents import COMMUNITY, SYS_UPTIME, Run, Snmpsim, recorded

pytestmark = [pytest.mark.asyncio]

SYSTEM, IF_TABLE, IF_X_TABLE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1.1"
IF_NAME, IF_OCTETS, IF_HC_OCTETS = f"{IF_X_TABLE}.1", "1.3.6.1.2.1.2.2.1.10", f"{IF_X_TABLE}.6"
ENTITY, ENGINE = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.6.3.10.2.1"
PORTS = (f"{IF_TABLE}.1", *(f"{IF_TABLE}.2.1.{column}" for column in (2, 3, 8, 10, 14)), IF_NAME, IF_HC_OCTETS)

DEVICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "aruba": ("aruba-7210", (*PORTS, "1.3.6.1.4.1.14823.2.2.1.5.2.1", "1.3.6.1.4.1.14823.2.2.1.2.1")),
    "h3c": ("h3c-comware-7-1-075", (*PORTS, ENTITY, "1.3.6.1.4.1.25506.2.6.1.1.1.1")),
    "ruijie": ("ruijie-m18000", (
        *(f"1.3.6.1.4.1.4881.1.1.10.2.56.2.1.1.1.{column}" for column in (2, 34, 48)),
        "1.3.6.1.4.1.4881.1.1.10.2.36.1.1", "1.3.6.1.4.1.4881.1.1.10.2.35.1.1.1", f"{IF_TABLE}.1",
    )),
    "s5750": ("ruijie-s5750-24gt12sfp", (
        *PORTS, "1.3.6.1.4.1.4881.1.1.10.2.36.1.1", "1.3.6.1.4.1.4881.1.1.10.2.35.1.1.1",
    )),
    "sangfor": ("sangfor-wac", (*PORTS, "1.3.6.1.4.1.45577.2.12.1.6.1", "1.3.6.1.4.1.45577.2.12.2.1")),
    "emerson": ("emerson-network-power", PORTS),
}  # fmt: skip


@pytest_asyncio.fixture
async def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Snmpsim]:
    monkeypatch.setenv("TEST_COMMUNITY", COMMUNITY)
    simulator = Snmpsim(tmp_path, COMMUNITY)
    yield simulator
    simulator.kill()


async def replay(simulator: Snmpsim, samples: Path, name: str) -> None:
    """The rows of a recording that the tests ask for: all of a device takes minutes to be indexed."""
    file, parts = DEVICES[name]
    simulator.write(COMMUNITY, recorded(samples / "snmp" / f"{file}.snmprec.bz2", SYSTEM, ENGINE, *parts))
    await simulator.start()


def run_of(simulator: Snmpsim, *addresses: str, counters: bool = True, **settings: Any) -> Run:
    target = {"host": "127.0.0.1", "port": simulator.port}
    wanted = [f"d#{address}" for address in addresses]
    return Run({"d": target}, wanted, counters=counters, **{"timeout_s": 5, **settings})


async def values(simulator: Snmpsim, addresses: Sequence[str], seconds: float = 30) -> dict[str, Any]:
    run = run_of(simulator, *addresses)
    async with run.running():
        await run.all_there(seconds)
    assert not run.reports
    return {address.removeprefix("d#"): reading.bad or reading.value for address, reading in run.latest.items()}


@pytest.mark.samples
async def test_aruba(simulator: Snmpsim, samples: Path) -> None:
    clients = {"WRD-WN": 23, "WRD-EC": 12, "WRD-ES": 21, "WRD-WC": 5, "WRD-EN": 1, "WRD-WN-1": 0, "WRD-WS-1": 2,
               "WRD-WS": 5, "SH-JXL-B1-jifang": 0}  # fmt: skip
    await replay(simulator, samples, "aruba")
    expected: Mapping[str, Any] = {
        **{f"clients[{name}]": count for name, count in clients.items()},
        "clients[AP-93]": "no such object on this device",  # it is down and has no radios
        "ap_state[WRD-WN]": 1, "ap_state[AP-93]": 0, "clients_total": 67, "cpu": 9, "memory": 50,
        "octets_in[GE0/0/0]": 6_745_985_081, "link[GE0/0/0]": 1,
    }  # fmt: skip
    assert await values(simulator, list(expected)) == expected
    found = {row.address: row for row in await snmp.discover(run_of(simulator).settings, 20)}
    assert {row.vendor for row in found.values()} == {"Aruba"}
    assert sum(int(row.value or 0) for row in found.values() if row.address.startswith("d#clients[")) == 69
    assert found["d#clients[WRD-WN]"].quantity == "clients"
    assert "profile aruba" in found["d#uptime"].name
    assert len([address for address in found if address.startswith("d#ap_state[")]) == 13


@pytest.mark.samples
async def test_ruijie_controller_of_3239_access_points(simulator: Snmpsim, samples: Path) -> None:
    await replay(simulator, samples, "ruijie")
    expected: Mapping[str, Any] = {
        "clients[W_Lib_F2_2]": 77, "clients[W_Lib_F2_3]": 48, "clients[W_LXL_B1-2]": 15, "ap_state[W_LXL_B1-2]": 1,
        "clients_total": 2439, "cpu": 10, "memory": 50,
    }  # fmt: skip
    assert await values(simulator, list(expected), 100) == expected


@pytest.mark.samples
async def test_ruijie_switch(simulator: Snmpsim, samples: Path) -> None:
    await replay(simulator, samples, "s5750")
    seen = await values(simulator, ["octets_in[Gi0/1]", "errors_in[Gi0/1]", "link[Gi0/1]", "cpu", "memory", "uptime"])
    rows = dict(row.split("|", 2)[::2] for row in recorded(samples / "snmp/ruijie-s5750-24gt12sfp.snmprec.bz2", *PORTS))
    assert seen["octets_in[Gi0/1]"] == int(rows[f"{IF_HC_OCTETS}.1"])
    assert seen["errors_in[Gi0/1]"] == int(rows["1.3.6.1.2.1.2.2.1.14.1"])
    assert seen["link[Gi0/1]"] == (1 if rows["1.3.6.1.2.1.2.2.1.8.1"] == "1" else 0)
    assert 0 <= seen["cpu"] <= 100
    assert 0 < seen["memory"] <= 100
    assert seen["uptime"] == 5_276_812.12


@pytest.mark.samples
async def test_h3c_router_of_two_chassis(simulator: Snmpsim, samples: Path) -> None:
    """The boards of both have the same names; parts without a thermometer say 65535."""
    await replay(simulator, samples, "h3c")
    expected: Mapping[str, Any] = {
        "cpu": 24, "memory": 55, "temperature[sensor 1.0.1]": 37, "temperature[Board 0 (1.0.1)]": 37,
        "temperature[Board 11 (1.11.1)]": 42, "temperature[Board 11 (2.11.1)]": 41,
        "temperature[Board 0]": "no such name on this device",
        "temperature[Slot 0 (1.0)]": "the device says that it has no value",
        "octets_in[Ten-GigabitEthernet1/0/0/1]": 119_873_561_417, "clients[AP-1]": "no such name on this device",
    }  # fmt: skip
    assert await values(simulator, list(expected)) == expected
    found = [row for row in await snmp.discover(run_of(simulator).settings, 30) if "#temperature[" in row.address]
    assert found
    assert all(10 < float(row.value or 0) < 90 for row in found)


@pytest.mark.samples
async def test_sangfor_controller_without_ifxtable(simulator: Snmpsim, samples: Path) -> None:
    """Its agent lists some interfaces twice, each with counts of its own."""
    await replay(simulator, samples, "sangfor")
    ports = ("octets_in[vlanif120]", "octets_in[eth4]")
    run = run_of(simulator, "clients_total", "ap_state[文体馆A-13]", "clients[文体馆A-13]", *ports)
    async with run.running():
        await run.all_there(30)
    assert run.value("d#clients_total") == 1563
    assert (run.value("d#ap_state[文体馆A-13]"), run.value("d#clients[文体馆A-13]")) == (1, 0)
    assert (run.value("d#octets_in[vlanif120]"), run.latest["d#octets_in[vlanif120]"].wrap) == (203_588_368, 2**32)
    assert run.latest["d#octets_in[eth4]"].bad == "two rows of this device have this name"
    found = await snmp.discover(run.settings, 60)
    clients = [int(row.value or 0) for row in found if row.address.startswith("d#clients[")]
    # 350 access points with 1,528 clients, 4 of them offline; 159 share their name with another: no address means them
    assert sum(row.value == 0 for row in found if row.address.startswith("d#ap_state[")) == 2
    assert (len(clients), sum(clients)) == (191, 661)


@pytest.mark.samples
async def test_emerson_ups(simulator: Snmpsim, samples: Path) -> None:
    await replay(simulator, samples, "emerson")
    assert await values(simulator, ["octets_in[Motorola PowerQUICC FEC]", "battery"]) == {
        "octets_in[Motorola PowerQUICC FEC]": 20_963_511, "battery": "no such object on this device",
    }  # fmt: skip
    found = await snmp.discover(run_of(simulator).settings, 20)
    assert {row.vendor for row in found} == {"Emerson"}


def port(index: int, name: str, octets: str) -> list[str]:
    return [f"{IF_NAME}.{index}|4|{name}", f"{IF_TABLE}.2.1.2.{index}|4|{name}", f"{IF_OCTETS}.{index}|{octets}"]


def device(uptime: str, *ports: list[str]) -> list[str]:
    return [f"{SYS_UPTIME}|{uptime}", f"{IF_TABLE}.1.0|2|{len(ports)}", *(row for rows in ports for row in rows)]


async def test_a_restart_that_numbers_the_ports_anew(simulator: Snmpsim) -> None:
    """Two recordings under one simulator: the second has the ports in other places, and counts from the start."""
    simulator.write(COMMUNITY, device("67|90000000", port(1, "Gi0/1", "65|111000"), port(2, "Gi0/2", "65|222000")))
    await simulator.start()
    run = run_of(simulator, "octets_in[Gi0/1]", "octets_in[Gi0/2]", timeout_s=1)
    async with run.running():
        await run.all_there()
        boot = run.latest["d#octets_in[Gi0/1]"].boot
        simulator.kill()
        simulator.write(COMMUNITY, device("67|500", port(7, "Gi0/2", "65|22"), port(8, "Gi0/1", "65|11")))
        await simulator.start()
        await run.until(lambda: run.value("d#octets_in[Gi0/1]") == 11 and run.value("d#octets_in[Gi0/2]") == 22, 30)
        assert run.began_after("d#octets_in[Gi0/1]", boot)
    seen = {(reading.address, reading.value) for reading in run.readings if not reading.bad}
    assert seen == {
        ("d#octets_in[Gi0/1]", 111_000), ("d#octets_in[Gi0/2]", 222_000),
        ("d#octets_in[Gi0/1]", 11), ("d#octets_in[Gi0/2]", 22),
    }  # fmt: skip


async def test_a_32_bit_counter_goes_round(simulator: Snmpsim) -> None:
    """It falls, but the device did not start anew: the pipeline can tell a wrap from a restart."""
    counter = f"65:numeric|initial={2**32 - 3_000_000},rate=1000000,wrap=1"
    simulator.write(COMMUNITY, device("67:numeric|rate=100,initial=1000", port(1, "eth0", counter)))
    await simulator.start()
    run = run_of(simulator, "octets_in[eth0]")
    async with run.running():
        await run.until(lambda: any(reading.value and int(reading.value) < 2**31 for reading in run.readings), 30)
    counts = [int(reading.value or 0) for reading in run.readings]
    assert max(counts) > 2**32 - 3_000_000
    assert {reading.wrap for reading in run.readings} == {2**32}
    assert len({reading.boot for reading in run.readings}) == 1


async def test_a_slow_device_is_waited_for_and_delays_no_other(simulator: Snmpsim, tmp_path: Path) -> None:
    slow = f"{SYSTEM}.5.0|4:delay|value=slow,wait=1500,deviation=0"
    simulator.write(COMMUNITY, [*device("67|1000", port(1, "eth0", "65|5")), slow])
    quick = Snmpsim(tmp_path, COMMUNITY)
    quick.write(COMMUNITY, device("67:numeric|rate=100,initial=1000", port(1, "eth0", "65|7")))
    await simulator.start()
    await quick.start()
    try:
        targets: dict[str, dict[str, Any]] = {
            "s": {"host": "127.0.0.1", "port": simulator.port, "timeout_s": 6.0},
            "hasty": {"host": "127.0.0.1", "port": simulator.port, "timeout_s": 0.5, "retries": 0},
            "q": {"host": "127.0.0.1", "port": quick.port},
        }
        addresses = [f"s#{SYSTEM}.5.0", f"hasty#{SYSTEM}.5.0", "q#octets_in[eth0]"]
        run = Run(targets, addresses, timeout_s=1, interval_s=0.5)
        async with run.running():
            await run.until(lambda: f"s#{SYSTEM}.5.0" in run.latest and run.reports, 20)
            assert run.value(f"s#{SYSTEM}.5.0") == "slow"
            before, start = len([row for row in run.readings if row.address.startswith("q")]), time.monotonic()
            await asyncio.sleep(3)
            after = len([row for row in run.readings if row.address.startswith("q")])
            assert after - before >= (time.monotonic() - start) / 0.5 - 2
            assert {report.target for report in run.reports} == {"hasty"}
            assert "did not answer within 0.5 s" in run.reports[0].reason
    finally:
        quick.kill()


@pytest.mark.parametrize("status", ["genError", "tooBig", "noSuchName", "authorizationError"])
async def test_an_object_with_an_error_leaves_the_others_alone(simulator: Snmpsim, status: str) -> None:
    bad = f"{SYSTEM}.4.0|4:error|op=get,status={status},value=x"
    simulator.write(COMMUNITY, [*device("67|1000", port(1, "eth0", "65|5"), port(2, "eth1", "65|6")), bad])
    await simulator.start()
    run = run_of(simulator, "octets_in[eth0]", f"{SYSTEM}.4.0", "octets_in[eth1]")
    async with run.running():
        await run.all_there(20)
        assert run.latest[f"d#{SYSTEM}.4.0"].bad
        assert (run.value("d#octets_in[eth0]"), run.value("d#octets_in[eth1]")) == (5, 6)
        assert run.reports == []
