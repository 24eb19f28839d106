"""The 3D/2D view of the campus as one Dash component: ``viewer.CampusView``.

The browser's side is built by ``node viewer/build.mjs`` into ``viewer/dist`` (``DIST``): ``campus_view.js``, a classic
script that defines the component at once, and the engine, a module with its content's hash in its name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from viewer.component import CampusView

__all__ = ["BUILD_ID", "DIST", "CampusView", "is_built"]

__version__ = "0.1.0"

DIST = Path(__file__).resolve().parent / "dist"
SHIM = "campus_view.js"


def _manifest() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"build": 0, "files": []}
    return found


_built = _manifest()

BUILD_ID: int = int(_built["build"])
"""First 32 bits of the hash over the viewer's sources; 0 when it is not built. Live frames carry it."""


def is_built() -> bool:
    """Whether ``viewer/dist`` holds a build; without one a page cannot show the view."""
    return BUILD_ID != 0


def _scripts() -> list[dict[str, Any]]:
    """What Dash serves: the script at once, engine, worker and their parts when the script asks for them."""
    files: list[str] = _built["files"]
    return [
        {"relative_package_path": f"dist/{name}", "namespace": "viewer", **({} if name == SHIM else {"dynamic": True})}
        for name in files
    ]


_js_dist = _scripts()
_css_dist: list[dict[str, Any]] = []
