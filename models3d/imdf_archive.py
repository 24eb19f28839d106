"""An IMDF archive (zip or folder) as lists of features; hostile archives are refused before they unfold."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from models3d import files
from models3d.model import Finding, ModelError

TYPES: Final = (
    "venue", "building", "footprint", "level", "unit", "section", "opening", "fixture", "kiosk", "amenity", "anchor",
    "occupant",
)  # fmt: skip
"""The feature types that are read; address, detail, geofence and relationship say nothing that is shown."""

MOST_BYTES: Final = 600_000_000
MOST_MEMBERS: Final = 5_000
MOST_RATIO: Final = 250


@dataclass(slots=True)
class Item:
    """One feature: id, properties, geometry (degrees, later metres) or None."""

    id: str
    properties: dict[str, Any]
    geometry: BaseGeometry | None

    def text(self, key: str) -> str:
        """A property as text, or ''."""
        value = self.properties.get(key)
        return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

    def names(self, key: str = "name") -> dict[str, str]:
        """A label (language -> text; IMDF demands an object, some write a string)."""
        value = self.properties.get(key)
        if isinstance(value, str) and value.strip():
            return {"": value.strip()}
        if not isinstance(value, dict):
            return {}
        return {
            str(lang).lower(): text.strip() for lang, text in value.items() if isinstance(text, str) and text.strip()
        }

    def ids(self, key: str) -> list[str]:
        """A list of feature ids."""
        value = self.properties.get(key)
        return [str(item) for item in value if item] if isinstance(value, list) else []


@dataclass(slots=True)
class Archive:
    """The manifest and the features by type."""

    manifest: dict[str, Any] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Item]:
        """All features of a type, in the order of the file."""
        return self.items.get(kind, [])


def is_imdf(head: bytes, path: Path) -> bool:
    """A zip or folder with manifest.json beside one of venue, level, unit .geojson."""
    if path.is_dir():
        names = [item.name.lower() for item in path.iterdir()]
    elif head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = [PurePosixPath(name).name.lower() for name in archive.namelist()[:MOST_MEMBERS]]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return False
    else:
        return False
    return "manifest.json" in names and bool({"venue.geojson", "level.geojson", "unit.geojson"} & set(names))


def read(path: Path, findings: list[Finding]) -> Archive:
    """Every feature of the archive; ModelError for a hostile or damaged one."""
    texts = _folder(path) if path.is_dir() else _zip(path)
    found = Archive()
    manifest = files.parse_json(texts.get("manifest", "{}") or "{}", f"{path.name}/manifest.json")
    found.manifest = manifest if isinstance(manifest, dict) else {}
    for kind in TYPES:
        if kind in texts:
            found.items[kind] = _items(
                kind, files.parse_json(texts[kind], f"{path.name}/{kind}.geojson"), path, findings
            )
    return found


def _items(kind: str, value: Any, path: Path, findings: list[Finding]) -> list[Item]:
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list):
        raise ModelError(
            "invalid-imdf", f"'{path.name}' has a {kind}.geojson that is no FeatureCollection: export it again."
        )
    found: list[Item] = []
    broken = 0
    for index, feature in enumerate(features):
        if not isinstance(feature, dict):
            broken += 1
            continue
        properties = feature.get("properties")
        geometry = _geometry(feature.get("geometry"))
        if geometry is None and feature.get("geometry") is not None:
            broken += 1
        name = str(feature.get("id") or f"{kind}-{index + 1}")
        found.append(Item(name, properties if isinstance(properties, dict) else {}, geometry))
    if broken:
        text = f"{broken} features of {kind}.geojson have a geometry that cannot be used: their shapes are left out."
        findings.append(Finding("bad-feature", text, kind, data={"count": broken}))
    return found


def _geometry(value: Any) -> BaseGeometry | None:
    if value is None:
        return None
    try:
        with np.errstate(invalid="ignore"):  # coordinates that are not numbers are told apart below
            found: BaseGeometry = shapely.force_2d(shape(value))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ShapelyError, RecursionError):
        return None
    corners = shapely.get_coordinates(found)
    if not len(corners) or not np.isfinite(corners).all():
        return None
    return found if np.abs(corners[:, 0]).max() <= 180.0 and np.abs(corners[:, 1]).max() <= 90.0 else None


def _folder(path: Path) -> dict[str, str]:
    wanted = {f"{kind}.geojson": kind for kind in TYPES} | {"manifest.json": "manifest"}
    members = sorted(item for item in path.iterdir() if item.name.lower() in wanted and item.is_file())
    return {wanted[item.name.lower()]: files.read_text(item, f"{path.name}/{item.name}") for item in members}


def _zip(path: Path) -> dict[str, str]:
    wanted = {f"{kind}.geojson": kind for kind in TYPES} | {"manifest.json": "manifest"}
    found: dict[str, str] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _inspect(path, members)
            left = MOST_BYTES
            for member in sorted(members, key=lambda item: (item.filename.count("/"), item.filename)):
                kind = wanted.get(PurePosixPath(member.filename).name.lower())
                if kind is None or kind in found or "__MACOSX" in member.filename:
                    continue
                with archive.open(member) as stream:
                    raw = stream.read(left + 1)
                left -= len(raw)
                if left < 0:
                    raise _bomb(path)
                found[kind] = files.decode(raw, f"{path.name}/{member.filename}")
    except RuntimeError as error:
        raise ModelError("unsupported", f"'{path.name}' is locked with a password: export it without one.") from error
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise ModelError(
            "truncated", f"'{path.name}' is a zip archive that is cut off or damaged: copy or export it again."
        ) from error
    return found


def _inspect(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """The archive's own list of sizes is asked first; what it hides shows while reading."""
    size = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if len(members) > MOST_MEMBERS or size > MOST_BYTES or (size > 20_000_000 and size / packed > MOST_RATIO):
        raise _bomb(path)


def _bomb(path: Path) -> ModelError:
    return ModelError(
        "zip-bomb",
        f"'{path.name}' unfolds to far more than a map holds, as hostile archives do: export it again from its source.",
    )
