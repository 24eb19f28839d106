"""JSON documents from a real HTTP server: choices, pages, only what is new, another host, refusals."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from datasources import rest
from datasources.contract import SourceError, TargetReport
from datasources.rest_path import find, offered, place
from datasources.rest_request import Since
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
        (Page(b"[" * 100_000), "down", "not JSON"),
        (Page(status=500), "down", "status 500"),
        (Page(status=401), "misconfigured", "refuses the sign-in (401)"),
        (Page(b"x" * 2_000_000), "down", "larger than 1048576 bytes"),
        (Page(status=403), "misconfigured", "403"),
        (Page(status=429), "down", "429"),
        (Page(status=302, headers={"Location": "http://127.0.0.2/"}), "misconfigured", "to http://127.0.0.2/, which"),
        (
            Page(status=307, headers={"Location": "https://u:pw@else.example/a?key=s3cret"}),
            "misconfigured",
            "to https://else.example/a, which is not followed: give that 'url'",
        ),
    ],
)
async def test_refusals(peer: HttpPeer, answer: Page, state: str, reason: str) -> None:
    peer.pages["/d"] = answer
    got = await first(peer, "d#/x", next="/next", max_bytes=1048576)
    assert isinstance(got, TargetReport)
    assert got.state == state
    assert reason in got.reason
    assert "s3cret" not in got.reason
    assert len(peer.asked) == 1


@pytest.mark.asyncio
async def test_it_waits_as_long_as_it_is_asked_to(peer: HttpPeer) -> None:
    peer.pages["/d"] = Page(status=429, headers={"Retry-After": "2"})
    settings = rest.Settings.model_validate({"targets": {"d": {"url": f"{peer.url}/d", "interval_s": 1.5}}})
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


def asked(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


@pytest.mark.asyncio
async def test_several_keys_and_the_last_of_a_list(peer: HttpPeer) -> None:
    rows = [{"id": 7, "phase": n, "p": n * 10} for n in (1, 2, 3)]
    peer.pages["/d"] = page({"rows": rows, "a/b": {"x": 1}, "by": [{"k": "a/b", "p": 8}], "none": []})
    addresses = ["d#/rows/[id=7][phase=2]/p", "d#/rows/[last]/p", "d#/a~1b/x", "d#/by/[k=a~1b]/p", "d#/none/[last]"]
    got = await first(peer, *addresses, "d#/rows/[7]/p")
    assert isinstance(got, dict)
    assert [got[a].value for a in addresses] == [20, 30, 1, 8, None]
    assert "'[7]' chooses nothing: write [key=value], or [last]" in got["d#/rows/[7]/p"].bad


@pytest.mark.asyncio
async def test_headers_query_and_secrets_are_sent_and_secrets_told_to_nobody(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REST_KEY", "s3cret-key")
    peer.answering = lambda path, _: page({"x": 1, "next": "/d?page=2"} if "page" not in path else {"y": 2})
    got = await first(
        peer, "d#/x", "d#/y", next="/next", headers={"X-Api-Key": {"env": "REST_KEY"}, "X-Tenant": "campus"},
        query={"site": 14, "all": True, "apikey": {"env": "REST_KEY"}},
    )  # fmt: skip
    assert isinstance(got, dict)
    assert [row.value for row in got.values()] == [1, 2]
    assert asked(peer.asked[0]) == {"site": "14", "all": "true", "apikey": "s3cret-key"}
    assert asked(peer.asked[1]) == {"page": "2", "apikey": "s3cret-key"}
    assert [(row["X-Api-Key"], row["X-Tenant"]) for row in peer.headers] == [("s3cret-key", "campus")] * 2
    assert "s3cret" not in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"headers": {"X-Key": {"env": "NOT_SET_ANYWHERE"}}}, "NOT_SET_ANYWHERE is not set"),
        ({"query": {"key": {"env": "NOT_SET_ANYWHERE"}}}, "NOT_SET_ANYWHERE is not set"),
        ({"headers": {"X-Key": {"env": "REST_KEY"}}}, "the header 'X-Key' cannot be sent"),
    ],
)
async def test_what_cannot_be_sent_is_named(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch, more: dict[str, object], reason: str
) -> None:
    monkeypatch.setenv("REST_KEY", "two\r\nX-Other: lines")
    got = await first(peer, "d#/x", **more)
    assert isinstance(got, TargetReport)
    assert got.state == "misconfigured"
    assert reason in got.reason
    assert "X-Other" not in got.reason
    assert peer.asked == []


@pytest.mark.asyncio
async def test_pages_by_number_offset_and_cursor(peer: HttpPeer) -> None:
    rows = [{"id": n, "p": n * 10} for n in range(5)]

    def numbered(path: str, _: bytes) -> Page:
        number = int(asked(path)["page"])
        return page({"rows": rows[2 * number - 2 : 2 * number]})

    peer.answering = numbered
    wanted = [f"d#/rows/[id={n}]/p" for n in (0, 3, 4, 9)]
    got = await first(peer, *wanted, paging={"parameter": "page", "items": "/rows"})
    assert isinstance(got, dict)
    assert [got[a].value for a in wanted] == [0, 30, 40, None]
    assert [asked(path)["page"] for path in peer.asked[:4]] == ["1", "2", "3", "4"]

    def offset(_: str, body: bytes) -> Page:
        at = json.loads(body)["filter"]["from"]
        return page({"rows": rows[at : at + 2]})

    peer.answering = offset
    peer.asked.clear()
    peer.bodies.clear()
    paging = {"parameter": "/filter/from", "items": "/rows", "first": 0, "step": 2}
    got = await first(peer, *wanted[:3], paging=paging, method="POST", body={"filter": {"site": 1}})
    assert isinstance(got, dict)
    assert [got[a].value for a in wanted[:3]] == [0, 30, 40]
    assert json.loads(peer.bodies[1]) == {"filter": {"site": 1, "from": 2}}

    def cursor(path: str, _: bytes) -> Page:
        at = int(asked(path).get("cursor", "0"))
        return page({"rows": rows[at : at + 2], "meta": {"next": str(at + 2) if at + 2 < 5 else None}})

    peer.answering = cursor
    peer.asked.clear()
    got = await first(peer, *wanted[:3], paging={"parameter": "cursor", "cursor": "/meta/next"})
    assert isinstance(got, dict)
    assert [got[a].value for a in wanted[:3]] == [0, 30, 40]
    assert peer.asked[:3] == ["/d", "/d?cursor=2", "/d?cursor=4"]


@pytest.mark.asyncio
async def test_only_what_is_new_is_asked_for_and_each_time_is_a_reading(peer: HttpPeer) -> None:
    now = time.time()
    log = [(now - 30, 1.0), (now - 20, 2.0), (now - 10, 3.0), (now + 86400, 99.0)]

    def history(path: str, _: bytes) -> Page:
        since = asked(path).get("from")
        begin = datetime.fromisoformat(since).timestamp() if since else 0
        return page([{"dev": 7, "at": datetime.fromtimestamp(at, UTC).isoformat(), "m": {"p": value}}
                     for at, value in reversed(log) if at >= begin])  # fmt: skip

    peer.answering = history
    settings = rest.Settings.model_validate(
        {"targets": {"d": {"url": f"{peer.url}/d", "interval_s": 0.5, "time": "./at", "since": {"parameter": "from"}}}}
    )
    points = [Point("p", "A", "power", "W", source="s", address="d#/[dev=7]/m/p")]
    got: list[RawReading] = []
    async with asyncio.timeout(8), aclosing(rest.batches(settings, points)) as stream:  # type: ignore[type-var]
        async for item in stream:
            assert not isinstance(item, TargetReport), item
            got += item
            if len(peer.asked) == 2:
                log.append((now - 5, 4.0))
            if any(row.value == 4.0 for row in got):
                break
    assert [row.value for row in got[:4]] == [1, 2, 3, 99], "in the order of their times"
    assert [row.time for row in got[:3]] == pytest.approx([at for at, _ in log[:3]])
    assert asked(peer.asked[0]) == {}
    first_since = datetime.fromisoformat(asked(peer.asked[1])["from"]).timestamp()
    assert now - 10.01 <= first_since <= now - 10, "a clock that runs ahead does not count, and nothing is left out"
    assert not any(row.bad for row in got)


@pytest.mark.asyncio
async def test_the_last_time_outlives_an_outage(peer: HttpPeer) -> None:
    answers = [page({"x": 1, "at": 1500000000}), Page(status=500), page({"x": 2, "at": 1500000060})]
    peer.answering = lambda *_: answers[min(len(peer.asked), 3) - 1]
    since = {"parameter": "t", "form": "s"}
    settings = rest.Settings.model_validate(
        {"targets": {"d": {"url": f"{peer.url}/d", "interval_s": 0.5, "time": "/at", "since": since}}}
    )
    points = [Point("p", "A", "power", "W", source="s", address="d#/x")]
    states = []
    async with asyncio.timeout(8), aclosing(rest.batches(settings, points)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport):
                states.append(item.state)
            elif any(row.value == 2 for row in item):
                break
    assert "down" in states
    assert [asked(path).get("t") for path in peer.asked] == [None, "1500000000", "1500000000"]


@pytest.mark.asyncio
async def test_two_values_at_one_time_are_in_doubt(peer: HttpPeer) -> None:
    peer.pages["/d"] = page([{"id": 1, "at": 1500000000, "p": 1}, {"id": 1, "at": 1500000000, "p": 2}, {"id": 2}])
    got = await first(peer, "d#/[id=1]/p", "d#/[id=2]", time="./at")
    assert isinstance(got, dict)
    assert got["d#/[id=1]/p"].bad == "matches 2 values"
    assert got["d#/[id=2]"].bad == "not a single value"
    assert got["d#/[id=2]"].raw == b'{"id": 2}'


@pytest.mark.parametrize(
    ("form", "text"),
    [("iso", "2026-10-25T00:30:00.123Z"), ("local", "2026-10-25 02:30:00"), ("s", 1792888200), ("ms", 1792888200123)],
)
def test_a_time_is_written_as_the_service_wants_it(form: str, text: str | int) -> None:
    since = Since.model_validate({"parameter": "t", "form": form})
    assert since.written(1792888200.1239, ZoneInfo("Europe/Berlin")) == text


@pytest.mark.asyncio
async def test_a_body_in_the_countrys_own_charset_is_read(peer: HttpPeer) -> None:
    peer.pages["/d"] = Page('{"巨构": {"功率": 5}}'.encode("gb18030"), "application/json;charset=GBK")
    got = await first(peer, "d#/巨构/功率")
    assert isinstance(got, dict)
    assert got["d#/巨构/功率"].value == 5


@pytest.mark.asyncio
async def test_discover_offers_addresses_that_find_their_values(peer: HttpPeer) -> None:
    document = {"at": 5, "rows": [{"id": 7, "p": 1.5, "on": True}, {"id": 8, "p": None}], "list": [3, 4],
                "twice": [{"id": 1, "p": 1}, {"id": 1, "p": 2}]}  # fmt: skip
    peer.pages["/d"] = page(document)
    settings = rest.Settings.model_validate(
        {"targets": {"d": {"url": f"{peer.url}/d"}, "gone": {"url": f"{peer.url}/g"}}}
    )
    found = {row.address: row.value for row in await rest.discover(settings, 5)}
    assert found["d#/rows/[id=7]/p"] == 1.5
    assert found["d#/twice/1/p"] == 2
    assert "d#/rows/[id=8]/p" not in found
    for address, value in found.items():
        assert [hit.value for hit in find(document, place(address.partition("#")[2]))] == [value]
    settings = rest.Settings.model_validate({"targets": {"gone": {"url": f"{peer.url}/g"}}})
    with pytest.raises(SourceError, match=r"no target answers: gone: .*404"):
        await rest.discover(settings, 5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.sampled_from("id/~[]=a"), max_size=3) | st.just("id"), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_every_address_that_is_offered_finds_its_value(document: object) -> None:
    for path, value in offered(document):
        try:
            steps = place(path)
        except ValueError:
            assert "/[" in path  # a key that looks like a choice
            continue
        if not any(step.startswith("[") and step in repr(document) for step in steps):
            assert [hit.value for hit in find(document, steps)] == [value]


@pytest.mark.parametrize(
    "more",
    [
        {"next": "next"}, {"time": "at"}, {"next": "/n", "paging": {"parameter": "p", "items": "/r"}},
        {"paging": {"parameter": "p"}}, {"paging": {"parameter": "p", "items": "/r", "cursor": "/c"}},
        {"body": {}}, {"method": "DELETE"}, {"headers": {"Host": "x"}}, {"headers": {"a b": "x"}},
        {"since": {"parameter": "t"}}, {"time": "/at", "since": {"parameter": "/t"}},
        {"time": "/at", "since": {"parameter": "t", "start": "soon"}}, {"timezone": "Mars/Olympus"},
    ],
)  # fmt: skip
def test_settings_that_cannot_work(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rest.Settings.model_validate({"targets": {"d": {"url": "http://h/d", **more}}})
