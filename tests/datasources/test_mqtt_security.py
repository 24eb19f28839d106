"""TLS, passwords and rights against a real mosquitto: the source says what is wrong, and does not storm."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from datasources import runner
from datasources.mqtt_tls import Tls
from tests.conftest import find_program, require
from tests.datasources.broker import Broker
from tests.datasources.pipeline import Pipeline, until
from tests.datasources.pki import Authority
from twin.point import Point

pytestmark = pytest.mark.broker

POINTS = [Point("p1", "A/1/1", "power", "W", source="s", address="site/1", interval_s=1)]
VERSIONS = pytest.mark.parametrize("version", ["5", "3.1.1"])


class Keys:
    """The certificates of one test folder; names are relative to it, as in a campus folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, other = Authority(folder), Authority(folder, "other")
        self.ca.issue("server")
        self.ca.issue("expired-server", days=(-20, -1))
        self.ca.issue("elsewhere", host="broker.example")
        self.ca.issue("client")
        self.ca.issue("expired-client", days=(-20, -1))
        other.issue("stranger")

    def listener(self, server: str = "server", *more: str) -> str:
        files = f"certfile {self.folder / server}.crt\nkeyfile {self.folder / server}.key\ncafile {self.ca.file}\n"
        return files + "".join(f"{line}\n" for line in more)

    @staticmethod
    def client(name: str, ca: str = "ca.pem") -> dict[str, object]:
        return {"ca": ca, "cert": f"{name}.crt", "key": f"{name}.key"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("campus"))


class Door:
    """Counts who comes to the broker, and lets them through."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.came = 0
        self.port = 0

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        inner = await asyncio.open_connection("127.0.0.1", self._broker.port)
        await asyncio.gather(self._copy(reader, inner[1]), self._copy(inner[0], writer))

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._through, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


@asynccontextmanager
async def running(
    program: str, folder: Path, lines: str = "", config: str = "allow_anonymous true\n"
) -> AsyncIterator[Broker]:
    broker = Broker(program, folder, config, lines)
    await broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def source(port: int, keys: Keys | None = None, **settings: object) -> Pipeline:
    context = {"folder": keys.folder} if keys else {}
    return Pipeline("mqtt", POINTS, {"host": "127.0.0.1", "port": port, **settings}, context)


async def settled(pipeline: Pipeline) -> tuple[str, str]:
    await until(lambda: pipeline.reason() not in ("starting", "connecting"), 8)
    return pipeline.state(), pipeline.reason()


REQUIRED = "require_certificate true"
REFUSALS: list[tuple[str, tuple[str, ...], dict[str, object] | bool, str]] = [
    ("server", (REQUIRED,), {"ca": "ca.pem"}, "it asks for a certificate of ours: set 'tls.cert' and 'tls.key'"),
    ("server", (REQUIRED,), Keys.client("stranger"), "it does not know the authority of our certificate"),
    ("server", (REQUIRED,), Keys.client("expired-client"), "our certificate ('tls.cert') has expired"),
    ("server", (REQUIRED, "tls_version tlsv1.2"), Keys.client("stranger"), "it does not know the authority of our"),
    ("server", (), {"ca": "other.pem"}, "its certificate is not accepted: self-signed certificate"),
    ("server", (), True, "its certificate is not accepted: self-signed certificate"),
    ("expired-server", (), {"ca": "ca.pem"}, "its certificate is not accepted: certificate has expired"),
    ("elsewhere", (), {"ca": "ca.pem"}, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
    ("server", (), {"ca": "ca.pem", "cert": "client.crt", "key": "stranger.key"}, "key values mismatch"),
    ("server", (), {"ca": "cb.pem"}, "there is no file 'cb.pem' in the campus folder; did you mean 'ca.pem'?"),
    ("server", (), {"ca": "../ca.pem"}, "'../ca.pem' lies outside the campus folder"),
    ("server", (), {"ca": "server.key"}, "cannot be used"),
]  # fmt: skip


@VERSIONS
@pytest.mark.asyncio
async def test_a_certificate_each_way_lets_values_through(
    mosquitto: str, tmp_path: Path, keys: Keys, version: str
) -> None:
    async with running(mosquitto, tmp_path, keys.listener("server", REQUIRED)) as broker:
        tls = keys.client("client")
        async with source(broker.port, keys, tls=tls, version=version) as pipeline:
            await pipeline.connected()
            context = Tls(ca=str(keys.ca.file), cert=f"{keys.folder}/client.crt", key=f"{keys.folder}/client.key")
            async with broker.publisher(ssl=context.context()) as publisher:
                publisher.publish("site/1", "700")
                await until(lambda: pipeline.value("p1") == pytest.approx(0.7))
    async with running(mosquitto, tmp_path, keys.listener("elsewhere")) as broker:
        unchecked = {"ca": "ca.pem", "check_name": False}
        async with source(broker.port, keys, tls=unchecked, version=version) as pipeline:
            await pipeline.connected()


@VERSIONS
@pytest.mark.asyncio
@pytest.mark.parametrize(("server", "lines", "tls", "says"), REFUSALS)
async def test_what_is_wrong_with_tls_is_said_at_once_and_asked_for_once(
    mosquitto: str, tmp_path: Path, keys: Keys, version: str,
    server: str, lines: tuple[str, ...], tls: dict[str, object] | bool, says: str,
) -> None:  # fmt: skip
    async with running(mosquitto, tmp_path, keys.listener(server, *lines)) as broker:
        door = Door(broker)
        async with await door.open(), source(door.port, keys, tls=tls, version=version) as pipeline:
            state, reason = await settled(pipeline)
            assert says in reason.replace("self signed", "self-signed")
            assert state == "misconfigured"
            await asyncio.sleep(1.2)
            assert door.came <= 1, "no storm"


@VERSIONS
@pytest.mark.asyncio
async def test_tls_and_none_of_it_do_not_meet(mosquitto: str, tmp_path: Path, keys: Keys, version: str) -> None:
    async with running(mosquitto, tmp_path) as broker:
        door = Door(broker)
        async with await door.open(), source(door.port, keys, tls={"ca": "ca.pem"}, version=version) as pipeline:
            state, reason = await settled(pipeline)
            assert "it may speak no TLS on this port" in reason
            assert state == "down"
            await asyncio.sleep(2.5)
            assert door.came <= 3, "after 1 and 2 s"
    async with (
        running(mosquitto, tmp_path, keys.listener()) as broker,
        source(broker.port, version=version) as pipeline,
    ):
        state, reason = await settled(pipeline)
        assert "it may expect TLS (set 'tls')" in reason
        assert state == "down"


def with_passwords(folder: Path, **passwords: str) -> str:
    program = find_program("mosquitto_passwd")
    require(program, "there is no mosquitto_passwd: install mosquitto")
    assert program is not None
    file = folder / "passwords"
    file.touch(mode=0o600)
    for user, password in passwords.items():
        subprocess.run([program, "-b", str(file), user, password], check=True, capture_output=True)
    return f"allow_anonymous false\npassword_file {file}\n"


@VERSIONS
@pytest.mark.asyncio
async def test_a_password_that_is_refused_and_then_put_right(
    mosquitto: str, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_passwords(tmp_path, twin="right")
    monkeypatch.setenv("TEST_MQTT_PASSWORD", "wrong")
    signed_in: dict[str, Any] = {"username": "twin", "password": {"env": "TEST_MQTT_PASSWORD"}, "version": version}
    async with running(mosquitto, tmp_path, config=config) as broker:
        door = Door(broker)
        async with await door.open(), source(door.port, **signed_in) as pipeline:
            state, reason = await settled(pipeline)
            assert state == "misconfigured"
            assert "refused the connection" in reason
            assert "uthori" in reason
            assert "wrong" not in reason
            await asyncio.sleep(1.2)
            assert door.came == 1
        monkeypatch.setattr(runner, "BACKOFF_LAST_S", 0.5)
        async with source(broker.port, **signed_in) as pipeline:
            await settled(pipeline)
            monkeypatch.setenv("TEST_MQTT_PASSWORD", "right")
            await pipeline.connected()
        async with source(broker.port, version=version) as pipeline:
            assert (await settled(pipeline))[0] == "misconfigured", "without a name nobody is let in"


def dynamic_security(folder: Path, password: str, topic: str) -> str:
    """A user of mosquitto's own security plugin who may subscribe to ``topic`` only; it tells whom it refuses."""
    plugin = next(iter(sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))), None)
    require(plugin, "there is no mosquitto_dynamic_security.so: install mosquitto 2")
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    client = {
        "username": "twin", "roles": [{"rolename": "reader"}], "iterations": 101,
        "password": base64.b64encode(key).decode(), "salt": base64.b64encode(salt).decode(),
    }  # fmt: skip
    role = {"rolename": "reader", "acls": [{"acltype": "subscribePattern", "topic": topic, "allow": True}]}
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    file = folder / "security.json"
    file.write_text(json.dumps({"defaultACLAccess": access, "clients": [client], "roles": [role]}))
    return f"allow_anonymous false\nplugin {plugin}\nplugin_opt_config_file {file}\n"


