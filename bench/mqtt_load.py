"""The sending side of the MQTT benchmarks: devices that publish JSON with their own time, at QoS 0, at a steady rate.

``python -m bench.mqtt_load PORT RATE SECONDS [POINTS]`` is a process of its own, so that neither its CPU time nor its
pauses are those of the process that listens. It prints what it sent as JSON. RATE 0 sends POINTS * SECONDS messages as
fast as the broker takes them. Packets are those of MQTT 3.1.1 (section 3.3), written by hand: a client library could
not send 20,000 a second beside what is measured.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Sequence

CONNECTIONS = 4
TICK_S = 0.01
POINTS = 20_000
BURST_BLOCK = 500
_CONNECT = b"\x00\x04MQTT\x04\x02\x00\x00"


def topic(n: int) -> str:
    """The topic of point ``n``; its address in the campus is ``topic#/p``."""
    return f"campus/{n // 400}/{n // 50 % 8}/{n % 50}/power"


def value(turn: int, n: int) -> int:
    """What point ``n`` says in its turn [W]: another value than before, whole so that sums are exact."""
    return 10 + (turn * 37 + n) % 4000


def payload(watts: float, at: float | None) -> bytes:
    """A device's message, with its own time [s since epoch] where it has a clock."""
    return (f'{{"p":{watts}}}' if at is None else f'{{"ts":{at:.4f},"p":{watts}}}').encode()


def packet(name: str, body: bytes, *, retain: bool = False) -> bytes:
    """A PUBLISH with QoS 0."""
    raw = name.encode()
    return bytes((0x30 | retain,)) + _length(2 + len(raw) + len(body)) + len(raw).to_bytes(2, "big") + raw + body


def _length(size: int) -> bytes:
    parts = bytearray()
    while size > 127:
        parts.append(size & 127 | 128)
        size >>= 7
    parts.append(size)
    return bytes(parts)


def connect(port: int, name: str) -> socket.socket:
    """A connection that may publish; no keep-alive, nothing is ever answered."""
    found = socket.create_connection(("127.0.0.1", port), timeout=10)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = _CONNECT + len(name).to_bytes(2, "big") + name.encode()
    found.sendall(b"\x10" + _length(len(body)) + body)
    answer = found.recv(4)
    if answer != b"\x20\x02\x00\x00":
        raise RuntimeError(f"the broker refuses: {answer!r}")
    return found


class Load:
    """Messages in turn over all points; ``sent`` of them, ``total`` [W] the sum of what they said."""

    def __init__(self, sockets: Sequence[socket.socket], points: int) -> None:
        self.sent = self.total = 0
        self.late_s = 0.0
        self._sockets = sockets
        self._points = points
        self._topics = [topic(n) for n in range(points)]

    def send(self, count: int) -> None:
        """The next ``count`` messages, stamped with now, over one of the connections."""
        now = time.time()
        packets = []
        for number in range(self.sent, self.sent + count):
            turn, n = divmod(number, self._points)
            watts = value(turn, n)
            self.total += watts
            packets.append(packet(self._topics[n], payload(watts, now)))
        self._sockets[self.sent // max(count, 1) % len(self._sockets)].sendall(b"".join(packets))
        self.sent += count

    def steady(self, rate: float, seconds: float) -> None:
        """``rate`` messages a second for so long; a tick that comes late sends what is due by then."""
        begun = time.monotonic()
        ticks = round(seconds / TICK_S)
        for tick in range(1, ticks + 1):
            wait = begun + tick * TICK_S - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self.late_s = max(self.late_s, -wait)
            self.send(round(rate * tick * TICK_S) - self.sent)

    def burst(self, count: int) -> None:
        """``count`` messages as fast as they are taken."""
        while self.sent < count:
            self.send(min(BURST_BLOCK, count - self.sent))


def main(port: int, rate: float, seconds: float, points: int = POINTS) -> None:
    """Send, and say what was sent."""
    sockets = [connect(port, f"load-{n}") for n in range(CONNECTIONS)]
    load = Load(sockets, points)
    begun = time.time()
    if rate:
        load.steady(rate, seconds)
    else:
        load.burst(round(points * seconds))
    done = {"sent": load.sent, "total": load.total, "late_ms": load.late_s * 1000, "begun": begun, "ended": time.time()}
    for one in sockets:
        one.sendall(b"\xe0\x00")
        one.close()
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:5]))
