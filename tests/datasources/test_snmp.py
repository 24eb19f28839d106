"""SNMP against net-snmp's snmpd: values, refusals in words, devices that are dead, killed, restarted, hostile."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from datasources import snmp
from datasources.contract import Found
from datasources.runner import SourceConfig, Supervisor
from tests.datasources.agents import COMMUNITY, Run, Snmpd, free_udp_port
from twin.reading import RawReading

pytestmark = [pytest.mark.agent, pytest.mark.asyncio]

ANN: dict[str, Any] = {
    "version": 3, "user": "ann", "auth_key": {"env": "ANN_AUTH"}, "priv_key": {"env": "ANN_PRIV"},
}  # fmt: skip
BEN: dict[str, Any] = {
    **ANN, "user": "ben", "auth": "sha256", "auth_key": {"env": "BEN_AUTH"}, "priv_key": {"env": "BEN_PRIV"},
}  # fmt: skip
JOE: dict[str, Any] = {"version": "3", "user": "joe", "auth_key": {"env": "JOE_AUTH"}}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", COMMUNITY)
    monkeypatch.setenv("WRONG", "wrong-and-long")
    for user in ("ann", "ben", "joe"):
        monkeypatch.setenv(f"{user.upper()}_AUTH", f"{user}-auth-key")
        monkeypatch.setenv(f"{user.upper()}_PRIV", f"{user}-priv-key")


@pytest_asyncio.fixture
async def agent(snmpd: str, tmp_path: Path) -> AsyncIterator[Snmpd]:
    agent = Snmpd(snmpd, tmp_path)
    await agent.start()
    yield agent
    agent.kill()


def here(agent: Snmpd, **settings: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": agent.port, **settings}


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes every packet and never answers."""
    with socket.socket(type=socket.SOCK_DGRAM) as hole:
        hole.bind(("127.0.0.1", 0))
        yield hole.getsockname()[1]


@pytest.mark.parametrize("how", [{}, ANN, BEN, JOE], ids=["v2c", "ann", "ben", "joe"])
async def test_counters_states_and_gauges(agent: Snmpd, how: dict[str, Any]) -> None:
    started = time.time()
    addresses = ["a#octets_in[lo]", "a#ifHCInOctets[lo]", "a#ifInOctets[lo]", "a#link[lo]", "a#ifOperStatus[lo]",
                 "a#storage[/]", "a#uptime", "a#1.3.6.1.2.1.1.5.0", "a#1.3.6.1.2.1.2.2.1.10.1"]  # fmt: skip
    counted = Path("/sys/class/net/lo/statistics/rx_bytes")
    before = int(counted.read_text())
    run = Run({"a": here(agent, **how)}, addresses, counters=True)
    async with run.running():
        await run.all_there()
        after = int(counted.read_text())
        octets = run.latest["a#octets_in[lo]"]
        assert isinstance(octets.value, int)
        assert before - 10_000_000 < octets.value <= after  # the agent reads the interfaces once in a while
        assert (octets.wrap, run.latest["a#ifHCInOctets[lo]"].wrap) == (2**64, 2**64)
        assert run.latest["a#ifInOctets[lo]"].wrap == run.latest["a#1.3.6.1.2.1.2.2.1.10.1"].wrap == 2**32
        assert run.value("a#ifInOctets[lo]") == run.value("a#1.3.6.1.2.1.2.2.1.10.1")
        assert octets.boot is not None
        assert started - 20 < octets.boot < time.time()
        assert run.value("a#link[lo]") == 1
        assert run.value("a#ifOperStatus[lo]") == 1
        statistics = os.statvfs("/")
        used = 100 * (1 - statistics.f_bfree / statistics.f_blocks)
        assert run.value("a#storage[/]") == pytest.approx(used, abs=2)
        assert run.value("a#1.3.6.1.2.1.1.5.0") == f"lab-{agent.port}"
        count = len(run.readings)
        await run.until(lambda: len(run.readings) >= count + 2 * len(addresses))
        boots = {reading.boot for reading in run.readings if reading.address == "a#octets_in[lo]"}
        assert len(boots) == 1  # no jitter
        assert run.reports == []


