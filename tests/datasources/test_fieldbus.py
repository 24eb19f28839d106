"""What the sources of many devices share: batches, reports, back-off, pace, and the end of every task."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from contextlib import aclosing

import pytest

from datasources import fieldbus
from datasources.contract import MisconfiguredError, SourceError, TargetReport
from datasources.fieldbus import AddressError, Pace, Session, Stream, end, run, sort_points
from tests.conftest import ROOT
from tests.datasources.peers import point
from twin.reading import RawReading


def test_looking_for_source_types_loads_no_protocol_stack() -> None:
    code = (
        "import sys; from datasources.contract import source_types; types = source_types();"
        "assert {'bacnet', 'modbus', 'opcua'} <= set(types), types;"
        "heavy = {'bacpypes3', 'asyncua'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_points_are_sorted_by_target_and_mistakes_are_kept() -> None:
    def parse(text: str) -> int:
        if not text.isdigit():
            raise AddressError(f"'{text}' is no number")
        return int(text)

    points = [point("a#1", interval_s=30), point("a#2", interval_s=5), point("b#x"), point("c#1"), point("d")]
    wanted, mistakes = sort_points(points, ["a", "b"], parse)
    assert wanted["a"].places == {"a#1": 1, "a#2": 2}
    assert wanted["a"].interval_s == 5
    assert set(wanted) == {"a"}
    assert set(mistakes) == {"b#x", "c#1", "d"}
    with pytest.raises(MisconfiguredError, match="'x' is no number"):
        sort_points([point("b#x")], ["b"], parse)


def test_beyond_the_bound_the_newest_reading_of_each_address_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fieldbus, "MAX_PENDING", 100)
    stream = Stream(0.05)
    for n in range(1000):
        stream.put([RawReading(f"a{n % 10}", n, 0.0)])
    readings, _ = asyncio.run(stream.take())
    assert len(readings) <= 100
    assert len(readings) + stream.dropped == 1000
    assert {r.address: r.value for r in readings} == {f"a{n % 10}": n for n in range(990, 1000)}


def test_only_changes_are_reported() -> None:
    stream = Stream(0.0)
    stream.live("a")
    stream.live("a")
    for _ in range(3):
        stream.unwell("a", "down", "no answer")
    stream.unwell("a", "down", "refused")
    stream.live("a")
    _, reports = asyncio.run(stream.take())
    assert reports == [
        TargetReport("a", "down", "no answer"), TargetReport("a", "down", "refused"),
        TargetReport("a", "live", "answers again"),
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_a_session_that_fails_is_tried_again_and_the_others_go_on() -> None:
    stream, tries = Stream(0.01), []

    async def failing() -> None:
        tries.append(time.monotonic())
        raise (SourceError("nope") if len(tries) < 3 else RuntimeError("a bug"))

    async def good() -> None:
        stream.live("good")
        while True:
            stream.put([RawReading("good#1", 1, time.time())])
            await asyncio.sleep(0.02)

    sessions: dict[str, Session] = {"bad": failing, "good": good}
    seen: list[object] = []
    async with aclosing(run(stream, sessions)) as merged:  # type: ignore[type-var]
        async for item in merged:
            seen.append(item)
            if len(tries) == 3 and TargetReport("bad", "down", "unexpected error, see the log: a bug") in seen:
                break
    assert 0.7 <= tries[1] - tries[0] <= 1.3
    assert 1.4 <= tries[2] - tries[1] <= 2.5
    assert TargetReport("bad", "down", "nope") in seen
    assert sum(isinstance(item, list) for item in seen) > 20


@pytest.mark.asyncio
async def test_connected_without_a_value_is_an_empty_batch() -> None:
    stream = Stream(0.0)

    async def quiet() -> None:
        stream.live("q")
        await asyncio.sleep(60)

    async with aclosing(run(stream, {"q": quiet})) as merged:  # type: ignore[type-var]
        assert await asyncio.wait_for(anext(merged), 1.0) == []


@pytest.mark.asyncio
async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end([task]), 3.0)
    assert task.cancelled()


@pytest.mark.asyncio
async def test_the_pace_does_not_drift_and_leaves_missed_ticks_out() -> None:
    pace, began = Pace(0.2), time.monotonic()
    ticks = []
    for n in range(6):
        await pace.tick()
        ticks.append(time.monotonic() - began)
        await asyncio.sleep(0.5 if n == 2 else 0.03)
    assert all(tick % 0.2 < 0.1 for tick in ticks), "on the beat, also after it was missed"
    beats = [round((tick - tick % 0.2) / 0.2) for tick in ticks]
    assert beats[:3] == [0, 1, 2]
    assert beats[3] >= 5, "what was missed is left out"
    assert all(after > before for before, after in itertools.pairwise(beats)), "and not made up for"
