"""JSON documents from a real HTTP server: choices, pages, another host, refusals."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from datasources import rest
from datasources.contract import TargetReport
from tests.datasources.http_peer import HttpPeer, Page
from twin.point import Point
from twin.reading import RawReading


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    peer = HttpPeer()
    yield peer
    peer.close()


async def first(peer: HttpPeer, *addresses: str, **more: object) -> dict[str, RawReading] | TargetReport:
    settings = rest.Settings.model_validate({"targets": {"d": {"url": f"{peer.url}/d", **more}}})
    points = [Point(f"p{n}", "A", "power", "W", interval_s=1, source="s", address=a) for n, a in enumerate(addresses)]
    found: dict[str, RawReading] = {}
    async with asyncio.timeout(5), aclosing(rest.batches(settings, points)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport):
                return item
            found |= {row.address: row for row in item}
            if len(found) == len(addresses):
                return found
    raise AssertionError("the stream ended")


def page(document: object) -> Page:
    return Page(json.dumps(document).encode(), "application/json")


@pytest.mark.asyncio
async def test_values_choices_and_pages(peer: HttpPeer) -> None:
    rows = [{"id": 7, "p": 1.5}, {"id": "8", "p": 2}, {"id": 9, "p": 3}, {"id": 9, "p": 4}]
    peer.pages["/d"] = page({"at": "2026-03-01T12:00:00Z", "rows": rows, "next": "/d?page=2"})
    peer.pages["/d?page=2"] = page({"at": 1500000000, "rows": [{"id": 10, "p": True}], "next": None})
    addresses = [f"d#/rows/{step}" for step in ("[id=7]/p", "[id=8]/p", "[id=9]/p", "[id=10]/p", "[id=11]/p", "0")]
    got = await first(peer, *addresses, "d#rows", next="/next", time="/at")
    assert isinstance(got, dict)
    assert [got[a].value for a in addresses] == [1.5, 2, None, True, None, None]
    assert [got[a].bad for a in addresses[2:]] == ["matches 2 values", "", "not in the answer", "not a single value"]
    assert (got[addresses[0]].time, got[addresses[3]].time) == (1772366400, 1500000000)
    assert "is no JSON pointer" in got["d#rows"].bad


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (page({"next": "http://127.0.0.2/d"}), "down", "another host"),
        (page({"next": "/d"}), "down", "circle"),
        (Page(b"<html>"), "down", "not JSON"),
        (Page(status=403), "misconfigured", "403"),
        (Page(status=429), "down", "429"),
        (Page(status=302, headers={"Location": "http://127.0.0.2/"}), "misconfigured", "points elsewhere"),
    ],
)
async def test_refusals(peer: HttpPeer, answer: Page, state: str, reason: str) -> None:
    peer.pages["/d"] = answer
    got = await first(peer, "d#/x", next="/next")
    assert isinstance(got, TargetReport)
    assert got.state == state
    assert reason in got.reason


@pytest.mark.asyncio
async def test_it_waits_as_long_as_it_is_asked_to(peer: HttpPeer) -> None:
    peer.pages["/d"] = Page(status=429, headers={"Retry-After": "2"})
    settings = rest.Settings.model_validate({"targets": {"d": {"url": f"{peer.url}/d", "interval_s": 0.5}}})
    points = [Point("p", "A", "power", "W", source="s", address="d#/x")]
    told = 0.0
    async with asyncio.timeout(6), aclosing(rest.batches(settings, points)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport) and item.state == "down":
                assert "asks to wait 2 s" in item.reason
                told = time.monotonic()
                peer.pages["/d"] = page({"x": 5})
            elif not isinstance(item, TargetReport) and item:
                assert item[0].value == 5
                break
    assert time.monotonic() - told > 1.8
    assert len(peer.asked) == 2