async def test_what_is_not_there_is_said_in_words(agent: Snmpd) -> None:
    reasons = {
        "a#octets_in[no such port]": "no such name on this device",
        "a#1.3.6.1.2.1.1.99.0": "no such object on this device",
        "a#1.3.6.1.4.1.99999.1.0": "no such object on this device",
        "a#battery": "no such object on this device",
        "a#clients[AP-1]": "the device's profile has no such object",
        "a#clints[AP-1]": "no profile has an object of this name",
        "a#octets_in": "this object needs a name in square brackets",
        "a#uptime[lo]": "this object takes no name in square brackets",
        "b#uptime": "the source has no target of this name",
        "octets_in[lo]": "not an address: write target#object[name] or target#1.3.6.1...",
        "a#1.3.6.1.2.x": "not an address: write target#object[name] or target#1.3.6.1...",
        "a#1.99999999999.3": "not an address: write target#object[name] or target#1.3.6.1...",
    }
    run = Run({"a": here(agent)}, [*reasons, "a#uptime"])
    async with run.running():
        await run.all_there()
        assert {address: run.latest[address].bad for address in reasons} == reasons
        assert run.value("a#uptime") is not None
        count = len(run.readings)
        await run.until(lambda: len(run.readings) >= count + len(reasons))
        assert {address: run.latest[address].bad for address in reasons} == reasons


REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "wrong community": ({"community": {"env": "WRONG"}}, "down", "another community (an agent is silent"),
    "no secret": ({"community": {"env": "NOT_SET"}}, "misconfigured", "variable NOT_SET is not set"),
    "wrong auth": ({**ANN, "auth_key": {"env": "WRONG"}}, "misconfigured", "refuses user 'ann' with auth_key (sha)"),
    "wrong priv": ({**ANN, "priv_key": {"env": "WRONG"}}, "misconfigured", "says nothing to user 'ann'"),
    "wrong protocol": ({**ANN, "auth": "sha512"}, "misconfigured", "refuses user 'ann' with auth_key (sha512)"),
    "unknown user": ({**ANN, "user": "eve"}, "misconfigured", "refuses user 'eve'"),
    "privacy missing": ({**ANN, "priv_key": {"env": "SHORT"}}, "misconfigured", "fewer than 8 characters"),
    "unencrypted": ({**JOE, "user": "ann", "auth_key": {"env": "ANN_AUTH"}}, "misconfigured", "it demands a priv_key"),
    "no agent": ({"port": 9}, "down", "no SNMP agent listens on this port"),
    "no such host": ({"host": "no-such-host.invalid"}, "down", "the name 'no-such-host.invalid' leads to no address"),
}  # fmt: skip


async def test_a_refusal_says_what_is_wrong(agent: Snmpd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "short")
    targets = {name: here(agent, **how) if "host" not in how else how for name, (how, _, _) in REFUSALS.items()}
    run = Run({**targets, "good": here(agent)}, ["good#uptime"], timeout_s=0.5, retries=0)
    async with run.running():
        await run.until(lambda: {report.target for report in run.reports} == set(REFUSALS))
        for report in run.reports:
            _, state, words = REFUSALS[report.target]
            assert report.state == state, report
            assert words in report.reason
            assert "wrong-and-long" not in report.reason
        assert run.value("good#uptime") is not None
        await asyncio.sleep(2)
        refused = [report.target for report in run.reports if report.state == "misconfigured"]
        assert len(refused) == len(set(refused))  # said once, not again and again


@pytest.mark.alone
async def test_dead_devices_delay_no_other(agent: Snmpd, silent_port: int) -> None:
    """200 silent devices, far more than are asked at once, beside three that live."""
    dead = {f"dead-{n}": {"host": "127.0.0.1", "port": silent_port} for n in range(200)}
    live = {f"live-{n}": here(agent) for n in range(3)}
    run = Run({**dead, **live}, [f"{name}#uptime" for name in live], max_concurrency=4, timeout_s=2)
    start = time.monotonic()
    async with run.running():
        await run.until(lambda: len(run.readings) >= 3 * 12, seconds=30)
        assert time.monotonic() - start < 2 * 200 / 16 + 8
        times = [reading.received for reading in run.readings if reading.address == "live-1#uptime"]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert max(gaps) < 1.0, gaps  # asked every 0.5 s
        await run.until(lambda: len(run.reports) == 200, seconds=40)
        assert {report.state for report in run.reports} == {"down"}


