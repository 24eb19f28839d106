"""The mapping against a sheet of discover: mapped, unmapped, silent, and units that the source has otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twin.big_campus import write_campus
from twin import mapping as mapping_module
from twin.config import load_campus_config
from twin.mapping import SourceFound, mapping_of, read_found
from twin.point import Point


def test_twenty_thousand_topics_against_a_sheet(tmp_path: Path) -> None:
    messages = write_campus(tmp_path)
    config = load_campus_config(tmp_path)
    points = [point for device in config.devices for point in device.points]
    silent = points[7]
    sheet = tmp_path / "found.csv"
    lines = [f"plant,{p.address},{'W' if n == 3 else p.unit},1.00" for n, p in enumerate(points) if p is not silent]
    sheet.write_text("source,address,unit,unit_confidence\n" + "\n".join([*lines, "plant,new/1,,0", lines[0]]) + "\n")
    mapping = mapping_of(config, [*points, Point("p", "c", "power", "kW")], sheet)
    found = mapping.found["plant"]
    assert (found.found, found.unmapped, found.silent) == (len(points), ["new/1"], [silent.id])
    assert round(found.mapped_percent, 3) == round(100 * (len(points) - 1) / len(points), 3)
    assert {m.code for m in mapping.mistakes} == {"unmapped", "silent", "unit-conflict"}
    (conflict,) = [m.message for m in mapping.mistakes if m.code == "unit-conflict"]
    assert conflict.startswith(
        f"the source plant says W of '{points[3].address}', but the point '{points[3].id}' has A"
    )
    assert (mapping.without_source, mapping.sources) == (1, {"plant": len(points)})
    assert len(mapping.types) == 25
    assert mapping.as_json()["types"]["access-point"] == {
        "class": "Equipment", "maker": "H3C", "model": "", "file": "templates/campus.yaml:18",
    }  # fmt: skip
    text = "\n".join(mapping.as_text())
    assert f"{len(config.devices):,} devices of 25 types with {len(points):,} points" in text
    assert "points by source: plant 45,187; 1 have none" in text
    assert len(messages) == 20_000


def test_sheets_that_cannot_be_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("source,address,unit_confidence\nm,a,high\nm,,1\n,b,1\nm,'=x,1\n", encoding="gb18030")
    rows, mistakes = read_found(path)
    assert [(row.address, row.unit) for row in rows] == [("a", ""), ("=x", "")]
    assert mistakes == []
    path.write_text('source,address\nm,"' + "x" * 200_000 + '"\n')
    assert [m.code for m in read_found(path)[1]] == ["not-csv"]


def test_a_sheet_that_is_too_large_and_a_campus_without_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.csv"
    path.write_text("source,address\nm,a\n")
    monkeypatch.setattr(mapping_module, "MAX_BYTES", 5)
    assert [m.code for m in read_found(path)[1]] == ["too-large"]
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n")
    mapping = mapping_of(load_campus_config(tmp_path), [])
    assert mapping.as_text() == []
    assert SourceFound().mapped_percent == 0.0


def test_all_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\nsources: {m: {type: mqtt}}\n")
    path = tmp_path / "s.csv"
    path.write_text("source,address\nm,a\n")
    mapping = mapping_of(load_campus_config(tmp_path), [Point("p", "c", "power", "kW", source="m", address="a")], path)
    assert (mapping.mistakes, mapping.found["m"].mapped_percent) == ([], 100.0)
