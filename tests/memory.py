"""A folder in memory, where there is one: how long a busy disk takes to sync is no business of most tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A new folder in memory until the block ends; ``otherwise`` where the system has none."""
    if not os.access(MEMORY, os.W_OK):
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="campus-test-", dir=MEMORY) as name:
        yield Path(name)
