"""One device of the SNMP source: asked at its own pace, by itself, and silent alone when it is silent."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datasources.contract import MisconfiguredError, Neighbours, SourceError, TargetReport
from datasources.snmp_clock import HEAD, IF_NUMBER, IF_TABLE_LAST_CHANGE, DeviceClock
from datasources.snmp_lldp import Timer, read_neighbours
from datasources.snmp_mib import Profile, profile_of, view
from datasources.snmp_plan import Plan, Planner
from datasources.snmp_reading import Answers, readings
from datasources.snmp_session import SYS_UPTIME, Absent, Session, Value, stopped
from datasources.snmp_settings import Access
from twin.reading import RawReading

log = logging.getLogger(__name__)

BACKOFF_UNREACHABLE_S = 7.0
"""A device that is silent is asked at least so often [s]: with the time-out it is back within 10 s."""
BACKOFF_REFUSED_S = 60.0
NAMES_S = 300.0
CALM_S = 30.0
APART_S = 60.0
POLL_S = 60.0
LLDP_S = 30.0
"""A device whose neighbours are not all read within so long [s] is asked for them another time."""

SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"

Out = Callable[[list[RawReading] | TargetReport | Neighbours], Awaitable[None]]


@dataclass(slots=True)
class Lanes:
    """How many devices are asked at once. Those that fail have a lane of their own, so that they hold nobody up."""

    well: asyncio.Semaphore
    unwell: asyncio.Semaphore
    masters: dict[tuple[str, str], bytes] = field(default_factory=dict)


class _MovedError(Exception):
    """The device's rows are not what they were when the names were read."""


