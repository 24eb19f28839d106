"""``GET /api/v1/kpis``: the headline figures of a domain for the campus, a building or a storey; and their course."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server.instants import read_instant
from server.runtime import Runtime
from server.schemas_kpis import KpiHistoryOut, KpiOut, KpisOut
from server.values import utc
from twin.domains import Domain, domains
from twin.kpi import Then, headline
from twin.kpi_memory import DAY
from twin.kpi_text import COVERS, in_words
from twin.kpi_value import KpiValue, Sentence

Name = Annotated[str, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=60)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes. They run on the event loop, like whoever writes the live state: a few milliseconds each; what was
    is worked out in a thread."""

    @api.get("/kpis")
    async def kpis(domain: Name = "energy", entity: Name = "", at: Moment = "") -> KpisOut:
        row = _domain(domain)
        slot = _slot(runtime, entity)
        first = headline(row)
        then = await _then(runtime, at)
        live = runtime.live if then is None else then.live
        return KpisOut(
            domain=row.key, names={"zh": row.zh, "en": row.en}, entity=live.tree.ids[slot],
            time=utc(live.clock()), headline=first.key if first else None,
            has_points=any(len(live.rows(channel.quantity)) for channel in row.channels),
            kpis=[_out(runtime, value, live.clock()) for value in runtime.kpis.of(row.key, entity, then)],
        )  # fmt: skip

    @api.get("/kpis/history")
    async def history(domain: Name = "energy", entity: Name = "", at: Moment = "") -> KpiHistoryOut:
        row = _domain(domain)
        slot = _slot(runtime, entity)
        first = headline(row)
        if first is None:
            raise HTTPException(404, f"the domain '{row.key}' has no figure whose course is kept")
        then = await _then(runtime, at)
        memory = runtime.kpis.memory if then is None else then.memory
        values = memory.last_day(first.quantity, slot)
        known = np.flatnonzero(~np.isnan(values))
        begin = int(known[0]) if known.size else DAY
        return KpiHistoryOut(
            kpi=first.key, unit=first.unit, step_s=60, begin=utc((memory.minute - DAY + 1 + begin) * 60.0),
            values=[None if value != value else round(value, 4) for value in values[begin:].tolist()],
        )  # fmt: skip


async def _then(runtime: Runtime, at: str) -> Then | None:
    """The moment that is asked for; None: now."""
    if not at or at == "live":
        return None
    instant = read_instant(at, "at", runtime.live.clock())
    if runtime.past is None:
        raise HTTPException(404, "this campus keeps no history: only the present can be shown")
    return await runtime.past.then(instant, runtime.kpis)


def _domain(key: str) -> Domain:
    row = domains().get(key)
    if row is None:
        raise HTTPException(404, f"there is no domain '{key[:80]}': use {', '.join(domains())}")
    return row


def _slot(runtime: Runtime, entity: str) -> int:
    try:
        return runtime.kpis.place(entity).slot
    except KeyError:
        raise HTTPException(
            404, f"there is no campus, building or storey '{entity[:100]}': see /api/v1/buildings"
        ) from None


def _out(runtime: Runtime, found: KpiValue, now: float) -> KpiOut:
    kpi, known = found.kpi, np.isfinite(found.oldest)
    zh, en = COVERS[found.covers]
    return KpiOut(
        key=kpi.key, names={"zh": kpi.zh, "en": kpi.en}, value=found.value, unit=found.unit, decimals=kpi.decimals,
        strip=kpi.strip, have=found.have, of=found.of, covers={"zh": zh, "en": en},
        age_s=round(max(0.0, now - found.oldest), 1) if known else None,
        oldest=utc(max(0.0, found.oldest)) if known else None, quality=found.quality.name.lower(),  # type: ignore[arg-type]
        origin=found.origin, reason=_words(runtime, found.reason) if found.reason else None,
        notes=[_words(runtime, note) for note in found.notes],
        brief=_words(runtime, found.notes[-1], brief=True) if found.notes else None,
        formula={"zh": kpi.formula_zh, "en": kpi.formula_en}, source=kpi.source,
    )  # fmt: skip


def _words(runtime: Runtime, sentence: Sentence, *, brief: bool = False) -> dict[str, str]:
    zone = runtime.kpis.zone
    return {"zh": in_words(sentence, zone, "zh", brief=brief), "en": in_words(sentence, zone, "en", brief=brief)}
