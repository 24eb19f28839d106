"""The page on Sparkplug says what the code does: settings, addresses, words and times."""

from __future__ import annotations

import re

from datasources.sparkplug import BIRTH_WAIT_S, Settings
from datasources.sparkplug_node import ASK_AGAIN_S, OFFLINE, parse_address
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "how-to" / "connect-sparkplug.md").read_text(encoding="utf-8")


def test_every_setting_stands_there() -> None:
    table = TEXT[TEXT.index("| setting |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(Settings.model_fields)
    assert Settings.model_fields["rebirth"].default is True
    assert Settings.model_fields["port"].default == 1883


def test_the_addresses_words_and_times() -> None:
    (address,) = re.findall(r",plant,(\S+)$", TEXT, re.MULTILINE)
    assert parse_address(address) == ("plant/edge1", "meter7", "Power/Total")
    assert f"`{OFFLINE}`" in TEXT
    assert f"again after {ASK_AGAIN_S / 60:.0f} minutes" in TEXT
    assert f"say nothing for {BIRTH_WAIT_S:.0f} s" in TEXT
