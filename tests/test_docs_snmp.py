"""The SNMP reference names every profile and every object that a point may ask for."""

from __future__ import annotations

from datasources.snmp_mib import profiles
from tests.conftest import ROOT


def test_every_profile_and_object_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference" / "snmp.md").read_text(encoding="utf-8")
    assert profiles()
    for name, profile in profiles().items():
        assert f"| `{name}` |" in text
        assert [key for key in profile.objects if f"| `{key}` |" not in text] == [], name
