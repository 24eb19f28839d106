"""A running SNMP source reads LLDP neighbours again: at its period, or never, and at no cost of its values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from datasources import snmp, snmp_target
from datasources.contract import Neighbour
from datasources.snmp_lldp import AGAIN_S, FIRST_S, Timer
from tests.datasources.agents import COMMUNITY, Run, Scripted, table
from tests.datasources.lldp_device import REMOTE, chassis, switch

OCTETS = "a#octets_in[Gi1]"


@pytest.fixture(autouse=True)
def community(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", COMMUNITY)


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[Scripted]:
    agent = Scripted(table(switch("sw-1", {"Gi1": ("core", "Te1/1"), "Gi2": None})))
    await agent.start()
    yield agent
    agent.close()


def run_of(agent: Scripted, **settings: Any) -> Run:
    targets = {"a": {"host": "127.0.0.1", "port": agent.port, "timeout_s": 0.3, "retries": 0}}
    targets["a"] |= {name: settings.pop(name) for name in ("timeout_s",) if name in settings}
    return Run(targets, [OCTETS], **settings)


def asked_for_lldp(agent: Scripted) -> int:
    return sum(any(oid.startswith(REMOTE) for oid in oids) for oids in agent.requests)


def test_the_timer_is_spread_and_stands_still_when_it_is_off() -> None:
    now = [0.0]
    spans: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        spans.append((low, high))
        return high

    timer = Timer(3600, lambda: now[0], jitter)
    assert spans == [(0, FIRST_S)]
    assert not timer.due
    now[0] = FIRST_S
    assert timer.due
    timer.wait()
    assert spans[-1] == (0.9, 1.1)
    now[0] += 3600 * 1.1 - 1
    assert not timer.due
    now[0] += 1
    assert timer.due
    timer.wait(failed=True)
    now[0] += AGAIN_S * 1.1
    assert timer.due
    off = Timer(0, lambda: now[0], jitter)
    now[0] += 1e9
    assert not off.due


def test_once_an_hour_is_the_default_and_a_target_may_differ() -> None:
    settings = snmp.Settings.model_validate({"targets": {"a": {"host": "h"}, "b": {"host": "h", "lldp_interval_s": 0}}})
    assert [settings.access(name).lldp_interval_s for name in ("a", "b")] == [3600, 0]


@pytest.mark.asyncio
async def test_neighbours_are_read_again_while_values_come(agent: Scripted) -> None:
    async with run_of(agent, lldp_interval_s=0.5).running() as run:
        await run.until(lambda: run.neighbours)
        told = run.neighbours[0]
        assert (told.target, told.names) == ("a", ("sw-1", chassis("sw-1").hex(":")))
        assert told.rows == (Neighbour("a", "Gi1", "core", "Te1/1", "", chassis("core").hex(":")),)
        agent.answer = table(switch("sw-1", {"Gi1": None, "Gi2": ("core", "Te1/2")}))
        await run.until(lambda: run.neighbours[-1].rows != told.rows)
        (row,) = run.neighbours[-1].rows
        assert (row.local_port, row.remote_port) == ("Gi2", "Te1/2")
        agent.answer = table(switch("sw-1", {"Gi1": None, "Gi2": None}))
        await run.until(lambda: run.neighbours[-1].rows == ())
        assert run.value(OCTETS) == 1000
        assert run.states() == []


@pytest.mark.asyncio
async def test_it_is_off_where_the_setting_says_so(agent: Scripted) -> None:
    async with run_of(agent, lldp_interval_s=0).running() as run:
        await run.until(lambda: run.batches >= 4)
    assert run.neighbours == []
    assert asked_for_lldp(agent) == 0


@pytest.mark.asyncio
async def test_a_table_that_cannot_be_read_costs_no_value_and_is_no_loss(
    agent: Scripted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("datasources.snmp_lldp.AGAIN_S", 0.2)
    whole = agent.answer
    agent.answer = lambda kind, oids: None if oids[0].startswith(REMOTE) else whole(kind, oids)
    async with run_of(agent, lldp_interval_s=0.5).running() as run:
        await run.until(lambda: asked_for_lldp(agent) >= 2)
        before = run.batches
        await run.until(lambda: run.batches >= before + 2)
        assert run.neighbours == []
        assert run.states() == [], "the device is live"
        assert run.value(OCTETS) == 1000
        agent.answer = whole
        await run.until(lambda: run.neighbours)
    assert "target a: its LLDP neighbours cannot be read" in caplog.text


@pytest.mark.asyncio
async def test_a_table_that_takes_too_long_is_given_up(agent: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snmp_target, "LLDP_S", 0.1)
    monkeypatch.setattr("datasources.snmp_lldp.AGAIN_S", 0.2)
    whole = agent.answer
    agent.answer = lambda kind, oids: None if oids[0].startswith(REMOTE) else whole(kind, oids)
    async with run_of(agent, lldp_interval_s=0.5, timeout_s=5).running() as run:
        await run.until(lambda: asked_for_lldp(agent) >= 2)
        before = run.batches
        await run.until(lambda: run.batches >= before + 2)
        assert run.states() == []


@pytest.mark.asyncio
async def test_a_table_without_end_is_given_up(agent: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasources.snmp_lldp.MOST", 200)
    whole = agent.answer
    numbers = iter(range(1, 10**9))

    def endless(kind: str, oids: list[str]) -> Any:
        answer = whole(kind, oids)
        if kind == "GetRequestPDU" or not oids[0].startswith(REMOTE):
            return answer
        return [(f"{REMOTE}.4.0.{next(numbers)}.1", answer[0][1]) for _ in range(10)]

    agent.answer = endless
    async with run_of(agent, lldp_interval_s=0.5).running() as run:
        await run.until(lambda: asked_for_lldp(agent) >= 2)
        before = run.batches
        await run.until(lambda: run.batches >= before + 3)
        assert run.states() == []
    assert run.neighbours == []
