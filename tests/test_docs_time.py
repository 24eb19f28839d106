"""The pages on the time machine say what the code does: calls, limits, events, keys of the address."""

from __future__ import annotations

import re
from pathlib import Path

from server import frames
from server.schemas_history import HistoryOut

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "reference" / "time-machine.md").read_text(encoding="utf-8")


def test_every_call_and_limit_is_there() -> None:
    for call in ("/api/v1/frames", "/api/v1/frames/links", "/api/v1/history"):
        assert f"`GET {call}?" in TEXT
    assert f"older than {frames.SETTLED_S:.0f} s" in TEXT.replace("\n", " ")
    assert frames.AT_ONCE == 2
    assert f"{frames.MOST_WAITING} requests may wait" in TEXT
    assert [name for name in HistoryOut.model_fields if f"`{name}`" not in TEXT and f"{name}=" not in TEXT] == []


def test_every_event_between_page_and_view_is_there() -> None:
    machine = (ROOT / "viewer" / "src" / "past" / "machine.ts").read_text(encoding="utf-8")
    events = set(re.findall(r"'(campus:[\w-]+)'", machine))
    assert {"campus:time", "campus:drawn"} <= events
    assert [event for event in events if f"`{event}`" not in TEXT] == []
    kept = re.search(r"KEPT_BYTES = (\d+) \* 1024 \* 1024", machine)
    assert kept is not None
    assert f"last {kept[1]} MB" in TEXT


def test_keys_of_the_address_and_of_the_browser_are_there() -> None:
    view = (ROOT / "assets" / "view.js").read_text(encoding="utf-8")
    for key in ("at", "vs", "cmp"):
        assert f"{key}: " in view
        assert f"| `{key}` |" in TEXT
    keep = (ROOT / "assets" / "time-keep.js").read_text(encoding="utf-8")
    assert "campus-twin.bookmarks.v1." in keep
    assert "campus-twin.bookmarks.v1." in TEXT
