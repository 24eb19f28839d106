"""MQTT into the live state, from a real mosquitto, through everything that a reading meets: CPU, delay, loss, memory.

20,000 devices publish JSON with their own time at QoS 0, each once a second, from a process of its own. The peer is the
same pipeline on paho-mqtt. What was lost is told by two sums that must agree with the sender's: of messages, and of the
numbers in them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import paho_source
from bench.broker import Broker, broker
from bench.mqtt_load import POINTS, connect, packet, payload, topic, value
from bench.process import ask, forget_peak, line, memory_mb, running
from bench.report import Bar, Report, against_limit, against_peer, alternate, machine, versions

RATE = 20_000.0
SECONDS = 60.0
PEER_S = 8.0
PEER_ROUNDS = 3
BURST = 100_000
BURST_ROUNDS = 5
BURST_MB = 100.0
RETAINED_ROUNDS = 3
KILLS = 10
BACK_S = 10.0
SETTLE_S = 15.0
WARM_S = 2.0
Process = subprocess.Popen[str]


@dataclass(frozen=True, slots=True)
class Steady:
    """One steady load: cores taken, CPU a message [us], delays [ms], messages that did not arrive as they were sent."""

    cores: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    lost: float


def lost(sent: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Messages that are not in the live state as they were sent: missing, twice, refused, or with another number."""
    count = after["accepted"] - before["accepted"]
    wrong = sum(after[key] - before[key] for key in ("bad", "late", "duplicate", "unmapped"))
    missing = abs(sent["sent"] - count) + wrong
    return float(missing or after["total"] - before["total"] != sent["total"])


