"""The server side of the live benchmark: 20,000 rooms, each with a new value every second; prints its port, then waits.

``python -m bench.live_server [spaces] [nochecks]``: a process of its own, so that its CPU time is the server's alone.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel
from shapely.geometry import box

from datasources.contract import SourceModule
from datasources.runner import SourceConfig, Supervisor
from models3d.campus import Assembled
from server.app import UVICORN, create_server
from server.runtime import Runtime, runtime_of
from twin.point import Point
from twin.quality import engine
from twin.reading import RawReading
from twin.space import Building, Campus, Space, Storey


class Settings(BaseModel):
    """Nothing to set."""


async def batches(_: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    """Every point once a second, all in one batch, each with a value that it did not have before."""
    turn = 0
    due = time.monotonic()
    while True:
        turn += 1
        now = time.time()
        yield [RawReading(p.address, 10.0 + (turn * 37 + i) % 4000, now) for i, p in enumerate(points)]
        due += 1.0
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def campus(spaces: int, address: Callable[[int], str] = "a{}".format) -> Assembled:
    """Buildings of 8 storeys with 50 rooms each, one power point a room; ``address`` of the n-th point."""
    found = Campus("bench")
    points: list[Point] = []
    for b in range(-(-spaces // 400)):
        building = Building(str(b))
        for s in range(8):
            storey = Storey(f"{b}/{s}", ordinal=s, elevation_m=3.0 * s)
            for r in range(50):
                if len(points) == spaces:
                    break
                outline = box(b % 10 * 300 + r * 5, b // 10 * 60, b % 10 * 300 + r * 5 + 4, b // 10 * 60 + 4)
                storey.spaces.append(Space(f"{b}/{s}/{r}", str(r), polygon=outline, area_m2=16.0))
                points.append(Point(f"p{len(points)}", f"{b}/{s}/{r}", "power", "W", source="bench",
                                    address=address(len(points))))  # fmt: skip
            building.storeys.append(storey)
        found.buildings.append(building)
    return Assembled(found, points=points)


def fed(spaces: int, folder: Path, *, checks: bool = True) -> Runtime:
    """The runtime of such a campus, its source included.

    Without ``checks`` the data are not looked through every ten seconds: that takes 0.16 s, and falls into some of the
    short times for which CPU is measured and not into others.
    """
    if not checks:
        engine.PERIOD_S = 3600.0
    runtime = runtime_of(campus(spaces), [], folder)
    module = cast("SourceModule", cast(Any, SimpleNamespace(Settings=Settings, batches=batches)))
    runtime.supervisor = Supervisor(
        [SourceConfig("bench", "bench")], runtime.assembled.points, lambda n, b: runtime.ingest.accept(b, n),
        {"bench": module},
    )  # fmt: skip
    return runtime


def serve(server: FastAPI) -> None:
    """Print a free port and serve there until killed, as the product serves."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        gc.collect()
        gc.freeze()  # as the product does
        uvloop.run(uvicorn.Server(uvicorn.Config(server, log_level="error", **UVICORN)).serve([listener]))


def main(spaces: int, checks: bool) -> None:
    """Serve until killed."""
    with tempfile.TemporaryDirectory() as folder:
        serve(create_server(fed(spaces, Path(folder), checks=checks)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, "nochecks" not in sys.argv)
