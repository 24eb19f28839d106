"""``GET /api/v1/links`` and the links on the live stream, over a real server."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from server.link_board import LinkBoard
from server.schemas_links import LinksOut
from tests.server.net import net_campus, say
from tests.server.serving import Served, serve
from twin.frame import FLAG_DERIVED, FLAG_STALE, FrameKind, decode
from twin.links import Links


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Served]:
    with serve(tmp_path / "cache", net_campus()) as running:
        yield running


def get(served: Served, query: str = "", status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/links{query}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_links_have_ends_places_capacity_and_values(net: Served) -> None:
    say(net, {"1/SW/in": 710, "1/SW/out": 90, "2/SW/link_state": 0, "3/SW/in": 2500, "3/SW/out": 400}, time.time() - 4)
    answer = get(net)
    LinksOut.model_validate(answer)
    assert (answer["total"], answer["next_offset"], answer["breaks"]) == (4, None, [10, 25, 50, 70, 80, 90])
    links = {row["id"]: row for row in answer["items"]}
    first = links["1/SW>3/SW"]
    assert (first["status"], first["utilisation_percent"], first["busier"]) == ("up", 71, "in")
    assert (first["traffic_in_mbit_s"], first["traffic_out_mbit_s"], first["capacity_mbit_s"]) == (710, 90, 1000)
    assert (first["origin"], first["quality"], first["stale"], first["bound"]) == ("derived", "good", False, "device")
    assert first["points"] == ["1/SW/in", "1/SW/out", "1/SW/used", "1/SW/link_state"]
    assert 4 <= first["age_s"] < 8
    assert (first["lower"]["place"], first["lower"]["building"], first["lower"]["names"]["en"]) == (
        "1/01/101", "1", "Switch 1",
    )  # fmt: skip
    x, y, _ = first["lower"]["position"]
    assert (x, y) == (7, 22), "the middle of its room"
    assert first["lower"]["schematic"] is True
    assert links["2/SW>3/SW"]["status"] == "down"
    silent = links["1/AP>1/SW"]
    assert (silent["status"], silent["reasons"], silent["capacity_mbit_s"]) == ("none", ["no-points"], None)
    assert (silent["time"], silent["utilisation_percent"], silent["points"]) == (None, None, [])
    out = links["3/SW>NET"]["upper"]
    assert (out["outside"], out["role"], out["place"]) == (True, "egress", "")


def test_lines_of_the_map_and_the_bandwidth_of_the_campus(net: Served) -> None:
    assert [(t["key"], t["have"], t["of"], t["share_percent"]) for t in get(net)["totals"]] == [
        ("egress", 0, 1, None),
        ("total", 0, 1, None),
    ]
    say(net, {"1/SW/used": 40, "3/SW/in": 2500, "3/SW/out": 400})
    answer = get(net, "?limit=1")
    lines = {row["id"]: row for row in answer["lines"]}
    assert set(lines) == {"1>3", "2>3", "3>NET"}, "what stays in a building is no line"
    assert (lines["1>3"]["utilisation_percent"], lines["1>3"]["links"], lines["1>3"]["worst"]) == (40, 1, "1/SW>3/SW")
    assert lines["1>3"]["lower"]["kind"] == "building"
    assert answer["totals"][0]["names"]["zh"] == "校园出口"
    assert (answer["totals"][0]["share_percent"], answer["totals"][0]["capacity_mbit_s"]) == (25, 10_000)


def test_links_of_a_place_page_by_page(net: Served) -> None:
    assert [row["id"] for row in get(net, "?building=1")["items"]] == ["1/SW>3/SW", "1/AP>1/SW"]
    assert [row["id"] for row in get(net, "?storey=1/02")["items"]] == ["1/AP>1/SW"]
    page = get(net, "?limit=3")
    assert (len(page["items"]), page["next_offset"]) == (3, 3)
    assert [row["number"] for row in get(net, "?limit=3&offset=3")["items"]] == [3]
    get(net, "?building=99", 404)
    get(net, "?limit=0", 422)


async def links_of(ws: ClientConnection, seconds: float = 4.0) -> dict[str, Any]:
    """The next event of links."""
    async with asyncio.timeout(seconds):
        while True:
            frame = decode(bytes(await ws.recv()))  # type: ignore[arg-type]
            if frame.kind is FrameKind.EVENT:
                event: dict[str, Any] = json.loads(frame.event)
                assert event["kind"] == "links"
                return event


async def links_within(ws: ClientConnection, seconds: float) -> dict[str, Any] | None:
    """The next event of links; None when none comes in time."""
    try:
        return await links_of(ws, seconds)
    except TimeoutError:
        return None


@pytest.mark.asyncio
async def test_the_stream_brings_links_with_network_channels_and_then_what_changed(net: Served) -> None:
    say(net, {"1/SW/used": 40, "2/SW/used": 5, "3/SW/link_state": 1})
    layout = get(net)["layout"]
    async with connect(f"{net.ws}/ws/live?channel=network.utilisation") as ws:
        first = await links_of(ws)
        assert (first["full"], first["layout"]) == (True, layout)
        rows = {row[0]: row for row in first["links"]}
        assert set(rows) == {0, 1, 2}, "links without points are named by the API alone"
        assert rows[0][:5] == [0, 0, 40, None, None]
        assert [row[0] for row in first["lines"]] == [0, 1, 2]
        say(net, {"1/SW/used": 91.26})
        event = await links_of(ws)
        assert event["full"] is False
        assert [row[:3] for row in event["links"]] == [[0, 0, 91.3]]
        assert [row[:3] for row in event["lines"]] == [[0, 0, 91.3]]
        say(net, {"1/SW/link_state": 0})
        event = await links_of(ws)
        assert event["lines"][0][1] == 1
        assert event["lines"][0][8] == 1, "one of the line's links is down"


@pytest.mark.asyncio
async def test_at_most_one_event_a_second_and_none_without_news(net: Served) -> None:
    say(net, {"1/SW/used": 1})
    async with connect(f"{net.ws}/ws/live?channel=network.traffic") as ws:
        await links_of(ws)
        start, events = time.monotonic(), 0
        for step in range(30):
            say(net, {"1/SW/used": 2 + step})
            await asyncio.sleep(0.08)
        spent = time.monotonic() - start
        last: dict[str, Any] = {}
        while (event := await links_within(ws, 2.5)) is not None:
            last, events = event, events + 1
        assert 2 <= events <= spent + 2
        assert last["links"][0][2] == 31, "the last value arrives"


@pytest.mark.asyncio
async def test_other_channels_bring_no_links_and_a_scope_only_its_own(net: Served) -> None:
    say(net, {"1/SW/used": 1, "2/SW/used": 2, "3/SW/used": 3})
    for channel in ("energy.power", "network.clients"):
        async with connect(f"{net.ws}/ws/live?channel={channel}") as ws:
            assert await links_within(ws, 1.5) is None
    async with connect(f"{net.ws}/ws/live?channel=network.utilisation&scope=2") as ws:
        event = await links_of(ws)
        assert [row[0] for row in event["links"]] == [1], "a link of another building never leaves the server"
        assert len(event["lines"]) == 3, "lines are totals"


def test_the_same_over_server_sent_events(net: Served) -> None:
    say(net, {"1/SW/used": 40})
    with net.http.stream("GET", "/sse/live?channel=network.state") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                frame = decode(base64.b64decode(line.removeprefix("data: ")))
                if frame.kind is FrameKind.EVENT:
                    break
    assert json.loads(frame.event)["links"][0][2] == 40


def test_a_value_that_stops_is_told_and_a_new_layout_begins_anew(net: Served) -> None:
    live, links = net.runtime.live, net.runtime.links
    say(net, {"1/SW/in": 500, "1/SW/out": 5}, time.time() - 58)
    board = LinkBoard(links, live)
    assert board.refresh(10.0)
    assert json.loads(board.since(0, 0))["links"][0][6] == FLAG_DERIVED
    seen = board.seq
    time.sleep(3)
    net.call(live.tick)
    assert board.refresh(20.0)
    row = json.loads(board.since(0, seen))["links"][0]
    assert (row[1], row[2], row[6]) == (2, 50, FLAG_DERIVED | FLAG_STALE)
    assert board.since(0, board.seq) == b""
    board.follow(links, live)
    again = json.loads(board.since(0, seen))
    assert (again["full"], again["links"]) == (True, [])
    board.follow(Links(), live)
    assert not board.refresh(40.0)
    assert json.loads(board.since(0, seen))["layout"] == "", "who had links learns that there are none"
    assert LinkBoard(Links(), live).since(0, 0) == b"", "who had none hears nothing of them"
