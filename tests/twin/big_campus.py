"""A campus of 25 device types and 20,000 topics: the templates in 25 lines, the sheet of devices, the topics."""

from __future__ import annotations

import json
from pathlib import Path

TEMPLATES = """\
meter-3p: {class: Electrical_Meter, address: "em/{building}/{id}/up#/d/{path}", points: {p: power kW -5..900, e: energy kWh counter 15min, u: voltage V 180..260 !0, i: current A 0..2000}}
meter-1p: {class: Electrical_Meter, address: "em/{building}/{id}/{path}", points: {P: power W, E: energy Wh counter !-1}}
dorm-meter: {class: Electrical_Meter, address: "dorm/{id}", points: {p: /power power W 0..20000 30s, kwh: /kwh energy kWh counter, on: /relay state state}}
main-meter: {class: Building_Electrical_Meter, address: "hv/{id}#/v/{path}", points: {p: power MW, e: energy MWh counter, pf: power_factor 1, f: frequency Hz 45..55}}
pv: {class: PV_Generation_System, address: "pv/{id}#/{path}", points: {pac: power W 0..500000, etotal: energy kWh counter}}
charger: {class: Electric_Vehicle_Charging_Station, address: "ev/{id}#/{path}", points: {p: power kW 0..360, soc: utilisation %, state: state state}}
room-air: {class: IAQ_Sensor_Equipment, address: "iaq/{id}#/{path}", points: {t: temperature °C -20..60 !-999 60s/10min, rh: humidity % !255, co2: co2 ppm 300..5000 !0 !65535}}
room-temp: {class: Thermostat, address: "t/{id}", points: {t: temperature °C -20..60 !6553.5 5min}}
radiator: {class: Radiator, address: "rad/{id}#/{path}", points: {t: temperature K, valve: position %}}
vav: {class: VAV, address: "vav/{floor}/{id}#/{path}", points: {flow: flow m³/h 0..6000, damper: position %, t: temperature °C}}
ahu: {class: AHU, address: "ahu/{id}#/{path}", points: {sat: temperature °C, rat: temperature °C, p: pressure Pa 0..2000, fan: state state}}
chiller: {class: Chiller, address: "ch/{id}#/{path}", points: {chws: temperature °C 0..40, chwr: temperature °C 0..40, kw: power kW}}
pump: {class: Pump, address: "pump/{id}#/{path}", points: {hz: frequency Hz 0..60, run: state state}}
boiler: {class: Boiler, address: "boil/{id}#/{path}", points: {t: temperature °C 0..90, p: pressure bar 0..16}}
heat-meter: {class: Thermal_Power_Meter, address: "heat/{id}#/{path}", points: {q: power kW, e: energy GJ counter 1h/3h, v: flow m³/h}}
water-meter: {class: Water_Meter, address: "water/{id}/{path}", points: {total: volume m³ counter 15min, flow: flow l/min}}
gas-meter: {class: Gas_Meter, address: "gas/{id}", points: {v: volume m³ counter 1h/1d}}
access-point: {class: Equipment, maker: H3C, address: "ap/{id}#/{path}", points: {clients: clients, util: utilisation %, up: link_state state}}
switch: {class: Equipment, address: "sw/{id}/uplink#/{path}", points: {in: traffic B/s counter, out: traffic B/s counter, err: errors 1/s counter}}
people: {class: Equipment, address: "cam/{id}/count", points: {n: people 0..500 10s/60s}}
seats: {class: Occupancy_Sensor_Equipment, address: "seat/{id}#/{path}", points: {used: people, free: people}}
door: {class: Access_Reader, address: "door/{id}", points: {open: state state}}
ups: {class: Equipment, address: "ups/{id}#/{path}", points: {load: utilisation %, batt: battery %, t: temperature °C}}
projector: {class: AV_Equipment, address: "av/{id}#/{path}", points: {lamp: uptime h, on: state state}}
lift: {class: Elevator, address: "lift/{id}#/{path}", points: {run: state state, kw: power kW}}
"""  # noqa: E501


