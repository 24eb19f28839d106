"""``at=`` of ``GET /api/v1/sources``, ``quality`` and ``state``: the same of a past moment."""

from __future__ import annotations

from fastapi import HTTPException

from server.instants import read_instant
from server.past_contract import Past
from server.runtime import Runtime
from server.schemas_standing import FindingThenOut, QualityThenPage, SourceThenOut
from server.standing import FindingThen, SourceThen, Standing, standing_at
from server.values import instant, utc
from twin.live import LiveState

SEVERITIES = ("info", "warning", "error")
STATES = ("connecting", "live", "silent", "down", "misconfigured", "stopped")


async def live_of(runtime: Runtime, at: str) -> LiveState:
    """The state as of ``at``, the present without one; 404 where no history is kept, 422 where that is no instant."""
    if not at:
        return runtime.live
    return await _past(runtime).live_at(read_instant(at, "at", runtime.live.clock()))


async def standing_of(runtime: Runtime, at: str) -> Standing:
    """What stood at ``at``; errors as above."""
    live = await live_of(runtime, at)
    return await standing_at(_past(runtime), live, {row.name: row.type for row in runtime.sources()})


def _past(runtime: Runtime) -> Past:
    if runtime.past is None:
        raise HTTPException(404, "this campus keeps no history: only the present can be shown")
    return runtime.past


async def sources_then(runtime: Runtime, at: str) -> list[SourceThenOut]:
    """The sources as of ``at``."""
    standing = await standing_of(runtime, at)
    return [_source(standing, row) for row in standing.sources]


def _source(standing: Standing, row: SourceThen) -> SourceThenOut:
    known = row.state in STATES and standing.running is not False
    return SourceThenOut(
        name=row.name, type=row.type, at=utc(standing.at), state=row.state if known else "unknown",  # type: ignore[arg-type]
        reason=row.reason if known else "", since=instant(row.since) if known else None, points=row.points,
        spoken=row.spoken, last_reading=instant(row.last_reading),
        age_s=None if row.last_reading is None else round(max(0.0, standing.at - row.last_reading), 1),
    )  # fmt: skip


async def findings_then(
    runtime: Runtime, at: str, *, check: str, building: str, point: str, limit: int, offset: int
) -> QualityThenPage:
    """The findings that were open at ``at``, of a check, under a building, of a point where these are given."""
    standing, tree = await standing_of(runtime, at), runtime.live.tree
    under = tree.under(tree.index[building]) if building else None
    rows = [
        row for row in standing.findings
        if check in ("", row.check) and (not point or point in row.points)
        and (under is None or ((slot := tree.slot(row.entity)) >= 0 and under[slot]))
    ]  # fmt: skip
    shown = rows[offset : offset + limit]
    end = offset + len(shown)
    return QualityThenPage(
        at=utc(standing.at), items=[_finding(row) for row in shown], total=len(rows), limit=limit, offset=offset,
        next_offset=end if shown and end < len(rows) else None,
    )  # fmt: skip


def _finding(row: FindingThen) -> FindingThenOut:
    return FindingThenOut(
        id=row.id, check=row.check, severity=row.severity if row.severity in SEVERITIES else "info",  # type: ignore[arg-type]
        points=list(row.points), n_points=row.n_points, entities=[row.entity] if row.entity else [],
        since=utc(row.since), told=utc(row.told), text=dict(row.words),
    )  # fmt: skip
