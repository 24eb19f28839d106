"""Who may push, and to which source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.push.pushing import OTHER, POINT, TOKEN, post, source, until
from tests.server.serving import Served, serve


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Authorization": ""}, "the token is not known"),
        ({"Authorization": "Bearer wrong"}, "the token is not known"),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, "the token is not known"),
        ({"Authorization": f"Basic {TOKEN}"}, "the token is not known"),
        ({"Authorization": "Bearer"}, "the token is not known"),
    ],
)
def test_without_the_right_token_nothing_is_taken(running: Served, headers: dict[str, str], says: str) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], 401, headers=headers)
    assert answer.headers["www-authenticate"] == 'Bearer realm="readings"'
    assert says in answer.json()["detail"]
    assert TOKEN not in answer.text
    assert "feed" not in running.runtime.ingest.counts


def test_a_token_opens_its_own_source_only(running: Served) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], token=OTHER)
    assert answer["source"] == "other"
    assert answer["rejected"][0]["code"] == "foreign-point"
    assert "is no point of source 'other'" in answer["rejected"][0]["reason"]
    assert (
        "not that of source 'feed'" in post(running, [], 403, token=OTHER, params={"source": "feed"}).json()["detail"]
    )
    assert post(running, [], token=OTHER, params={"source": "other"})["source"] == "other"


def test_two_sources_with_one_token_are_told_apart_by_name(cache: Path) -> None:
    with serve(cache, sources=[source(), source("other")]) as served:
        assert "several sources have this token" in post(served, [], 403).json()["detail"]
        assert post(served, [], params={"source": "other"})["source"] == "other"


def test_a_campus_without_such_a_source_says_so(cache: Path) -> None:
    with serve(cache) as served:
        assert "add a source of type 'push'" in post(served, [], 403).json()["detail"]


def test_a_page_of_another_origin_may_not_push(running: Served) -> None:
    post(running, [{"point": POINT, "value": 1}], 403, headers={"Origin": "http://evil.example"})


@pytest.mark.parametrize(
    ("token", "reason"),
    [("SHORT_TOKEN", "fewer than 16 characters"), ("NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set")],
)
def test_a_token_that_is_missing_or_short_opens_nothing(cache: Path, token: str, reason: str) -> None:
    with serve(cache, sources=[source(token=token)]) as served:
        until(lambda: served.runtime.sources()[0].state == "misconfigured")
        assert reason in served.runtime.sources()[0].reason
        post(served, [], 401, token="short")
        post(served, [], 401, token="x")
