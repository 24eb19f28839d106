"""Guesses against labelled truth: a suggestion of 0.8 and more is right in at least 95 of 100 cases.

Measured (suggestions of 0.8 and more; recall is their share of all labelled signals):

| truth | signals | sure | right | recall |
|---|---|---|---|---|
| quantity: Soda Hall (Brick), names only; the words were chosen on it | 793 | 754 | 100 % | 95 % |
| quantity: Rice (Brick), names only; looked at once, then glued words and verbs came | 469 | 422 | 97.6 % | 88 % |
| quantity: objects of the SNMP profiles, names only; looked at once | 41 | 24 | 95.8 % | 56 % |
| quantity: 25 device types, one value each | 183 | 72 | 100 % | 39 % |
| unit, kind: those of them whose quantity was told right | 141 | 87, 114 | 100 % | 62, 81 % |
| unit, kind: objects of the SNMP profiles, names only | 41 | 16, 37 | 100 % | 39, 90 % |
| place: Soda Hall | 825 | 807 | 100 % | 98 % |
| place: Rice | 181 | 121 | 100 % | 67 % |
| place: demo campus, addresses | 2,940 | 2,928 | 100 % | 99.6 % |
| place: demo campus, ids and names of devices | 6,489 | 2,201 | 100 % | 34 % |

Classes of Brick that say nothing of a quantity (Unknown, Chilled_Return_Water, ...) are no truth and are left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml
from pypinyin import lazy_pinyin

from models3d import brick
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.model import Model, Options
from tests.conftest import ROOT
from tests.twin.big_campus import TEMPLATES, sent_by
from twin.guess import Guess, Seen, kind_of, quantity_of, unit_of
from twin.guess_places import PlaceGuess
from twin.guess_reason import because
from twin.guess_words import matches
from twin.quantity import QUANTITIES
from twin.space import Building, Campus, Space, Storey
from twin.suggest import suggest
from twin.template_files import read_templates

SURE = 0.8

_NOTHING = re.compile("^(Unknown|Chilled_(Discharge|Return)_Water|Discharge_Air|Close_Limit)$")
_NO_QUANTITY = re.compile("Gain|Ratio|^Speed_Setpoint|^Fan_Speed|^Command$|Parameter$")
_SWITCHES = re.compile(
    "Alarm(?!_Parameter)|Status|On_Off|Start_Stop_Command|Occupancy_Command|Enable|Disable|Overrid|Mode"
)
_MEASURES = (
    ("Temperature", "temperature"), ("Humidity", "humidity"), ("CO2", "co2"), ("Flow", "flow"),
    ("Position", "position"), ("Pressure", "pressure"), ("Energy", "energy"),
)  # fmt: skip

Row = tuple[str, set[str], Guess]


def figures(rows: Sequence[Row]) -> tuple[int, float, float]:
    """How many of the suggestions are sure, how many of those are right, and the share of all that they are."""
    sure = [row for row in rows if row[2].confidence >= SURE]
    right = [row for row in sure if row[2].value in row[1]]
    known = [row for row in rows if row[1] - {""}]
    return len(sure), len(right) / max(1, len(sure)), len([row for row in right if row[2].value]) / max(1, len(known))


def wrong(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row[2].confidence >= SURE and row[2].value not in row[1]]


@cache
def building(folder: Path, name: str) -> Model:
    return brick.load(folder / "brick" / f"{name}_brick.ttl", Options())


def truth_of(category: str) -> set[str] | None:
    """The quantities that a class of Brick stands for; {''}: none of ours; None: the class does not say."""
    if _NOTHING.search(category):
        return None
    if _SWITCHES.search(category):
        return {"state"}
    if _NO_QUANTITY.search(category):
        return {""}
    if category == "Occupancy_Sensor":
        return {"people", "state"}  # somebody is there, or how many are
    return next(({quantity} for word, quantity in _MEASURES if word in category), {""})


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "least", "precision", "recall"), [("soda", 740, 0.99, 0.94), ("rice", 410, 0.97, 0.87)]
)
def test_what_points_of_real_buildings_measure(
    samples: Path, name: str, least: int, precision: float, recall: float
) -> None:
    rows = []
    for point in building(samples, name).points:
        truth = truth_of(point.category)
        if truth is not None:
            rows.append((point.id, truth, quantity_of(Seen(point.id))))
    sure, right, share = figures(rows)
    assert sure >= least
    assert right >= precision, wrong(rows)[:10]
    assert share >= recall


@pytest.mark.samples
@pytest.mark.parametrize(("name", "least", "recall"), [("soda", 780, 0.95), ("rice", 110, 0.6)])
def test_in_which_rooms_points_of_real_buildings_are(samples: Path, name: str, least: int, recall: float) -> None:
    model = building(samples, name)
    places = PlaceGuess(Campus("c", buildings=model.buildings))
    rooms = {space.id for b in model.buildings for storey in b.storeys for space in storey.spaces}
    rows: list[Row] = [(p.id, {p.space}, places.of(p.id)) for p in model.points]
    sure, right, _ = figures(rows)
    assert sure >= least
    assert right >= 0.95, wrong(rows)[:10]
    assert figures([row for row in rows if row[1] & rooms])[2] >= recall


def test_what_objects_of_network_devices_measure() -> None:
    rows: dict[str, Row] = {}
    units: dict[str, Row] = {}
    kinds: dict[str, Row] = {}
    for path in sorted((ROOT / "datasources" / "snmp_profiles").glob("*.yaml")):
        for name, row in objects(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if "quantity" in row:
                seen, quantity = Seen(f"sw-1#{name}", name), str(row["quantity"])
                rows[name] = (name, {quantity}, quantity_of(seen))
                units[name] = (name, {str(row["unit"])}, unit_of(seen, quantity))
                kinds[name] = (name, {str(row.get("kind", "gauge"))}, kind_of(seen, quantity))
    sure, right, share = figures(list(rows.values()))
    assert len(rows) > 40
    assert sure >= 24
    assert right >= 0.95, wrong(list(rows.values()))
    assert share >= 0.5
    assert figures(list(units.values()))[:2] == (16, 1.0), wrong(list(units.values()))
    assert figures(list(kinds.values()))[:2] == (37, 1.0), wrong(list(kinds.values()))


def objects(node: object) -> list[tuple[str, dict[str, object]]]:
    if not isinstance(node, dict):
        return []
    own = [(str(k), v) for k, v in node.items() if isinstance(v, dict) and "oid" in v]
    return [*own, *(pair for v in node.values() for pair in objects(v))]


@pytest.mark.samples
def test_the_columns_of_measured_offices_and_meters(samples: Path) -> None:
    import pandas as pd

    table = pd.read_parquet(samples / "occupancy" / "b4b_rooms_a_b.parquet")
    truth = {
        "co2__ppm": ("co2", "ppm"), "temp_in__degC": ("temperature", "°C"), "rel_humidity__0": ("humidity", ""),
        "occupancy__p": ("people", "1"), "occupancy__bool": ("state", "1"), "door_open__bool": ("state", "1"),
        "window_open__bool": ("state", "1"), "valve_frac__0": ("position", ""),
    }  # fmt: skip
    for key, rows in table.groupby("property"):
        name = str(key)
        values = rows["value"]
        seen = Seen(f"office#{name}", name, value=float(values.iloc[-1]), low=values.min(), high=values.max(), count=99)
        quantity = quantity_of(seen)
        unit = unit_of(seen, quantity.value)
        assert quantity.value == truth[name][0], (name, quantity)
        if unit.confidence >= SURE:
            assert unit.value == truth[name][1], (name, unit)
    for path in (samples / "energy").glob("b*.csv"):
        name = path.read_text(encoding="utf-8").partition("\n")[0].split(",")[1]
        seen = Seen(f"{path.stem}#{name}", name, value=10.8, low=0.0, high=22.0, count=9000, falls=True)
        assert (quantity_of(seen).value, unit_of(seen, "energy").value) == ("energy", "kWh")
        assert quantity_of(seen).confidence >= SURE
        assert kind_of(seen, "energy").value == "gauge"  # consumption by the hour, not a register


def test_the_points_of_25_device_types(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATES, encoding="utf-8")
    seen, truth = [], []
    for kind, template in read_templates(tmp_path, "t").templates.items():
        for device in (f"{kind}-00{n:03d}" for n in range(3)):
            sent = sent_by(kind, device, "B7", "F2")
            for signal, pattern in zip(template.signals, template.addresses, strict=True):
                address = pattern.fill({"id": device, "building": "B7", "floor": "F2"})
                topic, _, pointer = address.partition("#")
                value = sent[topic] if not pointer else at(yaml.safe_load(sent[topic]), pointer)
                seen.append(Seen(address, pointer.rpartition("/")[2], value=value))
                truth.append(signal)
    found = suggest(seen, PlaceGuess(Campus("c", buildings=[Building("B7")])))
    quantities: list[Row] = [(s.seen.address, {t.quantity}, s.quantity) for s, t in zip(found, truth, strict=True)]
    # the unit and the kind of a quantity that was told right; two units of one size are no mistake
    same = [(s, t) for s, t in zip(found, truth, strict=True) if s.quantity.value == t.quantity]
    units: list[Row] = [(s.seen.address, {t.unit}, s.unit) for s, t in same]
    kinds: list[Row] = [(s.seen.address, {t.kind}, s.kind) for s, t in same]
    for rows, least, recall in ((quantities, 70, 0.35), (units, 80, 0.55), (kinds, 110, 0.75)):
        sure, right, share = figures(rows)
        assert sure >= least
        assert right >= 0.95, wrong(rows)
        assert share >= recall


def at(document: object, pointer: str) -> float | int | str | bool | None:
    for step in pointer.split("/")[1:]:
        assert isinstance(document, dict)
        document = document[step]
    assert not isinstance(document, dict | list)
    return document  # type: ignore[return-value]


@cache
def demo() -> Assembled:
    return demo_campus(seed=1, spaces=4000)


def test_the_places_of_the_demo_campus() -> None:
    built = demo()
    places = PlaceGuess(built.campus)
    stands = {item.id: item.space for item in built.campus.equipment}
    points: list[Row] = [
        (p.address, {stands.get(p.entity, p.entity)}, places.of(p.address))
        for p in built.points
        if p.quantity in ("power", "people", "co2", "temperature", "clients")  # an uplink has two ends
    ]
    sure, right, share = figures(points)
    assert (right, sure >= 5800, share >= 0.99) == (1.0, True, True), wrong(points)[:5]
    bare = PlaceGuess(Campus("c", buildings=built.campus.buildings))  # as if the devices were not there yet
    devices: list[Row] = []
    for item in built.campus.equipment:
        above = {item.space.rsplit("/", 1)[0], item.space.split("/")[0]} if item.category != "access-point" else set()
        devices += [(n, {item.space} | above, bare.of("", n)) for n in (item.id, *item.names.values())]
    assert figures(devices)[1] >= 0.99, wrong(devices)[:5]
    assert figures(devices)[0] > 2000


STYLES = {
    "site/{b}/F{n}/{r}/temp": 0.95, "bms/{zh}/{n}层/{r}室/温度": 0.95, "{en}/L{n}/room_{r}/t": 0.95,
    "b{b}-{r}-temp": 0.95, "{b}-{r}/co2": 0.95, "campus/{zh}{r}/co2": 0.95, "{zh}{n}楼总用电": 0.95,
    "em/building-{b}/main/kwh": 0.95, "bms.{py}.{r}.temp": 0.95, "{py}/{r}室/温度": 0.95, "site/{ini}/room-{r}/t": 0.75,
    "{wen}_{r}_co2": 0.2, "{glued}/{r}/t": 0.95,
    # a number of a storey that could be a building, a serial number that could be a room, a name of many rooms:
    "vav/{n}/{r}/t": 0.0, "em/{b}/em-{serial}/kwh": 0.0, "ap/ap{serial}/clients": 0.0, "{zh}/{name}/t": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_ways_to_write_a_place_in_chinese_and_english_seed_7(style: str) -> None:
    built, rows, chance = demo(), list[Row](), random.Random(7)
    places = PlaceGuess(built.campus)
    for _ in range(300):
        house = chance.choice([b for b in built.campus.buildings if b.storeys])
        storey = chance.choice(house.storeys)
        room = chance.choice(storey.spaces)
        pinyin = lazy_pinyin(house.names["zh"])
        text = style.format(
            b=house.id, n=storey.ordinal + 1 if storey.ordinal >= 0 else storey.ordinal, r=room.number,
            zh=house.names["zh"], en=house.names["en"], serial=chance.randint(1000, 9999),
            name=room.names.get("zh", ""), py="".join(pinyin), glued=house.names["en"].replace(" ", ""),
            ini="".join(syllable[0] for syllable in pinyin), wen=house.names["en"].split()[0],
        )  # fmt: skip
        truth = room.id if "{r}" in style or "{name}" in style else storey.id if "{n}" in style else house.id
        rows.append((text, {truth}, places.of(text)))
    _, right, share = figures(rows)
    assert right >= 0.95 or not figures(rows)[0], wrong(rows)[:5]
    assert share >= STYLES[style]


@pytest.mark.parametrize(
    ("seen", "quantity", "unit", "kind"),
    [
        (Seen("站房/1号柜/有功功率", value=12.5), "power", "kW", "gauge"),
        (Seen("宿舍/301/用电量", value=120.5, low=1.0, high=121.0, count=9, rises=True), "energy", "kWh", "counter"),
        (Seen("图书馆/3层/温度", value=22.4), "temperature", "°C", "gauge"),
        (Seen("x/二氧化碳", value=640), "co2", "ppm", "gauge"),
        (Seen("ap/在线终端数", value=31), "clients", "1", "gauge"),
        (Seen("阅览室/人数", value=120), "people", "1", "gauge"),
        (Seen("泵房/用水量", value=8123, low=1, high=8123, count=8, rises=True), "volume", "m³", "counter"),
        (Seen("ahu/温度报警", value=0), "state", "1", "state"),
        (Seen("ups/电池电量", value=98), "battery", "%", "gauge"),
        (Seen("meter/功率因数", value=0.93), "power_factor", "1", "gauge"),
        (Seen("ahu/回风温度", value=295.3), "temperature", "K", "gauge"),
        (Seen("n1#node_power_watts", "node_power_watts", value=120.0), "power", "W", "gauge"),
        (Seen("sw#ifHCInOctets[Gi0/1]", "Gi0/1 octets in"), "traffic", "B/s", "counter"),
        (Seen("door/12", "door_open", value=True), "state", "1", "state"),
        (Seen("p#x", "x", unit="kWh", kind="counter"), "energy", "kWh", "counter"),
        (Seen("p#x", "x", quantity="humidity", unit="%"), "humidity", "%", "gauge"),
        (Seen("env/temperature/room1#/value", "value", value=21), "temperature", "°C", "gauge"),
    ],
)  # fmt: skip
def test_single_guesses(seen: Seen, quantity: str, unit: str, kind: str) -> None:
    found = quantity_of(seen)
    assert (found.value, unit_of(seen, quantity).value, kind_of(seen, quantity).value) == (quantity, unit, kind)
    assert found.confidence >= SURE
    assert found.why


@pytest.mark.parametrize(
    "seen",
    [
        Seen("x/temperature", value=4711), Seen("x/humidity", value=-40.0), Seen("x/temp", value="warm"),
        Seen("x/foo", value=3), Seen("x/timestamp", value=1_700_000_000), Seen("x/deltaTemperature", value=2.0),
        Seen("x/p", value=3.0), Seen("x/current", value=3.0), Seen("x/power", unit="A"), Seen("switch-1/out", value=7),
        Seen("x/v", value=231.0),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_not_sure(seen: Seen) -> None:
    assert quantity_of(seen).confidence < SURE or quantity_of(seen).value == "voltage"


def test_values_tell_units_and_kinds() -> None:
    assert unit_of(Seen("x/temp", value=70), "temperature").value == "°F"
    assert unit_of(Seen("x/power", value=54_000), "power") == Guess("W", 0.6, because("values", value=54000.0))
    assert unit_of(Seen("x/rh", value=0.43, low=0.2, high=0.43), "humidity").confidence < 0.5
    assert unit_of(Seen("x", unit="A"), "power").confidence < 0.5
    assert unit_of(Seen("x"), "nothing") == Guess()
    assert unit_of(Seen("x/temp", value=900), "temperature").confidence < 0.5
    falls = Seen("x", value=1, low=1, high=2, count=9, falls=True)
    assert kind_of(falls, "energy").value == kind_of(falls, "traffic").value == "gauge"
    assert kind_of(Seen("x"), "").confidence < 0.5


def test_a_letter_is_believed_beside_its_own_kind() -> None:
    meter = [Seen(f"em/1#/{k}", k, value=v) for k, v in (("p", 3.5), ("u", 231.0), ("i", 15.0), ("t", 31.0))]
    pump = [Seen(f"pump/1#/{k}", k, value=v) for k, v in (("p", 3.5), ("t", 31.0))]
    air = [Seen(f"air/1#/{k}", k, value=v) for k, v in (("t", 21.5), ("rh", 40.0), ("p", 1013.0))]
    found = {s.seen.address: s.quantity for s in suggest([*meter, *pump, *air], PlaceGuess(Campus("c")))}
    sure = {address: guess.value for address, guess in found.items() if guess.confidence >= SURE}
    assert sure == {
        "em/1#/p": "power", "em/1#/u": "voltage", "em/1#/i": "current",
        "air/1#/t": "temperature", "air/1#/rh": "humidity",
    }  # fmt: skip


def test_every_word_stands_for_a_quantity() -> None:
    from twin.guess_words import _FOUND

    assert {match.quantity for match in _FOUND.values()} - {""} <= set(QUANTITIES)
    assert {QUANTITIES[m.quantity].units.get(m.unit) is not None for m in _FOUND.values() if m.unit} == {True}
    assert all(matches(word) for word in _FOUND)


def test_a_room_code_with_letters_and_one_with_a_suffix() -> None:
    rooms = [Space("A/5/R582", "R582"), Space("A/5/R582_1", "R582_1"), Space("A/5/7", "7", {"zh": "配电室总间"})]
    campus = Campus("c", buildings=[Building("A", {"zh": "主楼"}, storeys=[Storey("A/5", ordinal=4, spaces=rooms)])])
    places = PlaceGuess(campus)
    assert places.of("t_R582_1").value == "A/5/R582_1"
    assert places.of("t_R582").value == "A/5/R582"
    assert places.of("主楼/配电室总间/t").value == "A/5/7"
    assert places.of("主楼/x/7/t") == Guess("A", 0.93, because("building-name", word="主楼"))
    assert places.of("x/t").confidence < SURE
    assert places.of("").value == ""


def test_storeys_below_the_ground_and_in_words() -> None:
    storeys = [Storey("A/B1", ordinal=-1), Storey("A/01", ordinal=0), Storey("A/02", ordinal=1)]
    named = Space("A/02/x", "x", {"zh": "档案室甲", "en": "ab"})
    storeys[2].spaces += [named, Space("A/02/all", "", {"zh": "档案室"}, "storey")]
    storeys[1].spaces += [Space("A/01/y", "y", {"zh": "档案室甲"})]
    places = PlaceGuess(Campus("c", buildings=[Building("A", {"zh": "主楼", "en": "Main"}, storeys=storeys)]))
    texts = {"主楼地下一层/温度": "A/B1", "主楼地下1层": "A/B1", "主楼二层": "A/02", "主楼/01/t": "A/01",
             "main/9F/t": "A", "主楼/2层/档案室甲/t": "A/02/x", "主楼/1F/t": "A/01", "maintenance/x": "A"}  # fmt: skip
    assert {text: places.of(text).value for text in texts} == texts
    assert places.of("maintenance/x").confidence < SURE  # 'main' is no word of it: it is but the only building
    assert places.of("主楼/档案室甲").confidence < SURE  # two rooms have this name


def test_units_that_the_source_tells() -> None:
    assert quantity_of(Seen("x/temp", unit="%")).value == "temperature"  # no unit of it: the name is believed, not sure
    assert quantity_of(Seen("x/cpu", unit="%", value=12)) == Guess(
        "utilisation", 0.88, because("name", word="cpu") + because("in-unit", unit="%")
    )
    assert unit_of(Seen("x/p"), "power") == Guess("kW", 0.6, because("usual"))
    assert quantity_of(Seen("x/power", value=True)).value == "state"
    assert quantity_of(Seen("x/link_state", value="up")).confidence > 0.9
