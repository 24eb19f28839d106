"""What a file must not do to the import: every refusal is one sentence that names the file; every repair is told."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models3d import step_zip
from models3d.ifc import FORMAT, load
from models3d.model import ModelError, Options
from models3d.step_encoding import encoding_of, escape_non_ascii
from models3d.step_preflight import prepared, sniff
from tests.models3d.ifc_fixtures import IfcMaker, rectangle, small_house

FAST = Options(shells=False)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return small_house(tmp_path / "house.ifc")


def spaces(path: Path) -> list[str]:
    model = load(path, FAST)
    return [space.id for storey in model.buildings[0].storeys for space in storey.spaces]


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


BAD: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("empty", lambda data: b""),
    ("empty", lambda data: b" \r\n\t "),
    ("nul-bytes", lambda data: bytes(4096)),
    ("nul-bytes", lambda data: data[:900] + bytes(64) + data[964:]),
    ("html", lambda data: b"<!DOCTYPE html><html><body>Please log in</body></html>"),
    ("html", lambda data: b"\xef\xbb\xbf\n<html lang=de><head>"),
    ("truncated", lambda data: data[: len(data) // 2]),
    ("truncated", lambda data: data.replace(b"END-ISO-10303-21;", b"")),
    (
        "ifcxml",
        lambda data: b'<?xml version="1.0"?><ifcXML xmlns="http://www.buildingsmart-tech.org/ifcXML/IFC4/final">',
    ),
    ("ifcxml", lambda data: b'<?xml version="1.0"?>\n<ex:iso_10303_28 xmlns:ex="urn:iso.org:standard:10303"/>'),
    ("not-step", lambda data: b"%PDF-1.7 ..."),
    ("not-step", lambda data: b"\x1f\x8b\x08 gzip"),
    ("unknown-schema", lambda data: data.replace(b"'IFC4'", b"'AUTOMOTIVE_DESIGN'", 1)),
    ("unknown-schema", lambda data: data.replace(b"FILE_SCHEMA(('IFC4'));", b"")),
    ("unreadable", lambda data: re.sub(rb"DATA;.*ENDSEC;", b"DATA; #1=( #2= ;;; ENDSEC;", data, flags=re.DOTALL)),
]


@pytest.mark.parametrize(("code", "spoil"), BAD, ids=[f"{i}-{code}" for i, (code, _) in enumerate(BAD)])
def test_a_bad_file_is_refused_in_one_sentence_that_names_it(
    house: Path, code: str, spoil: Callable[[bytes], bytes]
) -> None:
    bad = house.with_name("模型 3.ifc")
    bad.write_bytes(spoil(house.read_bytes()))
    with pytest.raises(ModelError) as refused:
        load(bad, FAST)
    assert refused.value.code == code
    assert "'模型 3.ifc'" in refused.value.message
    assert "\n" not in refused.value.message
    assert re.search(r"(Export|Copy|Download|Unpack|Pack)", refused.value.message), "it says what to do"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no file .*gone\.ifc"):
        load(tmp_path / "gone.ifc", FAST)


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("IFC2X_FINAL", "IFC2X3"), ("IFC2X3_FINAL", "IFC2X3"), ("IFC2X3_TC1", "IFC2X3"), ("IFC4RC4", "IFC4"),
        ("IFC4_ADD2", "IFC4"), ("IFC4X1", "IFC4X3_ADD2"), ("IFC4X3_RC2", "IFC4X3_ADD2"), ("IFC4X3_RC4", "IFC4X3_ADD2"),
        ("IFC4X3_ADD1", "IFC4X3_ADD2"), ("IFC4X3", "IFC4X3_ADD2"), ("ifc4", "IFC4"),
    ],
)  # fmt: skip
def test_a_schema_that_the_library_does_not_know_is_mapped(tmp_path: Path, declared: str, used: str) -> None:
    path = small_house(tmp_path / "h.ifc", used)
    path.write_bytes(path.read_bytes().replace(f"'{used}'".encode(), f"'{declared}'".encode(), 1))
    model = load(path, FAST)
    assert model.schema == used
    assert len(model.buildings[0].storeys[0].spaces) == 2
    (finding,) = [finding for finding in model.findings if finding.code == "schema-mapped"]
    assert finding.data == {"declared": declared, "used": used}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_raw_chinese_survives(tmp_path: Path, codec: str) -> None:
    maker = IfcMaker(building="XX1")
    maker.space(maker.storey("1F", 0), "101", rectangle(0, 0, 4, 3), long="YY")
    path = maker.write(tmp_path / "h.ifc")
    text = path.read_text().replace("'XX1'", "'巨构1号楼'").replace("'YY'", "'精密仪器实验室'")
    path.write_bytes(text.encode(codec))
    model = load(path, FAST)
    assert model.buildings[0].names == {"zh": "巨构1号楼"}
    assert model.buildings[0].storeys[0].spaces[0].names == {"zh": "精密仪器实验室"}
    assert model.buildings[0].storeys[0].spaces[0].category == "laboratory"
    assert [finding.code for finding in model.findings] == ["encoding-repaired"]


def test_a_byte_order_mark_is_removed(house: Path) -> None:
    house.write_bytes(b"\xef\xbb\xbf" + house.read_bytes())
    assert len(spaces(house)) == 4


def test_latin_1_read_chinese_is_mended_in_names(tmp_path: Path) -> None:
    maker = IfcMaker(building="图书馆楼".encode("gb18030").decode("latin-1"))
    maker.space(
        maker.storey("1F", 0), "101", rectangle(0, 0, 4, 3), long="会議室です".encode("shift_jis").decode("latin-1")
    )
    model = load(maker.write(tmp_path / "h.ifc"), FAST)
    assert model.buildings[0].names == {"zh": "图书馆楼"}
    assert model.buildings[0].storeys[0].spaces[0].names == {"ja": "会議室です"}
    assert [finding.code for finding in model.findings] == ["encoding-repaired"]


def test_an_inner_byte_order_mark_is_stripped(tmp_path: Path) -> None:
    maker = IfcMaker(building="\ufeffB7")
    maker.space(maker.storey("\ufeff1F", 0), "101", rectangle(0, 0, 4, 3))
    assert spaces(maker.write(tmp_path / "h.ifc")) == ["B7/1F/101"]


@pytest.mark.parametrize("text", ["Küche", "Gästezimmer", "Größe", "Café"])
def test_raw_latin_1_german_is_not_taken_for_chinese(text: str) -> None:
    data = f"#1=IFCSPACE('x',$,'{text}',$);\n".encode("cp1252") * 3
    assert encoding_of(data) == "cp1252"


@pytest.mark.parametrize("text", ["会議室", "エレベーター", "事務所 2階"])
def test_raw_shift_jis_is_told_from_gb18030(text: str) -> None:
    data = f"#1=IFCSPACE('x',$,'{text}',$,'トイレ');\n".encode("shift_jis") * 3
    assert encoding_of(data) == "shift_jis"


def test_characters_beyond_the_basic_plane_use_x4() -> None:
    assert escape_non_ascii("'𠮷'".encode(), "utf-8") == b"'\\X4\\00020BB7\\X0\\'"
    assert escape_non_ascii("'a中b'".encode(), "utf-8") == b"'a\\X2\\4E2D\\X0\\b'"


def test_what_the_parser_left_out_is_said(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "101", rectangle(0, 0, 4, 3))
    maker.element("IfcWindow", storey, rectangle(0, 0, 1, 1))
    path = maker.write(tmp_path / "h.ifc")
    path.write_bytes(path.read_bytes().replace(b"IFCWINDOW(", b"IFCWINDOWX("))
    findings = {finding.code: finding for finding in load(path, FAST).findings}
    assert findings["parse-errors"].data["count"] >= 1
    assert "IFCWINDOWX" in findings["parse-errors"].message


def test_nul_padding_behind_the_end_is_cut_off(house: Path) -> None:
    house.write_bytes(house.read_bytes() + bytes(4096))
    assert len(spaces(house)) == 4


def test_the_hash_is_the_given_files(house: Path) -> None:
    house.write_bytes(b"\xef\xbb\xbf" + house.read_bytes())
    digest = hashlib.sha256(house.read_bytes()).hexdigest()
    assert load(house, FAST).sha256 == digest
    packed = zipped(house.with_suffix(".ifczip"), ("house.ifc", house.read_bytes()))
    assert load(packed, FAST).sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_nothing_is_left_behind(house: Path) -> None:
    packed = zipped(house.with_suffix(".zip"), ("house.ifc", house.read_bytes()))
    with prepared(packed) as ready:
        copy = ready.path
        assert copy.is_file()
    assert not copy.exists()


def test_a_zip_with_one_ifc_among_other_things_is_read(house: Path) -> None:
    packed = zipped(
        house.with_suffix(".zip"), ("__MACOSX/._house.ifc", b"junk"), ("readme.txt", b"hello"),
        ("folder/house.IFC", house.read_bytes()),
    )  # fmt: skip
    assert len(spaces(packed)) == 4


def test_the_extension_does_not_matter(house: Path) -> None:
    packed = zipped(house.with_name("model.ifc"), ("model.dat", house.read_bytes()))
    assert len(spaces(packed)) == 4
    plain = house.with_name("model.zip")
    plain.write_bytes(house.read_bytes())
    assert len(spaces(plain)) == 4


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("zip-several", [("a.ifc", None), ("b.ifc", None)]),
        ("zip-without-ifc", [("readme.txt", b"hello")]),
        ("zip-without-ifc", []),
        ("zip-bomb", [("a.ifc", b"ISO-10303-21;\n" + bytes(40 << 20))]),
        ("ifcxml", [("a.ifcxml", b'<?xml version="1.0"?><ifcXML/>')]),
        ("truncated", [("a.ifc", b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n")]),
    ],
)
def test_a_zip_that_cannot_be_read_is_refused(house: Path, code: str, members: list[tuple[str, bytes | None]]) -> None:
    data = house.read_bytes()
    packed = zipped(house.with_name("pack.zip"), *((name, data if text is None else text) for name, text in members))
    with pytest.raises(ModelError) as refused:
        load(packed, FAST)
    assert refused.value.code == code
    assert "pack.zip" in refused.value.message
    if code == "zip-several":
        assert "one by one" in refused.value.message


def test_a_damaged_zip_is_refused(house: Path) -> None:
    packed = zipped(house.with_name("pack.zip"), ("house.ifc", house.read_bytes()))
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(ModelError) as refused:
        load(packed, FAST)
    assert refused.value.code == "zip-broken"


def test_a_zip_that_lies_about_its_size_is_stopped(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zipped(house.with_name("pack.zip"), ("house.ifc", house.read_bytes()))
    monkeypatch.setattr(step_zip, "MAX_BYTES", 1000)
    with pytest.raises(ModelError) as refused:
        load(packed, FAST)
    assert refused.value.code == "zip-bomb"


def test_the_sniffing_goes_by_content(house: Path) -> None:
    data = house.read_bytes()
    assert FORMAT.sniff is sniff
    assert sniff(data[:65536], house)
    assert sniff(b"\xef\xbb\xbf  " + data[:1000], house)
    assert sniff(b"/* exported */ ISO-10303-21;", house)
    assert not sniff(b'{"type": "FeatureCollection"}', Path("a.ifc"))
    packed = zipped(house.with_name("x.zip"), ("house.ifc", data))
    assert sniff(packed.read_bytes()[:65536], packed)
    other = zipped(house.with_name("y.zip"), ("level.geojson", b"{}"))
    assert not sniff(other.read_bytes()[:65536], other)
