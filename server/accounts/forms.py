"""What forms have in common: the cookie and hidden field that prove them ours, their body, where to go afterwards."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from server.accounts import tokens
from server.accounts.accounts import Accounts
from server.accounts.gate import cookie_name

FORM_COOKIE = "campus-form"
MOST = 8192
"""Bytes of a form."""
DISPLAY_H = 400 * 24.0
"""How long the browser of a display keeps its cookie [h]."""


def proof_of(accounts: Accounts, request: Request) -> tuple[str, str]:
    """The hidden field of a form for this browser, and the value of the cookie that it belongs to ('' = it has one)."""
    session = request.state.session
    if session:
        return accounts.proof("csrf", session), ""
    known = request.cookies.get(FORM_COOKIE, "")
    fresh = "" if tokens.is_token(known) else tokens.new_token()
    return accounts.proof("form", fresh or known), fresh


def is_ours(accounts: Accounts, request: Request, fields: dict[str, str]) -> bool:
    """Whether the form was made by us for this browser."""
    given = fields.get("proof", "") or request.headers.get("x-campus-token", "")
    session = request.state.session
    if session and accounts.proves("csrf", session, given):
        return True
    known = request.cookies.get(FORM_COOKIE, "")
    return tokens.is_token(known) and accounts.proves("form", known, given)


def with_form_cookie(answer: Response, request: Request, fresh: str) -> Response:
    """The answer with the cookie of its form, where the browser has none."""
    if fresh:
        answer.set_cookie(
            FORM_COOKIE, fresh, max_age=86_400, path="/", httponly=True, samesite="strict", secure=request.state.secure
        )
    return answer


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once; nothing of what is no form, or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST:
                return {}
    except ClientDisconnect:
        return {}
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def inside(path: str) -> str:
    """An address of ours to go to, or the first page: never another host."""
    ours = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", path)
    if not ours or len(path) > 2000 or path.startswith(("/sign-", "/oidc/", "/set-up/", "/kiosk/")):
        return "/"
    return path


def go(path: str) -> RedirectResponse:
    """Go on to an address with GET."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def signed_in(answer: Response, request: Request, value: str, longest_h: float) -> Response:
    """The answer with the session's cookie; the browser keeps it ``longest_h`` [h], the server may end it before."""
    secure = request.state.secure
    answer.set_cookie(
        cookie_name(secure), value, path="/", httponly=True, samesite="lax", secure=secure,
        max_age=round(longest_h * 3600),
    )  # fmt: skip
    answer.delete_cookie(FORM_COOKIE, path="/", httponly=True, samesite="strict", secure=secure)
    return answer


def signed_out(answer: Response, request: Request) -> Response:
    """The answer that takes the cookie away, and what the browser kept of the campus."""
    secure = request.state.secure
    answer.delete_cookie(cookie_name(secure), path="/", httponly=True, samesite="lax", secure=secure)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
