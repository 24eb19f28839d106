"""``/healthz`` (alive), ``/readyz`` (serves a campus), ``/metrics`` (OpenMetrics text of our own counters)."""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.runtime import Configuration, Runtime

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the three routes."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        if request.state.who is None:  # a probe; who signed in learns more
            return JSONResponse({"ready": runtime.ready}, 200 if runtime.ready else 503)
        body = {
            "ready": runtime.ready,
            "campus": runtime.assembled.campus.id,
            "uptime_s": round(time.time() - runtime.started, 1),
            "sources": {state.name: state.state for state in runtime.sources()},
            "configuration": _configuration(runtime.configuration),
            "history": _history(runtime),
        }
        return JSONResponse(body, 200 if runtime.ready else 503)

    async def metrics(_: Request) -> Response:
        notices = await asyncio.to_thread(_notices, runtime)
        return Response("\n".join((*_metrics(runtime), *notices, "# EOF", "")), media_type=OPENMETRICS)

    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        server.router.routes.append(Route(path, endpoint, methods=["GET", "HEAD"]))


def _configuration(row: Configuration | None) -> dict[str, object] | None:
    """Whether the campus folder is what runs, with the first 100 mistakes."""
    if row is None:
        return None
    mistakes = [mistake.as_dict() for mistake in row.mistakes[:100]]
    return {"state": row.state, "message": row.message, "since": round(row.since, 1), "mistakes": mistakes}


def _history(runtime: Runtime) -> dict[str, object]:
    """How the keeping of history is."""
    if runtime.recorder is None:
        return {"state": "failed" if runtime.history_trouble else "off", "message": runtime.history_trouble}
    row = runtime.recorder.state()
    return {"state": row.state, "message": row.message, "since": round(row.since, 1), "rows": row.rows,
            "waiting_bytes": row.waiting, "dropped": row.dropped}  # fmt: skip


def _metrics(runtime: Runtime) -> Iterator[str]:
    hub = runtime.hub.counts
    yield from _family("campus_live_clients", "gauge", "connected live clients", [("", hub.clients)])
    yield from _family("campus_live_opened", "counter", "live connections opened", [("", hub.opened)])
    yield from _family("campus_live_stalled", "counter", "live connections cut off as stalled", [("", hub.stalled)])
    yield from _family("campus_live_frames", "counter", "frames sent", [("", hub.frames)])
    yield from _family("campus_live_bytes", "counter", "bytes of frames sent", [("", hub.bytes)])
    yield from _family("campus_live_errors", "counter", "turns of the live hub that failed", [("", hub.errors)])
    live = runtime.live
    yield from _family("campus_points", "gauge", "points of the campus", [("", len(live.points))])
    yield from _family("campus_points_stale", "gauge", "points without a current value", [("", int(live.stale.sum()))])
    if runtime.configuration is not None:
        applied = int(runtime.configuration.state == "applied")
        text = "1 when what the campus folder says is what runs"
        yield from _family("campus_configuration_applied", "gauge", text, [("", applied)])
    findings = [(f'{{check="{check}"}}', n) for check, n in runtime.watch.ledger.open_by_check().items()]
    yield from _family("campus_quality_findings", "gauge", "findings of the checks of the data that last", findings)
    yield from _sources(runtime)
    if runtime.alarms is not None:
        letters = Counter(alarm.letter for alarm in runtime.alarms.book.alarms.values())
        rows = [(f'{{state="{letter}"}}', n) for letter, n in sorted(letters.items())]
        yield from _family("campus_alarms", "gauge", "alarms that are not simply normal, by their state", rows)
        kept = int(runtime.alarms.journal is not None and not runtime.alarms.trouble)
        yield from _family("campus_alarms_kept", "gauge", "1 when the journal of the alarms is written", [("", kept)])
    yield from _hooks(runtime)
    if runtime.recorder is not None:
        row = runtime.recorder.state()
        text = "1 when what comes is kept"
        yield from _family("campus_history_ok", "gauge", text, [("", int(row.state == "ok"))])
        yield from _family("campus_history_rows", "counter", "readings kept", [("", row.rows)])
        yield from _family("campus_history_waiting_bytes", "gauge", "journal that waits", [("", row.waiting)])
        yield from _family("campus_history_dropped", "counter", "readings that found no room", [("", row.dropped)])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield from _family("process_cpu_seconds", "counter", "CPU time used", [("", usage.ru_utime + usage.ru_stime)])
    yield from _family("process_max_resident_bytes", "gauge", "peak memory", [("", usage.ru_maxrss * 1024)])


def _hooks(runtime: Runtime) -> Iterator[str]:
    """Alarms that other systems report."""
    hooks = runtime.outside.hooks.hooks if runtime.outside is not None else {}
    for field, text in (
        ("requests", "requests of webhooks"),
        ("alarms", "alarms in them"),
        ("refused", "refused ones"),
    ):
        rows = [(f'{{hook="{_escape(name)}"}}', getattr(hook.counts, field)) for name, hook in hooks.items()]
        yield from _family(f"campus_hook_{field}", "counter", text, rows)


def _notices(runtime: Runtime) -> list[str]:
    """Messages about alarms; it reads the disk."""
    notifier = runtime.outside.notifier if runtime.outside is not None else None
    if notifier is None:
        return []
    counts = sorted(notifier.spool.counts().items())
    rows = [(f'{{channel="{_escape(name)}",state="{state}"}}', n) for (name, state), n in counts]
    return list(_family("campus_notices", "gauge", "messages about alarms, by channel and state", rows))


def _sources(runtime: Runtime) -> Iterator[str]:
    states = runtime.sources()
    rows = [(f'{{source="{_escape(s.name)}",state="{s.state}"}}', 1) for s in states]
    yield from _family("campus_source_state", "gauge", "1 for the state that the source is in", rows)
    counts = runtime.ingest.counts.items()
    for field, text in (
        ("readings", "readings handed over"), ("accepted", "readings taken into the live state"),
        ("bad", "readings taken as bad"), ("duplicate", "readings that were there already"),
        ("late", "readings older than the live value"), ("unmapped", "readings that no point wants"),
        ("refused", "pushed readings that were refused"),
    ):  # fmt: skip
        rows = [(f'{{source="{_escape(name)}"}}', getattr(row, field)) for name, row in counts]
        yield from _family(f"campus_ingest_{field}", "counter", text, rows)


def _family(name: str, kind: str, text: str, rows: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    yield f"# HELP {name} {text}."
    suffix = "_total" if kind == "counter" else ""
    for labels, value in rows:
        yield f"{name}{suffix}{labels} {value:g}" if isinstance(value, float) else f"{name}{suffix}{labels} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
