"""Ids that are unique across all files of a campus: a file's own codes stay unless another file has them already."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from models3d.codes import Codes
from models3d.model import Finding, Model
from twin.space import Building, Equipment, Site, Space, Storey, Zone

Rename = Callable[[str], str]

_NO_NAME = frozenset({"", "default", "default site", "site", "gelaende", "gelände", "grundstück", "terrain", "surface"})
"""What programs call the one site of a file that nobody named."""

_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> list[tuple[int, int, str]]:
    """A sort key by which ``2`` comes before ``10`` and ``A-2`` before ``A-10``."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in _DIGITS.split(text) if part]


def _site_name(site: Site) -> str:
    return (next(filter(None, site.names.values()), "") or site.id).strip().casefold()


def real_sites(models: Sequence[Model]) -> set[str]:
    """The folded names of sites that are parts of the campus: files with several sites, or one that files share.

    IFC puts every building on a site of its own; a level of the tree in which each branch has one leaf, or in which
    there is one branch, tells nothing.
    """
    several = {_site_name(site) for model in models if len(model.sites) > 1 for site in model.sites}
    single = Counter(_site_name(model.sites[0]) for model in models if len(model.sites) == 1)
    shared = {name for name, n in single.items() if 1 < n < len(models) and name not in _NO_NAME}
    return several | shared


class Identities:
    """Hands out ids to one file after the other. ``reserved`` ids (the campus's) are never given.

    ``sites`` are the names of the sites that stay; one of several files becomes one.
    """

    def __init__(self, *reserved: str, sites: Collection[str] = ()) -> None:
        self._sites: dict[str, str] = {}
        self._real_sites = frozenset(sites)
        self._buildings = Codes()
        self._taken: set[str] = set()
        for entity in reserved:
            self._buildings.take(entity)
            self._taken.add(entity)

    def assign(self, model: Model, building: str | None) -> tuple[list[Finding], dict[str, str]]:
        """Give the model's entities their final ids, in place: what had to change, and the final id of each own id.

        ``building`` is the code that the campus file gives to the only building of this file.
        """
        renamed: dict[str, str] = {}
        shell_parts: dict[str, str] = {}
        findings: list[Finding] = []
        if building is not None and len(model.buildings) != 1:
            message = (
                f"campus.yaml names one building '{building}', but '{model.path}' holds {len(model.buildings)}: "
                "their own codes are kept; remove 'building:' or split the file"
            )
            findings.append(Finding("building-ambiguous", message, model.path, data={"n": len(model.buildings)}))
            building = None
        for item in model.buildings:
            old = item.id
            wanted = building or old
            item.id, changed = self._buildings.take(wanted)
            while item.id in self._taken:  # an earlier file's zone or equipment is called so
                item.id, changed = self._buildings.take(wanted)
            self._taken.add(item.id)
            if changed:
                message = (
                    f"the code '{wanted}' is taken already: the building in '{model.path}' is now '{item.id}'; "
                    "give it a code with 'building:' in campus.yaml"
                )
                findings.append(Finding("duplicate-code", message, wanted, entity=item.id, data={"id": item.id}))
            shell_parts[old] = item.id
            self._below(item, old, renamed, shell_parts)
        for own, final in shell_parts.items():
            renamed.setdefault(own, final)
        self._others(model, renamed)
        _follow(model, renamed, shell_parts)
        return findings, renamed

    def _below(self, building: Building, old: str, renamed: dict[str, str], shell_parts: dict[str, str]) -> None:
        """New ids for the storeys and spaces of a building whose id was ``old``.

        One file may call a storey and a space of two buildings the same: references mean the space, those of shells
        the storey.
        """
        for storey in building.storeys:
            items: list[Storey | Space] = [storey, *storey.spaces]
            for item in items:
                before = item.id
                below = before.removeprefix(f"{old}/") if before.startswith(f"{old}/") else before
                item.id = self._free(f"{building.id}/{below}")
                (renamed if isinstance(item, Space) else shell_parts)[before] = item.id

    def _others(self, model: Model, renamed: dict[str, str]) -> None:
        sites: dict[str, str] = {}
        kept = []
        for site in model.sites:
            name, own = _site_name(site), site.id
            if name not in self._real_sites or (len(model.sites) == 1 and name in _NO_NAME):
                sites[own] = ""
            elif name in self._sites and len(model.sites) == 1:
                sites[own] = self._sites[name]
            else:
                sites[own] = site.id = self._free(own)
                self._sites.setdefault(name, site.id)
                kept.append(site)
        model.sites = kept
        for building in model.buildings:
            building.site = sites.get(building.site, "")
        others: list[Zone | Equipment] = [*model.zones, *model.equipment]
        for item in others:
            before = item.id
            item.id = self._free(before)
            renamed.setdefault(before, item.id)

    def _free(self, wanted: str) -> str:
        free, n = wanted, 1
        while free in self._taken:
            n += 1
            free = f"{wanted}~{n}"
        self._taken.add(free)
        return free


def _follow(model: Model, renamed: dict[str, str], shell_parts: dict[str, str]) -> None:
    """Every reference of the model follows its renamed entity."""

    def new(entity: str) -> str:
        return renamed.get(entity, entity)

    for zone in model.zones:
        zone.spaces = tuple(new(entity) for entity in zone.spaces)
    for item in model.equipment:
        item.space = new(item.space)
        item.feeds, item.meters, item.parts = (
            tuple(new(entity) for entity in entities) for entities in (item.feeds, item.meters, item.parts)
        )
    for point in model.points:
        point.space, point.equipment = new(point.space), new(point.equipment)
    for shell in model.shells:
        shell.building = shell_parts.get(shell.building, shell.building)
        shell.storey = shell_parts.get(shell.storey, shell.storey)
    model.findings = [replace(f, entity=new(f.entity)) if f.entity else f for f in model.findings]
