"""The accounts of one campus: who a request is of, and what changes people, displays and keys.

What looks things up reads memory and may be called anywhere; what changes something waits for the disk.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

from server.accounts import tokens
from server.accounts.audit import append, entry
from server.accounts.passwords import Passwords
from server.accounts.rows import Session, User
from server.accounts.store import Known, Store
from server.accounts.streams import Streams
from server.accounts.throttle import Throttle
from server.accounts.who import STAFF, Who, rank
from twin.config_accounts import AccountsEntry

log = logging.getLogger(__name__)

LOOK_S = 0.5
FLUSH_S = 60.0
SEEN_S = 60.0
DISPLAY_IDLE_S = 60 * 86_400.0
PROXY = "proxy:"
PROXY_S = 300.0
"""So long streams go on of somebody whom the proxy names no more [s]."""
PROXIED = 10_000
"""People of a proxy that are remembered, those of the last requests."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a request has to say for itself. ``session`` is the hash of its session or token: what its open streams are
    closed by. ``cookie``: it came with a cookie, which a page of another origin could have sent along. ``over``: its
    cookie was one of ours and is not any more; 'display' for that of a display.
    """

    who: Who | None = None
    session: str = ""
    cookie: bool = False
    over: str = ""


class Accounts:
    """``on``: whether anybody has to sign in; without that only the audit log is kept."""

    def __init__(
        self,
        folder: Path,
        settings: AccountsEntry | None,
        *,
        clock: Callable[[], float] = time.time,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self.on = settings is not None
        self.settings = settings or AccountsEntry()
        self.clock = clock
        self.store = Store(folder, clock)
        self.passwords = Passwords(hasher)
        self.throttle = Throttle()
        self.streams = Streams(self.still)
        self._seen: dict[str, float] = {}
        proxy = self.settings.proxy
        self._proxies = [ipaddress.ip_network(row, strict=False) for row in proxy.addresses] if proxy else []
        self._ended: dict[str, str] = {}
        self._proxied: dict[str, tuple[float, Who]] = {}

    @property
    def known(self) -> Known:
        """The tables as they are now."""
        return self.store.known

    def in_use(self) -> bool:
        """Whether anybody could sign in: a user with a password, a provider or a proxy."""
        named = any(user.password and not user.disabled for user in self.known.users.values())
        return named or self.settings.oidc is not None or self.settings.proxy is not None

    # ---- who is it

    def of_cookie(self, value: str) -> Found:
        """Who a session cookie is of."""
        token = tokens.unsigned(self.known.keys, value)
        if token is None:
            return Found()
        hash_ = tokens.hashed(token)
        session = self.known.sessions.get(hash_)
        who = self.who_of(session) if session else None
        if session is None or who is None:
            return Found(over=self._ended.get(hash_, "display" if session and session.display else "user"))
        self._seen[hash_] = self.clock()
        return Found(who, hash_, cookie=True)

    def of_key(self, token: str) -> Found:
        """Who a bearer token is of."""
        hash_ = tokens.hashed(token)
        program = self.known.program_tokens.get(hash_)
        if program is None:
            return Found()
        self._seen[hash_] = self.clock()
        return Found(Who(program.name, program.role, "key"), hash_)  # type: ignore[arg-type]  # checked when made

    def of_proxy(self, peer: str, user: str, role: str) -> Found:
        """Who the proxy at the address ``peer`` says it is."""
        proxy = self.settings.proxy
        name = user.strip()
        if proxy is None or not name or len(name) > 200 or not name.isprintable() or not self.is_proxy(peer):
            return Found()
        told = [part.strip() for part in role.split(",")]
        mapped = proxy.roles or {staff: staff for staff in STAFF}
        found = highest([mapped[part] for part in told if part in mapped]) or proxy.default
        if not found:
            self._proxied.pop(name, None)
            return Found(over="role")
        who = Who(name, found, "proxy")  # type: ignore[arg-type]
        self._proxied.pop(name, None)
        self._proxied[name] = self.clock(), who  # the last that was named stands last
        if len(self._proxied) > PROXIED:
            del self._proxied[next(iter(self._proxied))]
        return Found(who, f"{PROXY}{name}", cookie=True)

    def is_proxy(self, peer: str) -> bool:
        """Whether the address is one of the proxy's."""
        with suppress(ValueError):
            return any(ipaddress.ip_address(peer) in network for network in self._proxies)
        return False

    def who_of(self, session: Session) -> Who | None:
        """Who a session is of; None when it ended, or its user or display did."""
        now, seen = self.clock(), max(session.seen, self._seen.get(session.hash, 0.0))
        if session.display is not None:
            display = self.known.displays.get(session.display)
            if display is None or now - seen > DISPLAY_IDLE_S:
                return None
            return Who(display.name, "kiosk", "kiosk", display.wall)
        limits = self.settings.session
        if now - seen > limits.idle_h * 3600 or now - session.made > limits.longest_h * 3600:
            return None
        user = self.known.users.get(session.user or 0)
        if user is None or user.disabled:
            return None
        return Who(user.name, user.role, user.kind)  # type: ignore[arg-type]  # checked when made

    def still(self, session: str, who: Who) -> bool:
        """Whether an open stream may go on: its session or key is there, and of the same person in the same role.

        A proxy does not say that somebody is gone: it names them no more. So the stream of somebody whom no request of
        the last ``PROXY_S`` named is closed; a page that is still let in comes back through the proxy by itself.
        """
        if session.startswith(PROXY):
            at, named = self._proxied.get(session.removeprefix(PROXY), (0.0, None))
            return named == who and self.clock() - at < PROXY_S
        program = self.known.program_tokens.get(session)
        if program is not None:
            return who == Who(program.name, program.role, "key")  # type: ignore[arg-type]
        row = self.known.sessions.get(session)
        return row is not None and self.who_of(row) == who

    # ---- sessions

    def begin(self, *, user: int | None = None, display: int | None = None, address: str = "", before: str = "") -> str:
        """A new session, always with a new token; ``before`` is the hash of the one that the browser came with, which
        ends. The value of its cookie.
        """
        token = tokens.new_token()
        now = self.clock()
        with self.store.change() as db:
            db.execute("DELETE FROM session WHERE hash = ?", (before,))
            if display is not None:  # one screen a display
                db.execute("DELETE FROM session WHERE display = ?", (display,))
                db.execute("UPDATE display SET seen = ? WHERE id = ?", (now, display))
            if user is not None:
                db.execute("UPDATE user SET seen = ? WHERE id = ?", (now, user))
            db.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)",
                (tokens.hashed(token), user, display, now, now, address[:80]),
            )
        return tokens.signed(self.known.keys[0], token)

    def end(self, session: str) -> None:
        """End one session."""
        with self.store.change() as db:
            db.execute("DELETE FROM session WHERE hash = ?", (session,))

    def end_all(self, user: int, but: str = "") -> None:
        """End every session of a user, ``but`` one."""
        with self.store.change() as db:
            db.execute("DELETE FROM session WHERE user = ? AND hash <> ?", (user, but))

    def user_of(self, session: str) -> User | None:
        """The user of a session."""
        row = self.known.sessions.get(session)
        return self.known.users.get(row.user) if row and row.user else None

    def sign_in(self, name: str, password: str) -> User | None:
        """The user whose password this is; as much work for a name that nobody has."""
        user = self.known.names.get(("local", subject_of(name)))
        usable = user is not None and not user.disabled
        if not self.passwords.fits(password, user.password if user and usable else None) or user is None:
            return None
        if user.password and self.passwords.outdated(user.password):
            hash_ = self.passwords.hash(password)
            with self.store.change() as db:
                db.execute("UPDATE user SET password = ? WHERE id = ?", (hash_, user.id))
        return user

    # ---- while it runs

    def proof(self, purpose: str, text: str) -> str:
        """What proves that a form is ours, for the browser with ``text``."""
        return tokens.proof(self.known.keys[0], purpose, text)

    def proves(self, purpose: str, text: str, given: str) -> bool:
        """Whether that proof is right."""
        return tokens.proves(self.known.keys, purpose, text, given)

    async def run(self) -> None:
        """Take in what other processes change, keep when sessions were last used, until cancelled."""
        due = self.clock() + FLUSH_S
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                before = self.known
                await asyncio.to_thread(self.store.look)
                self._remember_ended(before)
                self.streams.check()
                if self.clock() >= due:
                    due = self.clock() + FLUSH_S
                    await asyncio.to_thread(self.flush)
        finally:
            self.flush()

    def _remember_ended(self, before: Known) -> None:
        """Whether a session that ended elsewhere was a display's: its screen then says so."""
        for hash_, row in before.sessions.items():
            if hash_ not in self.known.sessions and row.display is not None:
                self._ended[hash_] = "display"

    def ended(self, *sessions: Session) -> None:
        """Remember for a while what these sessions were of."""
        for row in sessions:
            if row.display is not None:
                self._ended[row.hash] = "display"
        while len(self._ended) > 1000:
            self._ended.pop(next(iter(self._ended)))

    def flush(self) -> None:
        """Write down when sessions and keys were last used, and take away what is over."""
        now, seen = self.clock(), dict(self._seen)
        over = [(row.hash,) for row in self.known.sessions.values() if self.who_of(row) is None]
        if not seen and not over:
            return
        late = [(when, hash_) for hash_, when in seen.items()]
        with self.store.change() as db:
            for table in ("session", "program"):
                db.executemany(f"UPDATE {table} SET seen = ? WHERE hash = ?", late)  # noqa: S608  # our own names
            db.executemany("DELETE FROM session WHERE hash = ?", over)
            db.execute("DELETE FROM link WHERE until < ?", (now,))
        for hash_, when in seen.items():  # only now: what is not written down yet counts
            if self._seen.get(hash_) == when:
                self._seen.pop(hash_, None)

    def note(self, who: Who | None, action: str, target: str = "", *, address: str = "", outcome: str = "ok",
             **detail: object) -> None:  # fmt: skip
        """Add to the audit log."""
        append(self.store, entry(who, action, target, detail, address=address, outcome=outcome))


def subject_of(name: str) -> str:
    """A name as it is compared: composed signs, no difference of case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def highest(roles: list[str]) -> str | None:
    """The role among ``roles`` that may most."""
    return max(roles, key=rank, default=None)
