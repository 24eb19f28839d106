"""Errors of the HTTP interface as problem+json (RFC 9457), and the log line behind every 500."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from dash.exceptions import PreventUpdate
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.texts import Lang, filled
from twin.history.contract import HistoryError, HistoryLaterError
from twin.history.steps import SeriesError
from twin.trends.refusal import RefusedError

log = logging.getLogger(__name__)

_LANGUAGES: tuple[Lang, ...] = ("zh", "en")


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem+json response: ``detail`` says what is wrong and what to do."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def register(server: FastAPI) -> None:
    """Let errors under /api answer as problem+json, and others as plain text."""
    server.add_exception_handler(HTTPException, _http_error)
    server.add_exception_handler(RequestValidationError, _validation_error)
    server.add_exception_handler(HistoryError, _history_error)
    server.add_exception_handler(SeriesError, _series_error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/"):
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
    return PlainTextResponse(str(error.detail), error.status_code, error.headers)


async def _history_error(request: Request, error: Exception) -> Response:
    """What the history cannot say is not there (404); what it cannot say yet is asked for again (503)."""
    if not isinstance(error, HistoryLaterError):
        return problem(404, str(error))
    answer = problem(503, str(error))
    answer.headers["Retry-After"] = "2"
    return answer


async def _series_error(request: Request, error: Exception) -> Response:
    """What cannot be asked so; with a ``code`` and its ``words`` in both languages where the reader will see it."""
    if not isinstance(error, RefusedError):
        return problem(422, str(error))
    words = {lang: filled(f"trends.refused.{error.code}", lang, error.figures) for lang in _LANGUAGES}
    return problem(422, str(error), code=error.code, words=words)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        {"where": "/".join(str(part) for part in row["loc"]), "what": str(row["msg"])} for row in error.errors()[:20]
    ]
    detail = "; ".join(f"{row['where']}: {row['what']}" for row in mistakes)
    return problem(422, f"the request of {request.url.path} has mistakes: {detail}", mistakes=mistakes)


class ErrorLog:
    """Pure ASGI middleware that logs what Dash's backend would answer with a silent 500, and passes it on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; log what it raises."""
        try:
            await self.app(scope, receive, send)
        except PreventUpdate:
            raise
        except Exception:
            if scope["type"] == "http":
                log.exception("%s %s failed", scope["method"], scope["path"])
            raise
