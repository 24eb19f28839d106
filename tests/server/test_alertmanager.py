"""A real Alertmanager: its notifications come in, its restart fires nothing again, and it takes ours."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import find_program, require
from tests.server.hooking import ENVIRONMENT, HOOKS, TOKENS, alarms, desk_of, hook_of, hooked
from tests.server.serving import Served
from twin.alarms.state import Event

CONFIG = """
route: {{receiver: twin, group_by: [alertname], group_wait: 50ms, group_interval: 200ms, repeat_interval: 2s}}
receivers:
  - name: twin
    webhook_configs:
      - url: {url}/api/v1/hooks/alertmanager
        http_config: {{authorization: {{credentials: {token}}}}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Alertmanager:
    """The process; its folder outlives it."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.began = datetime.now(UTC) - timedelta(minutes=10)
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "alertmanager.yml").write_text(CONFIG.format(url=hook, token=TOKENS["noc"]), "utf-8")

    def start(self) -> None:
        program = find_program("prometheus-alertmanager", "alertmanager")
        require(program, "there is no Alertmanager: install it (apt-get install prometheus-alertmanager)")
        assert program is not None
        address = self.url.removeprefix("http://")
        with (self.folder / "alertmanager.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, f"--config.file={self.folder / 'alertmanager.yml'}", f"--storage.path={self.folder / 'data'}",
                 f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=warn"],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(lambda: self._ready(), "the Alertmanager is ready")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def say(self, ends_s: float = 600.0, **labels: str) -> None:
        """As Prometheus does, with the begin that it remembers."""
        end = datetime.now(UTC) + timedelta(seconds=ends_s)
        row = {
            "labels": {"alertname": "LinkDown", "severity": "critical", **labels}, "annotations": {"summary": "down"},
            "startsAt": self.began.isoformat(), "endsAt": end.isoformat(),
        }  # fmt: skip
        httpx.post(f"{self.url}/api/v2/alerts", json=[row]).raise_for_status()


def until(done: Callable[[], Any], what: str, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"never so within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    to = {"channels": {"am": {"type": "alertmanager", "url": "http://127.0.0.1:1"}},
          "routes": [{"to": "am", "priorities": ["medium"], "wait": 0}]}  # fmt: skip
    with hooked(tmp_path, HOOKS, to) as running:
        yield running


def test_notifications_of_a_real_alertmanager(tmp_path: Path, served: Served) -> None:
    manager = Alertmanager(tmp_path, served.url)
    manager.start()
    try:
        manager.say(instance="1/SW:9100")
        until(lambda: len(alarms(served)) == 1, "the alarm is here")
        ((id_, letter),) = alarms(served).items()
        assert letter == "B"
        assert desk_of(served).book.alarms[id_].nodes == ("1/SW",)
        served.call(lambda: desk_of(served).book.do(Event.ACK, [id_], "li", "seen", time.time()))
        seen = hook_of(served, "noc").counts.requests
        until(lambda: hook_of(served, "noc").counts.requests > seen, "it repeats itself")
        assert alarms(served) == {id_: "C"}, "acknowledged until it ends"
        manager.stop()
        manager.start()
        seen = hook_of(served, "noc").counts.requests
        manager.say(instance="1/SW:9100")
        until(lambda: hook_of(served, "noc").counts.requests > seen, "it tells again after its restart")
        assert alarms(served) == {id_: "C"}, "a restart is no new alarm"
        manager.say(-1.0, instance="1/SW:9100")
        until(lambda: alarms(served) == {}, "the end is here")
        manager.began = datetime.now(UTC)
        manager.say(instance="1/SW:9100")
        until(lambda: alarms(served) == {id_: "B"}, "it is armed again")
    finally:
        manager.stop()


def test_a_real_alertmanager_takes_our_alarms(tmp_path: Path, served: Served) -> None:
    manager = Alertmanager(tmp_path, "http://127.0.0.1:9")
    manager.start()
    try:
        assert served.runtime.outside is not None
        notifier = served.runtime.outside.notifier
        assert notifier is not None
        channel = notifier.channels["am"]
        channel.entry = channel.entry.model_copy(update={"url": manager.url})
        served.feed(room_101=900)

        def ours() -> list[Any]:
            found: list[Any] = httpx.get(f"{manager.url}/api/v2/alerts").json()
            return found

        until(lambda: len(ours()) == 1, "the Alertmanager has our alarm")
        (row,) = ours()
        assert (row["labels"]["alertname"], row["labels"]["severity"], row["labels"]["place"]) == (
            "warm", "warning", "1/01/101",
        )  # fmt: skip
        served.feed(room_101=100)
        until(lambda: ours() == [], "and that it is over")
    finally:
        manager.stop()
