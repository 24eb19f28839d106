"""Who may call what: the one table, read by the gate. What is not in it is refused while accounts are on.

A row names paths as routes do (``{name}``, ``{name:path}``), methods (``WS`` for a socket), the least role, and which
of kiosk and visitor may as well. ``public``: anybody. ``own``: the route checks a token of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from starlette.routing import compile_path

from server.accounts.who import Who, rank

Level = Literal["public", "own", "viewer", "operator", "planner", "admin"]

KIOSK = frozenset({"kiosk"})
BOTH = KIOSK | frozenset({"visitor"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. ``audit``: what the log of changes calls a call of it; '' = nothing of a GET, *change* of others;
    ``-`` = never.
    """

    methods: frozenset[str]
    path: str
    least: Level
    also: frozenset[str] = NOBODY
    audit: str = ""
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path)[0])


def _row(methods: str, path: str, least: Level, also: frozenset[str] = NOBODY, audit: str = "") -> Rule:
    return Rule(frozenset(methods.split()), path, least, also, audit)


def _reads(names: str, also: frozenset[str] = NOBODY, least: Level = "viewer", audit: str = "") -> tuple[Rule, ...]:
    return tuple(_row("GET", f"/api/v1/{name}", least, also, audit) for name in names.split())


RULES: tuple[Rule, ...] = (
    # program text and state of the process: nothing of the campus
    _row("GET", "/healthz", "public"),
    _row("GET", "/readyz", "public"),
    _row("GET", "/assets/{path:path}", "public"),
    _row("GET", "/style/{name}", "public"),
    _row("GET", "/viewer/{name:path}", "public"),
    _row("GET", "/_favicon.ico", "public"),
    _row("GET", "/_dash-component-suites/{name:path}", "public"),
    _row("GET", "/metrics", "viewer"),
    # signing in and out
    _row("GET POST", "/sign-in", "public", audit="-"),
    _row("POST", "/sign-out", "public", audit="-"),
    _row("GET POST", "/set-up/{token}", "public", audit="-"),
    _row("GET", "/kiosk/{token}", "public"),
    _row("GET", "/oidc/start", "public"),
    _row("GET", "/oidc/callback", "public"),
    _row("GET", "/oidc/leave", "public"),
    _row("GET POST", "/account", "viewer", audit="-"),
    _row("GET", "/api/v1/me", "viewer", BOTH),
    # what carries the pages; which page and which callback: ``may_show`` and ``CALLBACKS``
    _row("GET", "/_dash-layout", "viewer", BOTH),
    _row("GET", "/_dash-dependencies", "viewer", BOTH),
    _row("GET", "/_reload-hash", "viewer", BOTH),
    _row("POST", "/_dash-update-component", "viewer", BOTH, "-"),
    _row("WS", "/_dash-ws-callback", "viewer"),
    _row("GET", "/models/{name}", "viewer", BOTH),
    _row("WS", "/ws/live", "viewer", BOTH),
    _row("GET", "/sse/live", "viewer", BOTH),
    _row("GET", "/sse/alarms", "viewer", KIOSK),
    _row("GET", "/sse/wall/{wall}", "viewer", KIOSK),
    _row("GET", "/sse/telling/{telling}", "viewer", BOTH),
    # visitors' phones: nobody signs in; a code, and what the role visitor may have
    _row("GET", "/sse/follow/{code}", "public"),
    _row("GET", "/api/v1/follow/{code}", "public"),
    # pages
    _row("GET", "/", "viewer"),
    _row("GET", "/building/{building:path}", "viewer"),
    _row("GET", "/trends", "viewer"),
    _row("GET", "/reports", "viewer"),
    _row("GET", "/feeds", "viewer"),
    _row("GET", "/check", "viewer"),
    _row("GET", "/alarms", "viewer"),
    _row("GET", "/incidents", "viewer"),
    _row("GET", "/incidents/{incident}", "viewer"),
    _row("GET", "/log", "viewer"),
    _row("GET", "/services/{name}", "viewer"),
    _row("GET", "/wall/{wall}", "viewer", KIOSK),
    _row("GET", "/wall/{wall}/control", "operator"),
    _row("GET", "/wall/{wall}/edit", "planner"),
    _row("GET", "/walls", "operator"),
    _row("GET", "/tour", "viewer", BOTH),
    _row("GET", "/tour/{tour:path}", "viewer", BOTH),
    _row("GET", "/follow/{code}", "public"),
    _row("GET", "/guide/{tour}", "operator"),
    _row("GET", "/visits", "operator"),
    _row("GET", "/plan", "planner"),
    _row("GET", "/drills", "planner"),
    _row("GET", "/admin", "admin"),
    # the campus for programs: reading
    *_reads("campus buildings tours", BOTH),
    *_reads(
        "storeys spaces state kpis kpis/history links alarms alarms/figures incidents walls walls/{wall} "
        "forecast impact impact/scene",
        KIOSK,
    ),
    *_reads("openapi.json search check points points/{point:path}/latest points/{point:path}/provenance sources"),
    *_reads("models models/{entity:path} frames frames/links meters neighbours notes occupancy"),
    *_reads("quality mapping/suggestions trends trends/flows trends/ranking trends/find trends/names"),
    *_reads("trends/carpet trends/duration alarms/rules alarms/journal alarms/{alarm:path} incidents/{incident:path}"),
    *_reads("scenarios scenarios/{scenario} runs/{run} compare notifications"),
    *_reads("history reports series points/{point:path}/series handover", audit="export"),
    *_reads("log views"),
    *_reads("displays hooks", least="operator"),
    *_reads("walls/{wall}/source", least="planner"),
    *_reads("drills", least="planner"),
    *_reads("visits", least="operator", audit="export"),
    # the campus for programs: changing
    _row("POST", "/api/v1/readings", "own", audit="-"),
    _row("POST", "/api/v1/hooks/{name}", "own", audit="-"),
    _row("POST", "/api/v1/notifications/test", "operator"),
    _row("POST", "/api/v1/notifications/{notice}/again", "operator"),
    _row("POST", "/api/v1/notes", "operator"),
    _row("DELETE", "/api/v1/notes/{note}", "operator"),
    _row("POST", "/api/v1/mapping/accept", "admin", audit="mapping"),
    _row("POST PUT DELETE", "/api/v1/alarms/{alarm:path}", "operator"),
    _row("POST PUT DELETE", "/api/v1/incidents/{incident:path}", "operator"),
    _row("POST", "/api/v1/log", "operator"),
    _row("POST", "/api/v1/log/{entry}/pin", "operator"),
    _row("DELETE", "/api/v1/log/{entry}", "operator"),
    _row("POST", "/api/v1/views", "viewer"),
    _row("DELETE", "/api/v1/views/{view}", "viewer"),
    _row("POST", "/api/v1/displays/{display}/beat", "operator", KIOSK, "-"),
    _row("POST", "/api/v1/displays/{display}/{what}", "operator"),
    _row("POST", "/api/v1/visits", "operator"),
    _row("POST", "/api/v1/visits/calendar", "operator"),
    _row("PUT DELETE", "/api/v1/visits/{visit:path}", "operator"),
    _row("POST", "/api/v1/follow/{code}/feedback", "public", audit="-"),
    _row("GET", "/api/v1/tours/{tour}/media/{step}", "viewer", BOTH),
    _row("GET", "/api/v1/tours/{tour}", "operator"),
    _row("GET", "/api/v1/tellings", "operator"),
    _row("POST", "/api/v1/tellings", "viewer", BOTH, "-"),
    _row("GET", "/api/v1/tellings/{telling}", "viewer", BOTH),
    _row("GET", "/api/v1/tellings/{telling}/qr", "viewer", BOTH),
    _row("POST", "/api/v1/tellings/{telling}/screen", "viewer", BOTH, "-"),
    _row("POST", "/api/v1/tellings/{telling}/act", "operator", audit="-"),
    _row("PUT POST DELETE", "/api/v1/walls/{wall}", "planner"),
    _row("POST", "/api/v1/walls/{wall}/check", "planner", audit="-"),
    _row("POST", "/api/v1/walls/{wall}/control", "operator", audit="wall-control"),
    _row("POST", "/api/v1/drills", "planner", audit="drill"),
    _row("DELETE", "/api/v1/drills/{drill}", "planner", audit="drill-end"),
    _row("POST", "/api/v1/scenarios", "planner"),
    _row("POST PUT DELETE", "/api/v1/scenarios/{scenario:path}", "planner"),
    # accounts
    _row("GET POST", "/api/v1/users", "admin", audit="-"),
    _row("PATCH DELETE", "/api/v1/users/{user}", "admin", audit="-"),
    _row("POST", "/api/v1/users/{user}/reset", "admin", audit="-"),
    _row("GET POST", "/api/v1/kiosks", "admin", audit="-"),
    _row("DELETE", "/api/v1/kiosks/{kiosk}", "admin", audit="-"),
    _row("GET POST", "/api/v1/keys", "admin", audit="-"),
    _row("DELETE", "/api/v1/keys/{key}", "admin", audit="-"),
    _row("GET", "/api/v1/audit", "admin", audit="export"),
)

