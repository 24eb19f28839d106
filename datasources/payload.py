"""Messages with a topic and a payload -> raw readings: plain numbers, JSON by pointer, the device's own time."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from twin.reading import RawReading

SAMPLE_BYTES = 200
MAX_PAYLOAD = 1024 * 1024

Scalar = float | int | str | bool | None
Pointer = tuple[str, ...]

_NOTHING = object()
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "": None}
_JSON = json.JSONDecoder().decode


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError(f"'{text}': a JSON pointer begins with a slash, as in /data/ts")
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone '{name}': use a name as Asia/Shanghai")
    return name


JsonPointer = Annotated[str, AfterValidator(_pointer)]
ZoneName = Annotated[str, AfterValidator(_zone)]


class Decoder:
    """The addresses of one source by topic. ``time`` is the JSON pointer of the device's time, ``''`` for none."""

    def __init__(self, addresses: Iterable[str], time: str = "", timezone: str = "UTC") -> None:
        self._plain: set[str] = set()
        self._json: dict[str, dict[str, Pointer]] = {}
        for address in addresses:
            topic, mark, path = address.partition("#/")
            if mark and not topic.endswith("/"):
                self._json.setdefault(topic, {})[address] = tokens(f"/{path}")
            else:
                self._plain.add(address)
        self._time = tokens(time)
        self._zone = ZoneInfo(timezone)

    @property
    def topics(self) -> list[str]:
        """The topics of all addresses, sorted."""
        return sorted(self._plain | set(self._json))

    def addresses(self, topic: str) -> list[str]:
        """The addresses that a topic feeds; the topic itself where there are none."""
        return [*([topic] if topic in self._plain else []), *self._json.get(topic, {})] or [topic]

    def decode(self, topic: str, payload: bytes, retained: bool, received: float) -> list[RawReading]:
        """The readings of one message. What cannot be read is a bad reading of the point concerned, never an error."""
        paths = self._json.get(topic)
        got: list[RawReading] = []
        if topic in self._plain:
            got.append(self._plain_reading(topic, payload, retained, received))
        elif paths is None:
            got.append(RawReading(topic, None, received, None, retained, "", payload[:SAMPLE_BYTES]))
        if paths is None:
            return got
        document, bad = _parse(payload)
        sample = payload[:SAMPLE_BYTES]
        if bad:
            return got + [RawReading(address, None, received, None, retained, bad, sample) for address in paths]
        time = self.device_time(document) if self._time else None
        found = False
        for address, path in paths.items():
            value = _at(document, path)
            if value is _NOTHING:
                continue  # devices send what changed
            found = True
            if isinstance(value, (dict, list)):
                got.append(RawReading(address, None, received, time, retained, "not a single value", sample))
            else:
                got.append(RawReading(address, value, received, time, retained, "", sample))
        if not found:
            bad = "none of the mapped keys is in the message"
            got.append(RawReading(next(iter(paths)), None, received, time, retained, bad, sample))
        return got

    @staticmethod
    def _plain_reading(topic: str, payload: bytes, retained: bool, received: float) -> RawReading:
        if len(payload) > 1000:
            return RawReading(topic, None, received, None, retained, "not a number", payload[:SAMPLE_BYTES])
        text = payload.decode("utf-8", "replace").strip("\ufeff \t\r\n\0")
        value: Scalar = _WORDS.get(text.lower(), text)
        return RawReading(topic, value, received, None, retained, "", payload[:SAMPLE_BYTES])

    def device_time(self, document: Any) -> float | None:
        """The device's time [s since epoch], or None where the message has none that can be read."""
        if not self._time:
            return None
        value = _at(document, self._time)
        return None if value is _NOTHING else epoch(value, self._zone)


def tokens(pointer: str) -> Pointer:
    """The steps of a JSON pointer (RFC 6901)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _parse(payload: bytes) -> tuple[Any, str]:
    if len(payload) > MAX_PAYLOAD:
        return None, f"larger than {MAX_PAYLOAD} bytes"
    try:
        text = str(payload, "utf-8")
    except UnicodeDecodeError:
        try:
            text = str(payload, "gb18030")
        except UnicodeDecodeError:
            return None, "neither UTF-8 nor GB 18030 text"
    try:
        return _JSON(text.removeprefix("\ufeff")), ""
    except (ValueError, RecursionError):
        return None, "not JSON"


def _at(document: Any, path: Pointer) -> Any:
    """What stands there, or ``_NOTHING``."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(step, _NOTHING)
        elif isinstance(document, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", step) and int(step) < len(document):
            document = document[int(step)]
        else:
            return _NOTHING
    return document


_SCALES = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))


def epoch(value: Any, zone: ZoneInfo) -> float | None:
    """A time as devices write it -> seconds since the epoch; None when it is not one.

    Numbers are s, ms, us or ns by their size (1e11 s is the year 5138); text is ISO 8601, local times of ``zone``.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return _from_number(float(value)) if abs(value) < 1e20 else None
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{9,20}(\.[0-9]{1,9})?", text):
        return _from_number(float(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (OverflowError, ValueError):
        return None


def _from_number(number: float) -> float | None:
    size = abs(number)
    for limit, scale in _SCALES:
        if size < limit:
            return number / scale
    return math.nan
