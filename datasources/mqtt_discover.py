"""What a broker's clients send: every topic and every single value in its JSON, with what was seen of it.

Memory is bounded: so many signals, so many values of one message, short examples. The value under a key that names a
person is never kept, nor shown.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datasources.contract import Found
from datasources.payload import MAX_PAYLOAD, Scalar
from twin.yaml_tree import decode

log = logging.getLogger(__name__)

MAX_SIGNALS = 200_000
MAX_LEAVES = 1_000
MAX_DEPTH = 16
EXAMPLE_CHARS = 60
PERSONS = frozenset((
    "user", "username", "userid", "uid", "person", "personid", "owner", "student", "studentid", "employee", "card",
    "cardid", "cardno", "phone", "mobile", "email", "mac", "ip", "idcard",
    "姓名", "学号", "工号", "手机号", "卡号", "身份证号",
))  # fmt: skip
"""Keys whose values tell of one person; blanks, case and underscores do not count."""

Message = tuple[str, bytes, bool, float]


@dataclass(slots=True)
class _Signal:
    """What was seen of one value; times are those of reception [s since epoch]."""

    value: Scalar = None
    low: float = math.inf
    high: float = -math.inf
    last: float = math.nan
    count: int = 0
    rose: bool = False
    fell: bool = False
    first_at: float = 0.0
    last_at: float = 0.0
    times: int = 0

    def see(self, value: Scalar, received: float, retained: bool) -> None:
        self.value = value[:EXAMPLE_CHARS] if isinstance(value, str) else value
        if not retained:  # it was sent some time ago: it says nothing of the interval
            self.first_at = self.first_at if self.times else received
            self.last_at = received
            self.times += 1
        number = _number(value)
        if number is None:
            return
        self.rose = self.rose or number > self.last
        self.fell = self.fell or number < self.last
        self.low, self.high, self.last = min(self.low, number), max(self.high, number), number
        self.count += 1


class Heard:
    """All that was heard so far."""

    def __init__(self) -> None:
        self._signals: dict[tuple[str, str], _Signal] = {}
        self.topics: set[str] = set()
        self.dropped = 0

    def add(self, messages: Iterable[Message]) -> None:
        """Take in messages; a signal beyond the first 200,000 is counted, not kept."""
        for topic, payload, retained, received in messages:
            for pointer, value in leaves(payload):
                signal = self._signals.get((topic, pointer))
                if signal is None:
                    if len(self._signals) >= MAX_SIGNALS:
                        self.dropped += 1
                        continue
                    self.topics.add(topic)
                    signal = self._signals.setdefault((topic, pointer), _Signal())
                signal.see(value, received, retained)

    def found(self) -> list[Found]:
        """One row a signal, sorted by address."""
        if self.dropped:
            log.warning("more than %d signals: %d values of others are not listed", MAX_SIGNALS, self.dropped)
        return [_found(topic, pointer, signal) for (topic, pointer), signal in sorted(self._signals.items())]


def _found(topic: str, pointer: str, signal: _Signal) -> Found:
    several = signal.times > 1 and signal.last_at > signal.first_at
    number = signal.count > 0
    return Found(
        f"{topic}#{pointer}" if pointer else topic, signal.value, device=topic if pointer else "",
        name=pointer.rpartition("/")[2] if pointer else "",
        interval_s=round((signal.last_at - signal.first_at) / (signal.times - 1), 1) if several else None,
        low=signal.low if number else None, high=signal.high if number else None, count=signal.count,
        rises=signal.rose and not signal.fell, falls=signal.fell,
    )  # fmt: skip


def _number(value: Scalar) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def leaves(payload: bytes) -> Iterator[tuple[str, Scalar]]:
    """The single values of a message by JSON pointer; '' for a payload that is a value itself."""
    if len(payload) > MAX_PAYLOAD or b"\0" in payload[:1000]:
        yield "", f"{len(payload)} bytes"
        return
    text = decode(payload).strip()
    if text[:1] not in ("{", "["):
        yield "", {"true": True, "false": False}.get(text.lower(), text)
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield "", text
        return
    for number, leaf in enumerate(_walk(document, "", 0)):
        if number >= MAX_LEAVES:
            return
        yield leaf


def _walk(node: Any, pointer: str, depth: int) -> Iterator[tuple[str, Scalar]]:
    if isinstance(node, dict | list):
        if depth >= MAX_DEPTH:
            return
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            word = str(key)
            step = word.replace("~", "~0").replace("/", "~1")
            if _of_person(word):
                yield f"{pointer}/{step}", "(withheld)"
            else:
                yield from _walk(value, f"{pointer}/{step}", depth + 1)
    else:
        yield pointer, node if isinstance(node, str | int | float | bool) else None


def _of_person(key: str) -> bool:
    return "".join(c for c in key.casefold() if c.isalnum()) in PERSONS
