"""The pages over a small campus in this process, and the product as a real process for the browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages._parts.context import Context
from pages._parts.text import Lang
from server.runtime import Runtime, runtime_of
from tests.pages.campus import small_campus


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The runtime of the small campus; no source runs, no point has spoken."""
    cache: Path = tmp_path_factory.mktemp("pages-cache")
    return runtime_of(small_campus(), [], cache)


@pytest.fixture(params=["zh", "en"])
def context(request: pytest.FixtureRequest, small: Runtime) -> Context:
    """A request in each language."""
    lang: Lang = request.param
    return Context(small, lang)
