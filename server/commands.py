"""The command ``check``: here, because the settings of sources and the models of buildings meet on this level only."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datasources.contract import settings_model
from models3d.cache import ModelCache, default_folder
from models3d.check import check_folder
from models3d.versions import Versions


def check(folder: Path, *, as_json: bool) -> int:
    """Print everything that is wrong with a campus folder; 0 clean, 1 warnings, 2 errors."""
    cache = default_folder()
    versions = Versions.of_campus(folder, cache, read_only=True)
    found = check_folder(folder, ModelCache(cache).load, settings_model, versions)
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(found.as_text())
    return found.exit_code
