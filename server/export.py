"""The command ``export``: the campus with its equipment and points in the words of other systems."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from models3d.brick_write import turtle
from models3d.cache import default_folder
from models3d.campus import Assembled, assemble
from models3d.haystack_write import grid
from models3d.model import ModelError
from twin.config import ConfigError

FORMATS = ("brick", "haystack")


def export(kind: Literal["brick", "haystack"], folder: Path | None, out: Path | None) -> int:
    """Write the campus in ``folder`` (or the demo campus) to ``out`` or the screen; 0 written, 2 refused."""
    try:
        built = _assembled(folder)
        text = turtle(built.campus, built.points) if kind == "brick" else _json(built)
        if out is not None:
            with out.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(text)
        else:
            sys.stdout.writelines(text)
    except (ConfigError, ModelError, OSError) as error:
        sys.stderr.write(f"export {kind}: {error}\n")
        return 2
    return 0


def _assembled(folder: Path | None) -> Assembled:
    if folder is not None:
        return assemble(folder, default_folder())
    from models3d.demo import demo_campus

    return demo_campus()


def _json(built: Assembled) -> Iterable[str]:
    yield from json.JSONEncoder(ensure_ascii=False, indent=0).iterencode(grid(built.campus, built.points))
    yield "\n"
