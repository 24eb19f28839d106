"""The pages about alarms: their examples are read without a mistake, and every key, call and figure is explained."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import yaml

from datasources.simulator import Settings
from datasources.simulator_mishaps import KINDS as MISHAPS
from server.schemas_alarms import EventWord
from server.schemas_alarms_figures import AlarmFiguresOut
from tests.conftest import ROOT
from twin.alarms.alarm import PRIORITIES
from twin.alarms.rule_file import SECTIONS, read_rules
from twin.alarms.rule_form import KINDS, SOURCE_STATES, During, Of, RuleForm, WindowForm
from twin.alarms.state import LETTERS
from twin.alarms.words import PLACEHOLDERS

REFERENCE = (ROOT / "docs/reference/alarms.md").read_text("utf-8")
WORK = (ROOT / "docs/how-to/work-with-alarms.md").read_text("utf-8")
SIMULATOR = (ROOT / "docs/reference/simulator.md").read_text("utf-8")
HOW_TO = (ROOT / "docs/how-to/write-alarm-rules.md").read_text("utf-8")


def test_the_examples_are_read_as_they_stand(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.+?)```", HOW_TO, re.DOTALL)
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    rules, mistakes = read_rules(tmp_path, "alarms")
    assert mistakes == []
    assert rules.rules["room-air"].condition.high == 1500.0
    assert "counter-silent" not in rules.rules
    assert {"cold-store-warm"} <= set(rules.rules)
    assert list(rules.windows) == ["pumps"]


def test_the_fault_that_makes_an_alarm_is_read_as_it_stands() -> None:
    (block,) = re.findall(r"```yaml\n(.+?)```", WORK, re.DOTALL)
    source = yaml.safe_load(block)["sources"]["plant"]
    assert source.pop("type") == "simulator"
    (fault,) = Settings.model_validate(source).faults
    assert (fault.kind, fault.points) == ("zero", "14/05/SW1/uplink.link_state")
    used = set(re.findall(r"`([A-Z])`", WORK))
    assert used <= {"A", "S", "Z"}
    assert f"{sum(kind.share for kind in MISHAPS.values()):.2f}" == "1.00"
    shares = re.findall(r"^\| (\d+) % \|", SIMULATOR, re.MULTILINE)
    assert [int(share) for share in shares] == [round(100 * kind.share) for kind in MISHAPS.values()]


def test_every_key_is_explained() -> None:
    forms = [name for form in (RuleForm, Of, During) for name in form.model_fields]
    windows = ["from" if name == "start" else name for name in WindowForm.model_fields]
    words = [*SECTIONS, *forms, *windows, *SOURCE_STATES, *PRIORITIES, *(f"{{{name}}}" for name in PLACEHOLDERS)]
    assert [word for word in words if f"`{word}`" not in REFERENCE and f"`{word}:" not in REFERENCE] == []
    assert [kind for kind in KINDS if f"`{kind}: " not in REFERENCE] == []
    assert [letter for letter in LETTERS if f"| {letter} | " not in REFERENCE] == []


def test_every_figure_that_has_an_aim_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", REFERENCE.partition("## Figures")[2]))
    assert named <= set(AlarmFiguresOut.model_fields)
    assert {"per_day", "flood_share", "stale", "chattering", "worst", "priorities", "ack_median_s"} <= named
    assert "out-of-service" in str(EventWord)
