"""The table of formats: what a file is by its content, and one sentence for each kind of file that is none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from models3d import formats, imdf, osm_tags
from models3d.categories import BY_KEY
from models3d.files import decode, mentions, parse_json
from models3d.model import ModelError
from models3d.remarks import FINDINGS, REFUSALS
from tests.models3d.contract import refused
from twin.category import CATEGORIES


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


STRANGERS: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "empty", "empty"),
    "blank": (b" \r\n\t\n", "empty", "empty"),
    "nothing-but-zeros": (b"\0" * 5000, "nul-bytes", "zero bytes"),
    "web-page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "html", "web page"),
    "web-page-with-bom": (b"\xef\xbb\xbf<HTML><head>", "html", "web page"),
    "ifcxml": (b'<?xml version="1.0"?><ifcXML xmlns="http://www.buildingsmart-tech.org/ifcXML">', "ifcxml", "STEP"),
    "ifcxml-2x3": (b'<?xml version="1.0"?><ex:iso_10303_28 xmlns:ex="urn:iso">', "ifcxml", "STEP"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "pdf", "PDF"),
    "dwg": (b"AC1032\0\0\0\0", "dwg", "IFC"),
    "dxf": (b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "dxf", "IFC"),
    "old-office-or-revit": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "office", "IFC"),
    "spreadsheet": (zipped(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b""}), "office", "Office"),
    "citygml": (b'<?xml version="1.0"?>\n<core:CityModel xmlns:core="http://www.opengis.net">', "citygml", "CityJSON"),
    "kmz": (zipped(**{"doc.kml": b"<kml/>"}), "kml", "GeoJSON"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image", "picture"),
    "gzip": (b"\x1f\x8b\x08\0\0", "archive", "unpack"),
    "shapefile": (b"\0\0\x27\x0a" + b"\0" * 96, "shapefile", "GeoPackage"),
    "database": (b"SQLite format 3\0" + b"\0" * 100, "sqlite", "GeoPackage"),
    "half-a-zip": (zipped(**{"a.txt": b"x" * 500})[:300], "truncated", "again"),
    "zip-of-notes": (zipped(**{"notes.txt": b"hello"}), "unknown-format", "notes.txt"),
    "some-json": (b'{"hello": [1, 2, 3]}', "json", "JSON"),
    "topojson": (b'{"type": "Topology", "objects": {}}', "topojson", "GeoJSON"),
    "prose": ("今天天气很好。".encode(), "unknown-format", "text"),
    "noise": (bytes(range(256)) * 8, "unknown-format", "binary"),
}


class TestStrangers:
    @pytest.mark.parametrize("name", sorted(STRANGERS))
    @pytest.mark.parametrize("suffix", [".ifc", ".geojson", ".dat"])
    def test_gets_one_sentence_whatever_it_is_called(self, tmp_path: Path, name: str, suffix: str) -> None:
        content, code, word = STRANGERS[name]
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        error = refused(path)
        assert error.code == code
        assert word in error.message

    def test_missing_file(self, tmp_path: Path) -> None:
        assert refused(tmp_path / "nowhere.ifc").code == "not-found"

    def test_folder_that_is_no_model(self, tmp_path: Path) -> None:
        folder = tmp_path / "holiday"
        folder.mkdir()
        assert refused(folder).code == "unknown-format"


class TestJson:
    def test_chinese_encodings_are_read(self) -> None:
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
            assert decode('{"name": "图书馆"}'.encode(encoding), "a.json") == '{"name": "图书馆"}'

    def test_deep_nesting_is_refused(self) -> None:
        with pytest.raises(ModelError, match=r"deep\.json.*deeper") as caught:
            parse_json("[" * 200_000, "deep.json")
        assert caught.value.code == "nested-too-deep"

    def test_a_number_of_ten_thousand_digits_is_refused(self) -> None:
        with pytest.raises(ModelError) as caught:
            parse_json("[" + "9" * 10_000 + "]", "long.json")
        assert caught.value.code == "invalid-json"

    @pytest.mark.parametrize("text", ['{"a": [1, 2', '{"a": "b', '{"a":', "[1,"])
    def test_cut_off(self, text: str) -> None:
        with pytest.raises(ModelError) as caught:
            parse_json(text, "cut.json")
        assert caught.value.code == "truncated"

    def test_a_slip_names_line_and_column(self) -> None:
        with pytest.raises(ModelError, match="line 2, column 4") as caught:
            parse_json('{"a": 1,\n   b: 2}', "slip.json")
        assert caught.value.code == "invalid-json"

    def test_words_beyond_the_head_are_found(self, tmp_path: Path) -> None:
        path = tmp_path / "late.json"
        path.write_bytes(b'{"features": [' + b" " * 100_000 + b'], "type": "FeatureCollection"}')
        assert mentions(path, path.read_bytes()[:65_536], ('"FeatureCollection"',))
        assert not mentions(path, path.read_bytes()[:65_536], ('"CityJSON"',))


class TestTable:
    def test_keys_are_unique_and_titles_there(self) -> None:
        keys = [row.key for row in formats.FORMATS]
        assert len(set(keys)) == len(keys)
        assert all(row.title and row.suffixes for row in formats.FORMATS)

    def test_ifc_is_known_without_a_kernel(self, tmp_path: Path) -> None:
        path = tmp_path / "model.txt"
        path.write_bytes(b"\xef\xbb\xbf\r\nISO-10303-21;\nHEADER;")
        assert formats.sniff(path).key == "ifc"
        path.write_bytes(zipped(**{"inner/a.IFC": b"ISO-10303-21;"}))
        assert formats.sniff(path).key == "ifc"

    def test_every_category_that_loaders_give_has_a_name(self) -> None:
        given = {*BY_KEY, *osm_tags.USES.values(), *imdf.UNITS.values(), "storey", "other"}
        assert given <= set(CATEGORIES)

    def test_every_code_has_a_title_in_both_languages(self) -> None:
        for code, titles in {**FINDINGS, **REFUSALS}.items():
            assert code == code.lower().replace("_", "-").replace(" ", "-")
            assert all(titles)
