"""A broker with talking devices for the pictures: mapped meters, one that sends nonsense, and signals nobody mapped."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.broker import broker  # noqa: E402  # found through the line above
from bench.mqtt_load import connect, packet  # noqa: E402

EVERY_S = 1.0
SOURCE = """\
sources:
  meters: {{type: mqtt, host: 127.0.0.1, port: {port}, topics: ['site/#']}}
points: points.csv
"""
POINTS = """\
point,entity,quantity,unit,kind,interval_s,stale_s,source,address
north-power,North-hall,power,kW,gauge,2,30,meters,site/north/power#/value
south-power,South-hall,power,kW,gauge,2,30,meters,site/south/power#/value
"""


@contextmanager
def devices(folder: Path) -> Iterator[None]:
    """Completes the campus in ``folder`` with a source and points, and sends until the block ends."""
    with broker() as there:
        text = (folder / "campus.yaml").read_text("utf-8") + SOURCE.format(port=there.port)
        (folder / "campus.yaml").write_text(text, "utf-8")
        (folder / "points.csv").write_text(POINTS, "utf-8")
        over = threading.Event()
        thread = threading.Thread(target=_send, args=(there.port, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(5)


def _send(port: int, over: threading.Event) -> None:
    line = connect(port, "pictures")
    turn = 0
    while not over.wait(EVERY_S):
        turn += 1
        messages: dict[str, object] = {
            "site/north/power": {"value": 41.5 + turn % 7, "ts": round(time.time(), 1)},
            "site/south/power": {"value": 12.5 + turn % 3} if turn % 10 else {"value": "n/a"},
            "site/north/meter-7/energy": {"kWh": 81_230 + 0.1 * turn},
            "site/north/2F/co2": {"ppm": 640 + turn % 9},
            "site/south/lab/temperature": {"celsius": round(21.5 + 0.1 * (turn % 4), 1)},
        }
        for name, body in messages.items():
            line.sendall(packet(name, json.dumps(body).encode()))
    line.close()
