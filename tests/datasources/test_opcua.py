"""OPC UA against asyncua's own server as a process: changes, time stamps, status codes, sign-in, lost sessions."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from datasources import opcua
from datasources.contract import SourceError
from datasources.fieldbus import AddressError
from tests.conftest import ROOT
from tests.datasources.broker import free_port
from tests.datasources.peers import Peer, point, running, until

asyncua = pytest.importorskip("asyncua", reason="asyncua is not there: install campus-twin[opcua]")

from asyncua import ua  # noqa: E402
from asyncua.crypto.cert_gen import setup_self_signed_certificate  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: E402

from datasources.opcua_values import parse, scalar, verdict, words  # noqa: E402

Start = Callable[..., Awaitable[Peer]]
T, ON = "m#ns=2;s=AHU3.Supply", "m#nsu=urn:plant;s=AHU3.On"
NODES = {"AHU3.Supply": 21.5, "AHU3.On": True}


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    peers: list[Peer] = []

    async def begin(**spec: Any) -> Peer:
        peer = Peer("opcua_peer", tmp_path, {"nodes": NODES, **spec})
        peers.append(peer)
        await peer.start()
        return peer

    yield begin
    for peer in peers:
        peer.kill()


def target(port: int, **more: Any) -> dict[str, Any]:
    return {"url": f"opc.tcp://127.0.0.1:{port}/plant", "publish_ms": 50, "timeout_s": 1.0, **more}


def source(**targets: dict[str, Any]) -> dict[str, Any]:
    return {"targets": targets}


def slow(*names: str) -> list[Any]:
    return [point(name, interval_s=60) for name in names]


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_changes_come_with_the_sources_time_and_nothing_is_read(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port)), slow(T, ON)) as got:
        await until(lambda: got.last(T) and got.last(ON))
        assert (got.value(T), got.value(ON)) == (21.5, True)
        measured = time.time() - 5
        for n in range(3):
            peer.tell({"node": "AHU3.Supply", "value": 22.0 + n, "source": measured + n})
            await until(lambda n=n: got.value(T) == 22.0 + n, 2.0)  # type: ignore[misc]
            assert got.last(T).time == pytest.approx(measured + n, abs=1e-3)  # type: ignore[union-attr]
        assert peer.count("READ") == 0
        assert got.reports == []


@pytest.mark.asyncio
async def test_several_changes_between_two_publications_all_come(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port, publish_ms=1000)), slow(T)) as got:
        await until(lambda: got.last(T))
        first = time.time()
        for n in range(10):
            peer.tell({"node": "AHU3.Supply", "value": float(n), "source": first + n / 100})
        await until(lambda: got.value(T) == 9.0, 4.0)
        assert [reading.value for reading in got.of(T)[-10:]] == [float(n) for n in range(10)]


@pytest.mark.asyncio
async def test_a_value_that_is_quiet_is_read_within_its_interval_and_is_new_again(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port)), [point(T, interval_s=0.4)]) as got:
        await until(lambda: len(got.of(T)) >= 6, 6.0)
        assert peer.count("READ") >= 4
        rows = got.of(T)
        assert max(b.received - a.received for a, b in itertools.pairwise(rows)) < 0.8
        times = [row.received if row.time is None else row.time for row in rows]
        assert all(a < b for a, b in itertools.pairwise(times)), "no duplicates: the point does not turn stale"


@pytest.mark.asyncio
async def test_a_server_that_takes_few_nodes_at_once_is_asked_for_few(start: Start) -> None:
    nodes = {f"N{n}": float(n) for n in range(50)}
    peer = await start(nodes=nodes, most=8)
    names = [f"m#ns=2;s=N{n}" for n in range(50)]
    async with running(opcua, source(m=target(peer.port)), [point(name, interval_s=0.4) for name in names]) as got:
        await until(lambda: all(len(got.of(name)) >= 4 for name in names))
        assert [got.value(name) for name in names] == [float(n) for n in range(50)]
        sizes = [int(line.split()[1]) for line in peer.events() if line.startswith("READ")]
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
async def test_status_codes_become_words(start: Start, how: str) -> None:
    peer = await start()
    interval = 60 if how == "told" else 0.2
    async with running(opcua, source(m=target(peer.port)), [point(T, interval_s=interval)]) as got:
        await until(lambda: got.last(T))
        for name, bad, remark in STATUSES:
            code = getattr(ua.StatusCodes, name)
            peer.tell({"node": "AHU3.Supply", "value": 30.0, "status": code})
            await until(lambda: (got.last(T).bad, got.last(T).remark) == (bad, remark), 2.0, name)  # type: ignore[union-attr] # noqa: B023
            assert (got.value(T) is None) == bool(bad), "a bad value is none; an uncertain one is kept"


def test_a_status_without_a_name_is_shown_by_number() -> None:
    assert words(ua.StatusCode(0x80FF0000)) == "bad: status 0x80FF0000"
    assert verdict(None) == ("", "")


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nodes_and_namespaces_that_are_not_there_are_bad_points(start: Start) -> None:
    peer = await start()
    names = (T, "m#ns=2;s=Nope", "m#nsu=urn:elsewhere;s=X", "m#rubbish")
    async with running(opcua, source(m=target(peer.port)), [point(name) for name in names]) as got:
        await until(lambda: all(got.last(name) for name in names))
        said = {name: got.last(name).bad for name in names}  # type: ignore[union-attr]
        assert said[T] == ""
        assert said["m#ns=2;s=Nope"] == "bad: node id unknown"
        assert said["m#nsu=urn:elsewhere;s=X"] == "the server has no namespace urn:elsewhere"
        assert "no OPC UA node" in said["m#rubbish"]
        assert got.reports == []


@pytest.mark.asyncio
async def test_a_server_that_has_none_of_the_nodes_is_misconfigured(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port)), [point("m#ns=2;s=Nope")]) as got:
        await until(lambda: got.states("m") == ["misconfigured"])
        assert "has none of the 1 nodes" in got.reports[0].reason
        assert got.last("m#ns=2;s=Nope").bad == "bad: node id unknown"  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_a_namespace_by_its_uri_is_found_under_another_number(start: Start) -> None:
    peer = await start(before=["urn:one", "urn:two"])
    async with running(opcua, source(m=target(peer.port)), slow(ON)) as got:
        await until(lambda: got.value(ON) is True)


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
    async with running(opcua, source(m=target(peer.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        peer.kill()
        await until(lambda: got.states("m") == ["down"], 5.0)
        assert "the connection was lost" in got.reports[0].reason or "cannot be reached" in got.reports[0].reason
        got.readings.clear()
        await asyncio.sleep(1.5)
        assert got.readings == []
        await peer.start({"nodes": {"AHU3.Supply": 33.0}})
        await until(lambda: got.value(T) == 33.0, 10.0)
        await until(lambda: got.states("m") == ["down", "live"])
        peer.tell({"node": "AHU3.Supply", "value": 34.0})
        await until(lambda: got.value(T) == 34.0, 2.0)


@pytest.mark.asyncio
async def test_a_lost_connection_is_made_again(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        peer.tell({"end": "connections"})
        await until(lambda: got.states("m") == ["down", "live"], 5.0)
        peer.tell({"node": "AHU3.Supply", "value": 25.0})
        await until(lambda: got.value(T) == 25.0, 2.0)


@pytest.mark.asyncio
async def test_a_subscription_that_the_server_forgot_is_made_again(start: Start) -> None:
    peer = await start()
    async with running(opcua, source(m=target(peer.port)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
        peer.tell({"end": "subscriptions"})
        await until(lambda: peer.count("MONITOR") >= 2, 12.0)
        peer.tell({"node": "AHU3.Supply", "value": 25.0})
        await until(lambda: got.value(T) == 25.0, 2.0)


@pytest.mark.asyncio
async def test_dead_and_frozen_servers_delay_no_other(start: Start) -> None:
    good, frozen = await start(), await start()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings = source(
            good=target(good.port), frozen=target(frozen.port), dead=target(free_port()),
            mute=target(mute.getsockname()[1]),
        )  # fmt: skip
        names = [f"{name}#ns=2;s=AHU3.Supply" for name in settings["targets"]]
        async with running(opcua, settings, [point(name, interval_s=0.1) for name in names]) as got:
            await until(lambda: got.value("frozen#ns=2;s=AHU3.Supply") == 21.5)
            frozen.freeze()
            await until(lambda: {report.target for report in got.reports} == {"frozen", "dead", "mute"})
            began, before = time.monotonic(), len(got.of(names[0]))
            await asyncio.sleep(2.0)
            rate = (len(got.of(names[0])) - before) / (time.monotonic() - began)
            assert rate == pytest.approx(10, abs=2), "the good one keeps its pace"
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


# -- signing in -----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_name_and_password(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = await start(users={"twin": "right"})
    monkeypatch.setenv("OPCUA_TEST_PASSWORD", "right")
    access = {"username": "twin", "password": {"env": "OPCUA_TEST_PASSWORD"}}
    async with running(opcua, source(m=target(peer.port, **access)), slow(T)) as got:
        await until(lambda: got.value(T) == 21.5)
    monkeypatch.setenv("OPCUA_TEST_PASSWORD", "wr0ng-word")
    settings = source(
        m=target(peer.port, **access), anonymous=target(peer.port),
        nowhere=target(peer.port, username="twin", password={"env": "OPCUA_TEST_UNSET"}),
    )  # fmt: skip
    points = slow(*(f"{name}#ns=2;s=AHU3.Supply" for name in settings["targets"]))
    async with running(opcua, settings, points) as got:
        await until(lambda: len(got.reports) == 3)
        assert {report.state for report in got.reports} == {"misconfigured"}
        reasons = {report.target: report.reason for report in got.reports}
        assert "user access denied" in reasons["m"]
        assert "user access denied" in reasons["anonymous"]
        assert "OPCUA_TEST_UNSET is not set" in reasons["nowhere"]
        assert "wr0ng-word" not in str(reasons)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Certificates and keys of the server, of ours, and of a stranger."""
    folder = tmp_path_factory.mktemp("certificates")
    files = {}
    for name, uri in (
        ("server", "urn:freeopcua:python:server"),
        ("ours", "urn:campus-twin:client"),
        ("other", "urn:x"),
    ):
        key, certificate = folder / f"{name}.pem", folder / f"{name}.der"
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        asyncio.run(setup_self_signed_certificate(key, certificate, uri, "localhost", uses, {}))
        files[name], files[f"{name}-key"] = str(certificate), str(key)
    return files


