"""The reference says what the program does: every key, column, command and option stands there."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from models3d import report
from models3d.cache import LIMIT_BYTES
from models3d.sandbox import MEMORY_MB, SECONDS
from server import arguments
from tests.conftest import ROOT
from tests.models3d.tiny import tiny
from twin import config, device_table, point_table, template, template_files
from twin.form_mistake import inner as inner_model
from twin.index import EntityKind
from twin.point import Kind
from twin.quantity import QUANTITIES
from twin.reading import OVERDUE, Quality, ValueOrigin
from twin.space import Origin

DOCS = ROOT / "docs"


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{above}{field.alias or name}"
        inner = inner_model(field.annotation)
        if inner is not None and inner is not config.SourceEntry:
            yield from keys(inner, f"{above}{name}.")


def test_every_key_of_the_campus_file_is_explained() -> None:
    text = reference("campus-folder.md")
    missing = [key for key in keys(config.CampusFile) if f"`{key}`" not in text and key != "campus"]
    assert missing == []


def test_every_column_and_quantity_of_the_points_table_is_explained() -> None:
    text = reference("campus-folder.md")
    words = (*point_table.REQUIRED, *point_table.OPTIONAL, *point_table.SUGGESTED, *template.KINDS, *QUANTITIES)
    assert [word for word in words if f"`{word}`" not in text] == []


def test_every_key_of_a_device_type_and_column_of_the_devices_table_is_explained() -> None:
    _, _, text = reference("campus-folder.md").partition("## templates/*.yaml")
    types, _, table = text.partition("## devices.csv")
    assert [word for word in (*template_files.TYPE_KEYS, *template.FIELDS) if f"`{word}`" not in types] == []
    columns = (*device_table.REQUIRED, *device_table.OPTIONAL)
    assert [word for word in columns if f"| `{word}`" not in table and f", `{word}`" not in table] == []
    assert [unit for unit in template._SECONDS if f"`{unit}`" not in types] == []


def test_the_device_types_of_the_pages_are_read(tmp_path: Path) -> None:
    pages = [DOCS / "reference" / "campus-folder.md", DOCS / "how-to" / "map-devices.md"]
    blocks = [b for page in pages for b in re.findall(r"```yaml\n(.+?)```", page.read_text("utf-8"), re.DOTALL)]
    written = [block for block in blocks if "address:" in block]
    for number, block in enumerate(written):
        (tmp_path / f"{number}.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    assert len(written) >= 2
    found = template_files.read_templates(tmp_path, "templates")
    assert [m for m in found.mistakes if m.code != "duplicate-type"] == []


def test_every_command_and_option_is_explained() -> None:
    text = reference("command-line.md")
    (commands,) = [a for a in arguments.parser()._actions if isinstance(a, argparse._SubParsersAction)]
    for name, parser in commands.choices.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name} "))
        for action in parser._actions:
            word = action.option_strings[-1] if action.option_strings else str(action.metavar)
            assert word == "--help" or word in row, (name, word)
    assert f"time ({SECONDS:.0f} s) and memory ({MEMORY_MB // 1024} GB)" in " ".join(text.split())
    assert LIMIT_BYTES > 0


def test_every_key_of_the_import_report_is_explained() -> None:
    text = reference("import-report.md")

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from walk(inner) if key != "data" else ()
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    words = set(re.findall(r"\w+", text))
    assert set(walk(report.file_entry(tiny()))) - words == set()


def test_links_between_pages_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page, target)


def test_the_glossary_has_the_words_of_the_code() -> None:
    """Words that people meet on screen and in answers: qualities, origins, levels of the tree, kinds of points."""
    text = reference("glossary.md")
    words = [quality.name.lower() for quality in Quality] + [*get_args(ValueOrigin), *get_args(Kind), *get_args(Origin)]
    assert [word for word in words if f"`{word}`" not in text] == []
    assert [level for level in get_args(EntityKind) if level not in text and level != "zone"] == []
    assert OVERDUE in text
