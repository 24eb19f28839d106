"""Which tests of ``twin/`` run without tracing: what plays weeks or ends processes takes three times as long with it,
and others go the same ways."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONG = (
    "history/test_crash.py", "history/test_ends.py", "history/test_full_disk.py", "occupancy/test_real.py",
    "quality/test_holiday.py", "quality/test_real.py", "quality/test_simulated.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; scripts/test has a lane for each kind."""
    files = {HERE / name for name in LONG}
    assert all(file.is_file() for file in files)
    for item in items:
        if item.path in files:
            item.add_marker(pytest.mark.long)
