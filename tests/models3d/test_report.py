"""The report of ``import``: the JSON has just the keys that other systems hold on to, and people can read the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models3d import georef, report
from models3d.model import Finding, Frame, ModelError
from tests.models3d.tiny import tiny
from twin.space import Building


def test_the_json_has_the_agreed_keys_and_no_others() -> None:
    entry = json.loads(json.dumps(report.file_entry(tiny())))
    assert set(entry) == {
        "path", "sha256", "format", "schema", "ok", "error", "warnings", "crs", "buildings", "points", "seconds",
        "peak_mb",
    }  # fmt: skip
    assert set(entry["warnings"][0]) >= {"code", "message", "element"}
    building = entry["buildings"][0]
    assert set(building) == {"id", "name", "storeys"}
    storey = building["storeys"][1]
    assert set(storey) == {"id", "name", "ordinal", "elevation_m", "height_m", "spaces"}
    assert (storey["ordinal"], storey["elevation_m"], storey["name"]) == (1, 3.0, "Floor 2")
    assert storey["spaces"][0] == {
        "id": "A/02/201", "number": "201", "name": "Office", "category": "office", "area_m2": 100.0,
        "area_authored_m2": None, "volume_m3": 280.0, "origin": "authored", "has_geometry": True,
    }  # fmt: skip
    assert entry["points"] == [
        {"id": "p-1", "class": "Temperature_Sensor", "space_id": "A/01/101", "equipment": "ahu-1"}
    ]
    refused = report.refused_entry(Path("x.ifc"), ModelError("empty", "'x.ifc' is empty"), "abc")
    assert set(refused) == set(entry)
    assert refused["error"] == {"code": "empty", "message": "'x.ifc' is empty"}
    assert (refused["ok"], refused["sha256"]) == (False, "abc")


@pytest.mark.parametrize(
    ("frame", "crs"),
    [
        (Frame(), None),
        (Frame("EPSG:4546"), "EPSG:4546"),
        (georef.tangent_frame(34.25, 108.65), "local metres at 34.250000, 108.650000 (WGS 84)"),
        (Frame("LOCAL_CS[...]"), "LOCAL_CS[...]"),
    ],
)
def test_the_coordinate_system_is_named(frame: Frame, crs: str | None) -> None:
    assert report.file_entry(tiny(frame=frame))["crs"] == crs


def test_the_text_is_short_and_groups_warnings() -> None:
    model = tiny("models/office.ifc", "14")
    model.findings += [Finding("overlap", "three rooms"), Finding("no-site", "none", severity="info")]
    model.seconds, model.peak_mb = 1.25, 99.6
    entries = [report.file_entry(model), report.refused_entry(Path("b.ifc"), ModelError("empty", "'b.ifc' is empty."))]
    assert report.as_text(entries) == (
        "office.ifc  ifc IFC4: 1 building, 2 storeys, 4 spaces, 1 point, 400 m² in 1.2 s, 100 MB\n"
        "    14  2 storeys  4 spaces  400 m²\n"
        "    warning: overlap: two rooms (and 1 more)\n"
        "    info: no-site: none\n"
        "b.ifc       REFUSED (empty): 'b.ifc' is empty.\n"
    )


def test_many_buildings_are_cut_short() -> None:
    model = tiny()
    model.buildings = [Building(f"b{n}") for n in range(30)]
    text = report.as_text([report.file_entry(model)])
    assert "... and 10 more buildings" in text
    assert "b19" in text
    assert "b20" not in text
    assert report.as_text([]) == "\n"
