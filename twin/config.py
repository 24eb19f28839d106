"""The campus folder's files as typed models; every mistake at once, with file, line, column and what to do.

``campus.yaml`` names everything (docs/reference/campus-folder.md). ``read_campus_config`` never raises: it returns what
could be read and the list of mistakes. ``load_campus_config`` raises ``ConfigError`` when any of them is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from twin.alarms.rule import AlarmRules
from twin.alarms.rule_file import default_rules, read_rules
from twin.config_accounts import AccountsEntry
from twin.config_history import HistoryEntry
from twin.config_hooks import HookEntry, hook_mistakes
from twin.config_kpis import Kpis
from twin.config_notify import NotifyEntry
from twin.config_reports import ReportsEntry
from twin.device_table import Device, read_devices
from twin.form_mistake import form_mistake
from twin.mistake import Mistake, nearest
from twin.point import Point
from twin.point_table import read_points
from twin.secret import literal_secrets
from twin.shifts import ShiftEntries
from twin.taken import Taken
from twin.template import Template
from twin.template_files import read_templates
from twin.timetable import Lesson, read_timetable
from twin.topology import TopologyFacts
from twin.topology_table import read_topology
from twin.tours.tour import Tour
from twin.tours.tour_files import campus_tours
from twin.walls.wall import Wall
from twin.walls.wall_files import read_walls
from twin.yaml_tree import Key, YamlTree, dotted, read_yaml

FILE = "campus.yaml"

SettingsModels = Callable[[str], type[BaseModel] | None]
"""Type of a source (``mqtt``) -> the pydantic model of its settings, or None for a type that does not exist."""


class ConfigError(Exception):
    """A campus folder with errors; ``mistakes`` are all of them, the message lists them line by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


def _timezone(name: str) -> str:
    if name not in (known := available_timezones()):
        raise ValueError(f"there is no time zone '{name}'; {nearest(name, known)}")
    return name


def _code(text: str) -> str:
    if not text.strip() or re.search(r"[/\s]", text):
        raise ValueError(f"'{text}' must be a code without blanks and slashes, as in 14 or A-2")
    return text


