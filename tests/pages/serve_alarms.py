"""The product with alarms at will, for browser tests: ``python -m tests.pages.serve_alarms PORT CACHE``.

The small demo campus with its simulator. ``POST /test/rules`` {"above": ppm or null} judges the air of its rooms,
``POST /test/raise`` [{"key", "priority", "active", "place", "text"}] says what another system tells. Only tests have
these addresses.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Request

from pages.application import create_app
from server.app import UVICORN, create_server
from server.runtime import build_runtime
from twin.alarms.alarm import External
from twin.alarms.rule import AlarmRules, Condition, Rule, Selector

SPACES = 1500
WORDS = {"zh": "{what}二氧化碳高于 {limit} {unit}", "en": "CO₂ in {what} is above {limit} {unit}"}


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def air(above: float) -> AlarmRules:
    """One rule over the air of rooms, without any delay."""
    rule = Rule(
        "air", Selector(("co2",)), Condition("outside", high=above), WORDS,
        _both("新风机停机", "The ventilation has stopped"),
        _both("头痛", "People get headaches"), _both("开窗，查看新风机", "Open windows, look at the fan"),
        _both("物业暖通", "Building services"), 600.0, priority=2,
        runbook=_both("先到现场，再看机组", "First go there, then look at the unit"),
    )  # fmt: skip
    return AlarmRules({"air": rule})


def main() -> None:
    """Serve until terminated."""
    port, cache = int(sys.argv[1]), Path(sys.argv[2])
    runtime = build_runtime(None, cache, spaces=SPACES)
    desk = runtime.alarms
    assert desk is not None
    server = create_server(runtime)

    @server.post("/test/rules")
    async def rules(given: dict[str, float | None]) -> dict[str, int]:
        above = given["above"]
        await desk.follow(AlarmRules() if above is None else air(above))
        desk._work.set()
        return {"alarms": len(desk.book.alarms)}

    @server.post("/test/raise")
    async def raised(request: Request) -> dict[str, int]:
        given: list[dict[str, Any]] = await request.json()
        rows = [
            External(row["key"], row.get("active", True), row.get("priority", 3),
                     _both(row.get("text", row["key"]), row.get("text", row["key"])), row.get("place", ""))
            for row in given
        ]  # fmt: skip
        return {"steps": len(desk.take_external(rows, "test"))}

    create_app(server, runtime)
    uvicorn.run(server, host="127.0.0.1", port=port, **UVICORN)


if __name__ == "__main__":
    main()
