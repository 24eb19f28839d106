"""Reading files that strangers made: what they seem to be, their JSON within limits, and the sentence when it fails."""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from models3d.model import ModelError

HEAD_BYTES: Final = 65_536
JSON_BYTES: Final = 1_500_000_000
"""The largest JSON text that is read at once [bytes]; parsed it takes about six times that in memory."""

_EXPORT: Final = "export the model as IFC from the program that made it"
_MAGIC: Final[tuple[tuple[bytes, str, str, str], ...]] = (
    (b"%PDF", "pdf", "a PDF document", "a plan on paper holds no rooms: ask for the model and " + _EXPORT),
    (b"\xd0\xcf\x11\xe0", "office", "an old Office document or a Revit file", _EXPORT),
    (b"AC10", "dwg", "an AutoCAD drawing (DWG)", _EXPORT),
    (b"AutoCAD Binary DXF", "dxf", "an AutoCAD drawing (DXF)", _EXPORT),
    (b"\xff\xfe\xff\x0e", "sketchup", "a SketchUp model", _EXPORT + ", or as glTF"),
    (b"Kaydara FBX", "fbx", "an FBX scene", "export it as glTF (.glb)"),
    (b"\x89PNG", "image", "a picture (PNG)", "a picture holds no rooms: give the model it was drawn from"),
    (b"\xff\xd8\xff", "image", "a picture (JPEG)", "a picture holds no rooms: give the model it was drawn from"),
    (b"GIF8", "image", "a picture (GIF)", "a picture holds no rooms: give the model it was drawn from"),
    (b"\x1f\x8b", "archive", "a gzip archive", "unpack it (gunzip) and give the file inside"),
    (b"7z\xbc\xaf", "archive", "a 7-Zip archive", "unpack it and give the files inside"),
    (b"Rar!", "archive", "a RAR archive", "unpack it and give the files inside"),
    (
        b"\x00\x00\x27\x0a",
        "shapefile",
        "an ESRI shapefile",
        "convert it to GeoPackage or GeoJSON (ogr2ogr out.gpkg in.shp)",
    ),
    (b"SQLite format 3\x00", "sqlite", "an SQLite database without GeoPackage tables", "save the layer as GeoPackage"),
    (b"PAR1", "parquet", "a Parquet table", "save the footprints as GeoPackage or GeoJSON"),
)
_TEXTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (r"(?i)<!doctype html|<html", "html", "a web page (HTML), perhaps a sign-in page saved in the file's place",
     "download it again while signed in"),
    (r"(?i)<(\w+:)?ifcxml|iso_10303_28", "ifcxml", "ifcXML", "export it as IFC in STEP form (.ifc)"),
    (r"<(\w+:)?CityModel", "citygml", "CityGML", "convert it to CityJSON (citygml-tools to-cityjson)"),
    (r"<gbXML", "gbxml", "gbXML", "export it as IFC or HBJSON"),
    (r"<kml", "kml", "KML", "convert it to GeoJSON (ogr2ogr out.geojson in.kml)"),
    (r"<COLLADA", "collada", "a COLLADA scene", "export it as glTF (.glb)"),
    (r"<osm[\s>]", "osm-xml", "OpenStreetMap XML",
     "convert it to GeoJSON (osmtogeojson, or ogr2ogr out.geojson in.osm multipolygons)"),
    (r"<\?xml", "xml", "an XML file of an unknown kind", _EXPORT),
    (r"^\s*0\s*\r?\n\s*SECTION", "dxf", "an AutoCAD drawing (DXF)", _EXPORT),
    (r"(?s)^\s*\{.*\"Topology\"", "topojson", "TopoJSON", "convert it to GeoJSON"),
    (r"(?s)^\s*\{.*\"IfcProject\"", "ifcjson", "ifcJSON", "export it as IFC in STEP form (.ifc)"),
    (r"(?s)^\s*\{.*\"unique_stories\"", "dfjson", "a Dragonfly model", "export it as HBJSON"),
    (r"^\s*[\[{]", "json", "JSON, but neither GeoJSON, CityJSON nor HBJSON",
     "check which program wrote it and export one of these"),
)  # fmt: skip


