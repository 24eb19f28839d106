"""What a Prometheus server keeps of an exporter's series: raw samples with their own times, not values at steps."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import httpx
from pydantic import Field

from datasources.contract import SourceError
from datasources.http_get import Access, ask
from datasources.prometheus_pick import Place
from twin.reading import RawReading

LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]


class PastServer(Access):
    """A Prometheus server (or whatever answers its query API) that scrapes the same exporter; ``url`` is its root.

    ``labels`` are those by which it tells this exporter from others, as in {instance: "10.20.0.7:9100"}.
    """

    labels: dict[LabelName, str] = Field(default_factory=dict)


async def samples(
    server: PastServer, places: Mapping[str, Place], prefix: str, since: float, until: float
) -> AsyncIterator[list[RawReading]]:
    """The readings of each address of ``places`` from ``since`` to before ``until`` [s since epoch]."""
    async with server.client() as client:
        for address, (name, labels) in places.items():
            selected = _selector(name, {**dict(labels), **server.labels})
            found = await _series(client, server, selected, since, until)
            if len(found) > 1:
                raise SourceError(f"{prefix}: {len(found)} series fit {selected}: give 'past.labels' that leave one")
            now = time.time()
            rows = [RawReading(address, _number(text), now, float(at)) for series in found for at, text in series]
            yield rows
            await asyncio.sleep(0)


async def _series(
    client: httpx.AsyncClient, server: PastServer, selected: str, since: float, until: float
) -> list[list[list[Any]]]:
    # a range is open at its begin: a millisecond more has what was sampled just then
    query = {"query": f"{selected}[{round((until - since) * 1000) + 1}ms]", "time": f"{until:.3f}"}
    url = str(httpx.URL(server.url.rstrip("/") + "/api/v1/query").copy_merge_params(query))
    answer = await ask(client, server, url, {"Accept": "application/json"})
    try:
        told = json.loads(answer.body)
        if told["status"] != "success" or told["data"]["resultType"] != "matrix":
            raise SourceError(f"the server of the past refuses: {str(told.get('error', 'no samples'))[:200]}")
        return [[[float(at), str(text)] for at, text in row["values"]] for row in told["data"]["result"]]
    except (ValueError, KeyError, TypeError):
        raise SourceError("the answer is none of a Prometheus server: check 'past.url'") from None


def _selector(name: str, labels: Mapping[str, str]) -> str:
    told = ",".join(f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in sorted(labels.items()))
    return f"{name}{{{told}}}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
