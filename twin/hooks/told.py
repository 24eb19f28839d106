"""What other systems send when their alarms change: Alertmanager (v4), Grafana, LibreNMS. All of it is untrusted."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

MOST_ALARMS = 5000
"""Alarms in one request."""
MOST_LABELS = 64
LONGEST = 1000
KEY_CHARS = 160

FIRING = {"firing": True, "alerting": True, "resolved": False, "ok": False}


class PayloadError(ValueError):
    """A body of which nothing can be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm as another system tells it: ``key`` is its name there, ``started`` [s since epoch] when it began,
    ``number`` its place in the request, from 1."""

    key: str
    active: bool
    labels: Mapping[str, str]
    started: float | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class Refused:
    """An alarm that cannot be taken: its place in the request from 1, and why."""

    number: int
    why: str


Read = tuple[list[Told], list[Refused]]


def read(kind: str, document: Any) -> Read:
    """The alarms in a payload of ``kind``, and those that cannot be taken. PayloadError: none can."""
    if not isinstance(document, dict):
        raise PayloadError("the body is no JSON object: send what the system's webhook sends")
    return _READERS[kind](document)


def _alertmanager(document: Mapping[str, Any]) -> Read:
    if str(document.get("version")) != "4":
        raise PayloadError(
            f"'version' is {str(document.get('version'))[:20]!r}: this takes version 4 of Alertmanager's webhook"
        )
    return _alerts(document)


def _grafana(document: Mapping[str, Any]) -> Read:
    if "orgId" not in document:
        raise PayloadError("'orgId' is missing: this takes the webhook of Grafana's unified alerting")
    return _alerts(document)


def _alerts(document: Mapping[str, Any]) -> Read:
    rows = document.get("alerts")
    if not isinstance(rows, list):
        raise PayloadError("'alerts' is no list: send what the system's webhook sends")
    if len(rows) > MOST_ALARMS:
        raise PayloadError(f"there are {len(rows)} alarms in it, more than {MOST_ALARMS}: set 'max_alerts' there")
    told: list[Told] = []
    refused: list[Refused] = []
    for number, row in enumerate(rows, 1):
        found = _alert(row)
        if isinstance(found, str):
            refused.append(Refused(number, found))
        else:
            told.append(replace(found, number=number))
    return told, refused


def _alert(row: Any) -> Told | str:
    if not isinstance(row, dict):
        return "it is no object"
    active = FIRING.get(str(row.get("status")).casefold())
    if active is None:
        return f"its status is {str(row.get('status'))[:40]!r}: firing or resolved is due"
    own, more = row.get("labels"), row.get("annotations")
    if not isinstance(own, dict) or not own:
        return "it has no labels: nothing says what it is of"
    labels = {**_labels(more if isinstance(more, dict) else {}), **_labels(own)}
    print_ = clean(row.get("fingerprint"))[:64] or _fingerprint(own)
    key = f"{labels.get('alertname', 'alarm')[:80]}/{print_}"
    return Told(key[:KEY_CHARS], active, labels, _instant(row.get("startsAt")))


def _librenms(document: Mapping[str, Any]) -> Read:
    # its templates write signs of HTML as entities
    labels = {name: html.unescape(text) for name, text in _labels(document).items()}
    try:
        state = int(labels.get("state", ""))
    except ValueError:
        raise PayloadError(
            "'state' is no number: send {{ $state }} in the body (docs/how-to/connect-alertmanager.md)"
        ) from None
    parts = [labels.get("device_id") or labels.get("hostname", ""), labels.get("rule") or labels.get("name", "")]
    key = labels.get("alert_id") or "/".join(filter(None, parts))
    if not key:
        raise PayloadError("nothing says which alarm it is: send {{ $alert_id }} in the body")
    return [Told(key[:KEY_CHARS], state != 0, MappingProxyType(labels))], []


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Read]] = {
    "alertmanager": _alertmanager, "grafana": _grafana, "librenms": _librenms,
}  # fmt: skip


def _labels(given: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in list(given.items())[:MOST_LABELS]:
        if isinstance(value, str | int | float | bool) and (text := clean(value)):
            found[clean(name)[:200]] = text
    return found


def clean(value: object) -> str:
    """A text of another system on one line, without signs that cannot be seen, and not endless."""
    text = "" if value is None else str(value)[: LONGEST * 2]
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:LONGEST]


def _fingerprint(labels: Mapping[str, Any]) -> str:
    text = "\n".join(f"{name}={labels[name]}" for name in sorted(labels, key=str))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _instant(text: object) -> float | None:
    """Seconds since epoch; None for what is no time, and for the year 1, which such systems write for 'none'."""
    try:
        found = datetime.fromisoformat(str(text))
        seconds = found.timestamp() if found.tzinfo else 0.0
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds > 0 else None
