"""Signing in to OPC UA servers: passwords, certificates, and what is wrong with them in words."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from datasources import opcua
from tests.conftest import REQUIRE_ALL
from tests.datasources.peers import Peer, running, until
from tests.datasources.test_opcua import Start, T, slow, source, start, target

if not REQUIRE_ALL:
    pytest.importorskip("asyncua", reason="asyncua is not there: install campus-twin[opcua]")

from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

__all__ = ["start"]  # a fixture


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
    points = slow(*(f"{name}#ns=3;s=AHU3.Supply" for name in settings["targets"]))
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


POLICIES = [f"{policy}_{mode}" for policy in ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
            for mode in ("Sign", "SignAndEncrypt")]  # fmt: skip


@pytest_asyncio.fixture
async def secure(start: Start, certificates: dict[str, str]) -> Peer:
    return await start(certificate=certificates["server"], key=certificates["server-key"], policies=POLICIES)


@pytest.mark.asyncio
async def test_signed_and_encrypted_connections_and_what_may_be_wrong(
    secure: Peer, certificates: dict[str, str]
) -> None:
    ours = {"certificate": certificates["ours"], "key": certificates["ours-key"], "timeout_s": 3.0}
    good = {"security": "Basic256Sha256", "server_certificate": certificates["server"], **ours}
    wrong = {
        "plain": {},
        "stranger": {**good, "server_certificate": certificates["other"]},
        "nofile": {**good, "key": "/nowhere/key.pem"},
        "nokey": {**good, "key": certificates["ours"]},
    }
    right = {name: {**good, "security": name.split("_")[0], "mode": name.split("_")[1]} for name in POLICIES}
    right["anybody"] = {**ours, "security": "Basic256Sha256", "check_server": False}
    settings = source(**{name: target(secure.port, **more) for name, more in {**right, **wrong}.items()})
    points = slow(*(f"{name}#ns=3;s=AHU3.Supply" for name in settings["targets"]))
    async with running(opcua, settings, points) as got:
        await until(lambda: all(got.value(f"{name}#ns=3;s=AHU3.Supply") == 21.5 for name in right), 20.0)
        await until(lambda: {report.target for report in got.reports} == set(wrong), 15.0)
        reasons = {report.target: f"{report.state}: {report.reason}" for report in got.reports}
        assert reasons["nofile"].startswith("misconfigured: there is no file /nowhere/key.pem")
        assert reasons["nokey"].startswith("misconfigured: the files ")
        assert "No matching endpoints" in reasons["plain"]
        assert reasons["stranger"].split(":")[0] in ("misconfigured", "down")
        assert {row.address.split("#")[0] for row in got.readings} == set(right), "nothing from a server that is not it"
