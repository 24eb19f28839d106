"""``GET /api/v1/points/{id}/provenance``: how a point's latest value came to be."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from server.runtime import Runtime
from server.schemas import CheckOfValueOut, ConversionOut, ProvenanceOut
from server.values import instant, latest_out
from twin.live import Latest
from twin.provenance import Provenance, provenance_of


def found(runtime: Runtime, point: str) -> tuple[Latest, Provenance]:
    """The latest value of a point and its provenance; KeyError when there is no such point."""
    live, ingest = runtime.live, runtime.ingest
    latest = live.latest(point)
    return latest, provenance_of(latest, ingest.last(live.index[point]))


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""

    @api.get("/points/{point:path}/provenance")
    async def provenance(point: Annotated[str, Path(max_length=400)]) -> ProvenanceOut:
        if point not in runtime.live.index:
            raise HTTPException(404, f"there is no point '{point[:100]}': see /api/v1/points")
        latest, how = found(runtime, point)
        state = next((s.state for s in runtime.sources() if s.name == latest.point.source), "")
        return ProvenanceOut(
            latest=latest_out(latest), source=latest.point.source, source_state=state, address=latest.point.address,
            raw=how.value, payload=how.payload, device_time=instant(how.device_time),
            conversions=[ConversionOut(**asdict(step)) for step in how.conversions],
            checks=[CheckOfValueOut(**asdict(check)) for check in how.checks],
        )  # fmt: skip
