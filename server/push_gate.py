"""Who may push readings, and how often: a gate for each source of type ``push``."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pydantic import ValidationError

from datasources import push
from datasources.contract import MisconfiguredError
from datasources.runner import SourceConfig
from server.push_rows import RowReader
from twin.point import Point


class Bucket:
    """Lets ``a_minute`` requests through, a tenth of them at once."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second = a_minute / 60
        self._most = max(1.0, a_minute / 10)
        self._left = self._most
        self._clock = clock
        self._last = clock()

    def wait(self) -> float:
        """0 where the request may go on, else in how many seconds it may."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._last) * self._a_second)
        self._last = now
        if self._left < 1:
            return (1 - self._left) / self._a_second
        self._left -= 1
        return 0.0


@dataclass(frozen=True, slots=True)
class Gate:
    """The way into one source."""

    name: str
    settings: push.Settings
    inbox: push.Inbox
    rows: RowReader
    bucket: Bucket

    def opens(self, token: str) -> bool:
        """Whether the token is this source's; it takes the same time however much of it is right."""
        try:
            ours = self.settings.secret()
        except MisconfiguredError:
            return False  # the source itself says so
        return hmac.compare_digest(sha256(token.encode()).digest(), sha256(ours.encode()).digest())


def open_gates(sources: Sequence[SourceConfig], points: Sequence[Point]) -> list[Gate]:
    """A gate for each source of type ``push`` whose settings can be used; the others say what is wrong themselves."""
    gates = []
    for source in sources:
        if source.type != "push":
            continue
        try:
            settings = push.Settings.model_validate(dict(source.settings), context=dict(source.context))
        except ValidationError:
            continue
        assert settings.inbox is not None  # the runtime gave it
        rows = RowReader(source.name, points, settings.timezone)
        gates.append(Gate(source.name, settings, settings.inbox, rows, Bucket(settings.requests_per_minute)))
    return gates
