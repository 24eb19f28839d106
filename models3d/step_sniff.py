"""Whether a file is IFC in STEP form, plain or zipped, without importing a kernel."""

from __future__ import annotations

import zipfile
from pathlib import Path

from models3d import files


def is_ifc(head: bytes, path: Path) -> bool:
    """STEP's first line, perhaps after a BOM, blanks or comments; or a zip with an .ifc inside."""
    if head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.lower().endswith(".ifc") for name in archive.namelist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return path.suffix.lower() == ".ifczip"
    return "ISO-10303-21" in files.text_of(head)[:4096]
