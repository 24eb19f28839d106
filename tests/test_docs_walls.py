"""The pages about walls: their examples are read without a mistake, and every key, state and call is explained."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import get_args

from server.schemas_walls import DisplayState, Do
from tests.conftest import ROOT
from twin.walls.wall_files import read_walls
from twin.walls.wall_form import BlockForm, CameraForm, SceneForm, ScreenForm, TakeoverForm, head_keys

REFERENCE = (ROOT / "docs/reference/walls.md").read_text("utf-8")
HOW_TO = (ROOT / "docs/how-to/hang-a-wall.md").read_text("utf-8")


def test_the_examples_are_read_as_they_stand(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.+?)```", HOW_TO, re.DOTALL)
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        (tmp_path / f"wall{number}.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    walls, mistakes = read_walls(tmp_path, "walls")
    assert mistakes == []
    assert walls["wall0"].scenes["people"].during.days == frozenset(range(1, 6))
    assert walls["wall1"].screens["right"].role == "incidents"


def test_every_key_state_and_call_is_explained() -> None:
    forms = [name for form in (ScreenForm, SceneForm, BlockForm, TakeoverForm) for name in form.model_fields]
    words = ["from" if name == "start" else name for name in (*head_keys(), *forms)]
    words += [*get_args(DisplayState), *get_args(Do)]
    assert [word for word in words if f"`{word}`" not in REFERENCE] == []
    assert [name for name in CameraForm.model_fields if name not in REFERENCE] == []
