"""A mosquitto of our own on a free port of the loopback, set so that it drops nothing, for benchmarks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
set_tcp_nodelay true
"""
"""No limit of what waits for a slow client (0): what is lost is lost by whoever listens."""

START_S = 5.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Started and killed at will, always on the same port."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise RuntimeError("there is no mosquitto: install it (apt-get install mosquitto)")
        self.port = free_port()
        self._file = folder / "mosquitto.conf"
        self._file.write_text(CONFIG.format(port=self.port), encoding="ascii")
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"mosquitto did not listen within {START_S:.0f} s")

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def broker() -> Iterator[Broker]:
    """A running broker until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        found = Broker(Path(folder))
        found.start()
        try:
            yield found
        finally:
            found.kill()
