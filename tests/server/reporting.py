"""A served campus of forty buildings with three days of history, for reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from models3d.campus import Assembled
from server.runtime import Runtime
from tests.server.remembering import fill, wait
from tests.server.serving import Served, serve, small_campus
from twin.config_history import HistoryEntry
from twin.point import Point
from twin.reports.periods import midnight

ZONE = "Asia/Shanghai"
BUILDINGS = 40
MINUTE, HOUR = 60_000, 3_600_000
YESTERDAY = datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=1)
DAY = YESTERDAY - timedelta(days=1)


def campus() -> Assembled:
    """Forty buildings with a meter each; the last one never spoke."""
    assembled = small_campus(BUILDINGS, 1, 1)
    assembled.campus.timezone = ZONE
    assembled.campus.names = {"zh": "测试校园 <b>", "en": "Test campus <b>"}
    assembled.points = [
        Point(f"{n}/power", str(n), "power", "kW", source="feed", address=str(n), stale_s=900)
        for n in range(1, BUILDINGS + 1)
    ]
    return assembled


def rows() -> dict[str, list[tuple[int, float | None]]]:
    """Building n draws n kW; number 2 was silent from 6:00 to 18:00 of ``DAY``."""
    begin = midnight(DAY - timedelta(days=1), ZoneInfo(ZONE))
    gap = midnight(DAY, ZoneInfo(ZONE)) + 6 * HOUR
    times = range(begin, begin + 72 * HOUR, 10 * MINUTE)
    return {
        f"{n}/power": [(at, float(n)) for at in times if n != 2 or not gap <= at < gap + 12 * HOUR]
        for n in range(1, BUILDINGS)
    }


TOTAL = 24.0 * sum(range(1, BUILDINGS)) - 2 * (12 - 5 / 60)
"""Of ``DAY`` [kWh]: a value stands for 15 minutes, the last one before the gap came at 5:50."""


@contextmanager
def reporting(base: Path, prepare: Callable[[FastAPI, Runtime], object] | None = None) -> Iterator[Served]:
    """The campus, served with its history in ``base/history``."""
    fill(base / "history", rows(), ZONE, hold_s=900)
    with serve(
        base / "cache", campus(), prepare=prepare, adjust=lambda runtime: runtime.keep_history(HistoryEntry(), base)
    ) as served:
        wait(lambda: served.runtime.recorder is not None and served.runtime.recorder.store is not None)
        yield served
