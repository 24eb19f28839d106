"""What takes seconds to make is made once: the demo campus and the scene files, kept in the cache by content."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from models3d import tiles
from models3d.campus import Assembled
from models3d.tiles_files import SceneFile
from twin.timetable import Lesson

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
KEPT_DAYS = 7
MISHAPS_A_DAY = 8.0
"""So much goes wrong on the demo campus by itself."""


def demo(cache: Path, seed: int, spaces: int) -> tuple[Assembled, str]:
    """The demo campus and the name of its content: generated once, kept as a pickle named by the code that made it."""
    code = _code("models3d/demo*.py", "models3d/[cm]*.py", "twin/space.py", "twin/point.py", "twin/topology.py")
    key = f"demo-{seed}-{spaces}-{code}"
    path = cache / "demo" / f"{key}.pickle"
    assembled = _unpickle(path)
    if assembled is None:
        from models3d.demo import demo_campus

        log.info("generating the demo campus (%d spaces, once)", spaces)
        assembled = demo_campus(seed=seed, spaces=spaces)
        _pickle(path, assembled)
    return assembled, key


def demo_life(seed: int) -> dict[str, float]:
    """How the simulator of the demo campus is set."""
    return {"seed": seed, "mishaps": MISHAPS_A_DAY}


def demo_timetable(assembled: Assembled, seed: int, now: float) -> list[Lesson]:
    """The timetable of the demo campus's simulator: what is booked from a month before ``now`` to a year after it."""
    from datasources.simulator_timetable import lessons

    today = datetime.fromtimestamp(now, ZoneInfo(assembled.campus.timezone)).date()
    return lessons(assembled.points, seed, today - timedelta(days=30), today + timedelta(days=366))


def scene_of(assembled: Assembled, models: Path, key: str = "") -> tiles.SceneFiles:
    """The scene files of a campus in ``models``; written only when its content or the code that writes them changed."""
    key = key or hashlib.sha256(pickle.dumps(assembled)).hexdigest()[:32]
    index = models.parent / "scenes" / f"{key}-{_code('models3d/tiles*.py')}.json"
    found = _read_index(index)
    if found is not None:
        return found
    scene = tiles.write_scene(assembled, models)
    index.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(file), "path": str(file.path)} for file in scene.files]
    _write(index, json.dumps({"scene_url": scene.scene_url, "files": rows}).encode())
    return scene


def _read_index(index: Path) -> tiles.SceneFiles | None:
    """The files of an index that is whole: every file is there, with its gzip form."""
    try:
        data = json.loads(index.read_bytes())
        files = tuple(SceneFile(**{**row, "path": Path(row["path"])}) for row in data["files"])
        whole = all(f.path.stat().st_size == f.size and _gz(f.path).is_file() for f in files)
        return tiles.SceneFiles(str(data["scene_url"]), files) if whole else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _gz(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def _code(*patterns: str) -> str:
    """A hash over source files of ours."""
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _unpickle(path: Path) -> Assembled | None:
    if not path.is_file() or path.stat().st_uid != os.getuid():
        return None  # a pickle runs code: only our own is read
    try:
        found = pickle.loads(path.read_bytes())  # noqa: S301  # written by _pickle below, by this user
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError) as error:
        log.warning("the cached demo campus %s cannot be read (%s): generating it again", path, error)
        return None
    return found if isinstance(found, Assembled) else None


def _pickle(path: Path, assembled: Assembled) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in path.parent.glob("demo-*.pickle"):
        if old.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
            old.unlink(missing_ok=True)
    _write(path, pickle.dumps(assembled, protocol=pickle.HIGHEST_PROTOCOL))


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
