"""``/api/v1/drills``: mishaps of the simulated campus that a trainer or guide brings about now, and ends again.

They take the points of the simulator only: what is measured cannot be touched from here. Rules, incidents and displays
find out by themselves, as they would on the day itself. Where a campus has several simulators, the first by name.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request

from datasources.simulator_drills import Drill, DrillError, Drills
from datasources.simulator_mishaps import KINDS
from server.alarms_api import actor_of
from server.drill_desk import drills_of
from server.drill_words import say
from server.runtime import Runtime
from server.schemas_drills import DrillIn, DrillKindOut, DrillOut, DrillsOut
from server.texts import LANGUAGES
from server.values import utc

RULES = {
    "air": "room-air",
    "full": "link-full",
    "switch": "uplink-down",
    "gateway": "meter-silent",
    "line": "campus-line-down",
}
"""The rule that finds a mishap of a kind first, by its name; of a pump it depends on the season."""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such drill or place, or nothing here is simulated", 409: "it cannot begin now",
        422: "a part of the request is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/drills", responses={404: _PROBLEMS[404]})
    async def drills() -> DrillsOut:
        return _told(runtime, _here(runtime))

    @api.post("/drills", status_code=201, responses=_PROBLEMS)
    async def begin(request: Request, given: DrillIn) -> DrillOut:
        known, now = _here(runtime), runtime.ingest.clock()
        if given.place and given.place not in runtime.index:
            raise HTTPException(404, f"there is no '{given.place[:100]}' in the campus: see /api/v1/buildings")
        chance = secrets.randbelow(1 << 30) / (1 << 30)
        try:
            drill = await asyncio.to_thread(
                known.begin, given.kind, given.place, chance, now, 60.0 * given.minutes, actor_of(request)
            )
        except DrillError as error:
            raise HTTPException(409, str(error)) from None
        except OSError as error:
            raise HTTPException(503, f"the drill cannot be kept: {error}; see that the disk is not full") from None
        return _out(runtime, drill)

    @api.delete("/drills/{drill}", responses=_PROBLEMS)
    async def stop(drill: Annotated[int, Path(ge=1, le=2**53)]) -> DrillOut:
        found = await asyncio.to_thread(_here(runtime).stop, drill, runtime.ingest.clock())
        if found is None:
            raise HTTPException(404, f"no drill {drill} is going on: see /api/v1/drills")
        return _out(runtime, found)


def _here(runtime: Runtime) -> Drills:
    found = drills_of(runtime)
    if found is None:
        raise HTTPException(404, "nothing of this campus is simulated, so there is nothing to drill with")
    return found


def _told(runtime: Runtime, known: Drills) -> DrillsOut:
    rows = sorted(known.rows, key=lambda row: -row.start)
    return DrillsOut(
        kinds=[_kind(runtime, known, kind) for kind in KINDS], items=[_out(runtime, row) for row in rows],
        at=utc(runtime.ingest.clock()),
    )  # fmt: skip


def _kind(runtime: Runtime, known: Drills, kind: str) -> DrillKindOut:
    rules = {} if runtime.alarms is None else runtime.alarms.engine.rules.rules
    rule = rules.get(RULES.get(kind, ""))
    return DrillKindOut(
        kind=kind, names={lang: say(f"kind.{kind}", lang) for lang in LANGUAGES},
        takes={lang: say(f"takes.{kind}", lang) for lang in LANGUAGES}, things=known.count(kind),
        alarm_after_s=None if rule is None else rule.on_delay_s,
    )  # fmt: skip


def _out(runtime: Runtime, drill: Drill) -> DrillOut:
    alarms = runtime.alarms
    names: dict[str, str] = dict.fromkeys(LANGUAGES, drill.place)
    if alarms is not None:
        names = dict(alarms.engine.ground.places.full_name(drill.place))
    return DrillOut(
        id=drill.id, kind=drill.kind, names={lang: say(f"kind.{drill.kind}", lang) for lang in LANGUAGES},
        place=drill.place, place_names=names,
        begun=utc(drill.start), ends=utc(drill.end), by=drill.by, over=drill.end <= runtime.ingest.clock(),
    )  # fmt: skip
