"""A real mosquitto on a free port, and a publisher, for the tests."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gmqtt import Client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Started and killed at will; always on the same port."""

    def __init__(self, program: str, folder: Path, config: str = "allow_anonymous true\n", lines: str = "") -> None:
        self.port = free_port()
        self._program = program
        self._file = folder / "mosquitto.conf"
        self._file.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{lines}{config}", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(100):
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "mosquitto ended at once"
            await asyncio.sleep(0.05)
        raise AssertionError("mosquitto did not listen within 5 s")

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

    @asynccontextmanager
    async def publisher(self, **connect: object) -> AsyncIterator[Client]:
        client = Client(None, clean_session=True)
        client.set_config({"reconnect_retries": -2})
        await client.connect("127.0.0.1", self.port, **connect)
        try:
            yield client
        finally:
            await client.disconnect()

    async def publish(self, topic: str, payload: str | bytes, retain: bool = False) -> None:
        async with self.publisher() as client:
            client.publish(topic, payload, qos=0, retain=retain)
            await asyncio.sleep(0.02)