@pytest.mark.asyncio
async def test_signed_and_encrypted_connections(start: Start, certificates: dict[str, str]) -> None:
    policies = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
    names = [f"{policy}_{mode}" for policy in policies for mode in ("Sign", "SignAndEncrypt")]
    peer = await start(certificate=certificates["server"], key=certificates["server-key"], policies=names)
    ours = {"certificate": certificates["ours"], "key": certificates["ours-key"], "timeout_s": 3.0}
    settings = source(
        **{
            name: target(peer.port, security=name.split("_")[0], mode=name.split("_")[1],
                         server_certificate=certificates["server"], **ours)
            for name in names
        },
        anybody=target(peer.port, security="Basic256Sha256", check_server=False, **ours),
    )  # fmt: skip
    points = slow(*(f"{name}#ns=2;s=AHU3.Supply" for name in settings["targets"]))
    async with running(opcua, settings, points) as got:
        await until(lambda: all(got.value(row.address) == 21.5 for row in points), 20.0)
        assert got.reports == []


@pytest.mark.asyncio
async def test_what_is_wrong_with_certificates_is_said_in_words(start: Start, certificates: dict[str, str]) -> None:
    peer = await start(
        certificate=certificates["server"], key=certificates["server-key"], policies=["Basic256Sha256_SignAndEncrypt"]
    )
    good = {"security": "Basic256Sha256", "certificate": certificates["ours"], "key": certificates["ours-key"],
            "server_certificate": certificates["server"]}  # fmt: skip
    settings = source(
        plain=target(peer.port),
        sign=target(peer.port, **{**good, "server_certificate": "", "check_server": False, "mode": "Sign"}),
        stranger=target(peer.port, **{**good, "server_certificate": certificates["other"]}),
        nofile=target(peer.port, **{**good, "key": "/nowhere/key.pem"}),
        nokey=target(peer.port, **{**good, "key": certificates["ours"]}),
    )
    points = slow(*(f"{name}#ns=2;s=AHU3.Supply" for name in settings["targets"]))
    async with running(opcua, settings, points) as got:
        await until(lambda: len({report.target for report in got.reports}) == 5, 15.0)
        reasons = {report.target: f"{report.state}: {report.reason}" for report in got.reports}
        assert (
            reasons["nofile"] == "misconfigured: there is no file /nowhere/key.pem: correct the settings of this target"
        )
        assert reasons["nokey"].startswith("misconfigured: the files ")
        assert "No matching endpoints" in reasons["plain"]
        assert "No matching endpoints" in reasons["sign"]
        assert reasons["stranger"].split(":")[0] in ("misconfigured", "down")
        assert got.readings == [], "no value from a server that is not the right one"


