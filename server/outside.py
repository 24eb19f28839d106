"""What connects the campus's alarms with other systems and people: webhooks in, messages out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.hooks import HookDesk
from server.incidents import ClosedError, IncidentDesk, noticed
from server.notify import Notifier
from server.notify_incidents import BoardIncidents
from twin.config import CampusFile
from twin.notify.spool import Notice, SpoolError
from twin.places import Places

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outside:
    """``notifier`` is None where its file cannot be had; ``trouble`` then says why."""

    hooks: HookDesk
    notifier: Notifier | None = None
    trouble: str = ""


def open_outside(runtime: Runtime, file: CampusFile | None = None) -> None:
    """Give a runtime with alarms its hooks and its notifier, running with the server; ``file`` is campus.yaml."""
    if runtime.alarms is None:
        return
    made = runtime.outside = Outside(HookDesk(runtime))
    if file is None:
        return
    made.hooks.follow(file.hooks, Places(runtime.assembled.campus) if file.hooks else None)
    if runtime.state_folder is None:
        return
    try:
        made.notifier = Notifier(runtime, file.notify, runtime.state_folder)
    except SpoolError as error:
        log.error("nobody is told of alarms by message: %s", error)
        made.trouble = str(error)
    else:
        if runtime.incidents is not None:
            _join(made.notifier, runtime.incidents)
        runtime.background.append(("the messages about alarms", made.notifier.run))


def _join(notifier: Notifier, incidents: IncidentDesk) -> None:
    """The alarms of an incident are told together, and its timeline says who was told."""
    notifier.group(BoardIncidents(incidents.board, incidents.ready.is_set))

    async def told(notices: Sequence[Notice], now: float) -> None:
        for notice in notices:
            if notice.matter.number:
                with suppress(KeyError, ClosedError):  # it became another one, or was forgotten, meanwhile
                    await incidents.act(notice.matter.id, noticed(notice.channel, now))

    notifier.told = told


async def follow_outside(runtime: Runtime, file: CampusFile) -> None:
    """The campus folder changed: go on with what it says now."""
    if runtime.outside is None:
        return
    called = await asyncio.to_thread(Places, runtime.assembled.campus) if file.hooks else None
    runtime.outside.hooks.follow(file.hooks, called)
    if runtime.outside.notifier is not None:
        runtime.outside.notifier.follow(file.notify)
