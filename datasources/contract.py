"""What a source module is, and how it fails.

A module ``datasources/<type>.py`` has ``Settings`` (a pydantic model) and ``async def batches(settings, points)``, an
async generator of lists of raw readings, batched over 20 to 100 ms. An empty list says 'connected, nothing yet'. It
never retries, stores or draws: it raises one of the errors below, or OSError, and ``datasources.runner`` does the rest.

A source of many devices (SNMP, Modbus, a scrape of many exporters) has ``targets`` in its settings, polls each by
itself so that a dead one delays no other, and yields a ``TargetReport`` when one of them fails or comes back. It raises
only what stops the whole source. An address is then ``target#place in it``. A source of network devices may also yield
``Neighbours``: whom a target is wired to.

Settings are validated with what the program gives as context: ``folder``, the campus's own (the only one whose files a
source may name, see ``datasources.folder_file``), for a source of pushed readings ``inbox``, and for the simulator
``cache``, the folder for what takes long to work out again, and ``drills``, what trainers bring about.

A module may also have ``async def discover(settings, seconds)`` that listens or browses and returns what it ``Found``,
and, where the peer keeps a past, ``backfill`` (``datasources.backfill``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, Protocol, cast

from pydantic import BaseModel

from twin.point import Point
from twin.reading import RawReading


class SourceError(Exception):
    """The source cannot go on; the message says why, in words for an operator. The runner tries again."""


class MisconfiguredError(SourceError):
    """Trying again at once is useless until somebody changes something: refused password, missing secret."""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """How one target of a source is, in words for an operator; yielded only when that changes."""

    target: str
    state: Literal["live", "down", "misconfigured"]
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """One signal that ``discover`` saw: its address, an example, and whatever its protocol says of it.

    ``device`` groups the signals of one device; ``name`` is what people call the signal; ``unit`` and ``quantity`` only
    where the protocol tells them; ``interval_s`` [s] where several values were seen; ``note`` is for people (a
    description, what the numbers of a state mean). Of ``count`` numbers ``low`` is the least and ``high`` the greatest;
    ``rises``: they changed and never fell, ``falls``: they fell at least once.
    """

    address: str
    value: float | int | str | bool | None = None
    device: str = ""
    name: str = ""
    unit: str = ""
    quantity: str = ""
    kind: str = ""
    interval_s: float | None = None
    vendor: str = ""
    place: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    count: int = 0
    rises: bool = False
    falls: bool = False


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One line of a device's LLDP table: ``local_port`` of ``target`` is wired to ``remote_port`` of another system.

    ``remote_chassis`` identifies the other system where it has no name: a MAC address, mostly.
    """

    target: str
    local_port: str
    remote_name: str
    remote_port: str
    remote_port_description: str = ""
    remote_chassis: str = ""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """All that one target says of its neighbours, yielded each time that it was read. ``names`` are what others may
    call the target itself: its sysName, its chassis.
    """

    target: str
    names: tuple[str, ...]
    rows: tuple[Neighbour, ...]


Batches = AsyncIterator[list[RawReading] | TargetReport | Neighbours]


class SourceModule(Protocol):
    """The two names of a source module."""

    Settings: type[BaseModel]
    batches: Callable[[Any, Sequence[Point]], Batches]


Discover = Callable[[Any, float], Awaitable[list[Found]]]


def discover_of(module: SourceModule) -> Discover | None:
    """The module's ``discover``, if it has one."""
    return cast("Discover | None", getattr(module, "discover", None))


def source_types() -> dict[str, SourceModule]:
    """Every source module in this folder, by type.

    ``bacnet_client`` beside ``bacnet`` is a helper of that source, not imported before the source itself needs it: the
    libraries of some protocols take a second to load.
    """
    import datasources

    names = [entry.name for entry in pkgutil.iter_modules(datasources.__path__)]
    found = {}
    for name in names:
        if any(name.startswith(f"{other}_") for other in names):
            continue
        module = importlib.import_module(f"datasources.{name}")
        if is_source(module):
            found[name] = cast("SourceModule", module)
    return found


def is_source(module: ModuleType) -> bool:
    """Whether a module has what a source needs."""
    return hasattr(module, "Settings") and hasattr(module, "batches")


def settings_model(kind: str) -> type[BaseModel] | None:
    """The settings of a type of source; None when there is no such type."""
    module = source_types().get(kind)
    return module.Settings if module else None
