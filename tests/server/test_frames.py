"""``/api/v1/frames`` and ``/api/v1/history``: the past as the live stream would have shown it; refusals; who waits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from server import frames
from server.schemas_history import HistoryOut
from tests.fake_past import FakeEvent, FakePast
from tests.server.serving import Served, serve
from twin.frame import FLAG_STALE, Frame, FrameKind, decode, dequantise
from twin.slots import Level

HOUR = 3600.0


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, FakePast]]:
    """A served campus of 24 rooms that remembers two days, with an hour of silence five hours ago."""
    with serve(tmp_path_factory.mktemp("past")) as served:
        now = served.runtime.live.clock()
        gap = (now - 5 * HOUR, now - 4 * HOUR)
        event = FakeEvent(gap[0], gap[1], "source", "feed", "silent", "1", "无数据", "silent")
        served.runtime.past = FakePast(served.runtime, now - 48 * HOUR, [gap], [event])
        yield served, served.runtime.past


def ask(served: Served, status: int = 200, **query: object) -> Frame:
    answer = served.http.get("/api/v1/frames", params={key: str(value) for key, value in query.items()})
    assert answer.status_code == status, answer.text
    return decode(answer.content)


def refusal(served: Served, path: str, status: int) -> str:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def shown(frame: Frame) -> dict[int, float]:
    values = dequantise(frame.leaves.value, frame.low, frame.high)
    return dict(zip(frame.leaves.slot.tolist(), values.tolist(), strict=True))


def test_a_frame_shows_every_room_and_total_as_of_that_instant(past: tuple[Served, FakePast]) -> None:
    served, fake = past
    live = served.runtime.live
    at = live.clock() - 10 * HOUR
    frame = ask(served, at=int(at * 1000), channel="energy.power")
    assert frame.kind is FrameKind.KEYFRAME
    assert (frame.time_ms, frame.build, frame.slots) == (int(at * 1000), served.runtime.build_id, len(live.tree.ids))
    found, step = shown(frame), (frame.high - frame.low) / 65534
    assert len(found) == 24
    for row in range(24):
        assert found[int(live.slot[row])] == pytest.approx(fake.value_at(int(at * 1000) / 1000, row), abs=step)
    assert frame.totals.slot[0] == 0
    assert frame.totals.value[0] == pytest.approx(sum(found.values()), rel=1e-3)
    assert (frame.totals.have[0], frame.totals.of[0]) == (24, 24)
    assert frame.totals.age_s[0] < 61


def test_iso_instants_with_any_offset_mean_the_same(past: tuple[Served, FakePast]) -> None:
    served, _ = past
    at = round(served.runtime.live.clock() - 3 * HOUR)
    told = datetime.fromtimestamp(at, UTC).isoformat()
    plus = datetime.fromtimestamp(at + 8 * HOUR, UTC).isoformat().replace("+00:00", "+08:00")
    frames_of = [ask(served, at=text) for text in (told, told.replace("+00:00", "Z"), plus)]
    frames_of.append(decode(served.http.get(f"/api/v1/frames?at={plus}").content))  # the plus is not escaped
    assert {frame.time_ms for frame in frames_of} == {at * 1000}


def test_a_dead_feed_was_stale_then_too_and_ages_are_of_then(past: tuple[Served, FakePast]) -> None:
    served, fake = past
    frame = ask(served, at=int((fake.gaps[0][1] - 600) * 1000))
    assert (frame.leaves.flags & FLAG_STALE).all()
    assert frame.totals.have[0] == 0
    assert np.isnan(frame.totals.value[0])
    after = ask(served, at=int((fake.gaps[0][1] + 120) * 1000))
    assert not (after.leaves.flags & FLAG_STALE).any()


def test_a_scope_sees_its_own_rooms_only(past: tuple[Served, FakePast]) -> None:
    served, _ = past
    live = served.runtime.live
    frame = ask(served, at=int((live.clock() - HOUR) * 1000), scope="1/01")
    inside = live.tree.under(live.tree.index["1/01"])
    assert len(frame.leaves.slot) == 6
    assert inside[frame.leaves.slot].all()


def test_against_gives_what_one_instant_has_more_than_the_other(past: tuple[Served, FakePast]) -> None:
    served, fake = past
    now = served.runtime.live.clock()
    at, other = round(now - 2 * HOUR), round(now - 26 * HOUR)
    frame = ask(served, at=at * 1000, against=other * 1000)
    step = (frame.high - frame.low) / 65534
    assert frame.low < 0 < frame.high
    one, two = fake.state(at), fake.state(other)
    found = shown(frame)
    for row in range(24):
        expected = float(one.value[row] - two.value[row])
        assert found[int(one.slot[row])] == pytest.approx(expected, abs=step)
    assert any(value < 0 for value in found.values()) or any(value > 0 for value in found.values())
    assert frame.totals.value[0] == pytest.approx(sum(found.values()), abs=0.05)
    silent = ask(served, at=at * 1000, against=int((fake.gaps[0][1] - 600) * 1000))
    assert (silent.leaves.flags & FLAG_STALE).all(), "a difference to what was old then is old"
    assert np.isnan(silent.totals.value[0])
    assert silent.totals.have[0] == 0


def test_what_is_old_may_be_kept_and_what_is_new_not(past: tuple[Served, FakePast]) -> None:
    served, fake = past
    now = served.runtime.live.clock()
    old, new = int((now - 7 * HOUR) * 1000), int((now - 30) * 1000)
    heads = [served.http.get(f"/api/v1/frames?at={at}").headers["cache-control"] for at in (old, new)]
    assert "immutable" in heads[0]
    assert "private" in heads[0]
    assert "immutable" not in heads[1]
    fake.asked.clear()
    for at in (old, old, new, new):
        ask(served, at=at)
    assert fake.asked == [new / 1000, new / 1000], "what is settled is worked out once"


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("at=yesterday", 422, "write it as 2026-"),
        ("at=2026-04-15T08:00:00", 422, "+08:00"),
        ("at=99999999999999", 422, "future"),
        ("at=1000", 404, "the oldest instant is"),
        ("at=now&channel=energy.power", 422, "at='now'"),
        ("at={ok}&channel=magic", 404, "energy.power"),
        ("at={ok}&scope=nowhere", 404, "leave scope empty"),
        ("at={ok}&against=1000", 404, "the oldest instant is"),
        ("at={ok}&against=then", 422, "against='then'"),
        ("", 422, "at"),
    ],
)
def test_refusals_say_what_to_do(past: tuple[Served, FakePast], query: str, status: int, words: str) -> None:
    served, _ = past
    ok = int((served.runtime.live.clock() - HOUR) * 1000)
    assert words in refusal(served, f"frames?{query.format(ok=ok)}", status)


def test_without_history_both_say_so(served: Served) -> None:
    assert "keeps no history" in refusal(served, f"frames?at={int((time.time() - 60) * 1000)}", 404)
    answer = served.http.get("/api/v1/history").json()
    assert (answer["kept"], answer["span"], answer["coverage"], answer["events"]) == (False, None, [], [])


def test_history_tells_span_zone_gaps_and_events(past: tuple[Served, FakePast]) -> None:
    served, fake = past
    answer = served.http.get("/api/v1/history", params={"step_s": 600}).json()
    HistoryOut.model_validate(answer)
    assert answer["kept"] is True
    assert answer["timezone"] == served.runtime.assembled.campus.timezone
    assert datetime.fromisoformat(answer["span"]["oldest"]).timestamp() == pytest.approx(fake.oldest, abs=1)
    assert len(answer["coverage"]) == 144
    empty = sum(share == 0 for share in answer["coverage"])
    assert 5 <= empty <= 6, "an hour of silence is five or six whole steps"
    assert [(e["kind"], e["entity"], e["text"]["en"]) for e in answer["events"]] == [("source", "1", "silent")]
    least = 2 * served.runtime.live.points[0].interval_s
    start = str(int((served.runtime.live.clock() - HOUR) * 1000))
    short = served.http.get("/api/v1/history", params={"step_s": 10, "start": start}).json()
    assert short["step_s"] == least, "between two readings is no gap"
    assert len(short["coverage"]) in (3600 / least, 3600 / least + 1)
    assert "end after start" in refusal(served, "history?start=2000&end=1000", 422)
    assert "longer steps" in refusal(served, "history?step_s=10&start=1000&end=90000000", 422)


def test_the_links_as_of_an_instant_are_an_event_of_the_stream(past: tuple[Served, FakePast]) -> None:
    served, _ = past
    at = int((served.runtime.live.clock() - HOUR) * 1000)
    answer = served.http.get(f"/api/v1/frames/links?at={at}")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content) == {}, "this campus has no links"


def test_scrubbing_clients_wait_for_one_another_and_not_the_live_stream(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_WAITING", 4)
    with serve(cache) as served:
        now = served.runtime.live.clock()
        fake = FakePast(served.runtime, now - 48 * HOUR, slow_s=0.15)
        served.runtime.past = fake
        busy: list[int] = []
        plain = fake.live_at

        async def counted(at: float) -> object:
            busy.append(1)
            assert sum(busy) <= frames.AT_ONCE
            try:
                return await plain(at)
            finally:
                busy.append(-1)

        fake.live_at = counted  # type: ignore[method-assign, assignment]
        asks = [int((now - HOUR - n) * 1000) for n in range(12)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda at: served.http.get(f"/api/v1/frames?at={at}"), asks))
            begun = time.monotonic()
            pool.submit(served.http.get, f"/api/v1/frames?at={asks[0] - 5000}")
            served.call(lambda: None)
            assert time.monotonic() - begun < 0.1, "the event loop goes on"
        codes = [answer.status_code for answer in answers]
        assert codes.count(200) >= 4
        assert set(codes) == {200, 503}
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "1"


def test_the_tree_of_the_campus_is_that_of_the_frames(past: tuple[Served, FakePast]) -> None:
    served, _ = past
    tree = served.runtime.live.tree
    frame = ask(served, at=int((served.runtime.live.clock() - HOUR) * 1000))
    assert (tree.level[frame.leaves.slot] == Level.SPACE).all()
    assert (tree.level[frame.totals.slot] != Level.SPACE).all()
