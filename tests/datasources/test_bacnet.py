"""BACnet/IP against bacpypes3 devices as processes: changes told, renewals, fall-backs, flags, restarts, strangers."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.pdu import IPv4Address
from bacpypes3.primitivedata import ObjectIdentifier

from datasources import bacnet
from datasources.bacnet_station import Station
from datasources.contract import SourceError
from tests.datasources.broker import free_port
from tests.datasources.peers import Collector, Peer, point, running, until


def analog(instance: int, value: float = 21.5, **more: Any) -> dict[str, Any]:
    return {"type": "analog-input", "instance": instance, "present-value": value, "units": "degrees-celsius",
            "cov-increment": 0.1, "reliability": "no-fault-detected", **more}  # fmt: skip


FAN = {"type": "binary-input", "instance": 1, "name": "fan", "present-value": "active", "polarity": "normal",
       "active-text": "running", "inactive-text": "stopped", "description": "supply fan"}  # fmt: skip
MODE = {"type": "multi-state-value", "instance": 2, "name": "mode", "present-value": 2, "number-of-states": 3,
        "state-text": ["off", "low", "high"]}  # fmt: skip
T = "m#analog-input,5"


METER = {"type": "accumulator", "instance": 9, "name": "kWh", "present-value": 1234, "units": "kilowatt-hours",
         "scale": {"integer-scale": 0}, "max-pres-value": 10**6}  # fmt: skip
LOG = {"type": "file", "instance": 1, "name": "log"}
OBJECTS = [
    *(analog(n, float(n)) for n in range(20) if n != 5), analog(5, name="T", description=" Room 5036 "),
    FAN, MODE, METER, LOG,
]  # fmt: skip


@pytest.fixture(scope="module")
def running_device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """One device for all tests that leave it as it was."""
    peer = Peer("bacnet_peer", tmp_path_factory.mktemp("device"), {"device": 1001, "objects": OBJECTS})
    asyncio.run(peer.start())
    yield peer
    peer.kill()


Become = Callable[..., Awaitable[Peer]]


@pytest.fixture
def device(running_device: Peer) -> Become:
    """The device, told what it refuses."""

    async def become(**spec: Any) -> Peer:
        well = {"presentValue": 21.5, "reliability": 0, "statusFlags": [0, 0, 0, 0]}
        await running_device.order(
            {"object": "analog-input,5", "set": well},
            {"object": "binary-input,1", "set": {"presentValue": 1}},
            {"object": "analog-input,7", "set": {"presentValue": 7.0}},
            {"spec": spec},
        )
        return running_device

    return become


def target(port: int, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "timeout_s": 0.5, "retries": 1, "check_s": 0.5, **more}


def source(**targets: dict[str, Any]) -> dict[str, Any]:
    return {"targets": targets, "listen_host": "127.0.0.1"}


def reads(peer: Peer) -> int:
    """Requests for values; signs of life and identification do not count."""
    return sum(
        line.startswith("RPM") or (line.startswith("RP ") and not line.startswith("RP device"))
        for line in peer.events()
    )


def slow(*names: str) -> list[Any]:
    return [point(name, interval_s=60) for name in names]


# -- changes are told -----------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("cov", ["confirmed", "unconfirmed"])
async def test_changes_are_told_and_nothing_is_read(device: Become, cov: str) -> None:
    peer = await device()
    names = (T, "m#binary-input,1", "m#multi-state-value,2")
    async with running(bacnet, source(m=target(peer.port, cov=cov, device=1001)), slow(*names)) as got:
        await until(lambda: all(got.last(name) for name in names))
        assert [got.value(name) for name in names] == [21.5, 1, 2]
        for value in (22.0, 23.0, 24.0):
            peer.tell({"object": "analog-input,5", "set": {"presentValue": value}})
            await until(lambda value=value: got.value(T) == value, 1.0)  # type: ignore[misc]
        peer.tell({"object": "binary-input,1", "set": {"presentValue": 0}})
        await until(lambda: got.value("m#binary-input,1") == 0, 1.0)
        await asyncio.sleep(1.2)
        assert reads(peer) == 0, "the device tells, nobody asks"
        wanted = "1" if cov == "confirmed" else "0"
        assert {line.split()[2] for line in peer.events() if line.startswith("SUBSCRIBE")} == {wanted}
        assert got.reports == []
    await until(lambda: peer.count("CANCEL") == 3, 2.0, "subscriptions are taken back at the end")


@pytest.mark.asyncio
async def test_subscriptions_are_renewed_before_they_end(device: Become) -> None:
    peer = await device()
    settings = source(m=target(peer.port, lifetime_s=2))
    async with running(bacnet, settings, slow(T)) as got:
        await until(lambda: peer.count("SUBSCRIBE") >= 6, 8.0)
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 30.0}})
        await until(lambda: got.value(T) == 30.0, 1.0)
        assert reads(peer) == 0
    assert peer.count("SUBSCRIBE analog-input,5 1 2") == peer.count("SUBSCRIBE")


@pytest.mark.asyncio
async def test_a_subscribed_value_that_is_quiet_is_read_within_its_interval(device: Become) -> None:
    peer = await device()
    async with running(bacnet, source(m=target(peer.port)), [point(T, interval_s=0.5)]) as got:
        await until(lambda: len(got.of(T)) >= 6, 5.0)
        assert peer.count("RPM") >= 4
        times = [reading.received for reading in got.of(T)]
        assert max(b - a for a, b in itertools.pairwise(times)) < 1.0


@pytest.mark.asyncio
async def test_what_finds_no_place_in_the_devices_table_of_subscriptions_is_read(device: Become) -> None:
    peer = await device(slots=1)
    names = [f"m#analog-input,{n}" for n in (5, 6, 7)]
    async with running(bacnet, source(m=target(peer.port)), [point(name, interval_s=0.5) for name in names]) as got:
        await until(lambda: all(len(got.of(name)) >= 3 for name in names))
        assert not any(reading.bad for reading in got.readings)
        peer.tell({"object": "analog-input,7", "set": {"presentValue": 5.0}})
        await until(lambda: got.value("m#analog-input,7") == 5.0, 1.5)


# -- what cannot be subscribed to is read -----------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("spec", "kinds"),
    [({"refuse": ["cov"]}, {"RPM 2"}), ({"refuse": ["cov", "rpm"]}, {"RP analog-input,5 present-value"})],
)
async def test_devices_without_cov_or_groups_are_read_as_they_can(
    device: Become, spec: dict[str, Any], kinds: set[str]
) -> None:
    peer = await device(**spec)
    points = [point(T), point("m#binary-input,1")]
    async with running(bacnet, source(m=target(peer.port)), points) as got:
        await until(lambda: len(got.of(T)) >= 5 and len(got.of("m#binary-input,1")) >= 5)
        assert (got.value(T), got.value("m#binary-input,1")) == (21.5, 1)
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 25.0}})
        await until(lambda: got.value(T) == 25.0, 1.0)
        assert peer.count("SUBSCRIBE") <= 2, "it said that it cannot"
        assert kinds <= set(peer.events())
        if "rpm" in spec["refuse"]:
            assert peer.count("RPM") == 1, "and was believed"
        assert got.reports == []


@pytest.mark.asyncio
async def test_groups_shrink_to_what_the_device_can_answer(device: Become) -> None:
    peer = await device(small=3, refuse=["cov"])
    names = [f"m#analog-input,{n}" for n in range(20)]
    async with running(bacnet, source(m=target(peer.port)), [point(name, interval_s=0.3) for name in names]) as got:
        await until(lambda: len(got.of(names[-1])) >= 4)
        assert [got.value(name) for name in names] == [21.5 if n == 5 else float(n) for n in range(20)]
        sizes = [int(line.split()[1]) for line in peer.events() if line.startswith("RPM")]
        assert max(sizes[-8:]) <= 3
        assert max(sizes[-8:]) >= 2


@pytest.mark.asyncio
async def test_an_object_that_the_device_lacks_is_bad_and_costs_the_others_nothing(device: Become) -> None:
    peer = await device(refuse=["cov"], strict=True)
    names = [f"m#analog-input,{n}" for n in (0, 1, 2, 3, 4, 5, 99)]
    async with running(bacnet, source(m=target(peer.port)), [point(name) for name in names]) as got:
        await until(lambda: len(got.of(names[0])) >= 5 and len(got.of(names[6])) >= 5)
        assert got.last(names[6]).bad == "the device answers: unknown object"  # type: ignore[union-attr]
        assert not any(reading.bad for name in names[:6] for reading in got.of(name))
        assert "RPM 6" in peer.events()[-12:], "the others are read together again"


@pytest.mark.asyncio
async def test_a_device_that_lacks_everything_is_misconfigured_in_words(device: Become) -> None:
    peer = await device(refuse=["cov"])
    async with running(bacnet, source(m=target(peer.port)), [point("m#analog-input,99")]) as got:
        await until(lambda: got.states("m") == ["misconfigured"])
        assert got.reports[0].reason == "it refuses everything that is asked: unknown object"


@pytest.mark.asyncio
async def test_other_properties_and_elements_of_arrays_can_be_points(device: Become) -> None:
    peer = await device()
    expected = {
        "m#device,1001/system-status": 0,
        "m#analog-input,5/units": 62,
        "m#analog-input,5/cov-increment": pytest.approx(0.1),
        "m#multi-state-value,2/state-text[2]": "low",
        "m#2:1/81": None,
        "m#0,5/85": 21.5,
    }
    async with running(bacnet, source(m=target(peer.port)), [point(name) for name in expected]) as got:
        await until(lambda: all(got.last(name) for name in expected))
        assert {name: got.value(name) for name in expected} == expected
        assert got.last("m#2:1/81").bad == "the device answers: unknown object"  # type: ignore[union-attr]


# -- status flags ---------------------------------------------------------------------------------------------------

FLAGS = [
    ([1, 0, 0, 0], 0, "", ""),
    ([0, 1, 0, 0], 0, "fault", ""),
    ([0, 1, 0, 0], 1, "fault: no sensor", ""),
    ([0, 0, 1, 0], 0, "", "overridden at the device"),
    ([0, 0, 0, 1], 0, "out of service", ""),
    ([1, 1, 1, 1], 4, "fault: open loop; out of service", "overridden at the device"),
    ([0, 1, 0, 0], 70, "fault: 70", ""),
]


@pytest.mark.asyncio
@pytest.mark.parametrize("refuse", [[], ["cov"], ["cov", "rpm"]], ids=["told", "groups", "one by one"])
async def test_status_flags_and_reliability_become_words(device: Become, refuse: list[str]) -> None:
    peer = await device(refuse=refuse)

    def said(got: Collector) -> tuple[Any, str, str]:
        last = got.last(T)
        assert last is not None
        return last.value, last.bad, last.remark

    async with running(bacnet, source(m=target(peer.port)), slow(T) if not refuse else [point(T)]) as got:
        await until(lambda: got.last(T))
        assert said(got) == (21.5, "", "")
        for flags, reliability, bad, remark in FLAGS:
            well: dict[str, Any] = {"reliability": 0, "statusFlags": [0, 0, 0, 0]}
            peer.tell({"object": "analog-input,5", "set": well})
            await until(lambda: said(got) == (21.5, "", ""), 2.0)
            change = {"reliability": reliability, "statusFlags": flags}
            peer.tell({"object": "analog-input,5", "set": change})
            await until(lambda: said(got) == (21.5, bad, remark), 2.0, f"{flags} {reliability}: {said(got)}")  # noqa: B023


# -- the right device -----------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("refuse", [[], ["who-is"], ["who-is", "wildcard"]], ids=["I-Am", "wildcard", "by name"])
async def test_another_device_at_the_address_is_refused_in_words(device: Become, refuse: list[str]) -> None:
    peer = await device(refuse=refuse)
    settings = source(m=target(peer.port, device=1002))
    async with running(bacnet, settings, [point(T)]) as got:
        await until(lambda: got.states("m") == ["misconfigured"])
        assert f"127.0.0.1:{peer.port} is " in got.reports[0].reason
        assert "1002" in got.reports[0].reason
        assert ("is device 1001" in got.reports[0].reason) == ("wildcard" not in refuse)
        assert got.readings == [], "nothing of a stranger is taken"
        assert peer.count("SUBSCRIBE") == reads(peer) == 0
    async with running(bacnet, source(m=target(peer.port, device=1001)), [point(T)]) as got:
        await until(lambda: got.value(T) == 21.5)


# -- strangers ------------------------------------------------------------------------------------------------------


def udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.asyncio
async def test_garbage_and_uninvited_notifications_change_nothing(device: Become) -> None:
    peer = await device()
    port = udp_port()
    settings = {**source(m=target(peer.port)), "listen_port": port}
    rows = random.Random(1)
    async with running(bacnet, settings, slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        before = len(got.readings)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for length in range(200):
                stranger.sendto(b"\x81" + rows.randbytes(length), ("127.0.0.1", port))
                stranger.sendto(b"\x81\x0a" + (length + 6).to_bytes(2, "big") + b"\x01\x04" + rows.randbytes(length),
                                ("127.0.0.1", port))  # fmt: skip
            notification = bytes.fromhex("810a00250104100209c81c020003e92c0000000539ff4e09552e44420000002f4f")
            stranger.sendto(notification, ("127.0.0.1", port))
            await asyncio.sleep(0.5)
        assert len(got.readings) == before
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 22.5}})
        await until(lambda: got.value(T) == 22.5, 1.0)
        assert got.reports == []


@pytest.mark.asyncio
async def test_nobody_may_write_to_our_station() -> None:
    ours, other = await Station.open("127.0.0.1", 0, 4_194_300), await Station.open("127.0.0.1", 0, 77)
    try:
        address = IPv4Address(ours.link.server.local_address)
        device = ObjectIdentifier("device,4194300")
        name = await asyncio.wait_for(other.read_property(address, device, "object-name"), 2.0)
        assert str(name) == "campus-twin-4194300"
        with pytest.raises(ErrorRejectAbortNack) as refused:
            await asyncio.wait_for(other.write_property(address, device, "description", "mine"), 2.0)
        assert str(refused.value) == "unrecognized-service"
    finally:
        await ours.shut()
        await other.shut()


@pytest.mark.asyncio
async def test_a_port_that_is_taken_is_said_in_words() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        settings = {**source(m=target(1)), "listen_port": taken.getsockname()[1]}
        async with running(bacnet, settings, [point(T)]) as got:
            await until(lambda: got.error is not None)
            assert isinstance(got.error, SourceError)
            assert "cannot listen on 127.0.0.1" in str(got.error)


# -- discover -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("spec", [{}, {"small": 2}, {"refuse": ["rpm", "who-is"]}], ids=["groups", "small", "single"])
async def test_discover_tells_names_units_and_what_states_mean(device: Become, spec: dict[str, Any]) -> None:
    peer = await device(**spec)
    model = bacnet.Settings.model_validate(source(m=target(peer.port), gone=target(free_port())))
    found = {row.address: row for row in await bacnet.discover(model, 8.0)}
    room = found[T]
    assert (room.name, room.unit, room.quantity, room.value) == ("T", "°C", "temperature", 21.5)
    assert (room.kind, room.note, room.vendor, room.place) == ("gauge", "Room 5036", "ACME", "plant room")
    assert found["m#binary-input,1"].note == "supply fan; 0 = stopped, 1 = running"
    assert found["m#multi-state-value,2"].note == "1 = off, 2 = low, 3 = high"
    assert found["m#multi-state-value,2"].kind == found["m#binary-input,1"].kind == "state"
    assert (found["m#accumulator,9"].kind, found["m#accumulator,9"].unit) == ("counter", "kWh")
    assert "did not answer" in found["gone#"].note
    assert len(found) == 20 + 3 + 1, "what has no value is no row"


@pytest.mark.asyncio
async def test_discover_that_reaches_nothing_says_why() -> None:
    model = bacnet.Settings.model_validate(source(gone=target(free_port())))
    with pytest.raises(SourceError, match=r"nothing was found: gone: .*did not answer"):
        await bacnet.discover(model, 5.0)
