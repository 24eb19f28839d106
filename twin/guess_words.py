"""Words that give a quantity away, in English and Chinese: the one table behind ``twin/guess.py``.

A weight is how often the word is right by itself. Latin words are whole words of a name (``ZoneTemp_3`` has zone,
temp); several words stand for themselves next to one another; Chinese words match anywhere. The longest word wins,
then the last one, because both languages put the head of a name at its end: an alarm of a temperature is an alarm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

SURE, GOOD, FAIR, WEAK, HINT = 0.93, 0.88, 0.7, 0.55, 0.4

_WORDS: tuple[tuple[str, float, str], ...] = (
    ("power", SURE, "active power, 有功功率, 有功, 总功率, 用电功率, power, watts"),
    ("power", GOOD, "功率, activepower, pac"),
    ("power", WEAK, "负荷, 负载, demand, load, p, pa w, ptot"),
    ("energy", SURE, "energy, 用电量, 有功电度, 电能, 电度, 累计电量, 能耗, 耗电量, electricity consumption"),
    ("energy", GOOD, "电量, 用电, heat energy, 热量, 冷量, etotal, active energy"),
    ("energy", WEAK, "electricity, e, ep, epi, consumption, heating load, equipment load"),
    ("temperature", SURE, "temperature, 温度, 室温, 水温, 气温, 露点, dewpoint, dew point, 回水温, 供水温"),
    ("temperature", GOOD, "temp, temps, tmp, 温"),
    ("temperature", WEAK, "t, tm, dat, sat, rat, oat"),
    ("co2", SURE, "co2, carbon dioxide, 二氧化碳"),
    ("humidity", SURE, "humidity, 湿度, 相对湿度, relative humidity"),
    ("humidity", GOOD, "rh, humid, hum"),
    ("humidity", HINT, "h"),
    ("clients", SURE, "终端数, 在线终端, 终端, 接入数, 无线用户数, wifi clients, wireless clients"),
    ("clients", GOOD, "clients, client count, stations, sta count, stacount, num clients"),
    ("clients", WEAK, "sta, terminals, users"),
    ("people", SURE, "人数, 客流, 人流, head count, headcount, people, persons, people count, 在室人数, 占用人数"),
    ("people", FAIR, "occupants, person, visitors, occupancy count"),
    ("people", WEAK, "occupancy, seats, n people"),
    ("voltage", SURE, "voltage, 电压, 线电压, 相电压, volts"),
    ("voltage", WEAK, "u, ua, ub, uc, uab, ubc, uca, volt, v"),
    ("current", SURE, "电流, amps, amperes, phase current"),
    ("current", FAIR, "current"),
    ("current", WEAK, "i, ia, ib, ic, amp"),
    ("frequency", SURE, "frequency, 频率, freq"),
    ("frequency", WEAK, "f"),
    ("power_factor", SURE, "power factor, 功率因数, powerfactor, cos phi, cosphi"),
    ("power_factor", FAIR, "pf"),
    ("volume", SURE, "用水量, 水量, 累计流量, 累积流量, 用气量, water consumption, 水表读数"),
    ("volume", FAIR, "volume, 用水, 体积, total flow, water total, water volume, gas volume"),
    ("volume", HINT, "water, gas, 水, 燃气"),
    ("flow", SURE, "flow rate, flowrate, 瞬时流量, 风量, 水流量, air flow, airflow, 送风量, water flow"),
    ("flow", GOOD, "flow, cfm"),
    ("flow", WEAK, "流量"),
    ("pressure", SURE, "pressure, 压力, 压差, 水压, 静压, 气压, static pressure, 负压"),
    ("pressure", GOOD, "press, dp"),
    ("position", SURE, "开度, 阀位, damper position, valve position, damper opening, valve opening"),
    ("position", GOOD, "damper, 风阀开度, position"),
    ("position", WEAK, "valve, 阀门, 风阀, vlv, opening"),
    ("state", SURE, "alarm, 报警, 告警, 故障, fault, on off, onoff, 启停, 门磁, 状态, status"),
    ("state", SURE, "mode, 模式, enable, disable, override, overridden, 开关量, 手自动, detected"),
    ("state", FAIR, "state, relay, motion, presence, 开关, 运行, run, running, door, switch, 门禁, start stop"),
    ("state", FAIR, "occupied"),
    ("state", SURE, "bool"),
    ("traffic", SURE, "octets, octets in, octets out, throughput, traffic, 带宽, 网络流量, 上行流量, 下行流量"),
    ("traffic", SURE, "出口流量, 端口流量, rx bytes, tx bytes, received bytes, transmit bytes, bitrate"),
    ("traffic", WEAK, "bandwidth, bytes, rx, tx, bps"),
    ("errors", SURE, "errors in, errors out, discards in, discards out, in errors, out errors, 错误率, 误码, 丢包数"),
    ("errors", WEAK, "errors, discards, drops, err, errs, 错误, 丢包"),
    ("link_state", SURE, "link state, link status, ap state, 链路状态, oper status, 在线状态, link up"),
    ("link_state", WEAK, "link, online, 在线, 离线"),
    ("utilisation", SURE, "utilisation, utilization, 利用率, 占用率, 使用率, cpu usage, memory usage, 负载率"),
    ("utilisation", WEAK, "cpu, memory, usage, util"),
    ("battery", SURE, "battery, 电池电量, 剩余电量, state of charge, 电池, battery level"),
    ("battery", FAIR, "soc, batt, bat"),
    ("uptime", SURE, "uptime, 运行时间, 运行时长, sys up time, 开机时长"),
    ("uptime", WEAK, "runtime, run time, hours"),
    ("", SURE, "battery voltage, battery current, battery temperature, battery alarm"),
    ("", SURE, "timestamp, 时间, time, ts, date, id, seq, rssi, snr, version, serial, name, firmware, 编号"),
    ("", SURE, "command, cmd, reset, gain, parameter, differential, ratio, step, speed, 转速, setpoint command"),
    ("", SURE, "delta temperature, delta temp, temp diff, temperature difference, 温差, lamp hours"),
    ("", SURE, "seconds, minutes, latitude, longitude, price, cost, money, 余额, 金额, 单价"),
)  # fmt: skip
"""Quantity, weight, words. Those of '' are of nothing that is known here, and keep shorter words from guessing."""

_LATER = {"battery voltage": "voltage", "battery current": "current", "battery temperature": "temperature",
          "battery alarm": "state"}  # fmt: skip

UNITS: dict[str, tuple[str, str]] = {
    "kw": ("power", "kW"), "watt": ("power", "W"), "watts": ("power", "W"), "mw": ("power", "MW"),
    "kwh": ("energy", "kWh"), "wh": ("energy", "Wh"), "mwh": ("energy", "MWh"), "gj": ("energy", "GJ"),
    "degc": ("temperature", "°C"),
    "celsius": ("temperature", "°C"), "°c": ("temperature", "°C"), "℃": ("temperature", "°C"),
    "fahrenheit": ("temperature", "°F"), "degf": ("temperature", "°F"), "kelvin": ("temperature", "K"),
    "ppm": ("co2", "ppm"), "hz": ("frequency", "Hz"), "kpa": ("pressure", "kPa"), "hpa": ("pressure", "hPa"),
    "mpa": ("pressure", "MPa"), "mbar": ("pressure", "mbar"), "m3h": ("flow", "m³/h"), "m³/h": ("flow", "m³/h"),
    "m3 h": ("flow", "m³/h"), "lps": ("flow", "l/s"), "m3": ("volume", "m³"), "m³": ("volume", "m³"),
    "mbps": ("traffic", "Mbit/s"), "kbps": ("traffic", "kbit/s"), "gbps": ("traffic", "Gbit/s"),
    "千瓦时": ("energy", "kWh"), "千瓦": ("power", "kW"), "立方米": ("volume", "m³"), "伏": ("voltage", "V"),
}  # fmt: skip
"""Units as names write them, folded; what is left out (a lone w, v, a, c) is more often something else."""

COMMANDS = frozenset(("enable", "disable"))
"""Verbs that make a switch of whatever follows them."""

GENERIC = frozenset(("value", "val", "values", "data", "reading", "raw", "now", "latest", "present", "pv", "sensor",
                     "measurement", "actual", "count", "d", "v"))  # fmt: skip
"""Words of a name that say nothing of what it measures."""

_CJK = re.compile(r"[\u3400-\u9fff]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_PARTS = re.compile(r"[^a-z0-9°℃³\u3400-\u9fff]+")
_UNIT_CASE = re.compile(r"(?<![A-Za-z])(?:[kMG]Wh?|[GM]J|[kM]Pa|degC|degF|[kM]V)(?![a-z])")
"""Units whose capitals would otherwise part them."""
_KEPT = ("co2", "m3", "pm25", "m3h")


@dataclass(frozen=True, slots=True)
class Match:
    """A word found in a text: what it stands for and how surely; ``unit`` where the word is one."""

    word: str
    quantity: str
    weight: float
    unit: str = ""


@lru_cache(maxsize=50_000)
def words_of(text: str) -> str:
    """The words of a name in lower case with single blanks between and around them: `` zone temp 3 ``."""
    folded = unicodedata.normalize("NFKC", text).replace("_", " ").replace("CO₂", "CO2")
    folded = re.sub(r"(?i)co2", " CO2 ", folded)
    folded = re.sub(r"(?i)m3/?h\b", " m3h ", folded)
    folded = _UNIT_CASE.sub(lambda match: f" {match[0].lower()} ", folded)
    spread = " ".join(word if word.casefold() in _KEPT else _HUMP.sub(" ", word) for word in folded.split())
    return f" {' '.join(_PARTS.sub(' ', spread.casefold()).split())} "


def _table() -> tuple[dict[str, Match], re.Pattern[str], re.Pattern[str]]:
    found: dict[str, Match] = {}
    for quantity, weight, words in _WORDS:
        for word in words.split(", "):
            found.setdefault(word, Match(word, _LATER.get(word, quantity), weight))
    for word, (quantity, unit) in UNITS.items():
        found[word] = Match(word, quantity, SURE, unit)
    latin = sorted((w for w in found if not _CJK.search(w)), key=len, reverse=True)
    chinese = sorted((w for w in found if _CJK.search(w)), key=len, reverse=True)
    return (
        found,
        re.compile(rf"(?<= )(?:{'|'.join(map(re.escape, latin))})(?= )"),
        re.compile("|".join(map(re.escape, chinese))),
    )


_FOUND, _LATIN, _CHINESE = _table()
_INSIDE = re.compile("temperature|humidity|frequency|voltage|pressure|(?<= )temp(?!l|o|t|er)(?=[a-z]{1,4} )")
"""Long words inside of others: ``temperaturescc2``, and ``tempdac`` with less trust."""


@lru_cache(maxsize=50_000)
def matches(text: str) -> tuple[Match, ...]:
    """The words of the table in a text, in their order."""
    words = words_of(text)
    found = [(m.start(), _FOUND[m[0]]) for m in _LATIN.finditer(words)]
    found += [(m.start(), _FOUND[m[0]]) for m in _CHINESE.finditer(words)]
    if not any(match.weight >= FAIR for _, match in found):
        for m in _INSIDE.finditer(words):
            whole = m[0] != "temp"
            found.append((m.start(), Match(m[0], m[0] if whole else "temperature", GOOD if whole else FAIR)))
    return tuple(match for _, match in sorted(found, key=lambda pair: pair[0]))


def segments(text: str) -> Iterator[str]:
    """The parts of an address between slashes, ``#`` and brackets, the last first."""
    return (part for part in reversed(re.split(r"[/#\[\]{}|;,]+", text)) if part.strip())
