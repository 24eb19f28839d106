"""The pages about webhooks and messages: their examples are read without a mistake, all is explained."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import get_args

import yaml

from tests.conftest import ROOT
from twin.config import read_campus_config
from twin.config_hooks import HookType
from twin.config_notify import PLACEHOLDERS, ChannelType
from twin.hooks.told import read
from twin.notify.spool import STATES

FOLDER = (ROOT / "docs/reference/campus-folder.md").read_text("utf-8")
ALARMS = (ROOT / "docs/reference/alarms.md").read_text("utf-8")


def blocks(name: str, kind: str) -> list[str]:
    text = (ROOT / "docs/how-to" / name).read_text("utf-8")
    return [textwrap.dedent(block) for block in re.findall(rf"```{kind}\n(.+?)```", text, re.DOTALL)]


def test_the_examples_are_read_as_they_stand(tmp_path: Path) -> None:
    (hooks, other), (notify,) = blocks("connect-alertmanager.md", "yaml"), blocks("send-notifications.md", "yaml")
    (tmp_path / "campus.yaml").write_text(f"campus: {{id: c}}\n{hooks}\n{notify}", "utf-8")
    config, mistakes = read_campus_config(tmp_path)
    assert mistakes == []
    assert config is not None
    assert config.file.hooks["noc"].priority.of({"severity": "page"}) == 1
    assert len(config.file.notify.routes) == 4
    assert config.file.notify.routes[2].wait == 900
    (receiver,) = yaml.safe_load(other)["receivers"]
    assert receiver["webhook_configs"][0]["url"].endswith("/api/v1/hooks/alertmanager")


def test_the_body_for_librenms_is_one(tmp_path: Path) -> None:
    (body,) = blocks("connect-alertmanager.md", "json")
    values = {"state": "1", "alert_id": "17"}
    told, _ = read("librenms", json.loads(re.sub(r"\{\{ \$(\w+) \}\}", lambda m: values.get(m[1], m[1]), body)))
    assert (told[0].key, told[0].active, told[0].labels["rule"]) == ("17", True, "name")


def test_every_word_is_explained() -> None:
    words = [*get_args(HookType), *get_args(ChannelType), *(f"{{{name}}}" for name in PLACEHOLDERS)]
    assert [word for word in words if f"`{word}`" not in FOLDER] == []
    assert [state for state in STATES if f"`{state}`" not in ALARMS] == []
