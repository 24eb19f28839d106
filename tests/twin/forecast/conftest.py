"""Fixtures of the forecast's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twin.forecast import real


@pytest.fixture(scope="session")
def commercial(samples: Path) -> real.Commercial:
    return real.commercial(samples)


@pytest.fixture(scope="session")
def meters(samples: Path) -> dict[str, real.Meter]:
    """Every electricity meter of the samples."""
    return {name: real.read_meter(samples, name) for name in real.ELECTRICITY}
