"""A real uvicorn in a thread, with the settings of the product, over a small campus that the test feeds."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from shapely.geometry import box

from datasources.runner import SourceConfig
from models3d.campus import Assembled
from models3d.model import Finding
from server.app import UVICORN, create_server
from server.runtime import Runtime, runtime_of
from twin.point import Point
from twin.reading import RawReading
from twin.space import Building, Campus, Site, Space, Storey


def small_campus(buildings: int = 2, storeys: int = 2, rooms: int = 6, stale_s: float = 60.0) -> Assembled:
    """Buildings 1, 2 ... with rooms ``1/01/101`` of 16 m2, each with a power point ``<room>/power``."""
    campus = Campus("demo", {"zh": "测试校园", "en": "Test campus"}, sites=[Site("s", {"en": "Site"})])
    points: list[Point] = []
    for b in range(1, buildings + 1):
        building = Building(str(b), {"en": f"House {b}"}, site="s", category="office")
        for s in range(1, storeys + 1):
            storey = Storey(f"{b}/{s:02}", ordinal=s - 1, elevation_m=3.0 * (s - 1))
            for r in range(1, rooms + 1):
                number = f"{s}{r:02}"
                x = r % 100 * 5
                y = b * 20 + r // 100 * 5
                category = "office" if r % 2 else "laboratory"
                outline = box(x, y, x + 4, y + 4)
                room = Space(f"{b}/{s:02}/{number}", number, {"en": f"Room {number}"}, category, outline, area_m2=16.0)
                storey.spaces.append(room)
                points.append(
                    Point(f"{room.id}/power", room.id, "power", "W", source="feed", address=room.id, stale_s=stale_s)
                )
            building.storeys.append(storey)
        campus.buildings.append(building)
    finding = Finding("overlap", "two rooms overlap", entity="1/01/101", position=(1.0, 2.0, 3.0))
    return Assembled(campus, points=points, findings=[finding], reports=[{"path": "house.ifc", "ok": True}])


class Served:
    """A running server. ``call`` runs something on its event loop, ``feed`` hands readings to its ingest."""

    def __init__(self, runtime: Runtime, app: FastAPI, server: uvicorn.Server, port: int) -> None:
        self.runtime = runtime
        self.app = app
        self.server = server
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws = f"ws://127.0.0.1:{port}"
        self.loop: asyncio.AbstractEventLoop | None = None
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def call(self, function: Callable[[], Any]) -> Any:
        done = threading.Event()
        result: list[Any] = []

        def run() -> None:
            try:
                result.append((function(), None))
            except BaseException as error:
                result.append((None, error))
            done.set()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(run)
        assert done.wait(10), "the server's event loop does not answer"
        value, error = result[0]
        if error is not None:
            raise error
        return value

    def feed(self, **values: float) -> None:
        """``feed(room_101=500)``: rooms of storey 1/01 by number, power [W]."""
        now = time.time()
        self.readings([RawReading(f"1/01/{name.removeprefix('room_')}", value, now) for name, value in values.items()])

    def readings(self, batch: Sequence[RawReading], source: str = "feed") -> None:
        self.call(lambda: self.runtime.ingest.accept(batch, source))


@contextmanager
def serve(
    cache: Path,
    assembled: Assembled | None = None,
    sources: Sequence[SourceConfig] = (),
    prepare: Callable[[FastAPI, Runtime], object] | None = None,
    adjust: Callable[[Runtime], object] | None = None,
) -> Iterator[Served]:
    """The server of a campus until the block ends; ``prepare`` adds pages, ``adjust`` changes the runtime before."""
    runtime = runtime_of(assembled or small_campus(), sources, cache)
    if adjust is not None:
        adjust(runtime)
    with serve_runtime(runtime, prepare) as served:
        yield served


@contextmanager
def serve_runtime(runtime: Runtime, prepare: Callable[[FastAPI, Runtime], object] | None = None) -> Iterator[Served]:
    """The server of a runtime until the block ends."""
    app = create_server(runtime)
    if prepare is not None:
        prepare(app, runtime)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", **UVICORN))
        served = Served(runtime, app, server, port)

        async def run() -> None:
            served.loop = asyncio.get_running_loop()
            await server.serve([listener])

        thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
        thread.start()
        end = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server died at the start"
            assert time.monotonic() < end, "the server did not start within 20 s"
            time.sleep(0.01)
        try:
            yield served
        finally:
            served.http.close()
            server.should_exit = True
            thread.join(15)
            assert not thread.is_alive(), "the server did not stop within 15 s"
