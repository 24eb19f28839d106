"""Writes the golden files that the Python and the TypeScript tests read: ``python -m tests.viewer.make_frames``.

``frames/*.bin`` are frames of the live stream (twin/frame.py); ``pack/`` is a tiny scene (models3d/tiles.py). What they
must be read as stands beside them as JSON.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box

from models3d.campus import Assembled
from models3d.tiles import write_scene
from twin.frame import (
    FLAG_SIMULATED,
    FLAG_STALE,
    NO_VALUE,
    Frame,
    FrameKind,
    Leaves,
    Totals,
    encode,
    no_leaves,
    no_totals,
)
from twin.space import Area, Building, Campus, Space, Storey

HERE = Path(__file__).parent


def frames() -> dict[str, Frame]:
    """One frame of each kind; odd lengths, so that the padding counts."""
    leaves = Leaves(
        np.array([7, 8, 11], np.uint32),
        np.array([0, 65534, NO_VALUE], np.uint16),
        np.array([0, FLAG_SIMULATED, 3], np.uint8),
    )
    totals = Totals(
        np.array([0, 1, 2, 3, 5], np.uint32),
        np.array([2116.5, 10.25, math.nan, 0.0, -3.5], np.float32),
        np.array([36, 1, 0, 2, 1], np.uint16),
        np.array([38, 1, 4, 2, 1], np.uint16),
        np.array([12, 0, 65535, 3, 1], np.uint16),
        np.array([0, FLAG_SIMULATED, 3, FLAG_STALE | 1, 0], np.uint8),
    )
    head = (1_776_222_247_123.0, 0.0, 120.0, 0xA1B2C3D4, 12)
    few = Leaves(np.array([9], np.uint32), np.array([32767], np.uint16), np.array([FLAG_STALE], np.uint8))
    return {
        "keyframe": Frame(FrameKind.KEYFRAME, 41, *head, leaves, totals),
        "delta": Frame(FrameKind.DELTA, 42, *head, few, no_totals()),
        "heartbeat": Frame(FrameKind.HEARTBEAT, 43, *head, no_leaves(), no_totals()),
        "event": Frame(FrameKind.EVENT, 4_294_967_295, *head, no_leaves(), no_totals(), '{"kind":"告警"}'.encode()),
    }


def _numbers(values: Any) -> list[float | None]:
    return [None if isinstance(v, float) and math.isnan(v) else v for v in values.tolist()]


def described(frame: Frame) -> dict[str, Any]:
    """A frame as JSON: NaN is null."""
    return {
        "kind": int(frame.kind), "seq": frame.seq, "timeMs": frame.time_ms, "low": frame.low, "high": frame.high,
        "build": frame.build, "slots": frame.slots,
        "leafSlot": _numbers(frame.leaves.slot), "leafValue": _numbers(frame.leaves.value),
        "leafFlags": _numbers(frame.leaves.flags), "totalSlot": _numbers(frame.totals.slot),
        "totalValue": _numbers(frame.totals.value), "have": _numbers(frame.totals.have),
        "of": _numbers(frame.totals.of), "age": _numbers(frame.totals.age_s),
        "totalFlags": _numbers(frame.totals.flags), "event": frame.event.decode(),
    }  # fmt: skip


def tiny_campus() -> Campus:
    """Two buildings, one turned by 30 degrees: an L, a room with a column, a room of two parts, a mezzanine."""
    ell = Polygon([(0, 0), (12, 0), (12, 4), (5, 4), (5, 9), (0, 9)])
    column = Polygon([(12, 0), (22, 0), (22, 9), (12, 9)], [[(16, 4), (16, 5), (17, 5), (17, 4)]])
    parts = MultiPolygon([box(22, 0, 26, 4), box(22, 5, 26, 9)])
    straight, turned = Building("a", {"zh": "甲楼", "en": "Block A"}), Building("b", {"en": "Block B"})
    shapes: tuple[Area, ...] = (ell, column, parts)
    for level in (-1, 0, 1):
        storey = Storey(f"a/{level}", {"en": f"Level {level}"}, level, level * 4.0, 4.0)
        for k, shape in enumerate(shapes):
            storey.spaces.append(
                Space(f"a/{level}/{k}", f"{level}0{k}", {"en": "Room"}, "office", shape, level * 4.0, 4.0)
            )
        straight.storeys.append(storey)
    straight.storeys[1].spaces[0].origin = "derived"
    straight.storeys[2].spaces[2].elevation_m, straight.storeys[2].spaces[2].height_m = 5.5, 2.0
    for level in (0, 1):
        storey = Storey(f"b/{level}", {"en": f"Level {level}"}, level, level * 3.5, 3.5)
        for k in range(4):
            shape = affinity.rotate(box(k * 6, 0, k * 6 + 6, 8), 30, origin=(0, 0))
            placed = affinity.translate(shape, 60, 20)
            assert isinstance(placed, Polygon)
            storey.spaces.append(Space(f"b/{level}/{k}", str(k), {}, "office", placed, level * 3.5, 3.0))
        turned.storeys.append(storey)
    turned.storeys[1].spaces.append(Space("b/1/none", "none", {}, "office", None, 3.5, 3.0))
    return Campus("tiny", {"zh": "小园区", "en": "Tiny"}, "Asia/Shanghai", 34.25, 108.65, buildings=[straight, turned])


def write(folder: Path) -> None:
    """Write every golden file below ``folder``."""
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    (folder / "pack").mkdir(exist_ok=True)
    for name, frame in frames().items():
        (folder / "frames" / f"{name}.bin").write_bytes(encode(frame))
    expected = {name: described(frame) for name, frame in frames().items()}
    (folder / "frames" / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n")
    campus = tiny_campus()
    with tempfile.TemporaryDirectory() as scratch:
        files = write_scene(Assembled(campus), Path(scratch))
        index = json.loads((Path(scratch) / Path(files.scene_url).name).read_text())
        pack = (Path(scratch) / Path(index["packs"][0]["url"]).name).read_bytes()
    (folder / "pack" / "rooms.bin").write_bytes(pack)
    (folder / "pack" / "scene.json").write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n")
    rooms = {
        space.id: {
            "area": None if space.polygon is None else round(space.polygon.area, 3),
            "bounds": None if space.polygon is None else [round(v, 2) for v in space.polygon.bounds],
            "floor": space.elevation_m,
            "height": space.height_m,
        }
        for building in campus.buildings
        for storey in building.storeys
        for space in storey.spaces
    }
    (folder / "pack" / "expected.json").write_text(json.dumps(rooms, indent=1) + "\n")


if __name__ == "__main__":
    write(HERE)