@pytest.mark.parametrize("how", [{}, ANN], ids=["v2c", "v3"])
async def test_killed_and_restarted(agent: Snmpd, how: dict[str, Any]) -> None:
    run = Run({"a": here(agent, **how)}, ["a#octets_in[lo]"], counters=True, timeout_s=1)
    async with run.running():
        await run.all_there()
        boot = run.latest["a#octets_in[lo]"].boot
        await asyncio.sleep(12)  # a device that was up for less than a clock may be off cannot be told from before
        agent.kill()
        await run.until(lambda: run.states() == [("a", "down")])
        await asyncio.sleep(3)
        await agent.start()
        back = time.monotonic()
        await run.until(lambda: run.states() == [("a", "down"), ("a", "live")], seconds=10)
        assert time.monotonic() - back < 10
        await run.until(lambda: run.latest["a#octets_in[lo]"].boot != boot)
        assert boot is not None
        assert run.latest["a#octets_in[lo]"].boot == pytest.approx(time.time(), abs=15)
        assert all(reading.value and not reading.bad for reading in run.readings)


async def test_restarted_between_two_polls(agent: Snmpd) -> None:
    """Whether or not a poll met it while it was away: the counters began anew, and SNMPv3 clocks are set again."""
    targets = {"a": here(agent), "b": here(agent, **ANN)}
    run = Run(targets, ["a#octets_in[lo]", "b#octets_in[lo]"], counters=True, interval_s=4)
    async with run.running():
        await run.all_there()
        boots = {address: reading.boot for address, reading in run.latest.items()}
        await asyncio.sleep(1.0 + 12.0)  # older than the slack within which a clock may be off
        count = run.batches
        await run.until(lambda: run.batches > count)
        agent.kill()
        await agent.start()
        for address, boot in boots.items():
            await run.until(partial(run.began_after, address, boot), 20)
        await run.until(lambda: all(state == "live" for state in dict(run.states()).values()), 20)


async def test_a_pulled_cable(agent: Snmpd) -> None:
    run = Run({"a": here(agent)}, ["a#uptime"], timeout_s=0.5)
    async with run.running():
        await run.all_there()
        agent.stop()
        await run.until(lambda: run.states() == [("a", "down")])
        assert "did not answer within 0.5 s" in run.reports[0].reason
        agent.go_on()
        await run.until(lambda: run.states()[-1] == ("a", "live"), 10)


async def test_the_supervisor_says_which_device_fails(agent: Snmpd, silent_port: int) -> None:
    seen: list[RawReading] = []
    settings = {
        "targets": {"a": here(agent), "b": {"host": "127.0.0.1", "port": silent_port}},
        "community": {"env": "TEST_COMMUNITY"}, "interval_s": 0.5, "timeout_s": 0.5,
    }  # fmt: skip
    run = Run({"a": here(agent)}, ["a#uptime"])
    supervisor = Supervisor([SourceConfig("m", "snmp", settings)], run.points, lambda _, batch: seen.extend(batch))
    await supervisor.start()
    try:
        await run.until(lambda: supervisor.states()[0].reason.startswith("values arrive, but not from b"))
        assert supervisor.states()[0].state == "live"
        agent.kill()
        await run.until(lambda: supervisor.states()[0].state == "down")
        assert "a: " in supervisor.states()[0].reason
    finally:
        await supervisor.stop()
    assert seen


