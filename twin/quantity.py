"""The one table of quantities: canonical unit, units accepted, physical bounds, how they add up the tree."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Rollup = Literal["sum", "mean", "max", "area-weighted"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measurable quantity.

    ``units`` maps an accepted unit to (factor, offset): canonical = raw * factor + offset.
    ``low`` and ``high`` are physical bounds in the canonical unit: outside them a reading is bad. With ``counted`` a
    point of kind 'counter' becomes a rate: its counts a second are in the point's unit (octets: ``B/s``).
    """

    key: str
    unit: str
    zh: str
    en: str
    units: MappingProxyType[str, tuple[float, float]]
    low: float
    high: float
    rollup: Rollup
    counted: bool = False

    def to_canonical(self, value: float, unit: str) -> float:
        """Convert ``value`` [``unit``] to the canonical unit; KeyError names a unit that the quantity does not have."""
        factor, offset = self.units[unit]
        return value * factor + offset


def _q(
    key: str, unit: str, zh: str, en: str, low: float, high: float, rollup: Rollup, *, counted: object = False,
    **units: object,
) -> Quantity:  # fmt: skip
    table: dict[str, tuple[float, float]] = {unit: (1.0, 0.0)}
    for name, how in units.items():
        table[name] = how if isinstance(how, tuple) else (float(how), 0.0)  # type: ignore[arg-type]
    return Quantity(key, unit, zh, en, MappingProxyType(table), low, high, rollup, bool(counted))


QUANTITIES: MappingProxyType[str, Quantity] = MappingProxyType(
    {
        q.key: q
        for q in (
            _q("power", "kW", "功率", "Power", -50_000, 200_000, "sum", W=1e-3, MW=1e3),
            _q("energy", "kWh", "电量", "Energy", 0, 1e12, "sum",
               Wh=1e-3, MWh=1e3, J=1 / 3.6e6, MJ=1 / 3.6, GJ=1 / 3.6e-3),
            _q("temperature", "°C", "温度", "Temperature", -60, 90, "area-weighted",
               K=(1.0, -273.15), **{"°F": (5 / 9, -160 / 9), "degC": 1.0}),
            _q("co2", "ppm", "二氧化碳", "CO₂", 250, 20_000, "max"),
            _q("humidity", "%", "相对湿度", "Relative humidity", 0, 100, "area-weighted"),
            _q("clients", "1", "终端数", "Clients", 0, 100_000, "sum"),
            _q("people", "1", "人数", "People", 0, 100_000, "sum"),
            _q("pir", "1", "有人", "Presence", 0, 1, "max"),
            _q("traffic", "Mbit/s", "流量", "Traffic", 0, 1e7, "sum", counted=True,
               **{"bit/s": 1e-6, "kbit/s": 1e-3, "Gbit/s": 1e3, "B/s": 8e-6, "kB/s": 8e-3, "MB/s": 8}),
            _q("errors", "1/s", "错误率", "Errors", 0, 1e9, "sum", counted=True, **{"1/min": 1 / 60, "1/h": 1 / 3600}),
            _q("link_state", "1", "链路状态", "Link state", 0, 1, "mean"),
            _q("utilisation", "%", "利用率", "Utilisation", 0, 100, "mean", **{"1": 100}),
            _q("battery", "%", "电池电量", "Battery", 0, 100, "mean", **{"1": 100}),
            _q("uptime", "s", "运行时间", "Uptime", 0, 1e10, "mean", min=60, h=3600, d=86_400),
            _q("voltage", "V", "电压", "Voltage", 0, 500_000, "mean", mV=1e-3, kV=1e3),
            _q("current", "A", "电流", "Current", -20_000, 20_000, "max", mA=1e-3, kA=1e3),
            _q("frequency", "Hz", "频率", "Frequency", 0, 1_000, "mean"),
            _q("power_factor", "1", "功率因数", "Power factor", -1, 1, "mean", **{"%": 0.01}),
            _q("volume", "m³", "体积", "Volume", 0, 1e9, "sum", m3=1.0, l=1e-3, L=1e-3),
            _q("flow", "m³/h", "流量", "Flow", -100_000, 100_000, "sum", **{
                "m3/h": 1.0, "m³/s": 3600.0, "m3/s": 3600.0, "l/s": 3.6, "l/min": 0.06, "l/h": 1e-3}),
            _q("pressure", "kPa", "压力", "Pressure", -102, 50_000, "mean",
               Pa=1e-3, hPa=0.1, MPa=1e3, bar=100.0, mbar=0.1),
            _q("position", "%", "开度", "Position", 0, 100, "mean"),
            _q("state", "1", "状态", "State", 0, 65_535, "max"),
        )
    }
)  # fmt: skip
