"""A campus of two buildings, and a history of it that is written by hand so that what is right is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from tests.twin.history.oracle import Row, readings
from twin.config_kpis import Carbon, Tariff
from twin.history.contract import EVENTS, KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.live import LiveState
from twin.point import DERIVED, Point
from twin.reports.gather import Around, gather
from twin.reports.periods import Kind, Period, midnight
from twin.slots import SlotTree
from twin.space import Building, Campus, Site, Space, Storey

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STEP = 10 * MINUTE
HOLD_S = 900.0
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")

Value = Callable[[int], float | None]
"""Time [ms] -> value; None: nothing comes."""


def campus(zone: ZoneInfo = SHANGHAI) -> Campus:
    """Building A with a meter and a register, B with power of its two rooms only; 100 m2 each room."""
    built = Campus("c", {"zh": "园区", "en": "Campus"}, timezone=zone.key, sites=[Site("s", {"en": "s"})])
    for code, name in (("A", "Hall <A>"), ("B", "House B")):
        building = Building(code, {"en": name, "zh": f"{code}楼"}, site="s", category="office")
        storey = Storey(f"{code}/1", {"en": "1F"}, ordinal=0)
        storey.spaces = [Space(f"{code}/1/{n}", str(n), {}, "office", None, area_m2=100.0) for n in (1, 2)]
        building.storeys.append(storey)
        built.buildings.append(building)
    return built


POINTS = [
    Point("A/power", "A", "power", "kW"), Point("A/energy", "A", "energy", "kWh", kind="counter"),
    Point("A/1/1/power", "A/1/1", "power", "kW"),
    Point("B/1/1/power", "B/1/1", "power", "kW"), Point("B/1/2/power", "B/1/2", "power", "kW"),
    Point("A/1/1/co2", "A/1/1", "co2", "ppm"), Point("A/1/2/co2", "A/1/2", "co2", "ppm"),
    Point("A/1/1/temperature", "A/1/1", "temperature", "°C"),
    Point("A/1/1/people", "A/1/1", "people", "1"), Point("A/1/1/people.fused", "A/1/1", "people", "1", source=DERIVED),
    Point("B/1/1/people", "B/1/1", "people", "1"), Point("in", "A", "traffic", "Mbit/s"),
    Point("out", "A", "traffic", "Mbit/s"), Point("A/water", "A", "flow", "m³/h"),
]  # fmt: skip


class World:
    """The campus and its history in a folder."""

    def __init__(self, folder: Path, zone: ZoneInfo = SHANGHAI) -> None:
        self.zone = zone
        self.campus = campus(zone)
        ids = ["c", "A", "B", "A/1", "B/1", "A/1/1", "A/1/2", "B/1/1", "B/1/2"]
        self.live = LiveState(POINTS, SlotTree.of(self.campus, ids))
        self.store = DuckDbStore(folder / "history", zone, memory="256MB")
        keys = self.store.keys([KeptPoint(point.id, point.quantity, HOLD_S) for point in POINTS]).tolist()
        self.key = {point.id: key for point, key in zip(POINTS, keys, strict=True)}
        self._batch = 0

    def tell(self, point: str, start: int, end: int, value: Value | float, flags: int = 8, step: int = STEP) -> None:
        """Readings of a point from ``start`` to before ``end`` [ms], every ten minutes."""
        told: Value = value if callable(value) else lambda _: value
        rows = [
            Row(self.key[point], at, told(at), flags=flags) for at in range(start, end, step) if told(at) is not None
        ]
        self._append(readings(rows), None)

    def happen(self, events: Iterable[tuple[int, str, str, str, str]]) -> None:
        """Events (time, kind, subject, state, detail)."""
        for event in events:
            table = pa.table({n: [v] for n, v in zip(EVENTS.names, event, strict=True)}, schema=EVENTS)
            self._append(readings([]), table)

    def _append(self, rows: pa.Table, events: pa.Table | None) -> None:
        self._batch += 1
        self.store.append(rows, self._batch, events)

    def roll(self, now: int) -> None:
        """Make the roll-ups that are due."""
        while self.store.roll(now):
            pass

    def report(self, kind: Kind, day: date, now: int, entity: str = "", **around: object) -> Any:
        """The report of a period, as it is known at ``now`` [ms]; any type, so that ``approx`` may stand in a tuple."""
        return gather(
            self.store, Around(self.campus, self.live, **around), entity, Period.of(kind, day, self.zone), now  # type: ignore[arg-type]
        )  # fmt: skip

    def at(self, day: date, hour: float = 0.0) -> int:
        """An instant [ms]: so many hours after a local midnight."""
        return midnight(day, self.zone) + round(hour * HOUR)


TARIFF = Tariff(per_kwh=0.5, currency="CNY", source="Contract 7", date="2026-01-01")
CARBON = Carbon(kg_per_kwh=0.4, source="The grid's own", date="2025")
