"""The accounts of a campus that is to be served: whether there are any, whether it may listen, the first link."""

from __future__ import annotations

import logging
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from server.accounts import people
from server.accounts.accounts import Accounts
from server.accounts.store import AccountsError
from server.security import BindingError, check_binding, is_loopback
from twin.config_accounts import AccountsEntry

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)


def check_start(host: str, settings: AccountsEntry | None) -> None:
    """Refuse to listen beyond this machine while nobody has to sign in (BindingError)."""
    check_binding(host, users=settings is not None)


def settings_of(runtime: Runtime, wanted: bool) -> AccountsEntry | None:
    """What campus.yaml says of accounts; with ``wanted`` (``--accounts``) there are some in any case."""
    given = runtime.config.file.accounts if runtime.config is not None else None
    return given or (AccountsEntry() if wanted else None)


def open_accounts(runtime: Runtime, host: str, port: int, wanted: bool) -> None:
    """Give the runtime its accounts, before the server is made. BindingError where it must not start."""
    settings = settings_of(runtime, wanted)
    check_start(host, settings)
    runtime.any_host = not is_loopback(host)
    if runtime.state_folder is None:
        return
    try:
        accounts = Accounts(runtime.state_folder, settings)
    except (AccountsError, OSError, sqlite3.Error) as error:
        raise BindingError(f"the accounts in {runtime.state_folder} cannot be opened: {error}") from error
    runtime.accounts = accounts
    runtime.background.append(("the accounts", accounts.run))
    if accounts.on and accounts.settings.local and not accounts.in_use():
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared, not listened on
        base = accounts.settings.url or f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        sys.stderr.write(set_up_text(base + people.invite(accounts, "set-up", "", "admin").path))


def set_up_text(link: str) -> str:
    """What the terminal shows at the first start."""
    line = "-" * 78
    return (
        f"\n{line}\nThere are no accounts yet. Open this link within an hour to make the first administrator;\n"
        f"it works once.\n还没有账户。请在一小时内打开此链接创建第一个管理员（仅可使用一次）：\n\n  {link}\n{line}\n\n"
    )


def folder_of(campus: Path | None, cache: Path, seed: int, spaces: int) -> Path:
    """Where the state of a campus folder is kept, or that of the demo campus."""
    return campus / "state" if campus is not None else cache / "demo" / f"{seed}-{spaces}" / "state"
