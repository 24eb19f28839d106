"""OPC UA against asyncua's own server as a process: changes, time stamps, status codes, sign-in, lost sessions."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from datasources import opcua
from datasources.contract import SourceError
from datasources.fieldbus import AddressError
from tests.conftest import REQUIRE_ALL
from tests.datasources.broker import free_port
from tests.datasources.peers import Peer, point, running, until

if not REQUIRE_ALL:
    pytest.importorskip("asyncua", reason="asyncua is not there: install campus-twin[opcua]")

from asyncua import ua

from datasources.opcua_values import parse, scalar, verdict, words

Start = Callable[..., Awaitable[Peer]]
T, ON = "m#ns=3;s=AHU3.Supply", "m#nsu=urn:plant;s=AHU3.On"
NODES = {
    "AHU3.Supply": {"value": 21.5, "unit": "°C", "description": "supply air"},
    "AHU3.Fan.Power": {"value": 4.2, "unit": "kW"},
    "AHU3.On": True,
    "Curve": [1.0, 2.0],
    **{f"Row.N{n}": float(n) for n in range(120)},
}


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    peers: list[Peer] = []

    async def begin(**spec: Any) -> Peer:
        peer = Peer("opcua_peer", tmp_path, {"nodes": NODES, "before": ["urn:one"], **spec})
        peers.append(peer)
        await peer.start()
        return peer

    yield begin
    for peer in peers:
        peer.kill()


@pytest.fixture(scope="module")
def running_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """One server for all tests that leave it as it was: it takes 5 s to start."""
    peer = Peer("opcua_peer", tmp_path_factory.mktemp("plant"), {"nodes": NODES, "before": ["urn:one"]})
    asyncio.run(peer.start())
    yield peer
    peer.kill()


@pytest_asyncio.fixture
async def plant(running_plant: Peer) -> Peer:
    await running_plant.order({"node": "AHU3.Supply", "value": 21.5}, {"most": 10_000})
    return running_plant


def target(port: int, **more: Any) -> dict[str, Any]:
    return {"url": f"opc.tcp://127.0.0.1:{port}/plant", "publish_ms": 50, "timeout_s": 1.0, **more}


def source(**targets: dict[str, Any]) -> dict[str, Any]:
    return {"targets": targets}


def slow(*names: str) -> list[Any]:
    return [point(name, interval_s=60) for name in names]


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_changes_come_with_the_sources_time_and_nothing_is_read(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port)), slow(T, ON)) as got:
        await until(lambda: got.last(T) and got.last(ON))
        assert (got.value(T), got.value(ON)) == (21.5, True)
        measured = time.time() - 5
        for n in range(3):
            plant.tell({"node": "AHU3.Supply", "value": 22.0 + n, "source": measured + n})
            await until(lambda n=n: got.value(T) == 22.0 + n, 2.0)  # type: ignore[misc]
            assert got.last(T).time == pytest.approx(measured + n, abs=1e-3)  # type: ignore[union-attr]
        assert plant.count("READ") == 0
        assert got.reports == []


@pytest.mark.asyncio
async def test_several_changes_between_two_publications_all_come(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port, publish_ms=1000)), slow(T)) as got:
        await until(lambda: got.last(T))
        first = time.time()
        for n in range(10):
            plant.tell({"node": "AHU3.Supply", "value": float(n), "source": first + n / 100})
        await until(lambda: got.value(T) == 9.0, 4.0)
        assert [reading.value for reading in got.of(T)[-10:]] == [float(n) for n in range(10)]


@pytest.mark.asyncio
async def test_a_value_that_is_quiet_is_read_within_its_interval_and_is_new_again(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port)), [point(T, interval_s=0.4)]) as got:
        await until(lambda: len(got.of(T)) >= 6, 6.0)
        assert plant.count("READ") >= 4
        rows = got.of(T)
        assert max(b.received - a.received for a, b in itertools.pairwise(rows)) < 1.0
        times = [row.received if row.time is None else row.time for row in rows]
        assert all(a < b for a, b in itertools.pairwise(times)), "no duplicates: the point does not turn stale"


@pytest.mark.asyncio
async def test_a_server_that_takes_few_nodes_at_once_is_asked_for_few(plant: Peer) -> None:
    await plant.order({"most": 8})
    names = [f"m#ns=3;s=Row.N{n}" for n in range(50)]
    async with running(opcua, source(m=target(plant.port)), [point(name, interval_s=0.4) for name in names]) as got:
        await until(lambda: all(len(got.of(name)) >= 4 for name in names))
        assert [got.value(name) for name in names] == [float(n) for n in range(50)]
        sizes = [int(line.split()[1]) for line in plant.events() if line.startswith("READ")]
        assert max(sizes[-8:]) <= 8
        assert got.reports == []


STATUSES = [
    ("Good", "", ""),
    ("GoodLocalOverride", "", "overridden at the server"),
    ("GoodClamped", "", ""),
    ("BadSensorFailure", "bad: sensor failure", ""),
    ("BadNoCommunication", "bad: no communication", ""),
    ("Bad", "bad", ""),
    ("UncertainLastUsableValue", "", "uncertain: last usable value"),
    ("UncertainSensorNotAccurate", "", "uncertain: sensor not accurate"),
    ("Uncertain", "", "uncertain"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["told", "read"])
async def test_status_codes_become_words(plant: Peer, how: str) -> None:
    interval = 60 if how == "told" else 0.2
    async with running(opcua, source(m=target(plant.port)), [point(T, interval_s=interval)]) as got:
        await until(lambda: got.last(T))
        for name, bad, remark in STATUSES:
            code = getattr(ua.StatusCodes, name)
            plant.tell({"node": "AHU3.Supply", "value": 30.0, "status": code})
            await until(lambda: (got.last(T).bad, got.last(T).remark) == (bad, remark), 2.0, name)  # type: ignore[union-attr] # noqa: B023
            assert (got.value(T) is None) == bool(bad), "a bad value is none; an uncertain one is kept"


def test_a_status_without_a_name_is_shown_by_number() -> None:
    assert words(ua.StatusCode(0x80FF0000)) == "bad: status 0x80FF0000"
    assert verdict(None) == ("", "")


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nodes_and_namespaces_that_are_not_there_are_bad_points(plant: Peer) -> None:
    names = (T, "m#ns=3;s=Nope", "m#nsu=urn:elsewhere;s=X", "m#rubbish")
    async with running(opcua, source(m=target(plant.port)), [point(name) for name in names]) as got:
        await until(lambda: all(got.last(name) for name in names))
        said = {name: got.last(name).bad for name in names}  # type: ignore[union-attr]
        assert said[T] == ""
        assert said["m#ns=3;s=Nope"] == "bad: node id unknown"
        assert said["m#nsu=urn:elsewhere;s=X"] == "the server has no namespace urn:elsewhere"
        assert "no OPC UA node" in said["m#rubbish"]
        assert got.reports == []


@pytest.mark.asyncio
async def test_a_server_that_has_none_of_the_nodes_is_misconfigured(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port)), [point("m#ns=3;s=Nope")]) as got:
        await until(lambda: got.states("m") == ["misconfigured"])
        assert "has none of the 1 nodes" in got.reports[0].reason
        assert got.last("m#ns=3;s=Nope").bad == "bad: node id unknown"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["ns=2;s=a;b=c", "ns=2;i=7", "i=2258", "nsu=urn:x:y;s=z", "ns=3;b=AQI=",
                                  "g=09087e75-8e5e-499b-954f-f2a9603db28a"])  # fmt: skip
def test_node_ids_are_read(text: str) -> None:
    parse(text)


@pytest.mark.parametrize("text", ["", "s", "ns=2", "ns=70000;i=1", "ns=-1;i=1", "i=4294967296", "i=x", "g=12",
                                  "svr=1;i=2", "srv=1;i=2", "ns=2;x=5", "nsu=;i=1"])  # fmt: skip
def test_what_is_no_node_id_is_refused_in_words(text: str) -> None:
    with pytest.raises(AddressError, match="node"):
        parse(text)


def test_values_that_are_not_single_are_none() -> None:
    assert scalar([1, 2]) == (None, False)
    assert scalar(ua.LocalizedText("on")) == ("on", True)
    assert scalar(None) == (None, True)


# -- servers that fall out ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_killed_server_that_is_started_again_is_back_within_10_s(start: Start) -> None:
    peer = await start()
    supply = "m#nsu=urn:plant;s=AHU3.Supply"
    async with running(opcua, source(m=target(peer.port)), slow(supply)) as got:
        await until(lambda: got.value(supply) == 21.5)
        peer.kill()
        await until(lambda: got.states("m") == ["down"], 5.0)
        assert "the connection was lost" in got.reports[0].reason or "cannot be reached" in got.reports[0].reason
        got.readings.clear()
        await asyncio.sleep(1.5)
        assert got.readings == []
        await peer.start({"nodes": {"AHU3.Supply": 33.0}, "before": ["urn:one", "urn:two"]})
        await until(lambda: got.value(supply) == 33.0, 10.0, "found by its URI under another number")
        await until(lambda: got.states("m") == ["down", "live"])
        peer.tell({"node": "AHU3.Supply", "value": 34.0})
        await until(lambda: got.value(supply) == 34.0, 2.0)


@pytest.mark.asyncio
async def test_a_lost_connection_is_made_again(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        plant.tell({"end": "connections"})
        await until(lambda: got.states("m") == ["down", "live"], 5.0)
        plant.tell({"node": "AHU3.Supply", "value": 25.0})
        await until(lambda: got.value(T) == 25.0, 2.0)


@pytest.mark.asyncio
async def test_a_subscription_that_the_server_forgot_is_made_again(plant: Peer) -> None:
    async with running(opcua, source(m=target(plant.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        plant.tell({"end": "subscriptions"})
        await until(lambda: plant.count("MONITOR") >= 2, 12.0)
        plant.tell({"node": "AHU3.Supply", "value": 25.0})
        await until(lambda: got.value(T) == 25.0, 2.0)


@pytest.mark.asyncio
async def test_dead_and_frozen_servers_delay_no_other(start: Start, plant: Peer) -> None:
    good, frozen = plant, await start()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings = source(
            good=target(good.port), frozen=target(frozen.port), dead=target(free_port()),
            mute=target(mute.getsockname()[1]),
        )  # fmt: skip
        names = [f"{name}#ns=3;s=AHU3.Supply" for name in settings["targets"]]
        async with running(opcua, settings, [point(name, interval_s=0.1) for name in names]) as got:
            await until(lambda: got.value("frozen#ns=3;s=AHU3.Supply") == 21.5)
            frozen.freeze()
            await until(lambda: {report.target for report in got.reports} == {"frozen", "dead", "mute"})
            began, before = time.monotonic(), len(got.of(names[0]))
            await asyncio.sleep(2.0)
            rate = (len(got.of(names[0])) - before) / (time.monotonic() - began)
            assert rate > 6, "the good one keeps its pace of 10 a second"
            assert got.states("good") == []
            frozen.thaw()
            await until(lambda: got.states("frozen") == ["down", "live"], 15.0)


@pytest.mark.asyncio
@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"ACKF\x08\x00\x00\x00", b"\xff" * 5000])
async def test_a_peer_that_is_no_opc_ua_server_is_down_in_words(garbage: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(garbage)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with running(opcua, source(m=target(port)), [point(T)]) as got:
        await until(lambda: got.reports)
        assert got.reports[0].state in ("down", "misconfigured")
        assert f"127.0.0.1:{port}" in got.reports[0].reason
        assert got.readings == []
    server.close()
    await server.wait_closed()


# -- discover -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_discover_browses_variables_with_unit_and_description(plant: Peer) -> None:
    model = opcua.Settings.model_validate(source(m=target(plant.port), gone=target(free_port())))
    found = {row.address: row for row in await opcua.discover(model, 10.0)}
    supply = found["m#nsu=urn:plant;s=AHU3.Supply"]
    assert (supply.device, supply.name, supply.value, supply.note) == ("AHU3", "Supply", 21.5, "supply air")
    assert (supply.unit, supply.quantity, supply.kind) == ("°C", "temperature", "gauge")
    fan = found["m#nsu=urn:plant;s=AHU3.Fan.Power"]
    assert (fan.device, fan.unit, fan.quantity, fan.note) == ("AHU3/Fan", "kW", "power", "")
    assert found["m#nsu=urn:plant;s=AHU3.On"].kind == "state"
    assert sum(address.startswith("m#nsu=urn:plant;s=Row.") for address in found) == 120
    assert "m#nsu=urn:plant;s=Curve" not in found, "what is not a single value is no row"
    assert not any("i=2258" in address for address in found), "the server's own affairs are left out"
    assert "cannot be reached" in found["gone#"].note
    for address in found:
        if address.startswith("m#"):
            parse(address.partition("#")[2])
    with pytest.raises(SourceError, match="nothing was found: gone"):
        await opcua.discover(opcua.Settings.model_validate(source(gone=target(free_port()))), 5.0)