def write_campus(folder: Path, topics: int = 20_000, port: int = 1883) -> dict[str, str]:
    """The campus folder; the messages that its devices send, by topic: exactly ``topics`` of them."""
    names = [line.partition(":")[0] for line in TEMPLATES.splitlines()]
    (folder / "templates").mkdir()
    (folder / "templates" / "campus.yaml").write_text(TEMPLATES, encoding="utf-8")
    rows = ["id,type,source,entity,building,floor,名称"]
    messages: dict[str, str] = {}
    number = 0
    while len(messages) < topics:
        kind = names[number % len(names)]
        device = f"{kind}-{number:05d}"
        sent = sent_by(kind, device, f"B{number % 48}", f"F{number % 9}")
        if len(messages) + len(sent) <= topics:
            messages.update(sent)
            rows.append(f"{device},{kind},plant,c,B{number % 48},F{number % 9},设备{number}")
        number += 1
    (folder / "devices.csv").write_bytes("\n".join(rows).encode("gb18030"))
    (folder / "campus.yaml").write_text(
        f"campus: {{id: c}}\nsources:\n  plant: {{type: mqtt, host: 127.0.0.1, port: {port}, topics: ['#']}}\n"
        "devices: devices.csv\n",
        encoding="utf-8",
    )
    return messages


def sent_by(kind: str, device: str, building: str, floor: str) -> dict[str, str]:
    """What a device of this type sends, written here as the devices do and not through the templates."""
    flat = {
        "meter-1p": {f"em/{building}/{device}/P": "1250", f"em/{building}/{device}/E": "77120"},
        "room-temp": {f"t/{device}": "21.5"}, "gas-meter": {f"gas/{device}": "120.25"},
        "water-meter": {f"water/{device}/total": "8123.5", f"water/{device}/flow": "12"},
        "people": {f"cam/{device}/count": "17"}, "door": {f"door/{device}": "1"},
    }  # fmt: skip
    if kind in flat:
        return flat[kind]
    documents: dict[str, tuple[str, object]] = {
        "meter-3p": (f"em/{building}/{device}/up", {"ts": 1, "d": {"p": 12.5, "e": 900.1, "u": 229.0, "i": 31}}),
        "dorm-meter": (f"dorm/{device}", {"power": 75, "kwh": 123.4, "relay": 1}),
        "main-meter": (f"hv/{device}", {"v": {"p": 1.2, "e": 8000, "pf": 0.95, "f": 50.01}}),
        "pv": (f"pv/{device}", {"pac": 31000, "etotal": 99000}),
        "charger": (f"ev/{device}", {"p": 7.2, "soc": 55, "state": 2}),
        "room-air": (f"iaq/{device}", {"t": 22.5, "rh": 41, "co2": 612}),
        "radiator": (f"rad/{device}", {"t": 294.1, "valve": 30}),
        "vav": (f"vav/{floor}/{device}", {"flow": 300, "damper": 42, "t": 22}),
        "ahu": (f"ahu/{device}", {"sat": 16, "rat": 23, "p": 250, "fan": 1}),
        "chiller": (f"ch/{device}", {"chws": 7, "chwr": 12, "kw": 320}),
        "pump": (f"pump/{device}", {"hz": 43.5, "run": 1}), "boiler": (f"boil/{device}", {"t": 71, "p": 3.2}),
        "heat-meter": (f"heat/{device}", {"q": 120, "e": 55.5, "v": 7.25}),
        "access-point": (f"ap/{device}", {"clients": 23, "util": 31, "up": 1}),
        "switch": (f"sw/{device}/uplink", {"in": 123456, "out": 9876, "err": 0}),
        "seats": (f"seat/{device}", {"used": 7, "free": 3}),
        "ups": (f"ups/{device}", {"load": 31, "batt": 99, "t": 28}),
        "projector": (f"av/{device}", {"lamp": 312, "on": 1}), "lift": (f"lift/{device}", {"run": 0, "kw": 4.2}),
    }  # fmt: skip
    topic, document = documents[kind]
    return {topic: json.dumps(document)}