CALLBACKS: Mapping[str, tuple[Level, frozenset[str]]] = {
    "pages.application": ("viewer", BOTH),
    "pages.application.show_heading": ("viewer", KIOSK),
    "pages.application.show_details": ("viewer", KIOSK),
    "pages.application.tell_again": ("viewer", KIOSK),
    "pages._parts.twin_view": ("viewer", BOTH),
    "pages.building": ("viewer", NOBODY),
    "pages.console": ("viewer", NOBODY),
    "pages.feeds": ("viewer", NOBODY),
    "pages.reports": ("viewer", NOBODY),
    "pages.trends": ("viewer", NOBODY),
    "pages.alarms": ("viewer", NOBODY),
    "pages.incidents": ("viewer", NOBODY),
    "pages.incident": ("viewer", NOBODY),
    "pages.shift_log": ("viewer", NOBODY),
    "pages.wall": ("viewer", KIOSK),
    "pages.plan": ("planner", NOBODY),
    "pages.drills": ("planner", NOBODY),
    "pages.admin": ("admin", NOBODY),
}
"""The least role for the callbacks of a module, or for one of them, and who may as well. Others are refused while
accounts are on."""

_PLAIN: Mapping[str, str] = {"HEAD": "GET", "OPTIONS": "GET"}
_EXACT: dict[tuple[str, str], Rule] = {
    (method, rule.path): rule for rule in RULES if "{" not in rule.path for method in rule.methods
}
_OPEN = tuple(rule for rule in RULES if "{" in rule.path)


