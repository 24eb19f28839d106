"""Reading many properties of a BACnet device: in groups that fit its answers, or one by one where it refuses groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datasources.bacnet_address import RELIABILITY, STATUS_FLAGS, Place
from datasources.bacnet_station import Peer, Plain, RefusedError, Station

ANSWER_BYTES = 48
"""About what value, flags and reliability of one object take in an answer [bytes]."""
MOST_AT_ONCE = 30
_TOO_LONG = {"buffer-overflow", "segmentation-not-supported", "apdu-too-long", "out-of-resources", "too-many-arguments"}

Answer = dict[int, list[Plain]] | RefusedError
Got = Callable[[Place, Answer], None]


class Reader:
    """Reads places of one device and learns what it takes: how many at once, groups at all, which objects it lacks."""

    def __init__(self, station: Station, peer: Peer) -> None:
        self._station = station
        self._peer = peer
        self._most = 1
        self._groups = True
        self._alone: set[Place] = set()
        self._without: set[Place] = set()

    def fit(self, apdu: int) -> None:
        """Choose groups whose answers fit into ``apdu`` [bytes]."""
        self._most = max(1, min(MOST_AT_ONCE, (apdu - 20) // ANSWER_BYTES))

    async def read(self, places: Sequence[Place], got: Got) -> None:
        """Read ``places``; ``got`` gets, for each as it comes, its properties or why not. TimeoutError."""
        todo = [place for place in places if place not in self._alone]
        while todo and self._groups:
            group, todo = todo[: self._most], todo[self._most :]
            try:
                await self._group(group, got)
            except RefusedError as refused:
                todo = self._learn(group, refused) + todo
        lacking = set()
        for place in [*todo, *(place for place in places if place in self._alone)]:
            answer = await self._one(place)
            got(place, answer)
            if isinstance(answer, RefusedError):
                lacking.add(place)
        if lacking:  # they explain why groups with them were refused: the others may be read together again
            self._alone -= set(places) - lacking

    def _learn(self, group: list[Place], refused: RefusedError) -> list[Place]:
        """What a refused group means; returns what is to be asked for again as a group."""
        if refused.kind == "error":
            self._alone.update(group)  # some devices refuse a group for one object that they lack
            return []
        if len(group) > 1 and refused.code in _TOO_LONG:
            self._most = max(1, len(group) // 2)
        else:
            self._groups = False
        return group

    async def _group(self, group: list[Place], got: Got) -> None:
        answers = await self._station.read_many(self._peer, [part for place in group for part in self._parts(place)])
        for place in group:
            value = answers.get(place, RefusedError("error", "it left that out of its answer"))
            if isinstance(value, RefusedError):
                got(place, value)
                continue
            found = {place.prop: value}
            for part in self._parts(place)[1:]:
                answer = answers.get(part)
                if isinstance(answer, list):
                    found[part.prop] = answer
                else:
                    self._without.add(part)
            got(place, found)

    def _parts(self, place: Place) -> list[Place]:
        """What is read with a present value; not what the object was found to lack."""
        if not place.subscribed:
            return [place]
        extras = [Place(place.type, place.instance, name) for name in (STATUS_FLAGS, RELIABILITY)]
        return [place, *(extra for extra in extras if extra not in self._without)]

    async def _one(self, place: Place) -> Answer:
        try:
            found = {place.prop: await self._station.read(self._peer, place)}
        except RefusedError as refused:
            return refused
        for part in self._parts(place)[1:]:
            if part.prop == RELIABILITY:
                continue  # asked for when there is a fault
            try:
                found[part.prop] = await self._station.read(self._peer, part)
            except RefusedError:
                self._without.add(part)
        return found
