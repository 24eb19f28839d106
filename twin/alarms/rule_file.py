"""``alarms/*.yaml``: the rules of a campus over those that come with the product; every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twin.alarms.rule import AlarmRules, Rule
from twin.alarms.rule_form import RuleForm, VacationForm, WindowForm, duration
from twin.form_mistake import form_mistake
from twin.mistake import Mistake, nearest
from twin.yaml_tree import Key, YamlTree, dotted, read_yaml

SECTIONS = ("rules", "windows", "vacations", "shelve_at_most", "keep_days")
OFF = ("off", "false", "no")
MAX_FILES = 200
MOST_SHELVE_S = 30 * 86_400.0
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")

Form = TypeVar("Form", bound=BaseModel)


@dataclass(slots=True)
class _Found:
    """What the files give: rules with how they were written, for others to change."""

    rules: dict[str, Rule] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarms: dict[str, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


@cache
def _defaults() -> tuple[dict[str, Rule], dict[str, dict[str, Any]]]:
    found = _Found()
    for entry in sorted(files("twin.alarms.defaults").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            with as_file(entry) as path:
                _Reader(path, entry.name, found).read()
    if found.mistakes:
        raise ValueError("\n".join(map(str, found.mistakes)))
    return found.rules, found.written


def default_rules() -> AlarmRules:
    """The rules that come with the product."""
    return AlarmRules(dict(_defaults()[0]))


def read_rules(folder: Path, shown: str) -> tuple[AlarmRules, list[Mistake]]:
    """The rules of all ``*.yaml`` files of a folder, which messages call ``shown``, over the product's own. Nothing is
    raised; a rule with a mistake is left out."""
    rules, written = _defaults()
    found = _Found(dict(rules), dict(written))
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if len(paths) > MAX_FILES:
        message = f"{shown} holds {len(paths)} files, more than {MAX_FILES}: write several rules into one file"
        found.mistakes.append(Mistake(shown, message, "too-many"))
    for path in paths[:MAX_FILES]:
        _Reader(path, f"{shown}/{path.name}", found).read()
    given = found.alarms
    alarms = AlarmRules(found.rules, given.get("windows", {}), given.get("vacations", {}))
    kept = {key: given[key] for key in ("max_shelve_s", "keep_days") if key in given}
    return AlarmRules(alarms.rules, alarms.windows, alarms.vacations, **kept), found.mistakes


class _Reader:
    """One file."""

    def __init__(self, path: Path, shown: str, found: _Found) -> None:
        self.shown, self.found = shown, found
        self.tree: YamlTree = read_yaml(path, shown)

    def wrong(self, key: Key, message: str, code: str) -> None:
        """Note a mistake at a key."""
        line, column = self.tree.position(key)
        self.found.mistakes.append(Mistake(self.shown, message, code, line, column, dotted(key)))

    def read(self) -> None:
        """Take everything of the file over."""
        self.found.mistakes.extend(self.tree.mistakes)
        data = self.tree.data
        if not isinstance(data, dict):
            if not self.tree.mistakes:
                self.wrong((), f"{self.shown} holds no alarms: begin with 'rules:'", "empty")
            return
        for key in data:
            if key not in SECTIONS:
                self.wrong((key,), f"'{key}' is not a known key; {nearest(key, SECTIONS)}", "config-extra-forbidden")
        for id_, written in self._section("rules"):
            self._rule(id_, written)
        windows = self.found.alarms.setdefault("windows", {})
        for id_, written in self._section("windows"):
            if (window := self._form(WindowForm, ("windows", id_), written)) is not None:
                windows[id_] = window.record(id_, self.tree.position(("windows", id_))[0])
        vacations = self.found.alarms.setdefault("vacations", {})
        for id_, written in self._section("vacations"):
            if (vacation := self._form(VacationForm, ("vacations", id_), written)) is not None:
                vacations[id_] = (vacation.start, vacation.to)
        self._bounds(data)

    def _bounds(self, data: Mapping[str, Any]) -> None:
        if "shelve_at_most" in data:
            try:
                seconds = duration(data["shelve_at_most"])
            except ValueError as error:
                self.wrong(("shelve_at_most",), str(error), "config-value-error")
                return
            if isinstance(seconds, float) and 60.0 <= seconds <= MOST_SHELVE_S:
                self.found.alarms["max_shelve_s"] = seconds
            else:
                self.wrong(("shelve_at_most",), "'shelve_at_most' lies between 1min and 30d", "config-value-error")
        if "keep_days" in data:
            text = str(data["keep_days"])
            if text.isdecimal() and 1 <= int(text) <= 36_600:
                self.found.alarms["keep_days"] = int(text)
            else:
                self.wrong(("keep_days",), "'keep_days' is a number of days, at least 1", "config-value-error")

    def _section(self, name: str) -> Iterator[tuple[str, Any]]:
        section = self.tree.data.get(name)
        if section is None:
            return
        if not isinstance(section, dict):
            self.wrong((name,), f"'{name}' must be a mapping of names to {name}", "config-type")
            return
        for id_, written in section.items():
            if _NAME.fullmatch(id_):
                yield id_, written
            else:
                message = f"'{id_}' is no name: small letters, digits, '.', '_' and '-', as in room-co2"
                self.wrong((name, id_), message, "bad-name")

    def _rule(self, id_: str, written: Any) -> None:
        found, key = self.found, ("rules", id_)
        if isinstance(written, str) and written.casefold() in OFF:
            if found.rules.pop(id_, None) is None:
                self.wrong(key, f"there is no rule '{id_}' to switch off; {nearest(id_, found.written)}", "no-rule")
            return
        if isinstance(written, dict) and id_ in found.written:
            written = {**found.written[id_], **written}
        form = self._form(RuleForm, key, written)
        if form is None:
            found.rules.pop(id_, None)
            return
        found.written[id_] = written
        found.rules[id_] = form.record(id_, self.shown, self.tree.position(key)[0])

    def _form(self, model: type[Form], key: Key, written: Any) -> Form | None:
        if not isinstance(written, dict):
            self.wrong(key, f"'{dotted(key)}' must be a mapping", "config-type")
            return None
        try:
            return model.model_validate(written)
        except ValidationError as error:
            self.found.mistakes += [
                form_mistake(detail, key, self.tree, model, self.shown) for detail in error.errors()
            ]
            return None
