"""What the environment says: where things are kept, which names may be asked for."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``CAMPUS_CACHE``, or ``.cache`` beside the program."""
    return Path(os.environ.get("CAMPUS_CACHE") or Path(__file__).resolve().parent.parent / ".cache")


def allowed_hosts() -> tuple[str, ...]:
    """``CAMPUS_HOSTS``: names besides loopback under which a proxy on this machine asks, separated by commas."""
    return tuple(name.strip().lower() for name in os.environ.get("CAMPUS_HOSTS", "").split(",") if name.strip())
