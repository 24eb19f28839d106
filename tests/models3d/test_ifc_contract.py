"""IFC owes what every other format owes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models3d.contract import LoaderContract
from tests.models3d.ifc_fixtures import small_house


class TestIfc(LoaderContract):
    format_key = "ifc"
    suffix = ".ifc"
    broken = {  # noqa: RUF012
        "header-only": b"ISO-10303-21;\nHEADER;\n",
        "unknown-schema": b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('AP214'));\nENDSEC;\nDATA;\nENDSEC;\n"
        b"END-ISO-10303-21;\n",
        "zeros": b"ISO-10303-21;\nHEADER;\n" + b"\0" * 500,
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return small_house(tmp_path / "house.ifc", "IFC4", unit=1.0)
