"""One SNMP device through gufo-snmp: questions one after the other, and its failures in an operator's words.

What the library leaves open is closed here: a request is sent again after a time-out; an answer that is too large, or a
device that fails on one object, costs only that object (the request is halved until it passes); a walk ends when the
device repeats itself; SNMPv3 clocks are synchronised again; a panic of the decoder is an answer that cannot be read.

gufo-snmp reads at most 4,080 bytes an answer and does not check the digest of SNMPv3 answers: v3 keeps passwords and,
with a priv key, values secret, but whoever sits on the line can forge an answer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    BaseAuthKey,
    KeyExpansion,
    NoSuchInstance,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    User,
)
from gufo.snmp.aio import SnmpSession
from gufo.snmp.user import KeyType

from datasources.contract import MisconfiguredError, SourceError
from datasources.snmp_settings import Access
from twin.secret import SecretError, SecretRef

T = TypeVar("T")
Value = int | float | str | bytes
Row = tuple[tuple[int, ...], Value]

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"

SMALL = 10
"""A request of so few objects that a time-out is not a matter of its size."""
WALK_ROWS = 100_000
CLOCK_S = 100.0
"""An SNMPv3 agent refuses a clock that is 150 s behind; the library's stands still between requests."""
KEY_CHARS = 8

_AUTH: dict[str, type[BaseAuthKey]] = {
    "sha": Sha1Key, "sha224": Sha224Key, "sha256": Sha256Key, "sha384": Sha384Key, "sha512": Sha512Key,
}  # fmt: skip
_PRIV = {"aes": Aes128Key, "aes192": Aes192Key, "aes256": Aes256Key}


class Absent(str):
    """Why there is no value, in words."""

    __slots__ = ()


NO_OBJECT = Absent("no such object on this device")
REFUSED = Absent("the device answers this object with an error")


