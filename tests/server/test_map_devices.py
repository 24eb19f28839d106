"""From a broker nobody has mapped to a campus that is: discover, read the suggestions, save them, check."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app
from tests.datasources.broker import Broker
from tests.models3d.test_geojson import box, feature, write
from twin.config import load_campus_config

pytestmark = pytest.mark.broker


def messages() -> dict[str, str]:
    """Five meters, six room sensors, four water meters with a topic a value, and something that nobody knows."""
    sent = {f"em/B{n}/em-{n}/up": json.dumps({"ts": 1, "d": {"p_kw": 12.5, "energy_kwh": 90 + n}}) for n in range(1, 6)}
    sent |= {
        f"iaq/B2/{n}层/sensor-{n}": json.dumps(
            {"温度": 21.5, "湿度": 40 + n, "co2": 600, "user": "Li"}, ensure_ascii=False
        )
        for n in range(1, 7)
    }
    for n in range(1, 5):
        sent |= {f"water/B{n}/wm-{n}/用水量": "8123.5", f"water/B{n}/wm-{n}/瞬时流量": "1.25"}
    return sent | {"odd/thing": "@cmd"}


@pytest.fixture
def folder(mosquitto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    broker = Broker(mosquitto, tmp_path)
    asyncio.run(broker.start())
    campus = tmp_path / "campus"
    campus.mkdir()
    tags = {"building": "yes", "building__levels": "6"}
    houses = (feature(box(60.0 * n, 0, 40, 20), f"way/{n}", ref=f"B{n}", **tags) for n in range(1, 6))
    write(campus / "plan.geojson", *houses)
    (campus / "campus.yaml").write_text(
        f"campus: {{id: c}}\nmodels: [{{file: plan.geojson}}]\nsources:\n"
        f"  plant: {{type: mqtt, host: 127.0.0.1, port: {broker.port}}}\n", encoding="utf-8",
    )  # fmt: skip
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(publish(broker, stop)))
    thread.start()
    yield campus
    stop.set()
    thread.join()
    broker.kill()


async def publish(broker: Broker, stop: threading.Event) -> None:
    async with broker.publisher() as client:
        while not stop.is_set():
            for topic, payload in messages().items():
                client.publish(topic, payload)
            await asyncio.sleep(0.3)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def checked(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = app.main(["check", str(folder), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_from_discover_to_a_mapped_campus(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = folder / "plant.csv"
    assert app.main(["discover", "plant", "--campus", str(folder), "--seconds", "2", "--out", str(sheet)]) == 0
    found = {row["address"]: row for row in rows(sheet)}
    assert len(found) == 5 * 3 + 6 * 4 + 4 * 2 + 1
    meter = found["em/B3/em-3/up#/d/p_kw"]
    assert (meter["quantity"], meter["unit"], meter["kind"], meter["entity"], meter["type"]) == (
        "power", "kW", "gauge", "B3", "em",
    )  # fmt: skip
    assert float(found["em/B3/em-3/up#/d/energy_kwh"]["quantity_confidence"]) > 0.9
    air = found["iaq/B2/3层/sensor-3#/湿度"]
    assert (air["quantity"], air["unit"], air["entity"]) == ("humidity", "%", "B2/03")
    assert air["why"].startswith("quantity: '湿度' in the name; unit: the only one")
    assert found["iaq/B2/1层/sensor-1#/user"]["value"] == "(withheld)"
    assert found["odd/thing"]["value"] == "'@cmd"
    assert found["odd/thing"]["quantity"] == ""

    again = ["discover", "plant", "--campus", str(folder), "--seconds", "60", "--out", str(sheet)]
    assert app.main(again) == 2  # at once, and nothing that a person may have edited is gone
    assert "plant.devices.csv' is there already" in capsys.readouterr().err

    # read by a person: the suggestions are saved as they are, and nothing was mapped before
    assert load_campus_config(folder).devices == []
    (folder / "templates").mkdir()
    shutil.move(folder / "plant.types.yaml", folder / "templates" / "plant.yaml")
    shutil.move(folder / "plant.devices.csv", folder / "devices.csv")
    with (folder / "campus.yaml").open("a", encoding="utf-8") as file:
        file.write("devices: devices.csv\n")
    code, report = checked(folder, capsys, "--found", str(sheet))
    assert code == 1, report["mistakes"]
    assert {m["code"] for m in report["mistakes"]} == {"unmapped"}
    plant = report["mapping"]["found"]["plant"]
    assert sorted({a.rpartition("#/")[2] for a in plant["unmapped"]}) == ["odd/thing", "ts", "user"]
    assert plant["silent"] == []
    assert report["mapping"]["points_by_source"] == {"plant": 5 * 2 + 6 * 3 + 4 * 2}
    assert report["mapping"]["devices_by_type"] == {"em": 5, "iaq": 6, "water": 4}
    assert plant["mapped_percent"] == round(100 * 36 / 48, 2)
    units = {p.address: p.unit for d in load_campus_config(folder).devices for p in d.points}
    assert units["water/B1/wm-1/用水量"] == "m³"


def test_what_is_mapped_already_is_a_remark_and_the_sheet_is_a_points_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "point,entity,quantity,unit,source,address\n"
    (folder / "points.csv").write_text(
        head + "kept,B1,power,kW,plant,em/B1/em-1/up#/d/p_kw\ngone,B1,power,kW,plant,em/B9/up#/d/p_kw\n",
        encoding="utf-8",
    )
    with (folder / "campus.yaml").open("a", encoding="utf-8") as file:
        file.write("points: points.csv\n")
    sheet = folder / "plant.csv"
    assert app.main(["discover", "plant", "--campus", str(folder), "--seconds", "2", "--out", str(sheet)]) == 0
    assert [row["address"] for row in rows(sheet) if row["point"] == "# kept"] == ["em/B1/em-1/up#/d/p_kw"]
    code, report = checked(folder, capsys, "--found", str(sheet))
    assert code == 1
    assert report["mapping"]["found"]["plant"]["silent"] == ["gone"]
    assert {m["code"] for m in report["mistakes"]} == {"unmapped", "silent"}

    # rows that are wanted, saved as points.csv, columns and all
    wanted = [row for row in rows(sheet) if float(row["confidence"]) >= 0.6]
    assert len(wanted) >= 20
    with (folder / "points.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(wanted[0]))
        writer.writeheader()
        writer.writerows(wanted)
    config = load_campus_config(folder)
    assert len(config.points) == len([row for row in wanted if not row["point"].startswith("#")])
    assert {point.source for point in config.points} == {"plant"}


def test_the_text_of_check_and_sheets_that_are_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["check", str(folder), "--found", str(folder / "no.csv")]) == 2
    assert "no.csv cannot be read: No such file" in capsys.readouterr().out
    (folder / "no.csv").write_text("a,b\n1,2\n")
    assert app.main(["check", str(folder), "--found", str(folder / "no.csv")]) == 2
    assert "no.csv is no sheet of discover" in capsys.readouterr().out
    (folder / "no.csv").write_text("source,address,unit,unit_confidence\nold,a,W,1.0\nplant,b,W,1.00\n")
    assert app.main(["check", str(folder), "--found", str(folder / "no.csv")]) == 1
    text = capsys.readouterr().out
    assert "campus.yaml has no source 'old'" in text
    assert "plant: 0 of 1 signals found are mapped (0.0 %), 1 are not; 0 points were not seen" in text
    assert "points by source: plant 0" in text
