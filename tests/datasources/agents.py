"""Real SNMP agents for the tests: net-snmp's snmpd, and snmpsim's responder over recordings."""

from __future__ import annotations

import asyncio
import bz2
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from gufo.snmp.aio import SnmpSession
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from datasources import snmp
from datasources.contract import Neighbours, TargetReport
from tests.conftest import ROOT
from twin.point import Point
from twin.reading import RawReading

COMMUNITY = "for-the-test"
SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

SIMULATOR = """
import sys, types
try:
    import pysmi
except ImportError:  # snmpsim asks it for its version only, and does not install it
    sys.modules["pysmi"] = types.ModuleType("pysmi")
    sys.modules["pysmi"].__version__ = "absent"
from snmpsim.commands.responder import main
sys.exit(main())
"""


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Agent:
    """A process that answers SNMP on a port of its own: started, killed, stopped at will."""

    community = COMMUNITY

    def __init__(self) -> None:
        self.port = free_udp_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return os.environ

    async def start(self) -> None:
        self._process = subprocess.Popen(
            self.command(), env=self.environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        session = SnmpSession("127.0.0.1", port=self.port, community=self.community, timeout=0.2)
        for _ in range(300):
            assert self._process.poll() is None, "the agent ended at once"
            try:
                await session.get(SYS_UPTIME)
            except TimeoutError:
                await asyncio.sleep(0.05)
            else:
                return
        raise AssertionError("the agent did not answer within a minute")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Let it answer nothing any more, as behind a cable that was pulled."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Snmpd(Agent):
    """net-snmp's agent with a community and three v3 users: ann (SHA, AES), ben (SHA-256, AES), joe (SHA only)."""

    def __init__(self, program: str, folder: Path, lines: str = "") -> None:
        super().__init__()
        self._program = program
        self._folder = folder
        self._file = folder / f"snmpd-{self.port}.conf"
        self._file.write_text(
            f"agentaddress udp:127.0.0.1:{self.port}\n"
            f"rocommunity {COMMUNITY} 127.0.0.1\n"
            "createUser ann SHA ann-auth-key AES ann-priv-key\n"
            "createUser ben SHA-256 ben-auth-key AES ben-priv-key\n"
            "createUser joe SHA joe-auth-key\n"
            "rouser ann priv\nrouser ben priv\nrouser joe auth\n"
            f"sysName lab-{self.port}\nsysLocation Room 1\n{lines}",
            encoding="utf-8",
        )

    def command(self) -> list[str]:
        return [self._program, "-C", "-c", str(self._file), "-f", "-Ln", "-I", "-smux"]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "SNMP_PERSISTENT_DIR": str(self._folder / "state"), "MIBS": ""}


class Snmpsim(Agent):
    """snmpsim's responder: each file ``NAME.snmprec`` of its folder is a device whose community is NAME."""

    def __init__(self, folder: Path, community: str) -> None:
        super().__init__()
        self.community = community
        self.folder = folder / f"simulated-{self.port}"
        self.folder.mkdir()

    def write(self, name: str, rows: Iterable[str]) -> None:
        """A device's rows ``OID|type|value``, put in the order of their numbers."""
        ordered = sorted(rows, key=lambda row: tuple(map(int, row.partition("|")[0].split("."))))
        (self.folder / f"{name}.snmprec").write_text("".join(f"{row}\n" for row in ordered), encoding="latin-1")

    def command(self) -> list[str]:
        return [
            sys.executable, "-c", SIMULATOR, f"--data-dir={self.folder}", f"--cache-dir={self.folder}-cache",
            f"--agent-udpv4-endpoint=127.0.0.1:{self.port}", "--log-level=error",
            *(["--process-user=root", "--process-group=root"] if os.getuid() == 0 else []),
        ]  # fmt: skip


def recorded(file: Path, *prefixes: str) -> list[str]:
    """The rows of a recording below ``prefixes``."""
    starts = tuple(f"{prefix}." for prefix in prefixes)
    with bz2.open(file, "rt", encoding="latin-1") as rows:
        return [row.rstrip("\n") for row in rows if row.startswith(starts)]


