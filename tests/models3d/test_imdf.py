"""IMDF: an archive of our own with every feature type, odd levels, and hostile zips."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from models3d import formats
from models3d.model import Model
from tests.models3d.contract import LoaderContract, refused, walk
from tests.models3d.test_geojson import LAT, LON, M_LAT, M_LON, box

Layers = dict[str, list[dict[str, Any]]]


def item(kind: str, key: str, geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": key, "feature_type": kind, "geometry": geometry, "properties": properties}


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [LON + x * M_LON, LAT + y * M_LAT]}


def level(key: str, ordinal: int, *buildings: str, **more: Any) -> dict[str, Any]:
    properties = {
        "ordinal": ordinal,
        "building_ids": list(buildings) or None,
        "outdoor": False,
        "category": "unspecified",
        **more,
    }
    return item("level", key, box(0, 0, 40, 30), **properties)


def unit(
    key: str, at: str, shape: dict[str, Any], category: str = "room", name: str | None = None, **more: Any
) -> dict[str, Any]:
    return item("unit", key, shape, level_id=at, category=category, name={"en": name} if name else None, **more)


def layers() -> Layers:
    return {
        "venue": [
            item("venue", "V", box(-50, -50, 200, 200), category="university", name={"en": "Campus", "zh": "校园"})
        ],
        "building": [item("building", "B", name={"en": "Library", "zh": "图书馆"}, category="unspecified")],
        "footprint": [
            item("footprint", "F", box(0, 0, 40, 30), category="ground", building_ids=["B"]),
            item("footprint", "G", box(0, 0, 60, 60), category="subterranean", building_ids=["B"]),
        ],
        "level": [
            level("L1", 1, "B", short_name={"en": "2"}, name={"en": "Second floor"}),
            level("L0", 0, "B", short_name={"en": "1"}),
            level("LB", -1, "B"),
            level("LX", 0, outdoor=True),
        ],
        "unit": [
            unit("U1", "L0", box(0, 0, 20, 10), "office", "Room 101"),
            unit("U2", "L0", box(20, 0, 20, 10), "restroom.male"),
            unit("U3", "L0", box(0, 10, 40, 5), "walkway", alt_name={"en": "1-C"}),
            unit("U4", "L1", box(0, 0, 40, 20), "library"),
            unit("U5", "L1", box(0, 20, 40, 10), "opentobelow"),
            unit("U6", "LX", box(60, 0, 10, 10), "vegetation", "Lawn"),
        ],
        "section": [
            item("section", "S", box(-1, -1, 22, 12), level_id="L0", category="seating", name={"en": "West wing"})
        ],
        "amenity": [item("amenity", "A", point(5, 5), category="drinkingfountain", unit_ids=["U1"])],
        "fixture": [item("fixture", "X", box(21, 1, 2, 1), category="desk", level_id="L0", anchor_id=None)],
        "kiosk": [item("kiosk", "K", None, level_id="L1", anchor_id="N1", name={"en": "Loans"})],
        "anchor": [item("anchor", "N1", point(3, 3), unit_id="U4"), item("anchor", "N2", point(25, 5), unit_id="U2")],
        "occupant": [item("occupant", "O", None, anchor_id="N2", category="unspecified", name={"en": "Cloakroom"})],
        "opening": [
            item("opening", "D", {"type": "LineString", "coordinates": [[LON, LAT], [LON + M_LON, LAT]]}, level_id="L0")
        ],
    }


def texts(content: Layers) -> dict[str, bytes]:
    manifest = {"version": "1.0.0", "created": "2026-01-01T00:00:00Z", "language": "en", "generated_by": "test"}
    found = {"manifest.json": json.dumps(manifest).encode()}
    for kind, features in content.items():
        document = {"type": "FeatureCollection", "name": kind, "features": features}
        found[f"{kind}.geojson"] = json.dumps(document, ensure_ascii=False).encode()
    return found


def pack(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write(path: Path, content: Layers) -> Path:
    path.write_bytes(pack(texts(content)))
    return path


class TestContract(LoaderContract):
    format_key = "imdf"
    suffix = ".zip"
    broken = {  # noqa: RUF012
        "no-levels": pack(texts({"venue": layers()["venue"]})),
        "no-geometry": pack(texts({"unit": [unit("U", "L", {"type": "Polygon", "coordinates": []})]})),
        "not-a-collection": pack({"manifest.json": b"{}", "unit.geojson": b"[1, 2]"}),
        "cut-json": pack({"manifest.json": b"{}", "unit.geojson": b'{"type": "FeatureCollection", "features": ['}),
        "zeros": pack({"manifest.json": b"{}", "unit.geojson": b"\0" * 500}),
        "bomb": pack({"manifest.json": b"{}", "unit.geojson": b" " * 60_000_000}),
        "many": pack({"manifest.json": b"{}", "unit.geojson": b"{}", **{f"x{i}": b"" for i in range(5001)}}),
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return write(tmp_path / "campus.zip", layers())


class TestContractFolder(LoaderContract):
    format_key = "imdf"
    suffix = ".zip"

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        folder = tmp_path / "campus"
        folder.mkdir()
        for name, content in texts(layers()).items():
            (folder / name).write_bytes(content)
        return folder


@pytest.fixture
def campus(tmp_path: Path) -> Model:
    return formats.load(write(tmp_path / "campus.zip", layers()))


class TestTree:
    def test_venue_building_and_levels(self, campus: Model) -> None:
        assert campus.schema == "IMDF 1.0.0"
        assert [site.names["zh"] for site in campus.sites] == ["校园"]
        building = campus.buildings[0]
        assert (building.id, building.site, building.names["zh"]) == ("Library", "Campus", "图书馆")
        assert building.outline is not None
        assert building.outline.area == pytest.approx(1200, rel=0.01)
        assert [(storey.id, storey.ordinal) for storey in building.storeys] == [
            ("Library/B1", -1),
            ("Library/1", 0),
            ("Library/2", 1),
        ]

    def test_units(self, campus: Model) -> None:
        found = {
            space.id: (space.number, space.category, round(space.area_m2 or 0.0, -1)) for _, _, space in walk(campus)
        }
        assert found == {
            "Library/B1/all": ("B1", "storey", 1200),
            "Library/1/Room-101": ("Room 101", "office", 200),
            "Library/1/Cloakroom": ("Cloakroom", "toilet", 200),
            "Library/1/1-C": ("1-C", "corridor", 200),
            "Library/2/library": ("library", "library", 800),
        }  # fmt: skip

    def test_sections_are_zones(self, campus: Model) -> None:
        assert [(zone.id, zone.spaces) for zone in campus.zones] == [("West-wing", ("Library/1/Room-101",))]

    def test_things_stand_in_their_rooms(self, campus: Model) -> None:
        found = {thing.category: thing.space for thing in campus.equipment}
        assert found == {
            "amenity.drinkingfountain": "Library/1/Room-101", "fixture.desk": "Library/1/Cloakroom",
            "kiosk.kiosk": "Library/2/library",
        }  # fmt: skip
        assert all(thing.position is not None for thing in campus.equipment)

    def test_outdoors_is_ground(self, campus: Model) -> None:
        assert [(feature.kind, feature.names) for feature in campus.ground] == [("land", {}), ("green", {"en": "Lawn"})]

    def test_what_was_assumed_is_said(self, campus: Model) -> None:
        assert sorted(finding.code for finding in campus.findings) == ["heights-assumed", "no-spaces"]


class TestMess:
    def load(self, tmp_path: Path, **changed: list[dict[str, Any]]) -> Model:
        return formats.load(write(tmp_path / "a.zip", {**layers(), **changed}))

    def test_a_level_without_its_building(self, tmp_path: Path) -> None:
        model = self.load(tmp_path, level=[level("L0", 0), level("L1", 1, "gone")])
        assert [building.id for building in model.buildings] == ["Library", "Campus"]
        assert {"no-building", "no-levels"} <= {finding.code for finding in model.findings}

    def test_a_unit_without_its_level(self, tmp_path: Path) -> None:
        model = self.load(tmp_path, unit=[unit("U", "gone", box(0, 0, 5, 5))])
        assert "unparented-space" in {finding.code for finding in model.findings}

    def test_two_levels_of_one_ordinal_are_one_storey(self, tmp_path: Path) -> None:
        model = self.load(tmp_path, level=[level("L0", 0, "B"), level("L1", 0, "B")])
        assert [len(storey.spaces) for storey in model.buildings[0].storeys] == [4]

    def test_a_level_of_two_buildings(self, tmp_path: Path) -> None:
        buildings = [item("building", "B", name={"en": "East"}), item("building", "C", name={"en": "West"})]
        footprints = [
            item("footprint", "F1", box(0, 0, 20, 30), category="ground", building_ids=["B"]),
            item("footprint", "F2", box(20, 0, 20, 30), category="ground", building_ids=["C"]),
        ]
        model = self.load(tmp_path, building=buildings, footprint=footprints, level=[level("L0", 0, "B", "C")])
        places = {space.aliases[0].value: space.id for _, _, space in walk(model)}
        assert (places["U1"], places["U2"]) == ("East/01/Room-101", "West/01/Cloakroom")

    def test_bow_ties_numbers_twice_and_strings_for_names(self, tmp_path: Path) -> None:
        tie = box(0, 0, 20, 10)
        tie["coordinates"][0][1], tie["coordinates"][0][2] = tie["coordinates"][0][2], tie["coordinates"][0][1]
        units = [
            unit("U1", "L0", tie, name="101"),
            unit("U2", "L0", box(20, 0, 9, 9), name="101"),
            unit("U3", "L0", box(20, 10, 9, 9)),
        ]
        units[2]["properties"]["name"] = "103"
        model = self.load(tmp_path, unit=units)
        assert [space.id for _, storey, space in walk(model) if storey.ordinal == 0] == [
            "Library/1/101",
            "Library/1/101~2",
            "Library/1/103",
        ]
        assert {"invalid-polygon", "duplicate-code"} <= {finding.code for finding in model.findings}

    def test_null_island_and_nonsense_shapes(self, tmp_path: Path) -> None:
        origin = {"type": "Polygon", "coordinates": [[[0, 0], [0.001, 0], [0.001, 0.001], [0, 0]]]}
        off = {"type": "Polygon", "coordinates": [[[500, 0], [501, 0], [501, 1], [500, 0]]]}
        units = [*layers()["unit"], unit("U8", "L0", origin), unit("U9", "L0", off)]
        model = self.load(tmp_path, unit=units)
        assert {"stray-feature", "bad-feature", "no-geometry"} <= {finding.code for finding in model.findings}
        assert model.frame.longitude == pytest.approx(LON, abs=0.01)

    def test_members_may_lie_in_a_folder(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        path.write_bytes(pack({f"campus/{name}": content for name, content in texts(layers()).items()}))
        assert len(list(walk(formats.load(path)))) == 5

    def test_a_lying_size_does_not_open_the_bomb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("models3d.imdf_archive.MOST_BYTES", 1000)
        monkeypatch.setattr("models3d.imdf_archive._inspect", lambda path, members: None)
        assert refused(write(tmp_path / "a.zip", layers())).code == "zip-bomb"

    def test_a_damaged_member_of_a_folder_is_named(self, tmp_path: Path) -> None:
        folder = tmp_path / "campus"
        folder.mkdir()
        for name, content in texts(layers()).items():
            (folder / name).write_bytes(content)
        (folder / "unit.geojson").write_bytes(b"{" + b"\0" * 50)
        assert "campus/unit.geojson" in refused(folder).message

    def test_damaged_packing(self, tmp_path: Path) -> None:
        raw = bytearray(pack(texts(layers())))
        for at in range(200, len(raw) - 2000, 97):
            raw[at] ^= 0xFF
        path = tmp_path / "a.zip"
        path.write_bytes(bytes(raw))
        assert refused(path).code == "truncated"

    def test_a_locked_archive(self, tmp_path: Path) -> None:
        raw = bytearray(pack(texts(layers())))
        for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = raw.find(signature)
            while at >= 0:
                raw[at + place] |= 1
                at = raw.find(signature, at + 4)
        path = tmp_path / "a.zip"
        path.write_bytes(bytes(raw))
        assert refused(path).code == "unsupported"
