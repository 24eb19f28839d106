"""The live path: 20,000 points that change every second, shown to many clients: server CPU, delay, memory, pixels.

Peers: what one would write without thought (the values as JSON, encoded for each client), and a plain Dash application
with the same campus and the same feed (``bench.dash_server``). Every round has fresh servers; clients are a process of
their own. ``delivery`` is what 200 clients add to the CPU of a server that has none.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import painted, switching
from bench.live_clients import upgrade
from bench.process import ask, cpu_seconds, line, memory_mb, running
from bench.report import Bar, Report, against_limit, against_peer, alternate, machine, versions

SPACES = 20_000
CLIENTS = 200
MANY = 500
ROUNDS = 5
ROUND_S = 2.0
SETTLE_S = 1.0
DELAY_S = 4.0
PATIENCE_S = 30.0
STALLED = 5
TEN = 10
STALLED_S = 9.0
"""Shorter than the time after which they are cut off."""
SETTLED_S = 11.0
FORMS = ("text-start", "text-tick", "list-start", "list-tick")
Process = subprocess.Popen[str]


@dataclass(frozen=True, slots=True)
class Took:
    """CPU of a server with no client, and with clients by their kind [cores]; what the clients saw."""

    idle: float
    busy: dict[str, float]
    seen: dict[str, Any]


def run(spaces: int = SPACES, clients: int = CLIENTS, many: int = MANY, rounds: int = ROUNDS) -> Report:
    """About eight minutes."""
    ours, dash = alternate(
        rounds, lambda: _took("bench.live_server", ("ours",), spaces, clients),
        lambda: _took("bench.dash_server", FORMS, spaces, clients),
    )  # fmt: skip
    total = [row.busy["ours"] for row in ours]
    delivery = [row.busy["ours"] - row.idle for row in ours]
    seen = _delays(spaces, clients, rounds)
    crowd = [row["p99"] for row in _delays(spaces, many, rounds, one_core=True)]

    def beside(what: str, limit: float, measured: list[float], kind: str, peer: str, *, alone: bool = False) -> Bar:
        theirs = [row.busy[kind] - (row.idle if alone else 0.0) for row in dash]
        return against_peer(what, "cores", limit, measured, peer, theirs)

    all_in, sent = f"server CPU, {clients} clients", f"delivery to {clients} clients"
    bars = [
        against_peer(all_in, "cores", 0.2, total, "JSON encoded for each client", _json_share(spaces, clients)),
        beside(all_in, 1 / 5, total, "list-start", "Dash WebSocket callback, set_props"),
        beside(all_in, 1 / 3, total, "list-tick", "Dash dcc.Interval of 1 s"),
        beside(sent, 1 / 5, delivery, "text-start", "set_props of our frame as text", alone=True),
        beside(sent, 1 / 3, delivery, "text-tick", "dcc.Interval, our frame as text", alone=True),
        against_limit("change to frame received, median", "ms", 50.0, [row["p50"] for row in seen]),
        against_limit("change to frame received, p99", "ms", 150.0, [row["p99"] for row in seen]),
        against_limit("largest gap between frames that are due once a second", "ms", 1250.0,
                      [row["gap"] for row in seen]),
        against_limit("full frame", "B/space", 8.0, [row["largest"] / spaces for row in seen]),
        against_limit(f"{many} clients, server on one core: change to frame received, p99", "ms", 150.0, crowd),
        against_limit(f"{STALLED} stalled clients: memory of the server", "MB", 1.0, _stalled(spaces, clients)),
        *painted.bars(),
        *switching.bars(),
    ]  # fmt: skip
    packages = versions("uvicorn", "uvloop", "websockets", "numpy", "dash", "fastapi")
    return Report(name="live", machine=machine(), versions=packages, bars=bars)


def _took(module: str, kinds: tuple[str, ...], spaces: int, clients: int) -> Took:
    """A fresh server, first alone, then with clients of each kind in turn."""
    with running(module, spaces, "nochecks") as server:
        port = _listening(server)
        time.sleep(SETTLE_S)
        idle = _cores(server.pid)
        busy, seen = {}, {}
        for kind in kinds:
            with running("bench.live_clients", kind, port, clients) as them:
                _wait_for_values(them)
                ask(them)
                busy[kind] = _cores(server.pid)
                seen[kind] = ask(them)
        return Took(idle, busy, seen)


def _wait_for_values(them: Process) -> None:
    """Wait until values arrive, and then a little more; a peer that is swamped takes its time."""
    end = time.monotonic() + PATIENCE_S
    while not ask(them)["messages"]:
        if time.monotonic() > end:
            raise RuntimeError(f"{them.args!r} got nothing within {PATIENCE_S:.0f} s")
        time.sleep(0.1)
    time.sleep(SETTLE_S)


def _listening(server: Process) -> int:
    port = int(line(server))
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return port
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")


def _cores(pid: int) -> float:
    start, used = time.monotonic(), cpu_seconds(pid)
    time.sleep(ROUND_S)
    return (cpu_seconds(pid) - used) / (time.monotonic() - start)


def _delays(spaces: int, clients: int, rounds: int, *, one_core: bool = False) -> list[dict[str, Any]]:
    """What clients see of the whole product; with ``one_core`` the server has one and they have the others."""
    cores = sorted(os.sched_getaffinity(0))
    with running("bench.live_server", spaces) as server:
        if one_core:
            os.sched_setaffinity(server.pid, cores[:1])
        port = _listening(server)
        with running("bench.live_clients", "ours", port, clients) as them:
            if one_core:
                os.sched_setaffinity(them.pid, cores[1:] or cores)
            _wait_for_values(them)
            ask(them)
            found = []
            for _ in range(rounds):
                time.sleep(DELAY_S)
                found.append(ask(them))
            return found


def _stalled(spaces: int, clients: int) -> list[float]:
    """What five clients that read nothing add to the server's memory [MB]: a tenth of what fifty add."""
    with running("bench.live_server", spaces) as server:
        port = _listening(server)
        with running("bench.live_clients", "ours", port, clients) as them:
            _wait_for_values(them)
            _memory(server.pid, SETTLED_S)
            before = _memory(server.pid, SETTLED_S)
            with ExitStack() as stack:
                for _ in range(TEN * STALLED):
                    one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                    one.sendall(upgrade(port, "/ws/live"))
                return [(_memory(server.pid, STALLED_S) - before) / TEN]


def _memory(pid: int, seconds: float) -> float:
    """The median of a process's memory over a while [MB]: checks of the data take some every ten seconds."""
    rows = []
    for _ in range(round(seconds / 0.2)):
        time.sleep(0.2)
        rows.append(memory_mb(pid))
    return median(rows)


def _json_share(spaces: int, clients: int) -> list[float]:
    """Cores that encoding the values as JSON for each client once a second would take."""
    values = {f"{n // 400}/{n // 50 % 8}/{n % 50}": round(n * 0.0371, 3) for n in range(spaces)}
    times = []
    for _ in range(5):
        start = time.process_time()
        json.dumps(values)
        times.append((time.process_time() - start) * clients)
    return times
