"""What the properties of a map feature mean: OpenStreetMap's tags, and the column names that campuses use instead.

Keys are compared in lower case, ``_`` like ``:``. Values are text as people type it: '9 m', "30'", '3;4', '１２层'.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

Tags = dict[str, str]

LEVELS: Final = (
    "building:levels", "building:levels:aboveground", "levels", "num:floors", "numfloors", "floors", "floor:count",
    "floorcount",
    "nfloors", "no:floors", "storeys", "stories", "storeysaboveground", "storeys:above:ground", "above:ground:levels",
    "building:l",
    "层数", "楼层", "楼层数", "地上层数", "总层数",
)  # fmt: skip
UNDERGROUND: Final = (
    "building:levels:underground",
    "levels:underground",
    "storeysbelowground",
    "basements",
    "地下层数",
)
HEIGHT: Final = (
    "height", "building:height", "hieght", "measuredheight", "measured:height", "render:height", "bldg:height",
    "height:m",
    "est:height", "建筑高度", "高度", "楼高",
)  # fmt: skip
MIN_LEVEL: Final = ("min:level", "building:min:level")
MIN_HEIGHT: Final = ("min:height", "building:min:height", "render:min:height")
ROOF_HEIGHT: Final = ("roof:height", "building:roof:height")
CODE: Final = (
    "ref",
    "loc:ref",
    "building:ref",
    "code",
    "building:code",
    "bldg:code",
    "building:number",
    "bldg:no",
    "建筑编号",
    "楼号",
    "编号",
)
NAME: Final = ("name", "building:name", "bldg:name", "建筑名称", "名称", "楼名")
OTHER_NAMES: Final = ("nickname", "alt:name", "old:name", "official:name", "short:name", "loc:name", "int:name")
USE: Final = (
    "building",
    "building:use",
    "amenity",
    "office",
    "leisure",
    "shop",
    "tourism",
    "use",
    "usage",
    "function",
    "type",
    "用途",
)

_FEET: Final = 0.3048
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_NO: Final = frozenset({"no", "false", "0", "none", ""})

USES: Final[dict[str, str]] = {
    "university": "teaching", "college": "teaching", "school": "teaching", "kindergarten": "teaching",
    "academic": "teaching",
    "academic_building": "teaching", "classroom": "teaching", "教学楼": "teaching", "教学": "teaching",
    "library": "library", "图书馆": "library",
    "laboratory": "laboratory", "lab": "laboratory", "research": "laboratory", "research_institute": "laboratory",
    "实验楼": "laboratory",
    "dormitory": "dormitory", "residential": "residential", "apartments": "residential", "house": "residential",
    "detached": "residential", "hotel": "residential", "hostel": "residential", "宿舍": "dormitory",
    "公寓": "residential",
    "office": "office", "administrative": "administration", "government": "administration", "办公": "office",
    "办公楼": "office",
    "行政": "administration",
    "sports_hall": "sports", "sports_centre": "sports", "stadium": "sports", "gymnasium": "sports", "体育馆": "sports",
    "canteen": "dining", "restaurant": "dining", "cafe": "dining", "fast_food": "dining", "food_court": "dining",
    "食堂": "dining",
    "餐厅": "dining",
    "hospital": "medical", "clinic": "medical", "health_clinic": "medical", "doctors": "medical", "医院": "medical",
    "retail": "retail", "shop": "retail", "supermarket": "retail", "commercial": "retail", "商业": "retail",
    "garage": "parking", "garages": "parking", "parking": "parking", "carport": "parking", "车库": "parking",
    "shed": "storage", "storage": "storage", "warehouse": "storage", "仓库": "storage",
    "service": "plant", "transformer_tower": "plant", "substation": "plant", "plant": "plant", "utility": "plant",
    "配电": "plant",
    "industrial": "workshop", "workshop": "workshop", "theatre": "lecture-hall", "auditorium": "lecture-hall",
    "arts_centre": "exhibition",
    "museum": "exhibition", "chapel": "worship", "church": "worship", "place_of_worship": "worship",
    "礼堂": "lecture-hall",
}  # fmt: skip
"""What a building is used for, in one word: the building's ``category``."""

_GROUND: Final[tuple[tuple[str, frozenset[str], str], ...]] = (
    ("natural", frozenset({"water", "wetland", "bay"}), "water"),
    ("natural", frozenset({"tree"}), "tree"),
    ("natural", frozenset({"tree_row"}), "tree-row"),
    ("natural", frozenset({"wood", "grassland", "scrub", "heath"}), "green"),
    ("landuse", frozenset({"reservoir", "basin"}), "water"),
    ("landuse", frozenset({"grass", "forest", "meadow", "village_green", "orchard", "flowerbed", "recreation_ground",
     "greenfield"}), "green"),
    ("leisure", frozenset({"pitch", "track", "stadium", "sports_centre", "golf_course"}), "sport"),
    ("leisure", frozenset({"park", "garden", "common", "nature_reserve", "dog_park", "playground"}), "green"),
    ("leisure", frozenset({"swimming_pool"}), "water"),
    ("amenity", frozenset({"parking", "bicycle_parking", "motorcycle_parking"}), "parking"),
    ("place", frozenset({"square"}), "plaza"),
    ("barrier", frozenset({"wall", "fence", "hedge", "retaining_wall", "city_wall"}), "wall"),
    ("man:made", frozenset({"pier", "bridge"}), "path"),
)  # fmt: skip
_PATHS: Final = frozenset(
    {"footway", "path", "pedestrian", "steps", "cycleway", "track", "bridleway", "corridor", "living_street"}
)
_WIDTHS: Final[dict[str, float]] = {
    "motorway": 14.0, "trunk": 12.0, "primary": 11.0, "secondary": 9.0, "tertiary": 8.0, "unclassified": 6.0,
    "residential": 6.0,
    "service": 4.5, "living_street": 5.0, "pedestrian": 5.0, "footway": 2.5, "path": 2.0, "cycleway": 2.5, "steps": 3.0,
    "track": 3.0,
    "river": 20.0, "canal": 10.0, "stream": 2.5, "ditch": 1.0, "drain": 1.0,
}  # fmt: skip
"""Widths where the file gives none [m]."""


