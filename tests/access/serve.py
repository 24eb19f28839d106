"""The product with accounts as a process: ``python -m tests.access.serve PORT CACHE``; into the cache it writes the
cookie of an administrator and the path of an invitation.

The demo campus made small, with a past, alarms of another system, hooks and channels that are not well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

from pages.application import create_app
from server.accounts import people
from server.app import UVICORN, create_server
from server.outside import open_outside
from server.runtime import build_runtime
from tests.fake_past import day_before
from tests.server.accounts.signing import PASSWORD, opened
from twin.alarms.alarm import External
from twin.config import CampusFile
from twin.notify.matter import Matter

SPACES = 400
SESSION = "session.txt"
FILE = {
    "campus": {"id": "c"},
    "hooks": {"noc": {"type": "alertmanager", "token": {"env": "NO_SUCH_TOKEN"}},
              "panels": {"type": "grafana", "token": {"env": "A_TOKEN"}}},
    "notify": {"channels": {"duty": {"type": "wecom", "url": {"env": "NO_SUCH_URL"}}}},
}  # fmt: skip


def main() -> None:
    """Serve until terminated."""
    os.environ["A_TOKEN"] = "0123456789abcdef"
    port, cache = int(sys.argv[1]), Path(sys.argv[2])
    runtime = build_runtime(None, cache, spaces=SPACES)
    runtime.past = day_before(runtime)
    open_outside(runtime, CampusFile.model_validate(FILE))
    assert runtime.alarms is not None
    assert runtime.outside is not None
    assert runtime.outside.notifier is not None
    places = [building.id for building in runtime.assembled.campus.buildings[:3]]
    told = [
        External(place, True, n, {"zh": "交换机离线", "en": "Switch is down"}, place)
        for n, place in enumerate(places, 1)
    ]
    runtime.alarms.take_external(told, "noc")
    spool, now = runtime.outside.notifier.spool, runtime.alarms.now
    spool.done([spool.test("duty", Matter("", since=now), now)], "dead", now, "it answered 404")
    accounts = opened(cache / "accounts")
    runtime.accounts = accounts
    runtime.background.append(("the accounts", accounts.run))
    link = people.invite(accounts, "invite", "admin", "admin")
    user = people.take_link(accounts, link.path.removeprefix("/set-up/"), "", PASSWORD)
    invitation = people.invite(accounts, "invite", "guest", "viewer")
    (cache / SESSION).write_text(f"{accounts.begin(user=user.id)}\n{invitation.path}\n", "utf-8")
    server = create_server(runtime)
    create_app(server, runtime)
    uvicorn.run(server, host="127.0.0.1", port=port, **UVICORN)


if __name__ == "__main__":
    main()
