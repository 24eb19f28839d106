"""Which browser prints: the one that is configured, then one on PATH, then one that Playwright has installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

VARIABLE = "CAMPUS_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PLAYWRIGHT = (
    "chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-linux*/headless_shell",
    "chromium_headless_shell-*/chrome-headless-shell-linux*/chrome-headless-shell",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)  # fmt: skip


class NoBrowserError(Exception):
    """There is none; the message says what to do."""


def find_browser(configured: str = "") -> str:
    """The program that prints. ``configured`` (``reports.chromium``) wins over the variable ``CAMPUS_CHROMIUM``; both
    must be there if they are named. NoBrowserError where there is none."""
    for told, where in ((configured, "reports.chromium"), (os.environ.get(VARIABLE, ""), VARIABLE)):
        if told:
            found = shutil.which(told)
            if found is None:
                raise NoBrowserError(
                    f"{where} names '{told}', which is no program that can be run: correct it, or leave it out to use "
                    "a Chromium on PATH. Reports as HTML need no browser"
                )
            return found
    found = next((path for name in NAMES if (path := shutil.which(name))), None) or _playwright()
    if found is None:
        raise NoBrowserError(
            f"a PDF is printed by Chromium, and there is none on PATH: install it (apt-get install chromium), or name "
            f"it with reports.chromium in campus.yaml or {VARIABLE}. Reports as HTML need no browser, and any browser "
            "prints them"
        )
    return found


def _playwright() -> str | None:
    """The newest Chromium that Playwright keeps."""
    base = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in _PLAYWRIGHT:
        found = [path for path in sorted(base.glob(pattern)) if os.access(path, os.X_OK)]
        if found:
            return str(found[-1])
    return None
