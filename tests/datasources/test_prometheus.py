"""Scrapes from real HTTP servers: values, doubts, persons, refusals, a dead target, a body that is cut short."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from datasources import prometheus
from datasources.contract import MisconfiguredError, SourceError, TargetReport
from datasources.prometheus_pick import Picker
from datasources.prometheus_text import selector
from tests.datasources.http_peer import HttpPeer, Page
from twin.point import Point
from twin.reading import RawReading

BODY = b"""# TYPE temp_celsius gauge
temp_celsius{room="1",side="n"} 21.5 1500000000000
temp_celsius{room="2",side="n"} NaN
temp_celsius{room="2",side="s"} +Inf
# TYPE jobs counter
jobs_total{queue="a"} 7
jobs_created{queue="a"} 1500000000
sessions{username="ada",ap="3"} 1
sessions{username="bob",ap="3"} 1
load{exported_User="ada",node="n1"} 4
twice 1
twice 2
same 3
same 3
"""
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    peer = HttpPeer()
    peer.pages["/metrics"] = Page(BODY)
    yield peer
    peer.close()


def points(*addresses: str, interval_s: float = 0.1) -> list[Point]:
    return [Point(f"p{n}", "A", "power", "W", interval_s=interval_s, source="s", address=address)
            for n, address in enumerate(addresses)]  # fmt: skip


def configured(**targets: dict[str, object]) -> prometheus.Settings:
    return prometheus.Settings.model_validate({"targets": targets})


async def first(
    settings: prometheus.Settings, wanted: list[Point], seconds: float = 5
) -> list[RawReading | TargetReport]:
    """Everything of the first batches until each address or target has spoken."""
    found: list[RawReading | TargetReport] = []
    async with asyncio.timeout(seconds), aclosing(prometheus.batches(settings, wanted)) as stream:  # type: ignore[type-var]
        async for item in stream:
            found += [item] if isinstance(item, TargetReport) else item
            spoken = {row.address for row in found if isinstance(row, RawReading)}
            silent = {row.target for row in found if isinstance(row, TargetReport)}
            if all(point.address in spoken or point.address.partition("#")[0] in silent for point in wanted):
                return found
    raise AssertionError("the stream ended")


def by_address(found: list[RawReading | TargetReport]) -> dict[str, RawReading]:
    return {row.address: row for row in found if isinstance(row, RawReading)}


@pytest.mark.asyncio
async def test_values_and_doubts(peer: HttpPeer) -> None:
    addresses = ['e#temp_celsius{side="n", room="1"}', 'e#temp_celsius{room="1"}', 'e#temp_celsius{room="2"}',
                 "e#jobs_total", 'e#temp_celsius{side="s"}', "e#none", "e#twice", "e#same", "e#load", "e#sessions",
                 'e#sessions{username="ada"}',
                 "x#a", "e#1"]  # fmt: skip
    got = by_address(await first(configured(e={"url": f"{peer.url}/metrics"}), points(*addresses)))
    values = [got[address].value for address in addresses]
    assert values[:2] == [21.5, 21.5]
    assert got[addresses[0]].time == 1500000000
    assert got[addresses[2]].bad == "matches 2 series"
    assert (got[addresses[3]].value, got[addresses[3]].boot) == (7, 1500000000)
    assert values[4] == float("inf")
    assert got["e#none"].bad == "the scrape has no such series"
    assert got["e#twice"].bad == "stands 2 times in the scrape"
    assert values[7:9] == [3, 4]
    assert got["e#sessions"].bad == "matches 2 series"
    assert "carries persons" in got[addresses[10]].bad
    assert "ada" not in got[addresses[10]].bad
    assert "no target 'x'" in got["x#a"].bad
    assert "is no series" in got["e#1"].bad


@pytest.mark.asyncio
async def test_no_person_leaves_with_a_discovery(peer: HttpPeer) -> None:
    found = await prometheus.discover(configured(e={"url": f"{peer.url}/metrics"}), 5)
    assert "ada" not in repr(found)
    assert "bob" not in repr(found)
    rows = {row.address: row for row in found}
    assert 'e#load{node="n1"}' in rows
    assert not any(address.startswith("e#sessions") for address in rows)
    assert rows['e#jobs_total{queue="a"}'].kind == "counter"
    warm = rows['e#temp_celsius{room="1",side="n"}']
    assert (warm.unit, warm.quantity, warm.kind) == ("°C", "temperature", "gauge")


RECORDED = Path(__file__).with_name("recordings")


@pytest.mark.asyncio
async def test_slurm_and_ocserv_are_read_but_for_what_tells_of_one_person(peer: HttpPeer) -> None:
    for name in ("slurm_jobs", "ocserv"):
        peer.pages[f"/{name}"] = Page((RECORDED / f"{name}.txt").read_bytes(), "text/plain")
    settings = configured(slurm={"url": f"{peer.url}/slurm_jobs"}, vpn={"url": f"{peer.url}/ocserv"})
    expected = {
        "slurm#slurm_jobs_pending": 125, 'slurm#slurm_partition_jobs{partition="gpu"}': 41,
        'slurm#slurm_node_memory_bytes{node="g001"}': 2164663517184, "vpn#vpn_active_sessions": 1,
        "vpn#vpn_rx_bytes": 8.81235e9,
    }  # fmt: skip
    persons = ["slurm#slurm_user_jobs_pending", "vpn#vpn_user_rx_bytes", 'vpn#vpn_user_tx_bytes{device="vpns0"}']
    got = by_address(await first(settings, points(*expected, *persons)))
    assert {address: got[address].value for address in expected} == expected
    for address in persons:
        assert got[address].value is None
        assert "tells of one person each and is withheld: use a total" in got[address].bad
    found = {row.address: row for row in await prometheus.discover(settings, 5)}
    assert set(expected) < set(found)
    assert not any(word in repr(found) for word in ("ada", "lovelace", "192.0.2.17", "10.66.0.9", "_user_"))
    memory = found['slurm#slurm_node_memory_bytes{node="c001"}']
    assert (memory.unit, memory.kind, memory.note) == ("B", "gauge", "Total memory in bytes of the node")
    assert found["vpn#occtl_status_scrape_error_total"].kind == "counter"


@pytest.mark.asyncio
async def test_lists_of_ones_own_replace_the_safe_ones(peer: HttpPeer) -> None:
    peer.pages["/v"] = Page((RECORDED / "ocserv.txt").read_bytes())
    settings = prometheus.Settings.model_validate(
        {"targets": {"v": {"url": f"{peer.url}/v"}}, "deny_labels": ["Device"], "deny_metrics": ["vpn_*_bytes"]}
    )
    allowed = "v#occtl_status_scrape_error_total"
    got = by_address(await first(settings, points(allowed, "v#vpn_rx_bytes", 'v#vpn_ips_banned{device="1"}')))
    assert got[allowed].value == 0
    assert "withheld" in got["v#vpn_rx_bytes"].bad
    assert "the label 'device' carries persons" in got['v#vpn_ips_banned{device="1"}'].bad


@pytest.mark.asyncio
async def test_an_exporter_that_asks_to_be_left_alone_is(peer: HttpPeer) -> None:
    peer.pages["/metrics"] = Page(status=503, headers={"Retry-After": "1"})
    settings = configured(e={"url": f"{peer.url}/metrics"})
    told = 0.0
    async with asyncio.timeout(6), aclosing(prometheus.batches(settings, points("e#same"))) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport) and item.state == "down":
                assert "status 503 and asks to wait 1 s" in item.reason
                told = time.monotonic()
                peer.pages["/metrics"] = Page(BODY)
            elif not isinstance(item, TargetReport) and item:
                break
    assert time.monotonic() - told > 0.9
    assert len(peer.asked) == 2


def test_a_series_that_comes_and_goes_is_found_again() -> None:
    """What no address wants is passed over by its text; what one wants never is, however the others change."""
    wanted = {"e#m": selector("m"), "e#n": selector('n{a="1"}'), "e#n2": selector('n{b="2"}')}
    picker = Picker(wanted)

    def scrape(text: str) -> dict[str, float | str]:
        rows, _ = picker.readings(text, False, 0.0)
        return {row.address: row.bad or float(row.value or 0) for row in rows}

    none = "the scrape has no such series"
    useless = 'n{c="3"} 9\n'
    for _ in range(3):
        assert scrape(useless + 'n{a="1"} 5\n') == {"e#m": none, "e#n": 5, "e#n2": none}
        assert scrape(useless + 'n{a="1",b="2"} 6\nm{x="y"} 7\n') == {"e#m": 7, "e#n": 6, "e#n2": 6}
        assert scrape(useless + 'n{a="1",b="2"} 6\nn{a="1"} 8\nm 1\nm{x="y"} 2\n') == {"e#m": 1, "e#n": 8, "e#n2": 6}
        assert scrape(useless + 'n{a="1",d="4"} 6\nn{a="1",d="5"} 8\n')["e#n"] == "matches 2 series"
        assert scrape(useless + "n{a=1} 5\n")["e#n"] == f"{none} (1 lines cannot be read)"


@pytest.mark.alone
@pytest.mark.asyncio
async def test_a_dead_target_delays_none(peer: HttpPeer) -> None:
    peer.pages["/slow"] = Page(BODY, delay_s=1.5)
    settings = configured(e={"url": f"{peer.url}/metrics"}, slow={"url": f"{peer.url}/slow", "timeout_s": 1.0},
                          gone={"url": "http://127.0.0.1:9/metrics"})  # fmt: skip
    wanted = points("e#same", "slow#same", "gone#same")
    times, reports = [], {}
    async with asyncio.timeout(8), aclosing(prometheus.batches(settings, wanted)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport):
                reports[item.target] = item
            else:
                times += [row.received for row in item if row.address == "e#same"]
            if len(reports) == 2 and len(times) >= 12:
                break
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.6
    assert "within 1 s" in reports["slow"].reason
    assert reports["gone"].state == "down"


@pytest.mark.asyncio
async def test_refusals_name_the_cure_and_no_secret(peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRAPE_TOKEN", "right")
    monkeypatch.setenv("WRONG_TOKEN", "s3cret-wrong")
    peer.pages["/t"] = Page(BODY, authorization="Bearer right")
    peer.pages["/b"] = Page(BODY, authorization="Basic dTpyaWdodA==")
    peer.pages["/away"] = Page(status=302, headers={"Location": "http://127.0.0.2/"})
    urls: dict[str, dict[str, object]] = {
        "right": {"url": "/t", "token": {"env": "SCRAPE_TOKEN"}},
        "basic": {"url": "/b", "username": "u", "password": {"env": "SCRAPE_TOKEN"}},
        "wrong": {"url": "/t", "token": {"env": "WRONG_TOKEN"}},
        "missing": {"url": "/t", "token": {"env": "NOT_SET_ANYWHERE"}},
        "away": {"url": "/away"}, "none": {"url": "/none"},
    }  # fmt: skip
    settings = configured(**{name: {**row, "url": f"{peer.url}{row['url']}"} for name, row in urls.items()})
    found = await first(settings, points(*(f"{name}#same" for name in urls)))
    reports = {row.target: row for row in found if isinstance(row, TargetReport)}
    assert set(reports) == {"wrong", "missing", "away", "none"}
    assert {row.state for row in reports.values()} == {"misconfigured"}
    assert "401" in reports["wrong"].reason
    assert "NOT_SET_ANYWHERE" in reports["missing"].reason
    assert "points elsewhere" in reports["away"].reason
    assert "s3cret" not in repr(found)
    assert [row.value for row in by_address(found).values()] == [3, 3]


@pytest.mark.asyncio
async def test_a_scrape_cut_short_is_counted_and_its_numbers_are_not_taken(peer: HttpPeer) -> None:
    peer.pages["/metrics"] = Page(b"same 7\nother 1", kind=OPEN)
    settings = configured(e={"url": f"{peer.url}/metrics"})
    reasons = []
    async with asyncio.timeout(8), aclosing(prometheus.batches(settings, points("e#same"))) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport):
                reasons.append(item.reason)
                if len(reasons) == 2:
                    peer.pages["/metrics"] = Page(b"same 3\n# EOF\n", kind=OPEN)
                if item.state == "live":
                    continue
            elif item:
                assert {row.value for row in item} == {3}  # one scrape or, on a busy machine, two in one batch
                break
    assert "# EOF" in reasons[0]
    assert [reason[-16:] for reason in reasons[:2]] == ["(1 of 1 scrapes)", "(2 of 2 scrapes)"]


@pytest.mark.asyncio
async def test_a_body_over_the_cap_is_refused(peer: HttpPeer) -> None:
    peer.pages["/metrics"] = Page(b"# x\n" * 1000)
    found = await first(configured(e={"url": f"{peer.url}/metrics", "max_bytes": 1024}), points("e#same"))
    assert isinstance(found[0], TargetReport)
    assert "larger than 1024 bytes" in found[0].reason


@pytest.mark.alone
@pytest.mark.asyncio
async def test_a_large_scrape_leaves_the_loop_free(peer: HttpPeer) -> None:
    peer.pages["/metrics"] = Page(b"".join(b'm{n="%d"} %d\n' % (n, n) for n in range(50_000)))
    gaps = [0.0]

    async def tick() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    gc.collect()
    gc.freeze()  # as the server does once it has started: what the other tests left is not walked through again
    ticking = asyncio.create_task(tick())
    got = by_address(await first(configured(e={"url": f"{peer.url}/metrics"}), points('e#m{n="49999"}', interval_s=60)))
    ticking.cancel()
    gc.unfreeze()
    assert got['e#m{n="49999"}'].value == 49999
    assert max(gaps) < 0.25, sorted(gaps)[-5:]


@pytest.mark.asyncio
async def test_nothing_to_read_and_nobody_to_ask() -> None:
    with pytest.raises(MisconfiguredError, match="nothing to read"):
        await first(configured(e={"url": "http://127.0.0.1:9/"}), [])
    with pytest.raises(SourceError, match="no target answers"):
        await prometheus.discover(configured(e={"url": "http://127.0.0.1:9/"}), 1)


@pytest.mark.parametrize("target", [{"url": "ftp://x/"}, {"url": "http://u:p@x/"}, {"url": "x"},
                                    {"url": "http://x/", "timeout_s": 0},
                                    {"url": "http://x/", "token": {"env": "A"}, "username": "u"}])  # fmt: skip
def test_settings_that_cannot_work(target: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        configured(e=target)