Answer = Callable[[str, list[str]], Any]


class Scripted(asyncio.DatagramProtocol):
    """An agent in this process, for devices that misbehave: ``answer(kind of request, OIDs)`` gives the (OID, value)
    pairs, or an error status, or None for silence. pysnmp speaks for it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = free_udp_port()
        self.requests: list[list[str]] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message, _ = decoder.decode(data, asn1Spec=V2C.Message())
        request = V2C.apiMessage.get_pdu(message)
        oids = [str(oid) for oid, _ in V2C.apiPDU.get_varbinds(request)]
        self.requests.append(oids)
        answer = self.answer(type(request).__name__, oids)
        if answer is None:
            return
        reply = V2C.apiMessage.get_response(message)
        response = V2C.apiMessage.get_pdu(reply)
        if isinstance(answer, int):
            V2C.apiPDU.set_varbinds(response, [(oid, V2C.Null("")) for oid in oids])
            V2C.apiPDU.set_error_status(response, answer)
        else:
            V2C.apiPDU.set_varbinds(response, [(V2C.ObjectIdentifier(oid), value) for oid, value in answer])
        self._transport.sendto(encoder.encode(reply), addr)


def table(rows: Mapping[str, Any], room: int = 1000) -> Answer:
    """An agent that serves ``rows`` (OID -> value) as the standard demands; tooBig for more than ``room`` objects."""

    def numbers(oid: str) -> tuple[int, ...]:
        return tuple(map(int, oid.split(".")))

    def answer(kind: str, oids: list[str]) -> Any:
        if kind == "GetRequestPDU":
            if len(oids) > room:
                return 1
            return [(oid, rows.get(oid, V2C.NoSuchInstance(""))) for oid in oids]
        ordered = sorted(rows, key=numbers)
        later = [oid for oid in ordered if numbers(oid) > numbers(oids[0])][:10]
        return [(oid, rows[oid]) for oid in later] or [(oids[0], V2C.EndOfMibView(""))]

    return answer


class Run:
    """A running source: the latest reading of each address, all readings, all reports."""

    def __init__(self, targets: Mapping[str, Any], addresses: Sequence[str], counters: bool = False, **settings: Any):
        everything = {
            "targets": targets,
            "community": {"env": "TEST_COMMUNITY"},
            "interval_s": 0.5,
            "lldp_interval_s": 0,
            **settings,
        }
        self.settings = snmp.Settings.model_validate(everything)
        kind: Any = "counter" if counters else "gauge"
        self.points = [Point(each, "c", "traffic", "B/s", kind, source="m", address=each) for each in addresses]
        self.latest: dict[str, RawReading] = {}
        self.readings: list[RawReading] = []
        self.reports: list[TargetReport] = []
        self.neighbours: list[Neighbours] = []
        self.batches = 0

    async def _collect(self) -> None:
        async for item in snmp.batches(self.settings, self.points):
            if isinstance(item, TargetReport):
                self.reports.append(item)
                continue
            if isinstance(item, Neighbours):
                self.neighbours.append(item)
                continue
            self.batches += 1
            self.readings += item
            self.latest.update({reading.address: reading for reading in item})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Run]:
        task = asyncio.create_task(self._collect())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait for ``condition``; a source that ended says why."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not condition():
            assert loop.time() < end, (self.reports, self.latest)
            await asyncio.sleep(0.02)

    async def all_there(self, seconds: float = 10.0) -> None:
        await self.until(lambda: len(self.latest) == len(self.points), seconds)

    def began_after(self, address: str, boot: float | None) -> bool:
        """Whether the device says that it began later than ``boot``."""
        now = self.latest[address].boot
        return boot is not None and now is not None and now > boot

    def value(self, address: str) -> float | int | str | bool | None:
        reading = self.latest[address]
        assert not reading.bad, reading
        return reading.value

    def states(self) -> list[tuple[str, str]]:
        return [(report.target, report.state) for report in self.reports]
