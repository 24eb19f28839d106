"""The tokens of the tests, and a server with two sources that are pushed to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.push.pushing import OTHER, TOKEN, source
from tests.server.serving import Served, serve


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSH_TOKEN", TOKEN)
    monkeypatch.setenv("OTHER_TOKEN", OTHER)
    monkeypatch.setenv("SHORT_TOKEN", "short")


@pytest.fixture
def running(cache: Path) -> Iterator[Served]:
    with serve(cache, sources=[source(), source("other", "OTHER_TOKEN", requests_per_minute=60000)]) as served:
        yield served
