"""The page on recording and replay says what the code does: settings, columns, faults and their options."""

from __future__ import annotations

import re
from pathlib import Path

from datasources.recording import SCHEMA
from datasources.replay import Settings
from datasources.replay_faults import KINDS, OPTIONS, StreamFault, read_faults
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "how-to" / "record-and-replay.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, list[str]]:
    part = TEXT[TEXT.index(f"| {heading} |") :].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()[2:]]
    return {name: row[1:] for row in rows for name in re.findall(r"`(\w+)`", row[0])}


def test_every_setting_stands_there_with_its_default() -> None:
    rows = table("setting")
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = rows[name][0].strip("`")
        assert default.lower() == str(field.default).lower() or not field.default or field.is_required(), name


def test_every_column_of_a_recording() -> None:
    assert set(table("column")) == set(SCHEMA.names)


def test_every_fault_and_option_with_its_default() -> None:
    rows = table("kind")
    assert set(rows) == set(KINDS)
    for option, kinds in OPTIONS.items():
        for kind in kinds:
            (default,) = re.findall(rf"`{option}` \(([^)]+)\)", rows[kind][1])
            given = StreamFault.model_fields[option].default
            assert given is None or float(default.replace("2^32", str(2**32))) == float(given)
    for name, row in rows.items():
        assert all(name in OPTIONS[option] for option in re.findall(r"`(\w+)` \(", row[1]))


def test_the_example_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(TEXT[TEXT.index("seed: 7") :].partition("```")[0])
    assert [fault.kind for fault in read_faults(path).faults] == ["silent", "sentinel", "late"]
