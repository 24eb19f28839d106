"""Fixtures of the forecast's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twin.forecast import real


@pytest.fixture(scope="session")
def commercial(samples: Path) -> real.Commercial:
    return real.commercial(samples)
