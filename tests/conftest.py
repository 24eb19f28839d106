"""Shared fixtures: sample files, optional peers, and how a test says what it needs."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# how long one example takes says nothing on a machine that runs other tests beside it
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in ("", "0")


def pytest_collection_finish() -> None:
    """Leave three thousand collected tests out of every later collection of garbage, as the product does its campus.

    Walking through them stopped whatever ran in the process for half a second.
    """
    gc.collect()
    gc.freeze()


def require(condition: object, reason: str) -> None:
    """Skip the test with ``reason`` unless ``condition`` holds; under REQUIRE_ALL=1 fail instead."""
    if condition:
        return
    if REQUIRE_ALL:
        pytest.fail(f"REQUIRE_ALL=1, and {reason}")
    pytest.skip(reason)


def find_program(*names: str) -> str | None:
    """The first of ``names`` on PATH or in the system's sbin folders."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real sample files that CAMPUS_SAMPLES names."""
    folder = Path(os.environ.get("CAMPUS_SAMPLES", ROOT / ".." / "shared" / "samples")).resolve()
    require(folder.is_dir(), f"there is no folder of sample files at {folder}: set CAMPUS_SAMPLES to one")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable: CHROMIUM, or chromium on PATH."""
    found = os.environ.get("CHROMIUM") or find_program("chromium", "chromium-browser", "google-chrome")
    require(found, "there is no Chromium: install it (apt-get install chromium fonts-noto-cjk) or set CHROMIUM")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def mosquitto() -> str:
    """The MQTT broker's executable."""
    found = find_program("mosquitto")
    require(found, "there is no mosquitto: install it (apt-get install mosquitto)")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def snmpd() -> str:
    """The SNMP agent's executable."""
    found = find_program("snmpd")
    require(found, "there is no snmpd: install it (apt-get install snmpd)")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def postgresql() -> Path:
    """The folder of PostgreSQL's server programs; Debian keeps them off PATH."""
    own = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[-3].zfill(3))
    found = find_program("postgres") or (str(own[-1]) if own else None)
    require(found, "there is no PostgreSQL server: install it (apt-get install postgresql)")
    assert found is not None
    return Path(found).resolve().parent
