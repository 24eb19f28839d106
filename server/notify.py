"""The notifier of the campus that is served: alarms come in, messages are kept on the disk and sent from there.

The plan decides (``twin/notify/plan.py``), the spool remembers; here is the clock, and the order in which things
happen: a message is on the disk before anybody counts as told, and is marked as sent only once the other side has
taken it. A channel that fails is tried again later and later, and is an alarm of its own while it does.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.notify_outcome import AgainError, RefusedError
from server.notify_send import send
from server.notify_text import Frame, words
from server.texts import LANGUAGES
from twin.alarms.alarm import MEDIUM, External
from twin.config_notify import ChannelEntry, NotifyEntry
from twin.notify.matter import OWN, Incidents, Matter
from twin.notify.plan import Due, Plan
from twin.notify.spool import MOST_WAITING, Notice, Spool, SpoolError

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.runtime import Runtime

log = logging.getLogger(__name__)

FILE = "notices.sqlite"
TURN_S = 0.5
FIRST_S, LONGEST_S = 5.0, 600.0
"""Between two tries of a channel that fails, at first and at most [s]."""
TROUBLE_S = 300.0
"""A channel that has failed for so long is an alarm [s]."""
FORGET_S = 6 * 3600.0
AT_ONCE = 200
"""Messages in one request to a program; people get all that is too much for single ones in one."""
MOST_UNKEPT = 1000
"""Turns whose orders wait in memory while the disk takes none."""
DAY_S = 86_400.0

Send = Callable[[ChannelEntry, Sequence[Notice], Frame], Awaitable[None]]


class Channel:
    """One channel while it runs; times [s since epoch]."""

    def __init__(self, name: str, entry: ChannelEntry) -> None:
        self.name, self.entry = name, entry
        self.failing: float | None = None
        self.error = ""
        self.next = 0.0
        self.tries = 0
        self.task: asyncio.Task[None] | None = None
        self._sent: deque[float] = deque()

    def left(self, now: float) -> int:
        """How many messages may be sent now."""
        limit = self.entry.limit
        while self._sent and self._sent[0] <= now - limit.per:
            self._sent.popleft()
        return limit.messages - len(self._sent)

    def batch(self, rows: Sequence[Notice], now: float) -> Sequence[Notice]:
        """What the next message tells: one notice, or all where there are more than may be sent one by one."""
        left = self.left(now)
        if left <= 0:
            return []
        return rows if len(rows) > left or not self.entry.people else rows[:1]

    def worked(self, now: float) -> None:
        """A message arrived."""
        self._sent.append(now)
        self.failing, self.error, self.next, self.tries = None, "", 0.0, 0

    def failed(self, error: str, after_s: float, now: float) -> float:
        """One did not; when the next try is."""
        self._sent.append(now)
        self.failing = now if self.failing is None else self.failing
        self.error = error
        wait = max(after_s, min(LONGEST_S, FIRST_S * 2.0**self.tries)) * random.uniform(0.9, 1.1)  # noqa: S311  # no secret
        self.tries = min(self.tries + 1, 16)
        self.next = now + wait
        return self.next


class Notifier:
    """The messages of one runtime. ``told`` hears what was sent, and when [s since epoch]."""

    def __init__(self, runtime: Runtime, entry: NotifyEntry, folder: Path, sender: Send = send) -> None:
        self._runtime = runtime
        self._send = sender
        self.entry = entry
        self.spool = Spool(folder / FILE)
        self.trouble = ""
        self.told: Callable[[Sequence[Notice], float], Awaitable[None]] | None = None
        self.channels: dict[str, Channel] = {}
        self.plan = Plan(entry, self._desk.engine.ground.places, self._desk.engine.calendar, self._desk.book.alarms.get,
                         self.spool.told())  # fmt: skip
        self._desk.book.listeners.append(self.plan.take)
        self._next_forget = 0.0
        self._unkept: list[Due] = []
        self.follow(entry)

    @property
    def _desk(self) -> AlarmDesk:
        desk = self._runtime.alarms
        assert desk is not None, "messages are about alarms"
        return desk

    @property
    def now(self) -> float:
        """The time of the campus [s since epoch]."""
        return self._desk.now

    def group(self, incidents: Incidents) -> None:
        """From now on the alarms of an incident are told together. To be called before ``run``."""
        self.plan.incidents = incidents

    def follow(self, entry: NotifyEntry) -> None:
        """Go on with these channels and routes."""
        self.entry = entry
        engine = self._desk.engine
        self.plan.follow(entry, engine.ground.places, engine.calendar)
        self.plan.recall(self._desk.book.alarms.values())
        before = self.channels
        self.channels = {}
        for name, channel in entry.channels.items():
            old = before.get(name)
            self.channels[name] = old if old is not None and old.entry == channel else Channel(name, channel)

    def frame(self) -> Frame:
        """What every message has."""
        campus, config = self._runtime.assembled.campus, self._runtime.config
        accounts = config.file.accounts if config is not None else None
        url = self.entry.url or (accounts.url if accounts is not None else None) or ""
        return Frame(campus.names or {"en": campus.id}, ZoneInfo(campus.timezone), url)

    async def run(self) -> None:
        """Order and send, until cancelled."""
        try:
            while True:
                await asyncio.sleep(TURN_S)
                try:
                    await self.turn(self.now)
                except SpoolError as error:
                    self._say(str(error))
                except Exception:  # one message that cannot be made must not end all others
                    log.exception("the messages failed in one turn and go on")
        finally:
            tasks = [channel.task for channel in self.channels.values() if channel.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.shield(asyncio.to_thread(self.spool.close))

    async def turn(self, now: float) -> None:
        """What is due at ``now`` [s since epoch]: orders to the disk, and what waits there on its way."""
        due = self.plan.due(now)
        self.plan.settle(due)
        if due and len(self._unkept) < MOST_UNKEPT:
            self._unkept.append(due)
        while self._unkept:  # what the disk refused comes first the next time
            await asyncio.to_thread(self.spool.put, self._unkept[0], now)
            del self._unkept[0]
        self._say("")
        for channel in self.channels.values():
            if (channel.task is None or channel.task.done()) and now >= channel.next and channel.left(now) > 0:
                channel.task = asyncio.create_task(self._bring(channel, now), name=f"messages of {channel.name}")
        self._tell_trouble(now)
        if now >= self._next_forget:
            self._next_forget = now + FORGET_S
            await asyncio.to_thread(self.spool.forget, now - self.entry.keep_days * DAY_S)

    async def _bring(self, channel: Channel, now: float) -> None:
        """Send what is due on one channel, one message after the other."""
        try:
            most = MOST_WAITING if channel.entry.people else AT_ONCE
            while batch := channel.batch(await asyncio.to_thread(self.spool.waiting, channel.name, now, most), now):
                await self._one(channel, batch)
                if channel.next > now:
                    return
                now = max(now, self.now)
        except SpoolError as error:  # not at once: what was sent and could not be marked would be sent again and again
            self._say(str(error))
            channel.failed(str(error), 0.0, now)
        except Exception as error:  # whatever it is, it is tried later, and the reader of the page sees it
            log.exception("messages of channel '%s' could not be sent", channel.name)
            channel.failed(f"it failed: {type(error).__name__}", LONGEST_S, now)

    async def _one(self, channel: Channel, batch: Sequence[Notice]) -> None:
        ids = [notice.id for notice in batch]
        begun = time.monotonic()
        try:
            await self._send(channel.entry, batch, self.frame())
        except RefusedError as error:
            now = self.now
            log.error("channel '%s': %d messages are given up: %s", channel.name, len(ids), error)
            channel.failed(str(error), 0.0, now)
            channel.next = now  # the next message may be another matter
            await asyncio.to_thread(self.spool.done, ids, "dead", now, str(error))
        except AgainError as error:
            await self._later(channel, batch, error)
        else:
            now = self.now
            channel.worked(now)
            await asyncio.to_thread(self.spool.done, ids, "sent", now)
            if self.told is not None:
                await self.told(batch, now)
            log.info("channel '%s': %d messages sent in %.1f s", channel.name, len(ids), time.monotonic() - begun)

    async def _later(self, channel: Channel, batch: Sequence[Notice], error: AgainError) -> None:
        now = self.now
        due = channel.failed(str(error), error.after_s, now)
        if channel.tries == 1:
            log.warning("channel '%s' fails and is tried again: %s", channel.name, error)
        old = [notice.id for notice in batch if now - notice.made > self.entry.give_up]
        young = [notice.id for notice in batch if now - notice.made <= self.entry.give_up]
        if old:
            log.error("channel '%s': %d messages are given up: %s", channel.name, len(old), error)
            await asyncio.to_thread(self.spool.done, old, "dead", now, str(error))
        await asyncio.to_thread(self.spool.later, young, due, str(error))

    def _tell_trouble(self, now: float) -> None:
        """Channels that fail are alarms: otherwise nobody would hear that nobody hears anything."""
        rows = [
            External(name, channel.failing is not None and now - channel.failing >= TROUBLE_S, MEDIUM,
                     {lang: words(lang)["failing"].format(channel=name) for lang in LANGUAGES},
                     action={lang: words(lang)["failing.action"] for lang in LANGUAGES})
            for name, channel in self.channels.items()
        ]  # fmt: skip
        stood = {a.source: a for a in self._desk.book.alarms.values() if a.rule == OWN and a.active}
        rows += [External(name, False, MEDIUM, stood[name].texts) for name in stood if name not in self.channels]
        news = [row for row in rows if row.active is not (row.key in stood)]
        if news:
            self._desk.take_external(news, OWN)

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.error("%s", trouble)
        self.trouble = trouble

    async def test(self, channel: str) -> int:
        """Send a message that says only that it arrives; its number."""
        now = self.now
        return await asyncio.to_thread(self.spool.test, channel, Matter("", since=now), now)
