"""The commands ``import``, ``check`` and ``new``: print, and answer with the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models3d import report
from models3d.cache import ModelCache, content_hash, default_folder
from models3d.model import Model, ModelError, Options
from models3d.sandbox import load_all

GOOD, WARNINGS, REFUSED = 0, 1, 2


def import_files(files: Sequence[Path], *, as_json: bool, out: Path | None) -> int:
    """Read model files and print what is in them; 0 when all were read, 2 when any was refused.

    Display geometry is read and kept too, so that serving the same files afterwards is quick. ``out`` gets the spaces
    of each file as GeoParquet tables.
    """
    entries: list[dict[str, Any]] = []
    for path, found in zip(files, load_all(files, Options(), ModelCache(default_folder()).load), strict=True):
        if isinstance(found, ModelError):
            entries.append(report.refused_entry(path, found, _hash(path)))
            continue
        entries.append(report.file_entry(found))
        if out is not None:
            _write(found, out)
    text = json.dumps({"files": entries}, ensure_ascii=False, indent=1) + "\n" if as_json else report.as_text(entries)
    sys.stdout.write(text)
    return GOOD if all(entry["ok"] for entry in entries) else REFUSED


def _hash(path: Path) -> str:
    try:
        return content_hash(path)
    except ModelError:
        return ""


def _write(model: Model, out: Path) -> None:
    from twin.space import Campus
    from twin.store import write_tables

    name = Path(model.path).stem
    campus = Campus(name, sites=model.sites, buildings=model.buildings, zones=model.zones, equipment=model.equipment)
    write_tables(campus, out / name)


def new(folder: Path, files: Sequence[Path]) -> int:
    """Make a campus folder; 0 made, 1 made without some refused files, 2 not made."""
    from models3d.new import NewError, new_campus

    try:
        made = new_campus(folder, files, ModelCache(default_folder()).load)
    except (NewError, OSError) as error:
        sys.stderr.write(f"app.py new: {error}\n")
        return REFUSED
    sys.stdout.write(report.as_text(made.assembled.reports))
    write = sys.stdout.write
    for path, refusal in made.refused:
        write(f"refused: {path}: {refusal.message}\n")
    for path, reason in made.left_out:
        write(f"left out: {path}: {reason}\n")
    write(f"\n{folder} is a campus of {len(made.assembled.campus.buildings)} buildings. Missing:\n")
    write("".join(f"  - {line}\n" for line in made.missing))
    write(f"Serve it:  python app.py serve --campus {folder}\nCheck it:  python app.py check {folder}\n")
    return WARNINGS if made.refused else GOOD
