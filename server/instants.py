"""Instants as addresses write them: ISO 8601 with an offset, or milliseconds since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fastapi import HTTPException

from twin.live import FUTURE_S

_MS = re.compile(r"\d{1,15}(\.\d+)?")


def read_instant(text: str, name: str, now: float) -> float:
    """``text`` of the parameter ``name`` as seconds since the epoch; 422 where it is no instant, or after ``now``."""
    if _MS.fullmatch(text):
        at = float(text) / 1000.0
    else:
        # a '+' that nobody escaped comes as a space
        told = re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip())
        try:
            moment = datetime.fromisoformat(told)
        except ValueError:
            raise HTTPException(
                422, f"{name}='{text[:60]}' is no instant: write it as 2026-04-15T08:00:00+08:00 or in ms since 1970"
            ) from None
        if moment.tzinfo is None:
            raise HTTPException(422, f"{name}='{text[:60]}' does not say its zone: add Z or an offset as in +08:00")
        at = moment.astimezone(UTC).timestamp()
    if at > now + FUTURE_S:
        raise HTTPException(422, f"{name}='{text[:60]}' lies in the future: the last instant that can be shown is now")
    return at
