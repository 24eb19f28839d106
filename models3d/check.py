"""The check of a campus folder: its files' mistakes, its models' findings, its points' places, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models3d import report
from models3d.cache import Load
from models3d.campus import Assembled, assemble_config
from models3d.model import Finding
from models3d.versions import Versions
from twin.config import FILE, CampusConfig, SettingsModels, read_campus_config
from twin.hooks.mapping import unknown_names
from twin.index import SpaceIndex
from twin.mapping import CampusMapping, mapping_of
from twin.mistake import Mistake
from twin.places import Places
from twin.tours.tour_check import check_tours
from twin.walls.wall_files import unknown_places
from twin.yaml_tree import dotted, read_yaml

CLEAN, WARNINGS, ERRORS = 0, 1, 2
_SHOWN = 5
"""Findings of one code that the text names."""


@dataclass(slots=True)
class CheckReport:
    """Everything that is wrong with a campus folder. ``assembled`` is None where campus.yaml cannot be used."""

    folder: Path
    mistakes: list[Mistake]
    assembled: Assembled | None = None
    figures: dict[str, float] = field(default_factory=dict)
    mapping: CampusMapping | None = None

    @property
    def findings(self) -> list[Finding]:
        """The models' findings, most severe first, else in the order of the files."""
        found = self.assembled.findings if self.assembled is not None else []
        return sorted(found, key=lambda f: ("error", "warning", "info").index(f.severity))

    @property
    def exit_code(self) -> int:
        """0 clean, 1 warnings, 2 errors; remarks of severity info are clean."""
        severities = {m.severity for m in self.mistakes} | {f.severity for f in self.findings}
        return ERRORS if "error" in severities else WARNINGS if "warning" in severities else CLEAN

    def as_json(self) -> dict[str, Any]:
        """The report of ``check --json``: findings with entity and position [m] in the campus frame."""
        return {
            "folder": str(self.folder),
            "exit": self.exit_code,
            "mistakes": [mistake.as_dict() for mistake in self.mistakes],
            "files": self.assembled.reports if self.assembled is not None else [],
            "findings": [report.finding_entry(finding) for finding in self.findings],
            "figures": self.figures,
            "mapping": self.mapping.as_json() if self.mapping is not None else None,
        }

    def as_text(self) -> str:
        """The report for people."""
        lines = [str(mistake) for mistake in self.mistakes]
        counts = Counter((f.severity, f.code) for f in self.findings)
        seen: Counter[tuple[str, str]] = Counter()
        for finding in self.findings:
            kind = (finding.severity, finding.code)
            seen[kind] += 1
            if seen[kind] <= _SHOWN:
                where = f" [{finding.entity}]" if finding.entity else ""
                lines.append(f"{finding.severity}: {finding.code}: {finding.message}{where}")
            if seen[kind] == counts[kind] > _SHOWN:
                lines.append(f"{finding.severity}: {finding.code}: ... and {counts[kind] - _SHOWN} more")
        f = self.figures
        if self.assembled is not None:
            tree = f"{f['buildings']:,} buildings, {f['storeys']:,} storeys, {f['spaces']:,} spaces"
            points = f"{f['points']:,} points, {f['points_placed']:,} of them on a place of the models"
            lines.append(f"{tree}, {f['area_m2']:,.0f} m²; {points}")
        lines += self.mapping.as_text() if self.mapping is not None else []
        verdict = {CLEAN: "clean", WARNINGS: "works, with warnings", ERRORS: "has errors"}[self.exit_code]
        return "\n".join([*lines, f"{self.folder}: {verdict}"]) + "\n"


def check_folder(
    folder: Path, load: Load, settings_models: SettingsModels | None = None, versions: Versions | None = None,
    found: Path | None = None, instead: Mapping[str, Path] | None = None,
) -> CheckReport:  # fmt: skip
    """Check a campus folder; ``load`` reads the models, ``settings_models`` knows the settings of the sources.

    ``versions`` tells what each model changes against the version in use, ``found`` is a sheet that ``discover`` wrote,
    ``instead`` names files that are read in place of a table of that name.
    """
    config, mistakes = read_campus_config(folder, settings_models, instead)
    if config is None:
        return CheckReport(folder, mistakes)
    assembled = assemble_config(_readable(config, mistakes), load, versions)
    mapping = mapping_of(config, assembled.points, found)
    index = SpaceIndex(assembled.campus)
    walls = unknown_places(config.walls, index)
    tours = check_tours(config.tours, index, {point.id for point in assembled.points}, set(config.file.sources))
    mistakes = [*mistakes, *_hook_mistakes(config, assembled), *walls, *tours]
    return CheckReport(folder, [*mistakes, *mapping.mistakes], assembled, _figures(assembled), mapping)


def _hook_mistakes(config: CampusConfig, assembled: Assembled) -> list[Mistake]:
    """What the mapping of other systems' alarms names and the campus does not have."""
    hooks = config.file.hooks
    if not hooks:
        return []
    called, edges = Places(assembled.campus), assembled.topology.edges
    nodes = {node.id for node in assembled.topology.nodes} | {
        end for edge in edges for end in (edge.source, edge.target)
    }
    tree = read_yaml(config.path(FILE))
    return [
        Mistake(FILE, message, "hook-unknown", *tree.position(key), dotted(key), "warning")
        for key, message in unknown_names(hooks, lambda text: called.resolve(text).id, nodes)
    ]


def _readable(config: CampusConfig, mistakes: Sequence[Mistake]) -> CampusConfig:
    """The configuration without the files that are not there: those are mistakes already, once is enough."""
    missing = {mistake.key for mistake in mistakes if mistake.code == "no-file"}
    kept = [entry for n, entry in enumerate(config.file.models) if f"models[{n}].file" not in missing]
    update: dict[str, Any] = {"models": kept}
    if "ground" in missing:
        update["ground"] = None
    return replace(config, file=config.file.model_copy(update=update))


def _figures(assembled: Assembled) -> dict[str, float]:
    storeys = [storey for building in assembled.campus.buildings for storey in building.storeys]
    spaces = [space for storey in storeys for space in storey.spaces]
    orphaned = sum(finding.code == "orphaned-point" for finding in assembled.findings)
    lost = {f.element for f in assembled.findings if f.code == "unknown-entity" and f.data.get("column") == "entity"}
    orphaned += sum(point.entity in lost for point in assembled.points) if lost else 0
    return {
        "buildings": len(assembled.campus.buildings),
        "storeys": len(storeys),
        "spaces": len(spaces),
        "area_m2": round(sum(space.area_m2 or 0.0 for space in spaces), 1),
        "points": len(assembled.points),
        "points_placed": len(assembled.points) - orphaned,
    }
