"""The live path: 20,000 points that change every second, 200 clients in another process: server CPU and delay.

The peer is what one would write without thought: the same values as JSON, encoded for each client (``json.dumps`` of
id and value), timed in this process on the same machine and counted for the same 200 clients once a second.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from bench.report import Report, against_limit, against_peer, machine, versions
from twin.frame import HEADER, FrameKind

SPACES = 20_000
CLIENTS = 200
ROUNDS = 5
ROUND_S = 6.0
TICKS = os.sysconf("SC_CLK_TCK")


def run() -> Report:
    """Five rounds of six seconds with 200 clients."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.live_server", str(SPACES)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        cpu, p50, p99, gap, size = asyncio.run(_measure(server.pid, port))
    finally:
        server.kill()
        server.wait()
    bars = [
        against_peer("server CPU with ingest, 200 clients, 20,000 new values each second", "cores", 0.2, cpu,
                     "JSON encoded for each client", _json_share()),
        against_limit("change to frame received, median", "ms", 50.0, p50),
        against_limit("change to frame received, p99", "ms", 150.0, p99),
        against_limit("largest gap between frames that are due once a second", "ms", 1250.0, gap),
        against_limit("full frame", "B/space", 8.0, size),
    ]  # fmt: skip
    return Report(
        name="live", machine=machine(), versions=versions("uvicorn", "uvloop", "websockets", "numpy"), bars=bars
    )


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _measure(pid: int, port: int) -> tuple[list[float], ...]:
    delays: list[float] = []
    gaps: list[float] = []
    sizes: list[float] = []
    for _ in range(300):
        try:
            async with connect(f"ws://127.0.0.1:{port}/ws/live", max_size=None):
                break
        except OSError:
            await asyncio.sleep(0.1)
    clients = [
        asyncio.create_task(_client(f"ws://127.0.0.1:{port}/ws/live", delays, gaps, sizes)) for _ in range(CLIENTS)
    ]
    await asyncio.sleep(3)
    cpu, p50, p99, worst = [], [], [], []
    for _ in range(ROUNDS):
        for values in (delays, gaps, sizes):
            values.clear()
        start, used = time.monotonic(), _cpu_seconds(pid)
        await asyncio.sleep(ROUND_S)
        cpu.append((_cpu_seconds(pid) - used) / (time.monotonic() - start))
        ordered = sorted(delays)
        p50.append(ordered[len(ordered) // 2])
        p99.append(ordered[len(ordered) * 99 // 100])
        worst.append(max(gaps))
    a_space = [max(sizes) / SPACES]
    for task in clients:
        task.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return cpu, p50, p99, worst, a_space


async def _client(url: str, delays: list[float], gaps: list[float], sizes: list[float]) -> None:
    """Read frames without decoding their arrays: the clients must not be what is measured."""
    async with connect(url, max_size=None, compression=None) as socket:
        last = await _next(socket, sizes)
        while True:
            now = await _next(socket, sizes)
            delays.append((now[0] - now[1]) * 1000)
            gaps.append((now[0] - last[0]) * 1000)
            last = now


async def _next(socket: ClientConnection, sizes: list[float]) -> tuple[float, float]:
    """When the next frame with values came, and when the server made it [s since epoch]."""
    while True:
        data = await socket.recv()
        now = time.time()
        assert isinstance(data, bytes)
        _, _, kind, _, time_ms, leaves, *_ = HEADER.unpack_from(data)
        if kind in (FrameKind.KEYFRAME, FrameKind.DELTA):
            if leaves == SPACES:
                sizes.append(float(len(data)))
            return now, time_ms / 1000


def _json_share() -> list[float]:
    """Cores that encoding the values as JSON for each client once a second would take."""
    values = {f"{n // 400}/{n // 50 % 8}/{n % 50}": round(n * 0.0371, 3) for n in range(SPACES)}
    times = []
    for _ in range(5):
        start = time.process_time()
        json.dumps(values)
        times.append((time.process_time() - start) * CLIENTS)
    return times
