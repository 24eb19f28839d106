"""What a source module is, and how it fails.

A module ``datasources/<type>.py`` has ``Settings`` (a pydantic model) and ``async def batches(settings, points)``, an
async generator of lists of raw readings, batched over 50 to 100 ms. An empty list says 'connected, nothing yet'. It
never retries, stores or draws: it raises one of the errors below, or OSError, and ``datasources.runner`` does the rest.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable, Sequence
from types import ModuleType
from typing import Any, Protocol, cast

from pydantic import BaseModel

from twin.point import Point
from twin.reading import RawReading


class SourceError(Exception):
    """The source cannot go on; the message says why, in words for an operator. The runner tries again."""


class MisconfiguredError(SourceError):
    """Trying again at once is useless until somebody changes something: refused password, missing secret."""


class SourceModule(Protocol):
    """The two names of a source module."""

    Settings: type[BaseModel]
    batches: Callable[[Any, Sequence[Point]], AsyncIterator[list[RawReading]]]


def source_types() -> dict[str, SourceModule]:
    """Every source module in this folder, by type."""
    import datasources

    found = {}
    for entry in pkgutil.iter_modules(datasources.__path__):
        module = importlib.import_module(f"datasources.{entry.name}")
        if is_source(module):
            found[entry.name] = cast("SourceModule", module)
    return found


def is_source(module: ModuleType) -> bool:
    """Whether a module has what a source needs."""
    return hasattr(module, "Settings") and hasattr(module, "batches")


def settings_model(kind: str) -> type[BaseModel] | None:
    """The settings of a type of source; None when there is no such type."""
    module = source_types().get(kind)
    return module.Settings if module else None
