"""The supervisor: states in words, back-off with jitter, silence noticed, one source never in another's way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from datasources import runner
from datasources.contract import Batches as Stream
from datasources.contract import MisconfiguredError, SourceError, TargetReport, settings_model, source_types
from datasources.runner import SourceConfig, Supervisor, _Run
from twin.point import Point
from twin.reading import RawReading


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: float = 50.0


Batches = Callable[[Settings, Sequence[Point]], Stream]
POINT = Point("p", "room", "power", "kW", source="one", address="a", interval_s=0.1)


def module(batches: Batches) -> Any:
    return SimpleNamespace(Settings=Settings, batches=batches)


def supervise(*modules: Batches, **settings: Any) -> tuple[Supervisor, list[tuple[str, int]]]:
    """A supervisor of sources 'one', 'two' ...; what their sinks got, as (source, readings)."""
    got: list[tuple[str, int]] = []
    names = ["one", "two", "three"][: len(modules)]
    table = {name: module(batches) for name, batches in zip(names, modules, strict=True)}
    configs = [SourceConfig(name, name, settings) for name in names]
    return Supervisor(configs, [POINT], lambda name, batch: got.append((name, len(batch))), table), got


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


async def steady(settings: Settings, _: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    yield []
    while True:
        await asyncio.sleep(1 / settings.rate)
        yield [RawReading("a", 1.0, time.time())]


@pytest.mark.asyncio
async def test_a_source_that_brings_values_is_live_with_its_interval() -> None:
    supervisor, got = supervise(steady)
    assert supervisor.states()[0].state == "connecting"
    await supervisor.start()
    await until(lambda: len(got) > 8)
    state = supervisor.states()[0]
    assert (state.state, state.points, state.restarts) == ("live", 1, 0)
    assert state.interval_s == pytest.approx(0.02, abs=0.02)
    assert state.last_reading == pytest.approx(time.time(), abs=1)
    await supervisor.stop()
    seen = len(got)
    await asyncio.sleep(0.1)
    assert len(got) == seen
    assert (supervisor.states()[0].state, supervisor.states()[0].reason) == ("down", "stopped")


@pytest.mark.asyncio
async def test_a_dead_device_is_named_and_the_source_lives_on_until_all_are_dead() -> None:
    turn = asyncio.Event()

    class Many(Settings):
        targets: dict[str, str] = {}

    async def poll(settings: Settings, points: Sequence[Point]) -> Stream:
        yield [RawReading("a", 1.0, time.time())]
        yield TargetReport("sw-1", "down", "no answer within 2 s")
        await turn.wait()
        turn.clear()
        yield TargetReport("sw-2", "down", "no answer within 2 s")
        await turn.wait()
        turn.clear()
        yield TargetReport("sw-1", "live", "answers")
        yield [RawReading("a", 1.0, time.time())]
        await asyncio.sleep(60)

    table = {"one": SimpleNamespace(Settings=Many, batches=poll)}
    config = SourceConfig("one", "one", {"targets": {"sw-1": "", "sw-2": ""}})
    supervisor = Supervisor([config], [POINT], lambda name, batch: None, table)
    await supervisor.start()
    await until(lambda: supervisor.states()[0].targets)
    state = supervisor.states()[0]
    assert (state.state, state.reason) == ("live", "values arrive, but not from sw-1 (no answer within 2 s)")
    turn.set()
    await until(lambda: supervisor.states()[0].state == "down")
    assert supervisor.states()[0].reason == "sw-1: no answer within 2 s; sw-2: no answer within 2 s"
    turn.set()
    await until(lambda: supervisor.states()[0].state == "live")
    assert [row.target for row in supervisor.states()[0].targets] == ["sw-2"]
    await supervisor.stop()


@pytest.mark.asyncio
async def test_connected_without_values_is_connecting_then_silent_then_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SILENT_AT_LEAST_S", 0.3)
    go = asyncio.Event()

    async def shy(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        yield []
        await go.wait()
        async for batch in steady(settings, points):
            yield batch

    supervisor, _ = supervise(shy)
    await supervisor.start()
    await until(lambda: supervisor.states()[0].reason == "connected, waiting for the first value")
    await until(lambda: supervisor.states()[0].state == "silent")
    assert "no value for" in supervisor.states()[0].reason
    go.set()
    await until(lambda: supervisor.states()[0].state == "live")
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_live_source_that_falls_silent_is_told_after_three_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SILENT_AT_LEAST_S", 0.3)
    quiet = asyncio.Event()

    async def stops(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        async for batch in steady(settings, points):
            if quiet.is_set():
                await asyncio.sleep(60)
            yield batch

    supervisor, got = supervise(stops)
    await supervisor.start()
    await until(lambda: len(got) > 10)
    quiet.set()
    start = time.monotonic()
    await until(lambda: supervisor.states()[0].state == "silent")
    assert 0.2 < time.monotonic() - start < 2
    await supervisor.stop()


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (SourceError("broker said no"), "down", "broker said no"),
        (ConnectionRefusedError("nobody there"), "down", "nobody there"),
        (MisconfiguredError("bad password"), "misconfigured", "bad password"),
        (ZeroDivisionError("a bug"), "down", "a bug"),
    ],
)
@pytest.mark.asyncio
async def test_a_failure_is_told_in_words_and_tried_again(error: Exception, state: str, words: str) -> None:
    attempts = 0

    async def fails(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise error
        async for batch in steady(settings, points):
            yield batch

    supervisor, _ = supervise(fails)
    await supervisor.start()
    await until(lambda: supervisor.states()[0].state == state)
    assert words in supervisor.states()[0].reason
    if state == "down":
        await until(lambda: supervisor.states()[0].state == "live")
        assert supervisor.states()[0].restarts == 1
    else:
        await asyncio.sleep(1.3)
        assert attempts == 1, "no storm"
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_source_that_stays_down_says_since_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BACKOFF_FIRST_S", 0.05)
    seen: list[str] = []

    async def refused(settings: Settings, _: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        seen.append(supervisor.states()[0].state)
        raise ConnectionRefusedError("refused")
        yield []

    supervisor, _ = supervise(refused)
    await supervisor.start()
    await until(lambda: supervisor.states()[0].restarts == 1)
    since = supervisor.states()[0].since
    await until(lambda: supervisor.states()[0].restarts == 3)
    assert seen == ["connecting", "down", "down"]
    assert (supervisor.states()[0].state, supervisor.states()[0].since) == ("down", since)
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_source_that_ends_by_itself_is_started_again() -> None:
    async def brief(_: Settings, __: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        yield [RawReading("a", 1.0, time.time())]

    supervisor, got = supervise(brief)
    await supervisor.start()
    await until(lambda: len(got) >= 2)
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_blocked_source_does_not_delay_another() -> None:
    async def hangs(_: Settings, __: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        await asyncio.sleep(3600)
        yield []

    supervisor, got = supervise(hangs, steady)
    await supervisor.start()
    await until(lambda: len(got) > 5)
    assert {name for name, _ in got} == {"two"}
    await supervisor.stop()


@pytest.mark.asyncio
async def test_wrong_settings_and_types_are_misconfigured_with_the_key() -> None:
    supervisor, _ = supervise(steady, rate="quick", colour="red")
    unknown = Supervisor([SourceConfig("x", "nope")], [], lambda *_: None, {"mqtt": module(steady)})
    await supervisor.start()
    await unknown.start()
    await until(lambda: supervisor.states()[0].state == unknown.states()[0].state == "misconfigured")
    assert "rate" in supervisor.states()[0].reason
    assert "colour" in supervisor.states()[0].reason
    assert unknown.states()[0].reason == "there is no source type 'nope': use mqtt"
    await supervisor.stop()
    await unknown.stop()


@pytest.mark.asyncio
async def test_the_source_lets_go_of_its_connection_when_stopped() -> None:
    closed = asyncio.Event()

    async def holds(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        try:
            async for batch in steady(settings, points):
                yield batch
        finally:
            await asyncio.sleep(0)
            closed.set()

    supervisor, got = supervise(holds)
    await supervisor.start()
    await until(lambda: got)
    await supervisor.stop()
    assert closed.is_set()


@pytest.mark.parametrize(("most", "expected"), [(8.0, [1, 2, 4, 8, 8, 8]), (60.0, [1, 2, 4, 8, 16, 32, 60, 60])])
@pytest.mark.parametrize("luck", [0.0, 1.0])
def test_the_back_off_doubles_to_its_bound_with_jitter(most: float, expected: list[float], luck: float) -> None:
    run = _Run(SourceConfig("x", "y"), (), lambda *_: None, {}, time.time, lambda: luck)
    waits = []
    for _ in expected:
        run._fail("down", "test")
        waits.append(run._backoff(most))
    assert waits == pytest.approx([wait * (1 - 0.25 * luck) for wait in expected])


def test_every_source_module_has_settings_that_refuse_what_they_do_not_know() -> None:
    types = source_types()
    assert "mqtt" in types
    for name in types:
        model = settings_model(name)
        assert model is not None
        assert model.model_config.get("extra") == "forbid", name
    assert settings_model("telepathy") is None