@lru_cache(maxsize=4096)
def find(method: str, path: str) -> Rule | None:
    """The row of a call; None for what the table does not have."""
    method = _PLAIN.get(method, method)
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact
    return next((rule for rule in _OPEN if method in rule.methods and rule.pattern.match(path)), None)


def may(who: Who | None, rule: Rule, path: str) -> bool:
    """Whether ``who`` may make the call that ``rule`` is the row of."""
    if rule.least in ("public", "own"):
        return True
    if who is None:
        return False
    if rank(who.role) >= rank(rule.least):
        return True
    return who.role in rule.also and (who.role != "kiosk" or _its_own(who, rule, path))


def _its_own(who: Who, rule: Rule, path: str) -> bool:
    """A display shows its own wall and speaks for itself only."""
    found = rule.pattern.match(path)
    names = found.groupdict() if found else {}
    wall, display = names.get("wall"), names.get("display")
    if wall is not None and who.wall not in ("", wall):
        return False
    return display is None or display == who.name


def may_show(who: Who | None, path: str) -> bool:
    """Whether ``who`` may see the page of an address."""
    rule = find("GET", path)
    return _demo(who) or (rule is not None and may(who, rule, path))


def _demo(who: Who | None) -> bool:
    return who is not None and who.kind == "demo"


def may_run(who: Who | None, module: str, name: str = "") -> bool:
    """Whether ``who`` may run the callback ``name`` of a module."""
    if _demo(who):
        return True
    found = CALLBACKS.get(f"{module}.{name}") or CALLBACKS.get(module)
    if found is None or who is None:
        return False
    least, also = found
    return rank(who.role) >= rank(least) or who.role in also
