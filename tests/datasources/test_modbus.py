"""Modbus TCP against pymodbus's own server as a process: values, refusals, dead devices, restarts."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from datasources import modbus
from datasources.contract import MisconfiguredError, SourceError
from datasources.runner import SourceConfig, Supervisor
from tests.datasources.broker import free_port
from tests.datasources.peers import Peer, point, running, until
from twin.reading import RawReading


@pytest_asyncio.fixture
async def meter(tmp_path: Path) -> AsyncIterator[Peer]:
    peer = Peer("modbus_peer", tmp_path, {"units": {"1": {"holding": {"0": [11, 22, 33, 44]}}}})
    await peer.start()
    yield peer
    peer.kill()


def target(port: int, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "timeout_s": 0.5, **more}


def source(**targets: dict[str, Any]) -> dict[str, Any]:
    return {"targets": targets}


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_areas_bits_decimals_scale_and_text(tmp_path: Path) -> None:
    areas = {
        "coil": {"0": [True, False] * 16},
        "discrete": {"0": [False, True] * 16},
        "holding": {"0": [0x1234, 0b100, 231], "10": list(struct.unpack(">3H", b"PM5100"))},
        "input": {"9": [65535, 0x7FC0, 0]},
    }
    peer = Peer("modbus_peer", tmp_path, {"units": {"7": areas}})
    await peer.start()
    expected: dict[str, Any] = {
        "m#coil:00001": True, "m#coil:1": False, "m#discrete:10002": True, "m#discrete:0": False,
        "m#holding:40001:bcd16": 1234, "m#holding:1.2": True, "m#holding:1.3": False, "m#holding:2*0.1": 23.1,
        "m#holding:10:string6": "PM5100", "m#input:30010": 65535, "m#input:30010*0.1": 6553.5,
    }  # fmt: skip
    try:
        names = [*expected, "m#input:10:float32"]
        async with running(modbus, source(m=target(peer.port, unit=7)), [point(name) for name in names]) as got:
            await until(lambda: all(got.last(name) for name in names))
            assert {name: got.value(name) for name in expected} == expected
            nan = got.value("m#input:10:float32")
            assert nan != nan, "what means 'no value' is left to the pipeline"
            assert got.last("m#input:10:float32").bad == ""  # type: ignore[union-attr]
    finally:
        peer.kill()


@pytest.mark.asyncio
async def test_rtu_frames_over_tcp(tmp_path: Path) -> None:
    peer = Peer("modbus_peer", tmp_path, {"units": {"3": {"input": {"0": [5, 6]}}}, "framing": "rtu"})
    await peer.start()
    try:
        settings = source(m=target(peer.port, unit=3, framing="rtu"))
        async with running(modbus, settings, [point("m#input:1")]) as got:
            await until(lambda: got.value("m#input:1") == 6)
    finally:
        peer.kill()


@pytest.mark.asyncio
async def test_readings_come_in_batches_at_the_targets_pace(meter: Peer) -> None:
    names = [f"m#holding:{n}" for n in range(4)]
    settings = source(m=target(meter.port, interval_s=0.25))
    async with running(modbus, settings, [point(name, interval_s=60) for name in names]) as got:
        await until(lambda: len(got.batches) >= 5)
        assert all(len(batch) == 4 for batch in got.batches), "one batch for what one round brings"
        times = [batch[0].received for batch in got.batches]
        assert [after - before for before, after in itertools.pairwise(times)] == pytest.approx(
            [0.25] * (len(times) - 1), abs=0.15
        )


@pytest.mark.asyncio
async def test_without_an_interval_the_points_set_the_pace(meter: Peer) -> None:
    points = [point("m#holding:0", interval_s=60), point("m#holding:1", interval_s=0.1)]
    async with running(modbus, source(m=target(meter.port)), points) as got:
        await until(lambda: len(got.of("m#holding:0")) >= 5, 2.0)


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_refused_register_is_bad_with_the_reason_and_costs_the_others_nothing(meter: Peer) -> None:
    names = [f"m#holding:{n}" for n in range(6)]
    async with running(modbus, source(m=target(meter.port)), [point(name) for name in names]) as got:
        await until(lambda: len(got.of(names[0])) >= 4)
        for name, value in zip(names, [11, 22, 33, 44], strict=False):
            assert {(r.value, r.bad) for r in got.of(name)} == {(value, "")}
        for name in names[4:]:
            assert {(r.value, r.bad) for r in got.of(name)} == {(None, "illegal address: the device has nothing there")}
        assert got.reports == []
        settled = meter.events()[-3:]
        assert set(settled) == {"3 0 4 1"}, "what it refused is not asked again, what it serves is one request"


@pytest.mark.asyncio
async def test_a_device_that_takes_only_small_requests_is_asked_in_small_ones(tmp_path: Path) -> None:
    spec = {"units": {"1": {"input": {"0": list(range(100))}}}, "most": 10}
    peer = Peer("modbus_peer", tmp_path, spec)
    await peer.start()
    try:
        names = [f"m#input:{n}" for n in range(100)]
        async with running(modbus, source(m=target(peer.port)), [point(name) for name in names]) as got:
            await until(lambda: len(got.of(names[-1])) >= 3)
            assert all(got.value(name) == n for n, name in enumerate(names))
            assert not any(reading.bad for reading in got.readings)
            last_round = peer.events()[-10:]
            assert all(int(line.split()[2]) <= 10 for line in last_round)
    finally:
        peer.kill()


@pytest.mark.asyncio
async def test_a_device_that_refuses_everything_is_misconfigured_in_words(meter: Peer) -> None:
    async with running(modbus, source(m=target(meter.port)), [point("m#holding:900")]) as got:
        await until(lambda: got.reports)
        assert got.reports[0].state == "misconfigured"
        assert "refuses everything that is asked: illegal address" in got.reports[0].reason


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("unit", "busy", "words"),
    [(1, True, "unit 1: the device is busy"), (9, False, "no answer from the unit|could not do it|did not answer")],
)
async def test_what_ails_the_device_is_said_in_words(tmp_path: Path, unit: int, busy: bool, words: str) -> None:
    peer = Peer("modbus_peer", tmp_path, {"units": {"1": {"holding": {"0": [1]}}}, "busy": busy})
    await peer.start()
    try:
        async with running(modbus, source(m=target(peer.port, unit=unit)), [point("m#holding:0")]) as got:
            await until(lambda: got.reports or got.readings)
            text = got.reports[0].reason if got.reports else got.readings[0].bad
            assert any(word in text for word in words.split("|")), text
            assert not any(reading.value is not None for reading in got.readings)
    finally:
        peer.kill()


@pytest.mark.asyncio
async def test_addresses_with_mistakes_are_bad_points_and_the_others_go_on(meter: Peer) -> None:
    points = [point(name) for name in ("m#holding:0", "m#holding:30775", "x#holding:0", "holding:0")]
    async with running(modbus, source(m=target(meter.port)), points) as got:
        await until(lambda: len(got.of("m#holding:0")) > 3)
        assert "can be read in two ways" in got.last("m#holding:30775").bad  # type: ignore[union-attr]
        assert "there is no target 'x'" in got.last("x#holding:0").bad  # type: ignore[union-attr]
        assert "write target#place" in got.last("holding:0").bad  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_a_source_with_nothing_to_read_is_misconfigured() -> None:
    model = modbus.Settings.model_validate(source(m=target(1)))
    for points, words in (([], "no point has this source"), ([point("m#nonsense")], "no Modbus address")):
        with pytest.raises(MisconfiguredError, match=words):
            await anext(aiter(modbus.batches(model, points)))


@pytest.mark.parametrize(
    "settings",
    [{}, {"targets": {}}, source(**{"a#b": target(1)}), source(m=target(0)), source(m=target(1, max_registers=126)),
     source(m=target(1, unit=256)), source(m=target(1, password="x"))],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        modbus.Settings.model_validate(settings)


# -- devices that fall out ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_dead_and_silent_devices_delay_no_other(meter: Peer, tmp_path: Path) -> None:
    frozen = Peer("modbus_peer", tmp_path, {"units": {"1": {"holding": {"0": [1]}}}})
    await frozen.start()
    with socket.socket() as mute:  # takes connections, answers nothing
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings = source(
            good=target(meter.port),
            refused=target(free_port()),
            mute=target(mute.getsockname()[1]),
            frozen=target(frozen.port),
        )
        names = [f"{name}#holding:0" for name in settings["targets"]]
        try:
            async with running(modbus, settings, [point(name, interval_s=0.1) for name in names]) as got:
                await until(lambda: got.value("frozen#holding:0") == 1)
                frozen.freeze()
                await until(lambda: {r.target for r in got.reports} == {"refused", "mute", "frozen"})
                began, before = time.monotonic(), len(got.of("good#holding:0"))
                await asyncio.sleep(2.0)
                rate = (len(got.of("good#holding:0")) - before) / (time.monotonic() - began)
                assert rate > 6, "the good one keeps its pace of 10 a second"
                reasons = {report.target: report.reason for report in got.reports}
                assert "cannot be reached" in reasons["refused"]
                assert "did not answer within 0.5 s" in reasons["mute"]
                assert "did not answer within 0.5 s" in reasons["frozen"]
                assert got.states("good") == []
                frozen.thaw()
                await until(lambda: got.states("frozen") == ["down", "live"])
        finally:
            frozen.kill()


@pytest.mark.asyncio
async def test_a_killed_device_that_is_started_again_is_back_within_10_s(meter: Peer) -> None:
    async with running(modbus, source(m=target(meter.port)), [point("m#holding:0")]) as got:
        await until(lambda: got.value("m#holding:0") == 11)
        meter.kill()
        await until(lambda: got.states("m") == ["down"])
        said = got.reports[0].reason
        assert "closed by the device" in said or "cannot be reached" in said
        got.readings.clear()
        await asyncio.sleep(3.0)
        assert got.readings == [], "nothing is made up meanwhile"
        await meter.start({"units": {"1": {"holding": {"0": [99]}}}})
        await until(lambda: got.value("m#holding:0") == 99, 10.0)
        await until(lambda: got.states("m") == ["down", "live"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x01\x00\x00\x00\x03\x01\x03\x00",
        b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00",
        b"\x00\x01\x00\x00\x00\x03\x01\x63\x00",
        b"\x00\x01\x00\x00\x00\x05\x01\x04\x02\x00\x07",
        b"\x00\x01\x00\x00\x00\x07\x01\x03\x04\x00\x07\x00\x08",
        b"\xff" * 5000,
    ],
)
async def test_garbage_instead_of_an_answer_is_no_value(garbage: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(100):
                writer.write(garbage)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with running(modbus, source(m=target(port)), [point("m#holding:0")]) as got:
        await until(lambda: got.reports)
        assert got.reports[0].state == "down"
        assert got.error is None
        assert not any(reading.value is not None for reading in got.readings)
    server.close()
    await server.wait_closed()


@pytest.mark.asyncio
async def test_units_of_one_gateway_share_a_connection_where_asked(tmp_path: Path) -> None:
    units = {str(n): {"holding": {"0": [n]}} for n in (1, 2, 3)}
    peer = Peer("modbus_peer", tmp_path, {"units": units})
    await peer.start()
    try:
        settings = source(**{f"u{n}": target(peer.port, unit=n, share=True) for n in (1, 2, 3)})
        async with running(modbus, settings, [point(f"u{n}#holding:0") for n in (1, 2, 3)]) as got:
            await until(lambda: all(len(got.of(f"u{n}#holding:0")) > 3 for n in (1, 2, 3)))
            assert [got.value(f"u{n}#holding:0") for n in (1, 2, 3)] == [1, 2, 3]
            established = [
                line for line in Path("/proc/net/tcp").read_text().splitlines()
                if line.split()[2].endswith(f":{peer.port:04X}") and line.split()[3] == "01"
            ]  # fmt: skip
            assert len(established) == 1
    finally:
        peer.kill()


@pytest.mark.asyncio
async def test_under_the_supervisor_a_dead_target_is_named_and_the_source_is_live(meter: Peer) -> None:
    rows: list[RawReading] = []
    points = [point("m#holding:0"), point("gone#holding:0")]
    config = SourceConfig("s", "modbus", source(m=target(meter.port), gone=target(free_port())))
    supervisor = Supervisor([config], points, lambda _name, batch: rows.extend(batch))
    await supervisor.start()
    try:
        await until(lambda: rows and supervisor.states()[0].targets)
        (state,) = supervisor.states()
        assert state.state == "live"
        assert "not from gone" in state.reason
    finally:
        await supervisor.stop()


# -- discover -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_discover_tells_the_identification_and_invents_nothing(tmp_path: Path, meter: Peer) -> None:
    identity = {"0": "Schneider Electric", "1": "METSEPM5110", "2": "v2.6", "4": "PowerLogic", "5": "PM5110"}
    peer = Peer("modbus_peer", tmp_path, {"units": {"1": {}}, "identity": identity})
    await peer.start()
    try:
        model = modbus.Settings.model_validate(source(m=target(peer.port), gone=target(free_port())))
        found = await modbus.discover(model, 5.0)
        rows = {row.name: row for row in found if row.device == "m"}
        assert rows["vendor name"].value == "Schneider Electric"
        assert rows["model name"].value == "PM5110"
        assert {row.vendor for row in rows.values()} == {"Schneider Electric"}
        assert {row.kind for row in rows.values()} == {"identification"}
        (gone,) = [row for row in found if row.device == "gone"]
        assert gone.value is None
        assert "cannot be reached" in gone.note
    finally:
        peer.kill()
    with pytest.raises(SourceError, match="no device identifies itself"):
        await modbus.discover(modbus.Settings.model_validate(source(gone=target(free_port()))), 5.0)
