"""Real SNMP agents for the tests: net-snmp's snmpd, and snmpsim's responder over recordings."""

from __future__ import annotations

import asyncio
import bz2
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from gufo.snmp.aio import SnmpSession

from tests.conftest import ROOT

COMMUNITY = "for-the-test"

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
                await session.get("1.3.6.1.2.1.1.3.0")
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
    """net-snmp's agent with a community and three v3 users: ann (SHA, AES), ben (SHA-256, AES), joe (SHA, no privacy)."""

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
