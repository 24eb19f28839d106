"""BACnet devices of their own: behind a router, killed, restarted unnoticed, frozen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from datasources import bacnet
from tests.datasources.broker import free_port
from tests.datasources.peers import Peer, point, running, until
from tests.datasources.test_bacnet import FAN, T, analog, reads, slow, source, target

Start = Callable[..., Awaitable[Peer]]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    peers: list[Peer] = []

    async def begin(*objects: dict[str, Any], **spec: Any) -> Peer:
        peer = Peer("bacnet_peer", tmp_path, {"device": 1001, "objects": list(objects), **spec})
        peers.append(peer)
        await peer.start()
        return peer

    yield begin
    for peer in peers:
        peer.kill()


@pytest.mark.asyncio
async def test_a_device_behind_a_router_is_reached_without_broadcast(start: Start) -> None:
    peer = await start(analog(5), FAN, network=2001)
    settings = source(m=target(peer.port, device=1001, network=2001, mac="12"))
    async with running(bacnet, settings, slow(T, "m#binary-input,1")) as got:
        await until(lambda: got.value(T) == 21.5 and got.value("m#binary-input,1") == 1)
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 28.0}})
        await until(lambda: got.value(T) == 28.0, 1.0)
        assert reads(peer) == 0


# -- devices that fall out ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_killed_device_that_is_started_again_is_back_and_subscribed(start: Start) -> None:
    peer = await start(analog(5))
    async with running(bacnet, source(m=target(peer.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        peer.kill()
        await until(lambda: got.states("m") == ["down"], 5.0)
        assert got.reports[0].reason == f"127.0.0.1:{peer.port} did not answer within 0.5 s"
        got.readings.clear()
        await asyncio.sleep(2.0)
        assert got.readings == []
        await peer.start({"device": 1001, "objects": [analog(5, 33.0)]})
        await until(lambda: got.value(T) == 33.0, 10.0)
        await until(lambda: got.states("m") == ["down", "live"])
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 34.0}})
        await until(lambda: got.value(T) == 34.0, 1.0)


@pytest.mark.asyncio
async def test_a_restart_too_short_to_be_missed_is_noticed_and_subscribed_again(start: Start) -> None:
    peer = await start(analog(5), restarted=1_700_000_000)
    settings = source(m=target(peer.port, timeout_s=5, check_s=0.3))
    async with running(bacnet, settings, slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        peer.kill()
        await peer.start({"device": 1001, "objects": [analog(5, 33.0)], "restarted": 1_700_009_000})
        await until(lambda: got.value(T) == 33.0, 12.0)
        peer.tell({"object": "analog-input,5", "set": {"presentValue": 34.0}})
        await until(lambda: got.value(T) == 34.0, 1.0)
        assert got.reports == []
        assert reads(peer) == 0


@pytest.mark.asyncio
async def test_dead_and_frozen_devices_delay_no_other(start: Start) -> None:
    good = await start(analog(5), refuse=["cov"])
    frozen = await start(analog(5), device=1002)
    settings = source(
        good=target(good.port), dead=target(free_port()), frozen=target(frozen.port),
        **{f"dead-{n}": target(free_port()) for n in range(20)},
    )  # fmt: skip
    points = [point(f"{name}#analog-input,5", interval_s=0.1) for name in settings["targets"]]
    async with running(bacnet, settings, points) as got:
        await until(lambda: got.value("frozen#analog-input,5") == 21.5)
        frozen.freeze()
        await until(lambda: {report.target for report in got.reports} == set(settings["targets"]) - {"good"})
        began, before = time.monotonic(), len(got.of("good#analog-input,5"))
        await asyncio.sleep(2.0)
        rate = (len(got.of("good#analog-input,5")) - before) / (time.monotonic() - began)
        assert rate > 6, "the good one keeps its pace of 10 a second"
        assert got.states("good") == []
        frozen.thaw()
        await until(lambda: got.states("frozen") == ["down", "live"])
