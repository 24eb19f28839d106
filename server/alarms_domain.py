"""Which domain an alarm belongs to: that of its point's quantity, else that of the network or supply it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from twin.domains import channels
from twin.live import LiveState
from twin.topology import medium_of

OTHER = "other"
MEDIA = {"network": "network", "electricity": "energy"}
"""The domains of devices that have no point of their own."""


@cache
def _by_quantity() -> Mapping[str, str]:
    return {channel.quantity: channel.domain for channel in channels().values()}


def domain_of(live: LiveState, kinds: Mapping[str, str], source: str, nodes: Iterable[str]) -> str:
    """The domain of what is told of ``source``, where that is a point, and of ``nodes`` (of these kinds); ``other``
    where there is none.
    """
    row = live.index.get(source)
    known = None if row is None else _by_quantity().get(live.points[row].quantity)
    if known is not None:
        return known
    media = (medium_of(kinds[node]) for node in nodes if node in kinds)
    return next((MEDIA[medium] for medium in media if medium in MEDIA), OTHER)