class Session:
    """The conversation with one device; ``masters`` keeps SNMPv3 master keys, which are slow to make.

    A session that does not insist (``insists``) asks once: to see whether a device is back.
    """

    def __init__(self, access: Access, masters: dict[tuple[str, str], bytes]) -> None:
        self._access = access
        self._masters = masters
        self._room = access.max_varbinds
        self._repetitions = access.max_repetitions
        self._last = 0.0
        self._snmp: SnmpSession | None = None
        self.insists = True
        self.requests = 0

    async def open(self) -> None:
        """Resolve the name, find the engine and set its keys; SourceError says why not."""
        access = self._access
        address = await self._address()
        common = {"port": access.port, "timeout": access.timeout_s, "max_repetitions": access.max_repetitions}
        if access.version == "2c":
            community = _secret(access.community, "community") if access.community else "public"
            self._snmp = SnmpSession(address, community=community, **common)  # type: ignore[arg-type]
            return
        self._snmp = SnmpSession(address, user=self._user(), **common)  # type: ignore[arg-type]
        try:
            await self._ask(self._snmp.refresh)
        except MisconfiguredError:
            raise
        except SourceError:
            if not self._snmp.get_engine_id():
                raise
            raise MisconfiguredError(
                f"{self._where} has an SNMPv3 agent, but it says nothing to user '{access.user}': "
                "wrong priv_key, or another priv protocol"
            ) from None

    @property
    def _where(self) -> str:
        return f"{self._access.host}:{self._access.port}"

    async def _address(self) -> str:
        host = self._access.host
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            pass
        try:
            async with asyncio.timeout(self._access.timeout_s * 2):
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except (OSError, TimeoutError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "no answer from the name server"
            raise SourceError(f"the name '{host}' leads to no address ({why})") from None
        return str(found[0][4][0])

    def _user(self) -> User:
        access = self._access
        if access.auth_key is None:
            return User(access.user)
        kind, private = _AUTH[access.auth], access.priv.removesuffix("-cisco")
        auth_key = kind(self._master(access.auth_key, "auth_key"), key_type=KeyType.Master)
        if access.priv_key is None:
            return User(access.user, auth_key=auth_key)
        priv_key = _PRIV[private](self._master(access.priv_key, "priv_key"), key_type=KeyType.Master)
        expansion = KeyExpansion.Cisco if access.priv.endswith("-cisco") else KeyExpansion.Blumenthal
        return User(access.user, auth_key=auth_key, priv_key=priv_key, key_expansion=expansion)

    def _master(self, reference: SecretRef, what: str) -> bytes:
        secret = _secret(reference, what)
        if len(secret) < KEY_CHARS:
            raise MisconfiguredError(f"{what} of user '{self._access.user}' has fewer than {KEY_CHARS} characters")
        key = (self._access.auth, secret)
        if key not in self._masters:
            self._masters[key] = _AUTH[self._access.auth].get_master_key(secret.encode())
        return self._masters[key]

    async def get(self, oids: Sequence[str]) -> dict[str, Value | Absent]:
        """The value of each object, or why there is none. SourceError when the device does not answer."""
        found: dict[str, Value | Absent] = {}
        async for part in self.parts([(oid,) for oid in oids]):
            found.update(part)
        return found

    async def parts(self, groups: Iterable[Sequence[str]]) -> AsyncIterator[dict[str, Value | Absent]]:
        """As ``get``, one answer after the other; the objects of a group are asked for together if there is room."""
        waiting: list[str] = []
        for group in groups:
            if waiting and len(waiting) + len(group) > self._room:
                yield await self._part(waiting)
                waiting = []
            waiting.extend(group)
        if waiting:
            yield await self._part(waiting)

    async def _part(self, oids: Sequence[str]) -> dict[str, Value | Absent]:
        found: dict[str, Value | Absent] = {}
        while oids:
            now, oids = oids[: self._room], oids[self._room :]
            await self._get(now, found)
        return found

    async def _get(self, oids: Sequence[str], into: dict[str, Value | Absent]) -> None:
        """One request. No value at all may mean that the answer was too large, or that one object upset the device."""
        if len(oids) == 1:
            into[oids[0]] = await self._get_one(oids[0])
            return
        answer = await self._get_many(oids)
        if answer:
            into.update(dict.fromkeys(oids, NO_OBJECT))
            into.update(answer)
            return
        half = (len(oids) + 1) // 2
        for part in (oids[:half], oids[half:]):
            await self._get(part, into)
        if not any(isinstance(into[oid], Absent) for oid in oids):
            self._room = min(self._room, half)

    async def _get_many(self, oids: Sequence[str]) -> dict[str, Value]:
        assert self._snmp is not None
        snmp = self._snmp
        try:
            answer = await self._ask(lambda: snmp.get_many(oids), sure=len(oids) <= SMALL)
        except _UnreadableError:
            return {}
        return {oid: value for oid, value in answer.items() if value is not None}

    async def _get_one(self, oid: str) -> Value | Absent:
        assert self._snmp is not None
        snmp = self._snmp
        try:
            value = await self._ask(lambda: snmp.get(oid))
        except NoSuchInstance:
            return NO_OBJECT
        except _UnreadableError:
            return REFUSED
        return REFUSED if value is None else value

    async def walk(self, oid: str, rows: int = WALK_ROWS) -> list[Row]:
        """The rows below ``oid``: (the numbers after it, value), at most ``rows``."""
        while True:
            try:
                return await self._walk(oid, rows)
            except _UnreadableError:
                if self._repetitions == 1:
                    raise
                self._repetitions = max(1, self._repetitions // 4)

    async def _walk(self, oid: str, rows: int) -> list[Row]:
        """A device that goes in circles is cut off: object identifiers only ever grow."""
        assert self._snmp is not None
        pages = self._snmp.getbulk(oid, max_repetitions=self._repetitions)
        found: list[Row] = []
        last: tuple[int, ...] = ()
        while len(found) < rows:
            row = await self._ask(lambda: _next(pages))
            if row is None or not row[0].startswith(f"{oid}."):
                break
            here = tuple(map(int, row[0][len(oid) + 1 :].split(".")))
            if here <= last:
                break
            last = here
            if row[1] is not None:
                found.append((here, row[1]))
        return found

    async def _ask(self, question: Callable[[], Awaitable[T]], *, sure: bool = True) -> T:
        """Put a question, again after a time-out. A large one (not ``sure``) is not insisted upon."""
        assert self._snmp is not None
        access, snmp = self._access, self._snmp
        if access.version == "3" and self._last and time.monotonic() - self._last > CLOCK_S:
            await self._once(snmp.refresh)
        tries = access.retries + 1 if self.insists else 1
        refused = False
        for attempt in range(tries):
            try:
                return await self._once(question)
            except TimeoutError as error:
                refused = "refused" in f"{error.__cause__}"
                if refused and attempt + 1 < tries:
                    await asyncio.sleep(0.02)  # it may be the echo of an earlier question
            except SnmpAuthError:
                if access.version == "2c":
                    raise _UnreadableError from None  # an object that this community may not read
                await self._synchronise()
                return await self._authorised(question)
        if not sure and self._last:
            await self._ask(lambda: snmp.get(SYS_UPTIME))
            raise _UnreadableError
        if refused:
            raise SourceError(f"{self._where}: the host is there, but no SNMP agent listens on this port")
        other = "another community (an agent is silent to a wrong one)" if access.version == "2c" else "no SNMPv3 agent"
        raise SourceError(f"{self._where} did not answer within {access.timeout_s:g} s: off, out of reach, or {other}")

    async def _synchronise(self) -> None:
        """After a refusal: the agent may have started anew; the answer to this tells its clock."""
        assert self._snmp is not None
        try:
            await self._once(self._snmp.refresh)
        except (TimeoutError, SnmpAuthError):
            return

    async def _authorised(self, question: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._once(question)
        except TimeoutError:
            raise SourceError(f"{self._where} did not answer after its clock was read") from None
        except SnmpAuthError:
            access = self._access
            given = "no auth_key" if not access.auth_key else f"auth_key ({access.auth})"
            raise MisconfiguredError(
                f"{self._where} refuses user '{access.user}' with {given}: unknown user, wrong key or protocol, "
                f"or it demands {'authentication' if not access.auth_key else 'a priv_key'}"
            ) from None

    async def _once(self, question: Callable[[], Awaitable[T]]) -> T:
        self.requests += 1
        try:
            answer = await question()
        except (TimeoutError, NoSuchInstance, SnmpAuthError):
            raise
        except SnmpError:
            raise _UnreadableError from None
        except OSError as error:
            raise SourceError(f"{self._where} cannot be reached: {error}") from None
        except BaseException as error:
            # pyo3's PanicException is no Exception: one malformed answer would end the whole program.
            if type(error).__name__ != "PanicException":
                raise
            raise _UnreadableError from None
        self._last = time.monotonic()
        return answer


class _UnreadableError(SourceError):
    """An answer came that is too large or malformed."""

    def __init__(self) -> None:
        super().__init__("the device's answer cannot be read")


async def _next(pages: object) -> tuple[str, Value | None] | None:
    return await anext(pages, None)  # type: ignore[call-overload, no-any-return]


async def stopped(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` until they have ended: before Python 3.12 asyncio.wait_for, in which gufo-snmp waits, forgets a
    cancellation that comes together with an answer."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)


def _secret(reference: SecretRef | None, what: str) -> str:
    assert reference is not None
    try:
        return reference.reveal()
    except SecretError as error:
        raise MisconfiguredError(f"{what}: {error}") from None
