"""Every Modbus type and word order, written into a real server the slow obvious way and read back by the source."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusTcpClient

from datasources import modbus
from tests.datasources.peers import Peer, point, running, until
from tests.datasources.test_modbus import source, target

FORMATS = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
           "float32": "f", "float64": "d"}  # fmt: skip


def slowly(kind: str, order: str, value: float) -> list[int]:
    """A value as registers, spelled out byte by byte."""
    data = list(struct.pack(f">{FORMATS[kind]}", value))
    if order == "dcba":
        data.reverse()
    pairs = [data[at : at + 2] for at in range(0, len(data), 2)]
    if order == "cdab":
        pairs.reverse()
    if order == "badc":
        pairs = [[low, high] for high, low in pairs]
    return [256 * high + low for high, low in pairs]


def numbers(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("float"):
        return st.floats(allow_nan=False, width=32 if kind == "float32" else 64)
    bits = int(kind.lstrip("uint"))
    return st.integers(0, 2**bits - 1) if kind[0] == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


VALUES = st.lists(
    st.sampled_from(sorted(FORMATS)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.sampled_from(["abcd", "cdab", "badc", "dcba"]), numbers(kind))
    ),
    min_size=1,
    max_size=40,
)


@given(rows=VALUES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_type_and_order_comes_back_as_it_was_written(
    rows: list[tuple[str, str, float]], tmp_path_factory: pytest.TempPathFactory, blank: Peer
) -> None:
    at, addresses = 0, {}
    with ModbusTcpClient("127.0.0.1", port=blank.port) as client:
        for kind, order, value in rows:
            registers = slowly(kind, order, value)
            assert not client.write_registers(at, registers).isError()
            addresses[f"m#holding:{at}:{kind}:{order}"] = value
            at += len(registers)

    async def read() -> None:
        async with running(modbus, source(m=target(blank.port)), [point(name) for name in addresses]) as got:
            await until(lambda: all(got.last(name) for name in addresses))
            for name, value in addresses.items():
                assert got.value(name) == value, name

    asyncio.run(read())


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Any:
    spec = {"units": {"1": {"holding": {"0": [0] * 400}}}}
    peer = Peer("modbus_peer", tmp_path_factory.mktemp("blank"), spec)
    asyncio.run(peer.start())
    yield peer
    peer.kill()
