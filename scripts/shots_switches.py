"""Switches for the pictures: they tell their neighbours by LLDP; one wire differs from the sheet, one is lost."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.datasources.agents import COMMUNITY, Scripted, table  # noqa: E402  # found through the line above
from tests.datasources.lldp_device import Heard, switch  # noqa: E402

LOST_AFTER_S = 9.0
PORTS: dict[str, dict[str, Heard | None]] = {
    "core-1": {"Te1/1": ("sw-north", "Gi1/0/49"), "Te1/2": ("sw-south", "Gi1/0/49"), "Te1/3": None},
    "sw-north": {"Gi1/0/49": ("core-1", "Te1/1"), "Gi1/0/2": ("ap-0101", "eth0")},
    "sw-south": {"Gi1/0/49": ("core-1", "Te1/2"), "Gi1/0/3": ("ap-0201", "eth0")},
}
POINTS = """\
point,entity,quantity,unit,kind,interval_s,stale_s,source,address
north-in,North-hall,traffic,B/s,counter,2,30,net,sw-north#octets_in[Gi1/0/49]
south-in,South-hall,traffic,B/s,counter,2,30,net,sw-south#octets_in[Gi1/0/49]
core-in,North-hall,traffic,B/s,counter,2,30,net,core-1#octets_in[Te1/1]
"""
UPLINKS = """\
from,relation,to,note
core-1,is,router,Core
sw-north,is,switch,North switch
sw-south,is,switch,South switch
sw-north,uplinks,core-1,
sw-south,uplinks,sw-north,
"""


@contextmanager
def switches(folder: Path) -> Iterator[None]:
    """Completes the campus in ``folder`` with a source, points and sheets; the devices answer until the block ends."""
    agents = {name: Scripted(table(switch(name, ports))) for name, ports in PORTS.items()}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    for agent in agents.values():
        asyncio.run_coroutine_threadsafe(agent.start(), loop).result(10)
    targets = ", ".join(f"{name}: {{host: 127.0.0.1, port: {agent.port}}}" for name, agent in agents.items())
    source = (
        "sources:\n  net:\n    type: snmp\n    community: {env: PICTURES_COMMUNITY}\n    interval_s: 2\n"
        f"    lldp_interval_s: 3\n    targets: {{{targets}}}\npoints: points.csv\n"
        "topology: topology.csv\n"
    )
    os.environ["PICTURES_COMMUNITY"] = COMMUNITY
    (folder / "campus.yaml").write_text((folder / "campus.yaml").read_text("utf-8") + source, "utf-8")
    for name, text in (("points.csv", POINTS), ("topology.csv", UPLINKS)):
        (folder / name).write_text(text, "utf-8")
    timer = threading.Timer(LOST_AFTER_S, _lose, (agents,))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for agent in agents.values():
            loop.call_soon_threadsafe(agent.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def _lose(agents: dict[str, Scripted]) -> None:
    """The access point of the southern switch is unplugged."""
    agents["sw-south"].answer = table(switch("sw-south", PORTS["sw-south"] | {"Gi1/0/3": None}))
