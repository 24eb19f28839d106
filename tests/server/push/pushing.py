"""Sources that are pushed to, and what the tests of them ask a server for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from datasources.runner import SourceConfig
from tests.server.serving import Served
from twin.ingest import Judged

TOKEN = "a-token-of-the-tests-0123456789"
OTHER = "the-token-of-another-source-98765"
ROOM = "1/01/101"
POINT = f"{ROOM}/power"


def source(name: str = "feed", token: str = "PUSH_TOKEN", **more: object) -> SourceConfig:
    return SourceConfig(name, "push", {"token": {"env": token}, **more})


def post(
    served: Served, body: object, status: int = 200, kind: str = "application/json", token: str = TOKEN, **more: Any
) -> Any:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"} | more.pop("headers", {})
    answer = served.http.post("/api/v1/readings", content=content, headers=headers, **more)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        return answer
    return answer.json()


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def latest(served: Served, point: str = POINT) -> Any:
    return served.http.get(f"/api/v1/points/{point}/latest").json()


class Everything:
    """Every reading that the ingest got, by point and time."""

    def __init__(self, served: Served) -> None:
        self.rows: set[tuple[str, float]] = set()
        self._points = served.runtime.live.points
        served.call(lambda: served.runtime.ingest.listeners.append(self._take))

    def _take(self, judged: Judged) -> None:
        rows = judged.rows
        self.rows |= {(self._points[p].id, t) for p, t in zip(rows.point.tolist(), rows.time.tolist(), strict=True)}