Code = Annotated[str, AfterValidator(_code)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Location(_Strict):
    """Where the campus stands [deg]; ``datum`` gcj02 marks coordinates taken from a Chinese map."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    datum: Literal["wgs84", "gcj02"] = "wgs84"


class Place(_Strict):
    """Where a model's origin stands in the campus frame [m]; the rotation [deg] is counter-clockwise."""

    x: Finite
    y: Finite
    z: Finite = 0.0
    rotation_deg: Finite = 0.0


class ModelEntry(_Strict):
    """One model file. ``building`` is the human code of the single building in it; ``place`` where that stands."""

    file: Annotated[str, Field(min_length=1)]
    building: Code | None = None
    names: dict[str, str] = Field(default_factory=dict)
    place: Place | None = None


class CampusEntry(_Strict):
    """The campus itself."""

    id: Code
    names: dict[str, str] = Field(default_factory=dict)
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    location: Location | None = None


class SourceEntry(BaseModel):
    """One data source: ``type`` names its module, the rest are the settings of that module."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Annotated[str, Field(min_length=1)]


class CampusFile(_Strict):
    """``campus.yaml`` as it is written."""

    campus: CampusEntry
    models: list[ModelEntry] = Field(default_factory=list)
    ground: str | None = None
    sources: dict[Code, SourceEntry] = Field(default_factory=dict)
    points: str | None = None
    templates: Annotated[str, Field(min_length=1)] = "templates"
    devices: str | None = None
    topology: str | None = None
    timetable: str | None = None
    alarms: Annotated[str, Field(min_length=1)] = "alarms"
    walls: Annotated[str, Field(min_length=1)] = "walls"
    tours: Annotated[str, Field(min_length=1)] = "tours"
    kpis: Kpis = Field(default_factory=Kpis)
    history: HistoryEntry = Field(default_factory=HistoryEntry)
    reports: ReportsEntry = Field(default_factory=ReportsEntry)
    accounts: AccountsEntry | None = None
    shifts: ShiftEntries | None = None
    hooks: dict[Code, HookEntry] = Field(default_factory=dict)
    notify: NotifyEntry = Field(default_factory=NotifyEntry)


@dataclass(slots=True)
class CampusConfig:
    """A campus folder that was read: its entries, and the settings of each source with YAML's own types."""

    folder: Path
    file: CampusFile
    source_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    templates: dict[str, Template] = field(default_factory=dict)
    warnings: list[Mistake] = field(default_factory=list)
    topology: TopologyFacts = field(default_factory=TopologyFacts)
    timetable: list[Lesson] = field(default_factory=list)
    alarms: AlarmRules = field(default_factory=default_rules)
    walls: dict[str, Wall] = field(default_factory=dict)
    tours: dict[str, Tour] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """The file of that name, relative to the folder."""
        return self.folder / name


def load_campus_config(folder: Path, settings_models: SettingsModels | None = None) -> CampusConfig:
    """The folder's configuration; ConfigError with every mistake if one of them is an error."""
    config, mistakes = read_campus_config(folder, settings_models)
    if config is None or any(m.severity == "error" for m in mistakes):
        raise ConfigError(mistakes)
    return config


def read_campus_config(
    folder: Path, settings_models: SettingsModels | None = None, instead: Mapping[str, Path] | None = None
) -> tuple[CampusConfig | None, list[Mistake]]:
    """What could be read of the folder (None when ``campus.yaml`` does not fit its form), and every mistake in it.

    ``settings_models`` lets the caller, who knows the source modules, check the sources' own settings too; they are
    validated with the folder as context. ``instead`` names files that are read in place of a table of that name:
    one that is to replace it, checked before it does.
    """
    instead = instead or {}
    path = folder / FILE
    if not path.is_file():
        what = "is no folder" if not folder.is_dir() else f"has no {FILE}"
        message = f"'{folder}' {what}: make a campus with 'python app.py new DIR FILE ...'"
        return None, [Mistake(FILE, message, "no-campus")]
    tree = read_yaml(path)
    mistakes = tree.mistakes
    data = tree.data if isinstance(tree.data, dict) else {}
    if not data and not mistakes:
        mistakes.append(Mistake(FILE, f"{FILE} has no keys: begin with 'campus:'", "empty", 1, 1))
        return None, mistakes
    if not data:
        return None, mistakes
    file = _validated(data, tree, mistakes)
    plain = _sources(folder, data, tree, settings_models, mistakes)
    _files(folder, data, tree, mistakes)
    taken = Taken()
    points = _points(folder, data, plain, mistakes, taken, instead)
    devices, templates = _devices(folder, data, tree, plain, mistakes, taken, instead)
    topology = _topology(folder, data, mistakes)
    timetable = _timetable(folder, data, mistakes)
    alarms = _alarms(folder, data, tree, mistakes)
    mistakes.extend(hook_mistakes(file.hooks if file is not None else {}, alarms.rules, tree, FILE))
    walls = _walls(folder, data, tree, mistakes)
    tours = campus_tours(folder, data, tree, FILE, mistakes)
    mistakes.sort(key=lambda m: (m.file != FILE, m.file, m.line, m.column))
    if file is None:
        return None, mistakes
    warnings = [m for m in mistakes if m.severity == "warning"]
    found = CampusConfig(
        folder, file, plain, points, devices, templates, warnings, topology, timetable, alarms, walls, tours
    )
    return found, mistakes


def _validated(data: Any, tree: YamlTree, mistakes: list[Mistake]) -> CampusFile | None:
    try:
        return CampusFile.model_validate(data)
    except ValidationError as error:
        mistakes.extend(form_mistake(detail, (), tree, CampusFile, FILE) for detail in error.errors())
        return None


def _sources(
    folder: Path, data: dict[str, Any], tree: YamlTree, settings_models: SettingsModels | None, mistakes: list[Mistake]
) -> dict[str, dict[str, Any]]:
    """The settings of each source, checked for written-out secrets and, where the caller knows how, by its model."""
    sources = data.get("sources")
    found: dict[str, dict[str, Any]] = {}
    for name, written in sources.items() if isinstance(sources, dict) else ():
        if not isinstance(written, dict):
            continue
        key: Key = ("sources", name)
        for place in literal_secrets(written, key):
            line, column = tree.position(place)
            message = f"'{dotted(place)}' holds a secret: write {{env: NAME}} or {{file: PATH}} and keep it there"
            mistakes.append(Mistake(FILE, message, "literal-secret", line, column, dotted(place)))
        settings = tree.plain(key)
        kind = str(settings.pop("type", ""))
        found[name] = settings
        if settings_models is not None and kind:
            model = settings_models(kind)
            mistakes.extend(_settings_mistakes(model, kind, key, settings, tree, folder))
    return found


def _settings_mistakes(
    model: type[BaseModel] | None, kind: str, key: Key, settings: Mapping[str, Any], tree: YamlTree, folder: Path
) -> Iterable[Mistake]:
    if model is None:
        line, column = tree.position((*key, "type"))
        message = f"there is no source type '{kind}': the types are the modules of datasources/"
        return [Mistake(FILE, message, "unknown-source", line, column, dotted((*key, "type")))]
    try:
        model.model_validate(settings, context={"folder": folder})
    except ValidationError as error:
        return [form_mistake(detail, key, tree, model, FILE) for detail in error.errors()]
    return []


def _files(folder: Path, data: dict[str, Any], tree: YamlTree, mistakes: list[Mistake]) -> None:
    """Every file that ``campus.yaml`` names is there."""
    named: list[tuple[Key, Any]] = [(("ground",), data.get("ground"))]
    models = data.get("models")
    for place, entry in enumerate(models if isinstance(models, list) else ()):
        if isinstance(entry, dict):
            named.append((("models", place, "file"), entry.get("file")))
    for key, name in named:
        if isinstance(name, str) and name and not (folder / name).exists():
            line, column = tree.position(key)
            there = [str(p.relative_to(folder)) for p in sorted((folder / name).parent.glob("*")) if p.is_file()]
            message = f"'{dotted(key)}': there is no file '{name}' in the campus folder; {nearest(name, there)}"
            mistakes.append(Mistake(FILE, message, "no-file", line, column, dotted(key)))


def _points(
    folder: Path, data: dict[str, Any], sources: Mapping[str, Any], mistakes: list[Mistake], taken: Taken,
    instead: Mapping[str, Path],
) -> list[Point]:  # fmt: skip
    name = data.get("points")
    if not isinstance(name, str) or not name:
        return []
    points, found = read_points(instead.get(name, folder / name), set(sources), name, taken)
    mistakes.extend(found)
    return points


def _devices(
    folder: Path, data: dict[str, Any], tree: YamlTree, sources: Mapping[str, Any], mistakes: list[Mistake],
    taken: Taken, instead: Mapping[str, Path],
) -> tuple[list[Device], dict[str, Template]]:  # fmt: skip
    """The devices of the table, expanded by the types of the folder of templates."""
    shown = data.get("templates", "templates")
    name = data.get("devices")
    if not isinstance(shown, str) or not isinstance(name, str | None):
        return [], {}
    if not (folder / shown).is_dir():
        if name or "templates" in data:
            line, column = tree.position(("templates",) if "templates" in data else ("devices",))
            message = f"there is no folder '{shown}' in the campus folder: the types of the devices are written there"
            mistakes.append(Mistake(FILE, message, "no-file", line, column, "templates"))
        return [], {}
    types = read_templates(folder / shown, shown)
    mistakes.extend(types.mistakes)
    if not name:
        if types.templates:
            message = f"{shown} has {len(types.templates)} types but campus.yaml names no 'devices': add devices.csv"
            mistakes.append(Mistake(FILE, message, "no-devices", 1, 1, "devices", "warning"))
        return [], types.templates
    found = read_devices(instead.get(name, folder / name), types, set(sources), name, taken)
    mistakes.extend(found.mistakes)
    return found.devices, types.templates


def _topology(folder: Path, data: dict[str, Any], mistakes: list[Mistake]) -> TopologyFacts:
    name = data.get("topology")
    if not isinstance(name, str) or not name:
        return TopologyFacts()
    facts, found = read_topology(folder / name, name)
    mistakes.extend(found)
    return facts


def _timetable(folder: Path, data: dict[str, Any], mistakes: list[Mistake]) -> list[Lesson]:
    name = data.get("timetable")
    if not isinstance(name, str) or not name:
        return []
    lessons, found = read_timetable(folder / name, name)
    mistakes.extend(found)
    return lessons


def _alarms(folder: Path, data: dict[str, Any], tree: YamlTree, mistakes: list[Mistake]) -> AlarmRules:
    """The rules of the folder over those that come with the product; without a folder those alone."""
    shown = data.get("alarms", "alarms")
    if not isinstance(shown, str):
        return default_rules()
    if not (folder / shown).is_dir():
        if "alarms" in data:
            line, column = tree.position(("alarms",))
            message = f"there is no folder '{shown}' in the campus folder: the rules of the alarms are written there"
            mistakes.append(Mistake(FILE, message, "no-file", line, column, "alarms"))
        return default_rules()
    rules, found = read_rules(folder / shown, shown)
    mistakes.extend(found)
    return rules


def _walls(folder: Path, data: dict[str, Any], tree: YamlTree, mistakes: list[Mistake]) -> dict[str, Wall]:
    """The walls of the folder; none where there is no such folder: those of the product then serve."""
    shown = data.get("walls", "walls")
    if not isinstance(shown, str):
        return {}
    if not (folder / shown).is_dir():
        if "walls" in data:
            line, column = tree.position(("walls",))
            message = f"there is no folder '{shown}' in the campus folder: the walls are written there"
            mistakes.append(Mistake(FILE, message, "no-file", line, column, "walls"))
        return {}
    walls, found = read_walls(folder / shown, shown)
    mistakes.extend(found)
    return walls
