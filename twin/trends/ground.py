"""What questions about one quantity stand on: its points, where they are, their keys, the tree from above. It is the
same until points or names change, and takes a tenth of a second: it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from twin.history.columns import I64
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.point import DERIVED
from twin.slots import SlotTree

Slots = npt.NDArray[np.intp]
NONE: Slots = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Ground:
    """The points of a quantity that count (of what is derived and measured at one place the derived): ``row`` in the
    live state, ``slot`` of the whole tree, ``key`` in the history, -1 for one that never spoke: all (n,)."""

    row: Slots
    slot: Slots
    key: I64
    children: dict[int, Slots]


_KEPT: WeakKeyDictionary[LiveState, dict[tuple[int, int, str], Ground]] = WeakKeyDictionary()


def ground_of(store: SqlStore, live: LiveState, quantity: str) -> Ground:
    """What is kept for a live state, a store and a quantity, or made now."""
    kept = _KEPT.setdefault(live, {})
    key = id(store), store.names_version, quantity
    if key not in kept:
        for old in [each for each in kept if each[:2] != key[:2]]:
            del kept[old]
        kept[key] = _made(store, live, quantity)
    return kept[key]


def _made(store: SqlStore, live: LiveState, quantity: str) -> Ground:
    rows = live.rows(quantity)
    derived = np.array([live.points[row].source == DERIVED for row in rows.tolist()], np.bool_)
    rows = rows[derived | ~np.isin(live.slot[rows], live.slot[rows][derived])]
    known = store.known_points()
    keys = np.array([known.get(live.points[row].id, -1) for row in rows.tolist()], np.int64)
    return Ground(rows, live.slot[rows].astype(np.intp), keys, _children(live.tree))


def _children(tree: SlotTree) -> dict[int, Slots]:
    order = np.argsort(tree.parent, kind="stable")
    above, begin = np.unique(tree.parent[order], return_index=True)
    return dict(zip(above.tolist(), np.split(order, begin[1:]), strict=True))
