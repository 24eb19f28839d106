"""``hooks`` of campus.yaml: who may report alarms of other systems, and what their labels mean here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from twin.alarms.alarm import PRIORITIES
from twin.alarms.rule_form import Priority, Seconds, Words
from twin.mistake import Mistake, nearest
from twin.secret import SecretRef
from twin.yaml_tree import YamlTree

HookType = Literal["alertmanager", "grafana", "librenms"]
LABEL = re.compile(r"\{([^{}]*)\}")
"""A label in a pattern."""

OURS = frozenset({"notify"})
"""Names under which the product itself reports alarms."""
SEVERITIES: Mapping[str, int] = {
    "critical": 1, "emergency": 1, "disaster": 1, "page": 1, "error": 2, "high": 2, "major": 2, "warning": 3,
    "medium": 3, "average": 3, "minor": 4, "info": 4, "low": 4, "notice": 4, "ok": 4, "none": 4,
}  # fmt: skip
"""What such systems commonly call a severity -> priority."""


def _secret(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("a secret does not stand in this file: write {env: NAME} or {file: PATH} and keep it there")
    return value


def _pattern(text: str) -> str:
    if "{" in LABEL.sub("", text) or "}" in LABEL.sub("", text) or "{}" in text:
        raise ValueError(f"the braces in '{text}' do not name labels: write them as in '{{building}}/{{room}}'")
    return text


def _severity(value: object) -> object:
    if not isinstance(value, dict):
        return value
    for name, priority in value.items():
        if priority not in PRIORITIES:
            raise ValueError(f"'{name}: {priority}' is no priority; {nearest(str(priority), PRIORITIES)}")
    return {str(name).casefold(): PRIORITIES.index(priority) + 1 for name, priority in value.items()}


Secret = Annotated[SecretRef, BeforeValidator(_secret)]
Pattern = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_pattern)]
Patterns = Annotated[
    tuple[Pattern, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1, max_length=20),
]  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeverityEntry(_Strict):
    """The label that says how urgent an alarm is, what its values mean, and the priority of all others."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    label: Annotated[str, Field(min_length=1, max_length=200, alias="from")] = "severity"
    values: Annotated[dict[str, int], BeforeValidator(_severity)] = Field(default_factory=dict)
    default: Priority = 3

    def of(self, labels: Mapping[str, str]) -> int:
        """The priority of an alarm with these labels: 1 critical to 4 low."""
        word = labels.get(self.label, "").casefold()
        return self.values.get(word) or SEVERITIES.get(word) or self.default


class TextEntry(_Strict):
    """What operators read, in both languages: of each the first pattern all of whose labels are there."""

    zh: Patterns
    en: Patterns


TEXT = TextEntry(
    zh=("{summary_zh}", "{summary}", "{title}", "{description}", "{message}", "{alertname}"),
    en=("{summary}", "{title}", "{description}", "{message}", "{alertname}"),
)
ACTION = TextEntry(zh=("{action_zh}", "{action}", "{description}"), en=("{action}", "{description}"))


class HookEntry(_Strict):
    """One system that reports alarms. ``place`` and ``nodes`` are patterns of its labels, ``names`` maps what stands
    there to ids of ours; ``without`` (label -> patterns) is not taken."""

    type: HookType
    token: Secret
    place: Patterns = ("{place}", "{building}/{floor}/{room}", "{building}-{room}", "{room}", "{building}")
    nodes: Patterns = ("{node}", "{instance}", "{hostname}", "{sysName}")
    names: dict[str, str] = Field(default_factory=dict)
    priority: SeverityEntry = Field(default_factory=SeverityEntry)
    text: TextEntry = TEXT
    cause: TextEntry | None = None
    consequence: TextEntry | None = None
    action: TextEntry = ACTION
    owner: TextEntry | None = None
    respond: Seconds = 1800.0
    without: dict[str, Words] = Field(default_factory=dict)
    requests_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 600


def hook_mistakes(hooks: Mapping[str, Any], rules: Mapping[str, Any], tree: YamlTree, file: str) -> Iterator[Mistake]:
    """Names of hooks that a rule has: the ids of their alarms could not be told apart."""
    for name in hooks:
        if name in rules or name in OURS:
            line, column = tree.position(("hooks", name))
            message = f"'hooks.{name}': a rule of the alarms has this name: give the hook another one"
            yield Mistake(file, message, "hook-name", line, column, f"hooks.{name}")
