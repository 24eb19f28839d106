"""The table of model formats: what a file is, by its content, and the loader that reads it.

A new format is a module that ends in a ``FORMAT`` record and one entry in ``FORMATS``. The order is the order of
asking: exact signatures first, formats that are told by words in a text last.
"""

from __future__ import annotations

import importlib
import logging
import time
from pathlib import Path
from typing import Final

from models3d import brick, cityjson, files, geojson, geopackage, hbjson, imdf, mesh, step_sniff
from models3d.memory import own_peak_mb
from models3d.model import Finding, Format, Model, ModelError, Options

log = logging.getLogger(__name__)


def _load_ifc(path: Path, options: Options) -> Model:
    """IFC is read by a module that takes half a second to import: only when there is one to read."""
    loaded: Format = importlib.import_module("models3d.ifc").FORMAT
    return loaded.load(path, options)


IFC: Final = Format("ifc", "IFC 2x3, 4, 4x3 (.ifc, .ifczip)", (".ifc", ".ifczip", ".zip"), step_sniff.is_ifc, _load_ifc)

FORMATS: Final[tuple[Format, ...]] = (
    IFC,
    imdf.FORMAT,
    geopackage.FORMAT,
    hbjson.FORMAT,
    cityjson.FORMAT,
    geojson.FORMAT,
    mesh.FORMAT,
    brick.FORMAT,
)


def sniff(path: Path) -> Format:
    """The format of the file or folder by its content; ModelError says what the file seems to be instead."""
    head = files.read_head(path)
    for row in FORMATS:
        if row.sniff(head, path):
            return row
    raise files.refuse(path, head)


def load(path: Path, options: Options | None = None) -> Model:
    """Everything the file says, by whichever loader knows it; ModelError with one sentence if none can read it."""
    row = sniff(path)
    started = time.perf_counter()
    try:
        model = row.load(path, options or Options())
    except ModelError:
        raise
    except MemoryError as error:
        raise ModelError(
            "too-large", f"'{path.name}' needs more memory than this process may take: split it."
        ) from error
    except RecursionError as error:
        raise ModelError(
            "nested-too-deep", f"'{path.name}' nests deeper than any model does: export it again."
        ) from error
    except OSError as error:
        raise ModelError(
            "unreadable", f"'{path.name}' cannot be read ({error}): check the file and try again."
        ) from error
    except Exception as error:
        log.exception("reading %s as %s", path, row.key)
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelError(
            "unreadable",
            f"'{path.name}' looks like {row.title}, but its content breaks the format ({what}): export it again.",
        ) from error
    _extension(path, row, model)
    model.sha256 = model.sha256 or files.sha256(path)
    model.seconds = model.seconds or time.perf_counter() - started
    model.peak_mb = model.peak_mb or own_peak_mb()
    return model


def _extension(path: Path, row: Format, model: Model) -> None:
    """A name that says another format than the content does is worth a warning: people pick files by name."""
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in row.suffixes:
        return
    message = f"'{path.name}' is {row.title} by its content; its name should end in {' or '.join(row.suffixes)}."
    model.findings.append(Finding("wrong-extension", message, path.name, data={"suffix": suffix, "format": row.key}))
