"""The FastAPI application: everything that speaks HTTP, in the order in which a request meets it.

Guard (Host, Origin, body, headers) -> Gate (who asks, and may they) ->
Compress -> Dash's own middleware -> ErrorLog -> routes -> Dash's pages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from server import (
    accounts,
    alarms_stream,
    api,
    files,
    health,
    problems,
    streaming,
    tour_phones,
    tour_stream,
    wall_stream,
)
from server.accounts.gate import Gate
from server.compress import Compress
from server.runtime import Runtime
from server.security import Guard, content_policy

UVICORN: dict[str, Any] = {
    "http": "httptools",
    "ws": "websockets-sansio",
    "proxy_headers": False,  # server/accounts/peer.py reads them, and knows whom to believe
    "ws_per_message_deflate": False,  # the default costs eleven times the CPU of the live stream
    "ws_max_size": 1024 * 1024,
    "server_header": False,
    "timeout_graceful_shutdown": 5,
    "access_log": False,
}
"""What ``uvicorn.run(server, **UVICORN, host=..., port=...)`` needs. Never ``Dash.run``: it starts a child process that
outlives SIGTERM."""


class CampusServer(FastAPI):
    """FastAPI whose outermost layers are ours, whatever Dash adds later."""

    guard: Guard

    def build_middleware_stack(self) -> ASGIApp:
        """The middleware that routes and Dash registered, inside Compress, Gate and Guard."""
        runtime: Runtime = self.state.runtime
        inner = Gate(Compress(super().build_middleware_stack()), runtime)
        self.guard = Guard(inner, runtime.hosts, runtime.any_host)
        return self.guard


def create_server(runtime: Runtime) -> CampusServer:
    """The server of one campus; ``pages.application.create_app(server, runtime)`` puts the pages on it."""

    @asynccontextmanager
    async def lifespan(server: FastAPI) -> AsyncIterator[None]:
        _allow_inline_scripts(server)
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    server = CampusServer(
        title="Campus Twin", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    server.state.runtime = runtime
    server.add_middleware(problems.ErrorLog)
    problems.register(server)
    server.include_router(api.router(runtime))
    accounts.register(server, runtime)
    health.register(server, runtime)
    streaming.register(server, runtime.hub)
    alarms_stream.register(server, runtime)
    wall_stream.register(server, runtime)
    tour_stream.register(server, runtime)
    tour_phones.register(server, runtime)
    files.register_models(server, runtime.model_file)
    files.register_bundle(server, runtime.bundle)
    server.add_route("/api", _no_such_call, include_in_schema=False)
    server.add_route("/api/{rest:path}", _no_such_call, _METHODS, include_in_schema=False)
    return server


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


async def _no_such_call(request: Request) -> Response:
    """Dash's catch-all answers every unknown path with a page and 200; a program must get a 404."""
    return problems.problem(404, f"there is no {request.url.path}: see /api/v1/openapi.json")


def _allow_inline_scripts(server: FastAPI) -> None:
    """Dash starts its renderer with inline script: allow exactly those that it has, by hash."""
    apps: list[Any] = [row.kwargs["dash_app"] for row in server.user_middleware if "dash_app" in row.kwargs]
    hashes = [text for app in apps for text in app.csp_hashes()]
    if isinstance(server, CampusServer) and hashes:
        server.guard.policy = content_policy(hashes)
