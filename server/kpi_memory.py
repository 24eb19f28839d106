"""The one task behind the KPIs' memory: every quarter of a minute it takes what is true."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

TAKE_S = 15.0
"""How often the memory of the KPIs takes what is true now [s]; a minute holds the mean."""


async def remember(runtime: Runtime) -> None:
    """Let the memory of the KPIs take what is true now, again and again, until cancelled."""
    while True:
        try:
            runtime.kpis.memory.take(runtime.live)
        except Exception:
            log.exception("the memory of the KPIs failed once and goes on")
        await asyncio.sleep(TAKE_S)