def test_without_asyncua_the_source_says_what_to_install() -> None:
    code = (
        "import sys, asyncio; sys.modules['asyncua'] = None\n"
        "from datasources.runner import SourceConfig, Supervisor\n"
        "from tests.datasources.peers import point\n"
        "async def main():\n"
        "    config = SourceConfig('s', 'opcua', {'targets': {'m': {'url': 'opc.tcp://127.0.0.1:4840'}}})\n"
        "    supervisor = Supervisor([config], [point('m#i=2258')], lambda *_: None)\n"
        "    await supervisor.start()\n"
        "    await asyncio.sleep(0.3)\n"
        "    state = supervisor.states()[0]\n"
        "    assert state.state == 'misconfigured', state\n"
        "    assert state.reason.startswith('install campus-twin[opcua]'), state\n"
        "    await supervisor.stop()\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    "change",
    [{"url": "http://127.0.0.1"}, {"url": "opc.tcp://"}, {"url": "opc.tcp://twin:hunter2@127.0.0.1"},
     {"security": "Basic128Rsa15"}, {"security": "Basic256Sha256"}, {"certificate": "x.der"},
     {"security": "Basic256Sha256", "certificate": "x", "key": "y"}, {"password": "hunter2"}, {"publish_ms": 1}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        opcua.Settings.model_validate(source(m={**target(4840), **change}))
    mistakes = "; ".join(str(row["msg"]) for row in refused.value.errors())
    assert "hunter2" not in mistakes


# -- discover -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_discover_browses_variables_with_unit_and_description(start: Start) -> None:
    nodes = {
        "AHU3.Supply": {"value": 21.5, "unit": "°C", "description": "supply air"},
        "AHU3.Fan.Power": {"value": 4.2, "unit": "kW"},
        "AHU3.On": True,
        "Curve": [1.0, 2.0],
        **{f"Row.N{n}": n for n in range(120)},
    }
    peer = await start(nodes=nodes)
    model = opcua.Settings.model_validate(source(m=target(peer.port), gone=target(free_port())))
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
