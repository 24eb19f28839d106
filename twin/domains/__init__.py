"""The domains of the campus: one declarative file each (energy.yaml ...), read into ``Channel`` and ``Kpi`` records.

A channel is what the twin can be coloured by: one quantity, the fixed limits of its ramp, and how it adds up the tree.
A KPI is a headline figure of a kind that ``twin.kpi`` knows. To add a domain, add a file; nothing else changes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType

from twin.domains.domain_file import read_domain
from twin.domains.records import Channel, Density, Domain, Kpi

__all__ = ["Channel", "Density", "Domain", "Kpi", "channels", "domains", "read_domain"]


@cache
def domains() -> MappingProxyType[str, Domain]:
    """Every domain file beside this module, by key, in the order of the files' names."""
    texts = sorted((entry.name, entry) for entry in files(__name__).iterdir() if entry.name.endswith(".yaml"))
    rows = [read_domain(entry.read_text(encoding="utf-8")) for _, entry in texts]
    return MappingProxyType({row.key: row for row in rows})


@cache
def channels() -> MappingProxyType[str, Channel]:
    """Every channel of every domain, by key."""
    return MappingProxyType({row.key: row for domain in domains().values() for row in domain.channels})
