"""The rules of a campus folder that change while it is served: taken over, refused with the line, points that go."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from server.reload import Reloader
from server.runtime import build_runtime
from tests.datasources.pipeline import until
from tests.server.test_reload import Folder, state, told
from twin.reading import RawReading

BOTH = "{zh: 文, en: text}"
RULE = f"""rules:
  busy:
    of: {{quantity: power}}
    when: {{above: LIMIT}}
    texts: {BOTH}
    cause: {BOTH}
    consequence: {BOTH}
    action: {BOTH}
    owner: {BOTH}
    respond: 10min
    priority: low
"""


@pytest.mark.asyncio
async def test_rules_change_while_served(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "campus", 9)  # nobody listens there: values come by hand
    rules = folder.path / "alarms"
    rules.mkdir()

    def write(limit: object) -> None:
        (rules / "own.yaml").write_text(RULE.replace("LIMIT", str(limit)), "utf-8")

    write(2)
    runtime = build_runtime(folder.path, tmp_path / "cache")
    reloader: Reloader = runtime.background[0][1].__self__  # type: ignore[attr-defined]
    reloader._look_s = 0.1
    desk = runtime.alarms
    assert desk is not None

    def letters() -> dict[str, str]:
        return {id_: alarm.letter for id_, alarm in desk.book.alarms.items() if alarm.rule == "busy"}

    def say(*values: float) -> None:
        readings = zip(("site/main", "site/side"), values, strict=True)
        runtime.ingest.accept([RawReading(address, value, time.time()) for address, value in readings], "meters")

    await runtime.start()
    try:
        say(3.0, 9.0)
        await until(lambda: letters() == {"busy:main": "B", "busy:side": "B"})
        await told(runtime, lambda: write(5))
        await until(lambda: letters() == {"busy:main": "D", "busy:side": "B"})
        await told(runtime, lambda: write("much"))
        assert state(runtime) == "refused"
        assert runtime.configuration is not None
        assert [(m.file, m.line) for m in runtime.configuration.mistakes] == [("alarms/own.yaml", 4)]
        say(7.0, 9.0)
        await until(lambda: letters() == {"busy:main": "B", "busy:side": "B"})
        write(5)
        folder.rows = folder.rows[:1]
        await told(runtime, folder.write)
        await until(lambda: letters() == {"busy:main": "B"})
        await desk.durable()
        assert desk.journal is not None
        assert {step.reason for step in desk.journal.steps(alarm="busy:side", limit=2)[0]} == {"point-gone"}
    finally:
        await runtime.stop()
    assert (folder.path / "state" / "alarms.sqlite").stat().st_mode & 0o777 == 0o600