class Device:
    """One target: ``addresses`` are asked for every ``access.interval_s``, readings and reports go to ``out``."""

    def __init__(
        self, access: Access, addresses: Sequence[str], counters: Iterable[str], lanes: Lanes, out: Out
    ) -> None:
        self._access = access
        self._addresses = addresses
        self._counters = frozenset(counters)
        self._lanes = lanes
        self._out = out
        self._session: Session | None = None
        self._profile: Profile = view("")
        self._plan: Plan | None = None
        self._planned = 0.0
        self._marks: tuple[object, ...] = ()
        self._apart: dict[str, tuple[float, Absent]] = {}
        self._head: tuple[str, ...] = HEAD
        self._clock = DeviceClock()
        self._stale = False
        self._failures = 0
        self._well = False
        self._said: tuple[str, str] = ("live", "")
        self._lldp = Timer(access.lldp_interval_s)

    async def forever(self) -> None:
        """Ask, hand over, wait; until cancelled."""
        interval = self._access.interval_s
        due, first = time.monotonic(), True
        while True:
            async with self._lanes.well if self._well else self._lanes.unwell:
                wait = await self._turn()
            now = time.monotonic()
            if wait is not None:
                due = now + wait
            elif first:
                # Devices asked together at the start spread out.
                due, first = now + interval * random.uniform(0.5, 1), False  # noqa: S311
            else:
                due = max(due + interval, now)
            await asyncio.sleep(due - now)

    async def _turn(self) -> float | None:
        """One poll; how long to wait before the next try [s] if it failed."""
        limit = max(POLL_S, 2 * self._access.interval_s)
        try:
            async with asyncio.timeout(limit):
                batch = await self._poll()
        except MisconfiguredError as error:
            return await self._fail("misconfigured", str(error), BACKOFF_REFUSED_S)
        except SourceError as error:
            return await self._fail("down", str(error), BACKOFF_UNREACHABLE_S)
        except TimeoutError:
            return await self._fail("down", f"did not finish answering within {limit:g} s", BACKOFF_UNREACHABLE_S)
        except Exception as error:
            log.exception("target %s: unexpected error", self._access.name)
            words = f"unexpected error, see the log: {type(error).__name__}"
            return await self._fail("down", words, BACKOFF_REFUSED_S)
        self._failures, self._well = 0, True
        await self._say("live", "answers")
        if batch:
            await self._out(batch)
        if self._lldp.due:
            await self._look_around()
        return None

    async def _look_around(self) -> None:
        """Read the neighbours, after the readings and apart from them: a table that cannot be read costs no value."""
        assert self._session is not None
        name = self._access.name
        reading = asyncio.create_task(read_neighbours(self._session, name, self._profile), name=f"LLDP of {name}")
        try:
            await asyncio.wait({reading}, timeout=LLDP_S)
            if not reading.done():
                raise TimeoutError
            found = reading.result()
        except (SourceError, TimeoutError) as error:
            log.warning("target %s: its LLDP neighbours cannot be read: %s", name, error or f"not within {LLDP_S:g} s")
        except Exception:
            log.exception("target %s: unexpected error while its LLDP neighbours were read", name)
        else:
            self._lldp.wait()
            await self._out(found)
            return
        finally:
            await stopped([reading])  # one cancellation may be forgotten, and a table may have no end
        self._session = None  # an answer may still be on its way
        self._lldp.wait(failed=True)

    async def _fail(self, state: str, reason: str, most: float) -> float:
        self._session, self._plan, self._well = None, None, False
        self._failures += 1
        await self._say(state, reason)
        return min(2.0 ** min(self._failures - 1, 10), most) * random.uniform(0.75, 1)  # noqa: S311 (spreads retries)

    async def _say(self, state: str, reason: str) -> None:
        if state == self._said[0] == "live":
            return
        if (state, reason) != self._said:
            self._said = (state, reason)
            await self._out(TargetReport(self._access.name, state, reason))  # type: ignore[arg-type]

    async def _poll(self) -> list[RawReading]:
        session = await self._opened()
        for attempt in (1, 2):
            plan = await self._drawn(session)
            answers = await self._asked(session, plan)
            try:
                self._check(plan, answers)
            except _MovedError:
                self._plan = None
                if attempt == 1:
                    continue
            break
        return readings(plan.wants, answers, self._clock)

    async def _opened(self) -> Session:
        if self._session is not None:
            return self._session
        session = Session(self._access, self._lanes.masters)
        session.insists = self._well
        await session.open()
        found = await session.get([SYS_OBJECT_ID, *HEAD])
        object_id = found[SYS_OBJECT_ID]
        known = "" if isinstance(object_id, Absent) else profile_of(str(object_id))
        self._profile = view(self._access.profile or known)
        self._head = (SYS_UPTIME, *(oid for oid in HEAD[1:] if not isinstance(found[oid], Absent)))
        session.insists = True
        self._session, self._plan = session, None
        return session

    async def _drawn(self, session: Session) -> Plan:
        """The plan; drawn anew every five minutes, and when the device's interfaces have changed."""
        age = time.monotonic() - self._planned
        if self._plan is None or age > (CALM_S if self._stale else NAMES_S):
            self._plan = await Planner(session, self._profile, self._counters).plan(self._addresses)
            self._planned = time.monotonic()
            self._apart.clear()
            self._marks, self._stale = (), False
        return self._plan

    async def _asked(self, session: Session, plan: Plan) -> Answers:
        """All answers of one poll. What the device did not have a while ago is asked for once a minute only: a single
        such object may cost the whole request that it is in."""
        answers = Answers()
        now = time.monotonic()
        apart = {oid: why for oid, (since, why) in self._apart.items() if now - since < APART_S}
        answers.values.update(apart)
        groups = plan.groups
        if apart:
            groups = [tuple(oid for oid in group if oid not in apart) for group in groups]
        async for part in session.parts([self._head, *groups]):
            answers.take(part, time.time())
            self._remember(part, now)
        return answers

    def _remember(self, part: Mapping[str, Value | Absent], now: float) -> None:
        for oid, value in part.items():
            if isinstance(value, Absent):
                self._apart[oid] = (now, value)
            elif self._apart:
                self._apart.pop(oid, None)

    def _check(self, plan: Plan, answers: Answers) -> None:
        """_MovedError when the device started anew since the names were read, or a row has become another's."""
        values = answers.values
        restarted = self._clock.see_answers(values, answers.received[SYS_UPTIME], answers.first)
        moved = any(want.guard and values[want.guard] != want.expected for want in plan.wants if not want.bad)
        marks = (values.get(IF_NUMBER), values.get(IF_TABLE_LAST_CHANGE))
        if plan.interfaces and self._marks and marks != self._marks:
            self._stale = True  # the guards hold, so these values are right: only new names are missing
        self._marks = marks
        if restarted or moved:
            raise _MovedError
