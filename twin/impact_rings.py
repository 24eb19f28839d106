"""Rings that nothing supplies: two cores, each the other's uplink, hold themselves up, and one of them is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Lists = Sequence[Sequence[int]]


def root_rings(own: Lists, gives: Lists, takes: Lists, owner: Sequence[int]) -> bytearray:
    """(sockets,) 1 where a socket needs nobody, being fed from within such a ring. ``own`` and ``gives`` are the
    sockets that each unit has and feeds, ``takes`` the units that feed each socket, ``owner`` whose it is."""
    free, fed = bytearray(len(owner)), bytearray(len(owner))
    dark = [len(sockets) for sockets in own]

    def feed(ready: list[int]) -> None:
        """What hangs on units that are supplied is supplied too."""
        while ready:
            for socket in gives[ready.pop()]:
                if not fed[socket]:
                    fed[socket] = 1
                    dark[owner[socket]] -= 1
                    if not dark[owner[socket]]:
                        ready.append(owner[socket])

    feed([unit for unit, missing in enumerate(dark) if not missing])
    for unit in sorted(range(len(dark)), key=lambda unit: -len(gives[unit])):
        if not dark[unit]:
            continue
        below = _dark_from(unit, dark, lambda at: (owner[socket] for socket in gives[at]))
        above = _dark_from(unit, dark, lambda at: (upper for socket in own[at] for upper in takes[socket]))
        ring = below & above
        for socket in (socket for each in sorted(ring) for socket in own[each]):
            if not fed[socket] and ring.intersection(takes[socket]):
                free[socket] = fed[socket] = 1
                dark[owner[socket]] -= 1
        feed([each for each in sorted(ring) if not dark[each]])
    return free


def _dark_from(unit: int, dark: Sequence[int], near: Callable[[int], Iterable[int]]) -> set[int]:
    """The units without supply that lead on from one."""
    seen, queue = {unit}, [unit]
    while queue:
        for other in near(queue.pop()):
            if dark[other] and other not in seen:
                seen.add(other)
                queue.append(other)
    return seen