def text_of(head: bytes) -> str:
    """The beginning of a file as text, whatever its encoding; never fails."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")


def read_head(path: Path) -> bytes:
    """The first 64 KiB, or nothing for a folder; ModelError 'not-found' or 'unreadable'."""
    if not path.exists():
        raise ModelError("not-found", f"'{path}' does not exist: check the name and the folder.")
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError as error:
        raise ModelError("unreadable", f"'{path}' cannot be read ({error.strerror}): check its permissions.") from error


def refuse(path: Path, head: bytes) -> ModelError:
    """The one sentence for a file that no loader knows: what it seems to be and what to do."""
    name = path.name
    if path.is_dir():
        return ModelError(
            "unknown-format", f"'{name}' is a folder without an IMDF manifest.json: name the model files in it."
        )
    if not head.strip():
        return ModelError("empty", f"'{name}' is empty ({path.stat().st_size} bytes): copy or export it again.")
    if not head.strip(b"\0"):
        return ModelError("nul-bytes", f"'{name}' holds only zero bytes, as after a broken copy: copy it again.")
    code, what, action = _seems(head, path)
    return ModelError(code, f"'{name}' seems to be {what}, which is not a model format this product reads: {action}.")


def _seems(head: bytes, path: Path) -> tuple[str, str, str]:
    if head.startswith(b"PK"):
        return _seems_zip(path)
    for magic, code, what, action in _MAGIC:
        if head.startswith(magic):
            return code, what, action
    text = text_of(head)
    for pattern, code, what, action in _TEXTS:
        if re.search(pattern, text[:4096]):
            return code, what, action
    if b"\0" in head:
        return "unknown-format", "a binary file of an unknown kind", _EXPORT
    return "unknown-format", "text of an unknown kind", _EXPORT


def _seems_zip(path: Path) -> tuple[str, str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "truncated", "a zip archive that is cut off or damaged", "copy or download it again"
    if "[Content_Types].xml" in names:
        return "office", "an Office document", "give the model itself, not a report about it: " + _EXPORT
    if any(name.lower().endswith(".kml") for name in names):
        return "kml", "KML in a zip (KMZ)", "convert it to GeoJSON (ogr2ogr out.geojson in.kmz)"
    listed = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
    return "unknown-format", f"a zip archive of {listed or 'nothing'}", "unpack it and give the model files inside"


def mentions(path: Path, head: bytes, markers: Iterable[str]) -> bool:
    """Whether one of ``markers`` stands in the file: in its head or, if it begins like JSON, anywhere."""
    text = text_of(head)
    wanted = list(markers)
    if any(marker in text for marker in wanted):
        return True
    if len(head) < HEAD_BYTES or not text.lstrip().startswith(("{", "[", "\x1e")) or not path.is_file():
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return any(whole.find(marker.encode()) >= 0 for marker in wanted)


def is_json(head: bytes) -> bool:
    """Whether the file begins like JSON or a sequence of JSON texts."""
    return text_of(head).lstrip("\x1e \t\r\n\ufeff")[:1] in ("{", "[")


def read_text(path: Path, name: str = "") -> str:
    """A whole text file: UTF-8 with or without BOM, UTF-16 with BOM, else GB 18030; ModelError calls it ``name``."""
    name = name or path.name
    size = path.stat().st_size
    if size > JSON_BYTES:
        limit = JSON_BYTES // 1_000_000
        raise ModelError(
            "too-large", f"'{name}' has {size / 1e6:.0f} MB, over the limit of {limit} MB: split it by building."
        )
    return decode(path.read_bytes(), name)


def decode(raw: bytes, name: str) -> str:
    """Bytes as text, as in ``read_text``."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        at = raw.index(b"\0")
        raise ModelError(
            "nul-bytes", f"'{name}' has zero bytes from byte {at} on, as after a broken copy: copy it again."
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", errors="replace")


def parse_json(text: str, name: str) -> Any:
    """A JSON text; ModelError 'empty', 'truncated', 'nested-too-deep' or 'invalid-json' with line and column."""
    if not text.strip():
        raise ModelError("empty", f"'{name}' is empty: copy or export it again.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        rest = text[error.pos :].strip()
        if len(rest) == 0 or error.msg.startswith("Unterminated"):
            raise ModelError(
                "truncated",
                f"'{name}' breaks off at line {error.lineno}, as if it was cut in two: copy or export it again.",
            ) from error
        raise ModelError(
            "invalid-json",
            f"'{name}' is not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}): export it again.",
        ) from error
    except RecursionError as error:
        raise ModelError(
            "nested-too-deep",
            f"'{name}' nests brackets deeper than any model does: it is damaged or hostile; export it again.",
        ) from error
    except ValueError as error:
        raise ModelError(
            "invalid-json", f"'{name}' has a number that is too long to be one ({error}): export it again."
        ) from error


def read_json(path: Path) -> Any:
    """The JSON value of a file."""
    return parse_json(read_text(path), path.name)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, over the names and bytes of its files in order."""
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256()
    for member in sorted(item for item in path.rglob("*") if item.is_file()):
        digest.update(str(member.relative_to(path)).encode() + b"\0" + sha256(member).encode())
    return digest.hexdigest()
