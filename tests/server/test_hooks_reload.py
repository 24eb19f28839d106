"""Hooks, channels and routes of a campus folder that change while it is served."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.reload import Reloader
from server.runtime import build_runtime
from tests.datasources.pipeline import until
from tests.server.receivers import receiver
from tests.server.test_reload import Folder, state, told
from tests.twin.hooks.payloads import alert, alertmanager
from twin.hooks.told import read

HOOK = "hooks: {{{name}: {{type: alertmanager, token: {{env: A_TOKEN}}, place: '{{where}}'}}}}\n"
NOTIFY = "notify: {{channels: {{pager: {{type: webhook, url: '{url}'}}}}, routes: [{{to: pager, wait: 0}}]}}\n"


@pytest.mark.asyncio
async def test_hooks_and_routes_change_while_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "0123456789abcdef")
    folder = Folder(tmp_path / "campus", 9)
    plain = folder.more
    folder.more = plain + HOOK.format(name="noc")
    folder.write()
    runtime = await asyncio.to_thread(build_runtime, folder.path, tmp_path / "cache")
    reloader: Reloader = runtime.background[0][1].__self__  # type: ignore[attr-defined]
    reloader._look_s = 0.1
    outside, desk = runtime.outside, runtime.alarms
    assert outside is not None
    assert desk is not None
    assert outside.notifier is not None

    def more(text: str) -> None:
        folder.more = plain + text
        folder.write()

    def letters() -> dict[str, str]:
        return {id_: alarm.letter for id_, alarm in desk.book.alarms.items() if alarm.kind == "external"}

    with receiver() as peer:
        await runtime.start()
        try:
            rows, _ = read("alertmanager", alertmanager(alert(labels={"where": "1"})))
            await outside.hooks.take(outside.hooks.hooks["noc"], rows, [])
            assert list(letters().values()) == ["B"]
            await told(runtime, lambda: more(HOOK.format(name="noc") + NOTIFY.format(url=peer.url)))
            assert state(runtime) == "applied", runtime.configuration
            await until(lambda: len(peer.requests) == 1)
            (body,) = peer.bodies()
            assert body["notices"][0]["rule"] == "noc", "an alarm that stood already is told by the new route"
            await told(runtime, lambda: more(HOOK.format(name="noc") + NOTIFY.format(url="ftp://nowhere")))
            assert state(runtime) == "refused"
            assert list(outside.notifier.channels) == ["pager"], "what ran before goes on"
            assert list(letters().values()) == ["B"]
            await told(runtime, lambda: more(HOOK.format(name="other") + NOTIFY.format(url=peer.url)))
            assert list(outside.hooks.hooks) == ["other"]
            assert letters() == {}, "the alarms of a hook that is gone end"
            await until(lambda: len(peer.requests) == 2)
            assert peer.bodies()[1]["notices"][0]["kind"] == "ended"
        finally:
            await runtime.stop()