async def test_answers_that_are_too_large_are_asked_for_in_parts(agent: Snmpd) -> None:
    """200 objects of 60 bytes each are more than the library reads in one answer."""
    descriptions = [f"a#1.3.6.1.2.1.1.9.1.3.{n}" for n in range(1, 11)]
    ports = [f"a#{thing}[{name}]" for name in ("lo", "eth0") for thing in ("octets_in", "octets_out", "link")]
    columns = [f"a#1.3.6.1.2.1.1.9.1.{column}.{n}" for n in range(1, 11) for column in (2, 4)]
    storage = [f"a#1.3.6.1.2.1.25.2.3.1.{column}.{n}" for column in range(1, 7) for n in (1, 3, 6, 7, 8, 10, 35, 36)]
    everything = [*descriptions, *columns, *storage, *ports]
    run = Run({"a": here(agent, max_varbinds=200, max_repetitions=200)}, everything)
    async with run.running():
        await run.all_there()
        assert [run.latest[each].bad for each in (*descriptions, *columns, "a#octets_in[lo]")] == [""] * 31
        assert run.reports == []


async def test_discover(agent: Snmpd, silent_port: int) -> None:
    run = Run({"a": here(agent), "dead": {"host": "127.0.0.1", "port": silent_port}}, [])
    start = time.monotonic()
    found = await snmp.discover(run.settings, 2.0)
    assert time.monotonic() - start < 4
    by_address: dict[str, Found] = {row.address: row for row in found}
    uptime = by_address["a#uptime"]
    assert uptime.device == f"lab-{agent.port}"
    assert uptime.place == "Room 1"
    assert "Linux" in uptime.name
    assert "1.3.6.1.4.1.8072.3.2.10" in uptime.name
    port = by_address["a#octets_in[eth0]"]
    assert (port.quantity, port.unit, port.kind) == ("traffic", "B/s", "counter")
    assert isinstance(port.value, int)
    assert by_address["a#link[eth0]"].value == 1
    assert "a#octets_in[lo]" not in by_address  # a loopback is no port
    assert await snmp.neighbours(run.settings, 2.0) == []


class _Spoiler(asyncio.DatagramProtocol):
    """Passes on what an agent says, every second time with bytes changed, cut off or put in between."""

    def __init__(self, agent: Snmpd) -> None:
        self.port = free_udp_port()
        self.spoiled = 0
        self._agent = agent
        self._random = random.Random(7)
        self._ways: dict[Any, socket.socket] = {}

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))

    def close(self) -> None:
        for way in self._ways.values():
            asyncio.get_running_loop().remove_reader(way)
            way.close()
        self._front.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr not in self._ways:
            self._ways[addr] = way = socket.socket(type=socket.SOCK_DGRAM)
            way.connect(("127.0.0.1", self._agent.port))
            asyncio.get_running_loop().add_reader(way, self._back, way, addr)
        self._ways[addr].send(data)

    def _back(self, way: socket.socket, addr: Any) -> None:
        self._front.sendto(self._spoil(bytearray(way.recv(65536))), addr)

    def _spoil(self, data: bytearray) -> bytes:
        if self._random.random() < 0.5:
            return bytes(data)
        self.spoiled += 1
        for _ in range(self._random.choice([1, 1, 3])):
            place, how = self._random.randrange(len(data)), self._random.random()
            if how < 0.7:
                data[place] = self._random.randrange(256)
            elif how < 0.85 and place:
                del data[place:]
            else:
                data[place:place] = bytes([255, 132, 3])
        return bytes(data)


async def test_garbage_from_a_device_ends_nothing(agent: Snmpd) -> None:
    """gufo-snmp's decoder panics on some of it; the source goes on, and so do the other devices."""
    spoiler = _Spoiler(agent)
    await spoiler.open()
    addresses = ["bad#octets_in[lo]", "bad#uptime", "good#octets_in[lo]"]
    targets = {"bad": {"host": "127.0.0.1", "port": spoiler.port}, "good": here(agent)}
    run = Run(targets, addresses, timeout_s=0.1, interval_s=0.5)
    try:
        async with run.running():
            await run.until(lambda: spoiler.spoiled > 60 and len(run.latest) == 3, 60)
            good = [reading for reading in run.readings if reading.address == "good#octets_in[lo]"]
            assert all(reading.value for reading in good)
            assert len(good) > 5
    finally:
        spoiler.close()
