"""The pages on live values say what the code does: settings, parameters, codes, limits."""

from __future__ import annotations

import re
from pathlib import Path

from datasources.mqtt import Settings
from datasources.payload import Decoder
from server import live, streaming
from twin.ingest import CLOCK_SET
from twin.live import FUTURE_S

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_every_setting_of_mqtt_is_documented_with_its_default() -> None:
    text = (DOCS / "how-to" / "connect-mqtt.md").read_text(encoding="utf-8")
    rows = {
        name: row[1]
        for row in re.findall(r"^\| (`[^|]+`) \|([^|]*)\|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row[0])
    }
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if f"`{field.default}`".lower() != rows[name].strip().lower():
            assert field.is_required() or not field.default, f"{name}: the page says {rows[name]}"


def test_the_addresses_of_the_page_are_read_as_it_says() -> None:
    text = (DOCS / "how-to" / "connect-mqtt.md").read_text(encoding="utf-8")
    addresses = re.findall(r",meters,(\S+)$", text, re.MULTILINE)
    assert Decoder(addresses).topics == ["rooms/5036", "site/14/power"]


def test_the_limits_of_the_stream() -> None:
    text = (DOCS / "reference" / "live-stream.md").read_text(encoding="utf-8")
    assert f"each {live.FLUSH_S * 1000:.0f} ms" in text
    assert f"at most {1 / live.PHONE_S:.0f} frames a second instead of {1 / live.FLUSH_S:.0f}" in text
    assert f"every {live.HEARTBEAT_S:.0f} s" in text
    assert f"nothing for {live.STALL_S:.0f} s" in text
    assert f"more than {FUTURE_S:.0f} s ahead" in text
    assert CLOCK_SET == 946_684_800
    assert f"{streaming.CLOSE_NO_STREAM} no such channel" in text
    assert f"{streaming.CLOSE_TOO_MANY} too many" in text
    assert f"default `{streaming.DEFAULT_CHANNEL}`" in text
