"""Files spoilt at random: whatever stands in them, the answer is a model or one sentence, never another exception."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path

import pytest

from models3d.ifc import load
from models3d.model import Model, ModelError, Options
from tests.models3d.ifc_fixtures import IfcMaker, rectangle

JUNK = ("$", "*", "''", "()", "#1", "0.", "-1.E300", ".T.", "(1.,2.)", "(#1,#2)", "1.E400")
STRUCTURE = re.compile(r"IFC(SPACE|SITE|BUILDING|PROJECT|REL|ZONE|UNIT|SIUNIT|LOCALPL|AXIS|QUANT|ELEMENTQ|DIRECTION)")


@lru_cache
def whole(schema: str) -> str:
    """A small file with a little of everything."""
    maker = IfcMaker(schema, true_north=(0.0, 1.0))
    storey = maker.storey("1F", 0)
    rooms = [maker.space(storey, str(at), rectangle(5 * at, 0, 4, 4), area=16, volume=48.0) for at in range(3)]
    flat = maker.space(storey, "F", rectangle(0, 9, 8, 4))
    maker.space(flat, "1a", rectangle(0, 9, 4, 4))
    zone = maker.root("IfcZone", "Z")
    maker.root("IfcRelAssignsToGroup", None, RelatedObjects=rooms[:2], RelatingGroup=zone)
    maker.box_of_walls(storey, 10, 6)
    maker.element("IfcSlab", storey, rectangle(0, 0, 10, 6), 0.2)
    maker.element("IfcFlowTerminal", storey, rectangle(1, 1, 0.1, 0.1), 0.1)
    if maker.site is not None:
        maker.aggregate(maker.project, maker.site)
    return str(maker.file.to_string())


def spoil(line: str, draw: random.Random, lines: list[str]) -> str:
    """One line with a reference, an attribute or its whole content gone wrong."""
    how = draw.random()
    head, _, rest = line.partition("(")
    if how < 0.25:
        return ""
    if how < 0.6:
        parts = re.split(r",(?![^(]*\))", rest.removesuffix(");"))
        parts[draw.randrange(len(parts))] = draw.choice(JUNK)
        return f"{head}({','.join(parts)});"
    if how < 0.85:
        return re.sub(r"#\d+", lambda _: f"#{draw.randint(1, len(lines))}", rest, count=1).join((f"{head}(", ""))
    return line.partition("=")[0] + "=" + draw.choice(lines).partition("=")[2]


def read(path: Path, *, shells: bool) -> Model | str:
    """The model, or the sentence of its refusal."""
    try:
        return load(path, Options(shells=shells))
    except ModelError as error:
        return error.message


@pytest.mark.parametrize("seed", range(24))
def test_a_file_spoilt_at_random_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    text = whole(("IFC2X3", "IFC4", "IFC4X3_ADD2")[seed % 3])
    lines = text.split("\n")
    entities = [at for at, line in enumerate(lines) if line.startswith("#")]
    structure = [at for at in entities if STRUCTURE.search(lines[at])]
    for _ in range(draw.randint(1, 5)):
        at = draw.choice(structure if draw.random() < 0.7 else entities)
        lines[at] = spoil(lines[at], draw, [lines[other] for other in entities])
    path = tmp_path / "spoilt.ifc"
    path.write_text("\n".join(lines))
    answer = read(path, shells=seed % 2 == 0)
    if isinstance(answer, str):
        assert "'spoilt.ifc'" in answer
        return
    model = answer
    spaces = [space for building in model.buildings for storey in building.storeys for space in storey.spaces]
    assert len({space.id for space in spaces}) == len(spaces)
    assert all(space.polygon is None or space.polygon.is_valid for space in spaces)