def wait_for(process: Process, done: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
    """How a server stands once ``done``, or after so long."""
    end = time.monotonic() + seconds
    while True:
        found = ask(process)
        if done(found) or time.monotonic() > end:
            return found
        time.sleep(0.02)


def listening(process: Process) -> None:
    """Wait until it has subscribed; RuntimeError when it does not."""
    found = wait_for(process, lambda now: _up(now), 60.0)
    if not _up(found):
        raise RuntimeError(f"it does not listen: {found['reason']}")


def _up(now: Mapping[str, Any]) -> bool:
    return now["state"] == "live" or str(now["reason"]).startswith("connected")


def send(port: int, rate: float, seconds: float, points: int) -> dict[str, Any]:
    """What a sender sent, once it has."""
    with running("bench.mqtt_load", port, rate, seconds, points) as sender:
        found: dict[str, Any] = json.loads(line(sender))
    return found


def steady(process: Process, port: int, rate: float, seconds: float, points: int) -> Steady:
    """A steady load, after a short one that is not measured: until all of it has come, or nothing more does."""
    send(port, rate, WARM_S, points)
    time.sleep(0.5)
    before = ask(process)
    sent = send(port, rate, seconds, points)
    after = wait_for(process, lambda now: now["readings"] - before["readings"] >= sent["sent"], 0.0)
    delays = after
    if after["readings"] - before["readings"] < sent["sent"]:
        after = wait_for(process, lambda now: now["readings"] - before["readings"] >= sent["sent"], SETTLE_S)
    cpu = after["cpu"] - before["cpu"]
    arrived = max(1, after["readings"] - before["readings"])
    return Steady(
        cpu / (after["wall"] - before["wall"]), cpu / arrived * 1e6, delays["p50"], delays["p99"],
        lost(sent, before, after),
    )  # fmt: skip


def burst(process: Process, port: int, count: int, points: int, *, held: bool = False) -> tuple[float, float, float]:
    """Seconds from the first message of a burst to the last in the live state; memory gained [MB]; whether one is lost.

    ``held``: the process stands still until all have been sent, and everything comes at once; the time is from then.
    """
    before = ask(process)
    memory = memory_mb(process.pid)
    forget_peak(process.pid)
    if held:
        process.send_signal(signal.SIGSTOP)
    sent = send(port, 0, count / points, points)
    begun = time.time() if held else sent["begun"]
    process.send_signal(signal.SIGCONT)
    after = wait_for(process, lambda now: now["readings"] - before["readings"] >= count, SETTLE_S)
    return time.time() - begun, memory_mb(process.pid, most=True) - memory, lost(sent, before, after)


def retained(points: int) -> tuple[float, float]:
    """Seconds from the first step of connecting until all retained values are in the live state, and how many points
    are missing or shown as what they are not. A third of the values each is fresh, old, without a time of its own."""
    with broker() as there:
        sender = connect(there.port, "retained")
        now = time.time()
        times = (now, now - 3600, None)
        for n in range(points):
            sender.sendall(packet(topic(n), payload(value(0, n), times[n % 3]), retain=True))
        sender.close()
        with running("bench.ingest_server", there.port, "ours", points) as process:
            found = wait_for(process, lambda now: now["spoken"] == points, SETTLE_S)
            return found["took"], float(points - found["spoken"] + found["wrong"])


def kill(process: Process, there: Broker, down_s: float) -> float:
    """Seconds from a killed broker's listening again until a value published after that is in the live state."""
    there.kill()
    time.sleep(down_s)
    there.start()
    begun = time.monotonic()
    before = ask(process)["readings"]
    sender = connect(there.port, "after-a-kill")
    while time.monotonic() - begun < 2 * BACK_S:
        sender.sendall(packet(topic(0), payload(100, time.time())))
        if ask(process)["readings"] > before:
            break
        time.sleep(0.05)
    sender.close()
    return time.monotonic() - begun


def run(
    rate: float = RATE, seconds: float = SECONDS, points: int = POINTS, peer_s: float = PEER_S,
    rounds: Sequence[int] = (PEER_ROUNDS, BURST_ROUNDS, RETAINED_ROUNDS, KILLS), count: int = BURST,
) -> Report:  # fmt: skip
    """About five minutes: ``seconds`` of steady load, ``peer_s`` for each round beside the peer."""
    peers, bursts, shows, kills = rounds
    bars: list[Bar] = []
    with broker() as there:
        with running("bench.ingest_server", there.port, "ours", points) as process:
            listening(process)
            long = steady(process, there.port, rate, seconds, points)
            peaks = [burst(process, there.port, count, points) for _ in range(bursts)]
            held = [burst(process, there.port, count, points, held=True) for _ in range(bursts)]
            backs = [kill(process, there, 3.5 if number % 2 else 1.5) for number in range(kills)]
        name = f"{rate:,.0f} messages a second for {seconds:.0f} s"
        bars += [
            against_limit(f"{name}: CPU of the process", "cores", 0.5, [long.cores]),
            against_limit(f"{name}: published to live state, p99", "ms", 100, [long.p99_ms]),
            against_limit(f"{name}: messages lost", "1", 0, [long.lost]),
        ]
        if paho_source.installed():
            ours, theirs = alternate(
                peers, lambda: _round(there.port, "ours", rate, peer_s, points),
                lambda: _round(there.port, "paho", rate, peer_s, points),
            )  # fmt: skip
            bars.append(
                against_peer("CPU a message", "us", 0.5, [row.cpu_us for row in ours], "the same on paho-mqtt",
                             [row.cpu_us for row in theirs])
            )  # fmt: skip
    shown = [retained(points) for _ in range(shows)]
    bars += [
        against_limit(f"a burst of {count:,} messages in the live state", "s", 5, [taken for taken, _, _ in peaks]),
        against_limit("the same after the process stood still", "s", 5, [taken for taken, _, _ in held]),
        worst("bursts: memory gained", "MB", BURST_MB, [gained for _, gained, _ in peaks + held]),
        worst("bursts: messages lost", "1", 0, [missing for _, _, missing in peaks + held]),
        against_limit(f"{points:,} retained values shown", "s", 3, [taken for taken, _ in shown]),
        worst("retained values missing, or with a wrong staleness", "1", 0, [wrong for _, wrong in shown]),
        worst("back after a killed broker, the longest", "s", BACK_S, backs),
    ]
    packages = versions("gmqtt", "uvloop", "numpy") | {"paho-mqtt": _paho()}
    return Report(name="ingest", machine=machine(), versions=packages, bars=bars)


def worst(bar: str, unit: str, limit: float, measured: Sequence[float]) -> Bar:
    """A bar that no round may break: the largest of ``measured`` [``unit``] counts, not the median."""
    return against_limit(bar, unit, limit, [max(measured)] * len(measured))


def _round(port: int, client: str, rate: float, seconds: float, points: int) -> Steady:
    with running("bench.ingest_server", port, client, points) as process:
        listening(process)
        return steady(process, port, rate, seconds, points)


def _paho() -> str:
    return versions("paho-mqtt")["paho-mqtt"] if paho_source.installed() else "absent"
