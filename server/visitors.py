"""What visitors get instead of what others get: sums in which no single room can be seen, and rooms without names.

Nothing of people at all comes live: that is told late and in bands, where it is told to visitors.
"""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from twin.slots import Level, SlotTree

FEWEST = 5
"""Rooms that a sum is over, at least."""

Bools = npt.NDArray[np.bool_]


def told(tree: SlotTree, rooms: Bools, total: Bools) -> Bools:
    """Which of the sums ``total`` visitors may see, where ``rooms`` have values of their own.

    A sum over fewer than ``FEWEST`` rooms is not told; one over no room at all (a building's own meter) is. What is
    missing of a whole can be told from its other parts: where that is fewer rooms than that, the next smallest part
    goes with it, and where there is none the whole.
    """
    count = _rooms_under(tree, rooms)
    seen: Bools = total & ((count == 0) | (count >= FEWEST)) & (tree.level != Level.SPACE)
    for level in (Level.BUILDING, Level.CAMPUS, Level.BUILDING):  # again for the storeys of buildings that go
        for whole in np.flatnonzero(tree.level == level).tolist():
            _suppress(whole, np.flatnonzero(tree.parent == whole), count, seen)
    return seen


def _suppress(whole: int, parts: npt.NDArray[np.intp], count: npt.NDArray[np.int64], seen: Bools) -> None:
    if not seen[whole]:
        seen[parts] &= count[parts] == 0  # together they would be the whole
        return
    while 0 < count[parts[~seen[parts]]].sum() < FEWEST:
        others = [part for part in parts.tolist() if seen[part] and count[part] > 0]
        if not others:
            seen[whole] = False
            return
        seen[min(others, key=lambda part: (count[part], part))] = False


def _rooms_under(tree: SlotTree, rooms: Bools) -> npt.NDArray[np.int64]:
    count = np.where((tree.level == Level.SPACE) & rooms, 1, 0).astype(np.int64)
    for level in (Level.SPACE, Level.STOREY, Level.BUILDING):
        rows = np.flatnonzero(tree.level == level)
        np.add.at(count, tree.parent[rows], count[rows])
    return count


def nameless(labels: bytes) -> bytes:
    """The labels of a scene without the names of rooms: people are named in some. Codes, areas and uses stay."""
    found = json.loads(labels)
    for lang in ("zh", "en"):
        found[lang] = [""] * len(found.get(lang, ()))
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
