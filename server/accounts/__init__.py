"""Who may do what: sign-in, sessions, displays, keys, the one table of roles, the audit log."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from server.accounts import admin_api
from server.accounts.audit import HasAccounts
from server.accounts.own import Own
from server.accounts.sign_in import SignIn


def register(server: FastAPI, runtime: HasAccounts) -> None:
    """Add the routes of the accounts of ``runtime``; those of signing in only where somebody has to."""
    accounts = runtime.accounts
    server.router.routes.extend(Own(accounts).routes())
    if accounts is not None and accounts.on:
        leave = None
        if accounts.settings.oidc is not None:
            from server.accounts.oidc import Provider

            provider = Provider(accounts, accounts.settings.oidc)
            leave = provider.leave
            server.router.routes.extend(provider.routes())
        server.router.routes.extend(SignIn(accounts, leave).routes())
    api = APIRouter(prefix="/api/v1")
    admin_api.add(api, runtime)
    server.include_router(api)
