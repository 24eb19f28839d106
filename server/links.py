"""``GET /api/v1/links``: the links of the network with their ends, capacity and values; lines and bandwidth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server.runtime import Runtime
from server.schemas_links import BandwidthOut, LinkEndOut, LinkLineOut, LinkOut, LinksOut
from twin.domains import channels
from twin.frame import FLAG_DERIVED, FLAG_SIMULATED, FLAG_STALE
from twin.link_places import End
from twin.link_values import Bandwidth, LinkColumns, LinkStatus, LinkValues
from twin.links import Links
from twin.reading import Quality

Code = Annotated[str, Query(max_length=200)]

_BUSIER = ("", "in", "out")


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route. It runs in a thread: a thousand links take some milliseconds to write down."""

    @api.get("/links")
    def links(
        building: Code = "",
        storey: Code = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> LinksOut:
        known, live = runtime.links, runtime.live
        values = LinkValues(known, live)
        now = values.now()
        chosen = np.ones(len(known.links), np.bool_)
        for entity in filter(None, (building, storey)):
            slot = live.tree.index.get(entity)
            if slot is None:
                raise HTTPException(404, f"there is no '{entity[:100]}' in the campus: see /api/v1/buildings")
            chosen &= known.under(live.tree, slot)
        numbers = np.flatnonzero(chosen)
        shown = numbers[offset : offset + limit].tolist()
        end = offset + len(shown)
        clock = live.clock()
        return LinksOut(
            items=[_link(values, now, n, clock) for n in shown], total=len(numbers), limit=limit, offset=offset,
            next_offset=end if shown and end < len(numbers) else None, layout=known.layout,
            breaks=list(channels()["network.utilisation"].breaks), lines=_lines(values, now, clock),
            totals=[_bandwidth(row, known, clock) for row in values.bandwidth(now)],
        )  # fmt: skip


def _link(values: LinkValues, now: LinkColumns, number: int, clock: float) -> LinkOut:
    link, points = values.links.links[number], values.points(number)
    return LinkOut(
        **_value(now, number, link.capacity, clock, values.reasons(number, now)), id=link.id, number=number,
        lower=_end(link.lower), upper=_end(link.upper), note=link.note, known_from=link.origin, bound=link.bound.rule,
        points=[point.id for point in points],
    )  # fmt: skip


def _lines(values: LinkValues, now: LinkColumns, clock: float) -> list[LinkLineOut]:
    rolled = values.lines(now)
    found = []
    for number, line in enumerate(values.links.lines):
        worst = int(rolled.worst[number])
        found.append(
            LinkLineOut(
                **_value(rolled, number, line.capacity, clock, values.reasons(worst, now)), id=line.id, number=number,
                lower=_end(line.lower), upper=_end(line.upper), links=len(line.links), down=int(rolled.down[number]),
                worst=values.links.links[worst].id,
            )
        )  # fmt: skip
    return found


def _end(end: End) -> LinkEndOut:
    return LinkEndOut(
        id=end.id, kind=end.kind, names=end.names, place=end.place, storey=end.storey, building=end.building,
        position=None if end.position is None else list(end.position), schematic=end.schematic, outside=end.outside,
        role=end.role,
    )  # fmt: skip


def _value(now: LinkColumns, row: int, capacity: float | None, clock: float, reasons: tuple[str, ...]) -> Any:
    flags, oldest = int(now.flags[row]), float(now.oldest[row])
    known = np.isfinite(oldest)
    return {
        "status": LinkStatus(int(now.status[row])).name.lower(),
        "utilisation_percent": _number(float(now.utilisation[row]), 2), "busier": _BUSIER[int(now.busier[row])],
        "traffic_in_mbit_s": _number(float(now.into[row]), 4), "traffic_out_mbit_s": _number(float(now.out[row]), 4),
        "capacity_mbit_s": capacity, "time": datetime.fromtimestamp(oldest, UTC) if known else None,
        "age_s": round(max(0.0, clock - oldest), 1) if known else None, "quality": Quality(flags & 3).name.lower(),
        "stale": bool(flags & FLAG_STALE), "simulated": bool(flags & FLAG_SIMULATED), "reasons": list(reasons),
        "origin": "derived" if flags & FLAG_DERIVED else "simulated" if flags & FLAG_SIMULATED else "measured",
    }  # fmt: skip


def _bandwidth(row: Bandwidth, known: Links, clock: float) -> BandwidthOut:
    upper = known.links[row.links[0]].upper
    names = {"zh": "合计", "en": "Total"} if row.key == "total" else upper.names
    names = {"zh": "校园出口", "en": "Egress"} if row.key == "egress" else names
    role = row.key if row.key in ("egress", "total") else upper.role
    return BandwidthOut(
        key=row.key, names=names, role=role,  # type: ignore[arg-type]
        traffic_in_mbit_s=row.into, traffic_out_mbit_s=row.out, capacity_mbit_s=row.capacity, share_percent=row.share,
        have=row.have, of=row.of, age_s=round(max(0.0, clock - row.oldest), 1) if np.isfinite(row.oldest) else None,
        quality=Quality(row.flags & 3).name.lower(),  # type: ignore[arg-type]
        simulated=bool(row.flags & FLAG_SIMULATED),
    )  # fmt: skip


def _number(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(value, digits)
