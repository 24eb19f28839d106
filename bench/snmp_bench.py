"""Polling devices by SNMP: values a second through ``batches()`` against net-snmp's agent, beside pysnmp in one run.

One agent stands for 300 switches that are asked for 150 values each, names of ports checked with every answer. They are
due again before they have all answered, so that what is measured is how fast the source is, not how often it asks. A
value that reached ``batches()``'s consumer counts; what is asked along with it (names, uptime) does not.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import uvloop
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from bench.report import Bar, Report, against_limit, against_peer, alternate, machine, versions
from datasources import snmp
from datasources.contract import TargetReport
from twin.point import Point

SWITCHES = 300
VALUES = 150
WARM_UP_S = 20.0
ROUND_S = 4.0
ROUNDS = 5
PEER_REQUESTS = 50
PEER_OBJECTS = 40
LIMIT_US = 20.0
"""50,000 values a second."""
PEER_LIMIT = 0.1

_PORT = ("octets_in", "octets_out", "errors_in", "errors_out", "discards_in", "discards_out", "link", "ifAdminStatus",
         "ifSpeed", "ifInUcastPkts", "ifOutUcastPkts", "ifInOctets", "ifOutOctets", "ifHCInUcastPkts")  # fmt: skip
_SCALARS = tuple(
    f"1.3.6.1.2.1.{group}.{number}.0"
    for group, numbers in (
        (4, range(1, 20)),
        (5, range(1, 27)),
        (6, range(5, 13)),
        (7, range(1, 5)),
        (11, range(1, 33)),
    )
    for number in numbers
    if (group, number) not in ((11, 7), (11, 23))
)


def run(rounds: int = ROUNDS, seconds: float = ROUND_S, switches: int = SWITCHES) -> Report:
    """``rounds`` of ``seconds`` [s] each, the two libraries in turns."""
    with agent() as port:
        ours, theirs = alternate(
            rounds, lambda: uvloop.run(_ours(port, seconds, switches)), lambda: asyncio.run(_pysnmp(port))
        )
    bars: list[Bar] = [
        against_limit("a value through batches(), wall time", "us", LIMIT_US, [wall for wall, _ in ours]),
        against_peer("a value, CPU of the process that asks", "us", PEER_LIMIT, [cpu for _, cpu in ours], "pysnmp",
                     [cpu for _, cpu in theirs]),
    ]  # fmt: skip
    return Report(name="snmp", machine=machine(), versions=versions("gufo-snmp", "pysnmp", "uvloop"), bars=bars)


@contextmanager
def agent() -> Iterator[int]:
    """A real snmpd on a free port of the loopback; yields the port."""
    program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise RuntimeError("there is no snmpd: install it (apt-get install snmpd)")
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "snmpd.conf"
        file.write_text(f"agentaddress udp:127.0.0.1:{port}\nrocommunity public 127.0.0.1\n", encoding="utf-8")
        environment = {**os.environ, "SNMP_PERSISTENT_DIR": folder, "MIBS": ""}
        process = subprocess.Popen([program, "-C", "-c", str(file), "-f", "-Ln", "-I", "-smux"], env=environment)
        try:
            yield port
        finally:
            process.kill()
            process.wait()


async def _ours(port: int, seconds: float, switches: int) -> tuple[float, float]:
    """Wall time and CPU a value [us]."""
    targets = {f"sw-{n}": {"host": "127.0.0.1", "port": port} for n in range(switches)}
    settings = snmp.Settings.model_validate(
        {"targets": targets, "interval_s": 0.5, "timeout_s": 10, "lldp_interval_s": 0}
    )
    things = await _things(settings, port)
    points = [
        Point(f"{name}-{thing}", "c", "traffic", "B/s", "counter", source="m", address=f"{name}#{thing}")
        for name in targets
        for thing in things
    ]
    async with aclosing(snmp.batches(settings, points)) as items:  # type: ignore[type-var]
        seen: set[str] = set()
        warm = time.monotonic()
        async for item in items:
            if isinstance(item, TargetReport):
                raise RuntimeError(f"{item.target}: {item.reason}")
            assert isinstance(item, list)
            seen.update(reading.address.partition("#")[0] for reading in item)
            if len(seen) == switches:
                break
            if time.monotonic() - warm > WARM_UP_S:
                raise RuntimeError(f"only {len(seen)} of {switches} switches answered within {WARM_UP_S:.0f} s")
        count, start, used = 0, time.perf_counter(), time.process_time()
        async for item in items:
            assert isinstance(item, list)
            count += sum(not reading.bad for reading in item)
            if time.perf_counter() - start > seconds:
                break
        wall, cpu = time.perf_counter() - start, time.process_time() - used
    return wall / count * 1e6, cpu / count * 1e6


async def _things(settings: snmp.Settings, port: int) -> list[str]:
    """What a switch is asked for: every port in turn, and scalars that the agent has."""
    one = settings.model_copy(update={"targets": {"sw-0": settings.targets["sw-0"]}})
    for _ in range(100):
        found = await snmp.discover(one, 5.0)
        if found:
            break
        await asyncio.sleep(0.1)
    ports = sorted(
        {row.address.partition("[")[2] for row in found if "[" in row.address and "octets_in" in row.address}
    )
    wanted = [f"{thing}[{name}" for name in ("lo]", *ports) for thing in _PORT]
    points = [Point(each, "c", "traffic", "B/s", source="m", address=f"sw-0#{each}") for each in (*wanted, *_SCALARS)]
    async with aclosing(snmp.batches(one, points)) as items:  # type: ignore[type-var]
        async for item in items:
            if isinstance(item, list):
                there = [reading.address.partition("#")[2] for reading in item if not reading.bad]
                break
    return there[:VALUES]


async def _pysnmp(port: int) -> tuple[float, float]:
    """The same for pysnmp: requests of forty objects, one after the other."""
    engine = SnmpEngine()
    target = await UdpTransportTarget.create(("127.0.0.1", port))
    objects = [ObjectType(ObjectIdentity(oid)) for oid in _SCALARS[19 : 19 + PEER_OBJECTS]]
    count, start, used = 0, time.perf_counter(), time.process_time()
    for _ in range(PEER_REQUESTS):
        failed, status, _, rows = await get_cmd(
            engine,
            CommunityData("public", mpModel=1),  # noqa: S508 - what is measured is v2c
            target,
            ContextData(),
            *objects,
            lookupMib=False,
        )
        if failed or status:
            raise RuntimeError(f"pysnmp: {failed or status}")
        count += len(rows)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    engine.close_dispatcher()
    return wall / count * 1e6, cpu / count * 1e6