def tags_of(properties: Any) -> Tags:
    """Properties (a mapping, else none) as tags: nested ``tags`` and ``other_tags`` unfolded, keys in one form."""
    found: Tags = {}
    for key, value in properties.items() if isinstance(properties, Mapping) else ():
        if key == "tags" and isinstance(value, Mapping):
            found.update(tags_of(value))
        elif key == "other_tags" and isinstance(value, str):
            found.update(tags_of(_hstore(value)))
        elif (text := _text(value)) is not None:
            found[_key(key)] = text
    return found


def first(tags: Tags, keys: tuple[str, ...]) -> str:
    """The value of the first of ``keys`` that is there, or ''."""
    return next((tags[key] for key in keys if tags.get(key)), "")


def number(text: str) -> float | None:
    """The number in a text ('9 m' -> 9, '3,5' -> 3.5, '3;4' -> 4, '2-3' -> 3, '12层' -> 12), or None."""
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"(?<=\d)\s*[-\u2013~\u81f3]\s*(?=\d)", ";", plain)
    values = [float(match.replace(",", ".")) for match in _NUMBER.findall(plain)]
    values = [value for value in values if math.isfinite(value)]
    return max(values) if values else None


def metres(text: str) -> float | None:
    """A length in metres: metres unless the text says feet ("30'", '30 ft', "12'6\\"") or centimetres."""
    plain = unicodedata.normalize("NFKC", text).lower()
    feet = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:'|ft|feet|foot)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in))?\s*", plain)
    if feet:
        return (float(feet[1]) + float(feet[2] or 0.0) / 12.0) * _FEET
    value = number(plain)
    if value is None:
        return None
    return value / 100.0 if re.search(r"\bcm\b", plain) else value


def names(tags: Tags) -> dict[str, str]:
    """Language -> name: ``name:zh`` and the like as they are; a bare ``name`` is Chinese if it is written so."""
    found: dict[str, str] = {}
    for key, value in tags.items():
        match = re.fullmatch(r"name:([a-z]{2,3}(?:[-:][a-z]+)?)", key)
        if match:
            found[match[1].replace(":", "-")] = value
    script = found.get("zh-hans") or found.get("zh-hant")
    if script:
        found.setdefault("zh", script)
    bare = first(tags, NAME)
    if bare and bare not in found.values():
        found["zh" if _is_chinese(bare) and "zh" not in found else ""] = bare
    return found


def use(tags: Tags) -> str:
    """The building's category from its use, or 'other'."""
    for key in USE:
        word = tags.get(key, "").lower().split(";")[0].strip()
        if word and (found := USES.get(word.replace(" ", "_"))):
            return found
    for word, category in USES.items():
        if not word.isascii() and any(word in value for value in tags.values()):
            return category
    return "other"


def is_building(tags: Tags) -> bool:
    """Whether the tags say so: building=..., or a number of levels or a height and no ground use."""
    if "building" in tags:
        return tags["building"].lower() not in _NO
    return bool(first(tags, LEVELS) or first(tags, HEIGHT)) and ground_kind(tags) is None and not is_part(tags)


def is_part(tags: Tags) -> bool:
    """Whether this is a piece of a building with levels of its own."""
    return tags.get("building:part", "no").lower() not in _NO


def ground_kind(tags: Tags) -> str | None:
    """The kind of ground (see ``Feature``), or None."""
    highway = tags.get("highway")
    if highway and highway not in (
        "proposed",
        "construction",
        "crossing",
        "traffic_signals",
        "bus_stop",
        "street_lamp",
    ):
        if highway == "pedestrian" and tags.get("area") == "yes":
            return "plaza"
        return "path" if highway in _PATHS else "road"
    if tags.get("waterway"):
        return "water"
    for key, values, kind in _GROUND:
        if tags.get(key) in values:
            return kind
    return "land" if "landuse" in tags else None


def width(tags: Tags, kind: str) -> float:
    """The width of a line feature [m]: as tagged, else what its class is usually built."""
    tagged = metres(tags.get("width", ""))
    if tagged is not None and 0.2 <= tagged <= 200.0:
        return tagged
    lanes = number(tags.get("lanes", ""))
    if lanes is not None and 1 <= lanes <= 16:
        return lanes * 3.25
    word = tags.get("highway") or tags.get("waterway") or ""
    return _WIDTHS.get(word, {"road": 6.0, "path": 2.5, "water": 3.0, "tree-row": 6.0, "wall": 0.4}.get(kind, 2.0))


def _key(key: str) -> str:
    return str(key).strip().lower().replace("_", ":")


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)[:1000] if value else None
    text = str(value).strip()
    return text[:1000] if text and text.lower() not in ("nan", "none", "null", "<na>", "nat") else None


def _hstore(text: str) -> dict[str, str]:
    """GDAL keeps rarer tags as '"key"=>"value","key"=>"value"'."""
    pairs = re.findall(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"', text)
    return {key: value.replace('\\"', '"') for key, value in pairs}


def _is_chinese(text: str) -> bool:
    han = any("\u4e00" <= character <= "\u9fff" for character in text)
    other = any("\u3040" <= character <= "\u30ff" or "\uac00" <= character <= "\ud7af" for character in text)
    return han and not other