@VERSIONS
@pytest.mark.asyncio
async def test_a_user_without_the_right_to_read_is_told_which_topics(
    mosquitto: str, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MQTT_PASSWORD", "right")
    signed_in: dict[str, Any] = {"username": "twin", "password": {"env": "TEST_MQTT_PASSWORD"}, "version": version}
    async with running(mosquitto, tmp_path, config=dynamic_security(tmp_path, "right", "site/#")) as broker:
        door = Door(broker)
        async with await door.open(), source(door.port, **signed_in, topics=["site/#", "labs/#"]) as pipeline:
            state, reason = await settled(pipeline)
            assert (state, reason) == ("misconfigured", "the broker refuses the subscription to labs/#")
            await asyncio.sleep(1.2)
            assert door.came == 1
        async with source(broker.port, **signed_in) as pipeline:
            await pipeline.connected()


@pytest.mark.asyncio
async def test_a_broker_that_refuses_without_a_word_leaves_the_source_silent(
    mosquitto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mosquitto's ACL file grants every subscription, and then sends nothing."""
    monkeypatch.setenv("TEST_MQTT_PASSWORD", "right")
    (tmp_path / "acl").write_text("user publisher\ntopic write site/#\n\nuser twin\ntopic read other/#\n")
    config = with_passwords(tmp_path, twin="right", publisher="p") + f"acl_file {tmp_path / 'acl'}\n"
    signed_in: dict[str, Any] = {"username": "twin", "password": {"env": "TEST_MQTT_PASSWORD"}}
    async with running(mosquitto, tmp_path, config=config) as broker, source(broker.port, **signed_in) as pipeline:
        await pipeline.connected()
        await until(lambda: pipeline.state() == "silent", 10)
        assert pipeline.reason().startswith("connected, but no value for")
        assert pipeline.supervisor.states()[0].restarts == 0
