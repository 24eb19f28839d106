"""``GET /api/v1/neighbours``: who is wired to whom by LLDP, what changed, and where that differs from the sheet."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query

from server.runtime import Runtime
from server.schemas_neighbours import (
    DisagreementOut,
    NeighbourChangeOut,
    NeighbourDeviceOut,
    NeighbourOut,
    NeighboursOut,
)
from server.values import instant, utc
from server.wiring_text import change_words, disagreement_words
from twin.neighbours import Change, Seen
from twin.topology_lldp import match
from twin.topology_wiring import Disagreement, Merged

SHOWN = 100
"""Changes, differences and names without a device in one answer."""

Name = Annotated[str, Query(max_length=200)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""

    @api.get("/neighbours")
    def neighbours(
        source: Name = "",
        target: Name = "",
        only_lost: Annotated[bool, Query(alias="lost")] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> NeighboursOut:
        board = runtime.wiring
        found, devices = board.found, board.neighbourhood.devices()
        rows = [
            row for row in board.neighbourhood.wires()
            if source in ("", row.source) and target in ("", row.wire.target)
            and (row.lost is not None or not only_lost)
        ]  # fmt: skip
        shown = rows[offset : offset + limit]
        end = offset + len(shown)
        return NeighboursOut(
            items=[_wire(row, found) for row in shown], total=len(rows), limit=limit, offset=offset,
            next_offset=end if shown and end < len(rows) else None,
            devices=[
                NeighbourDeviceOut(source=d.source, target=d.target, device=match(found.names, d.target) or "",
                                   read=utc(d.read), wires=len(d.wires))
                for d in devices
            ],
            changes=[_change(row) for row in islice(reversed(board.changes.copy()), SHOWN)],
            disagreements=[_disagreement(row) for row in found.disagreements[:SHOWN]],
            unmatched=dict(islice(found.wiring.unmatched.items(), SHOWN)), cross=found.wiring.cross[:SHOWN],
        )  # fmt: skip


def _wire(row: Seen, found: Merged) -> NeighbourOut:
    wire, names = row.wire, found.names
    remote = match(names, wire.remote_name) or match(names, wire.remote_chassis)
    return NeighbourOut(
        source=row.source, target=wire.target, device=match(names, wire.target) or "", port=wire.local_port,
        remote=wire.remote_name, remote_chassis=wire.remote_chassis, remote_port=wire.remote_port,
        remote_device=remote or "", since=utc(row.since), last_seen=utc(row.last), lost=instant(row.lost),
    )  # fmt: skip


def _change(row: Change) -> NeighbourChangeOut:
    return NeighbourChangeOut(
        kind=row.kind, time=utc(row.time), source=row.source, target=row.target, port=row.port, remote=row.remote,
        remote_port=row.remote_port, before=row.before,
        text={"zh": change_words(row, "zh"), "en": change_words(row, "en")},
    )  # fmt: skip


def _disagreement(row: Disagreement) -> DisagreementOut:
    return DisagreementOut(
        kind=row.kind, device=row.device, told=list(row.told), known=list(row.known), line=row.line,
        text={"zh": disagreement_words(row, "zh"), "en": disagreement_words(row, "en")},
    )  # fmt: skip
