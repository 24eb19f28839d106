"""What a building, a storey or the campus drew: points rolled up the tree in every bucket, by the rules of the live
totals (``twin.rollup``): an entity's own points win over those below it, and every total says of how many points it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.frame import FLAG_DERIVED, FLAG_ESTIMATED, FLAG_FORECAST, FLAG_MANUAL, FLAG_SIMULATED
from twin.history.buckets import Made, made
from twin.history.calendar import HOUR_MS
from twin.history.columns import I64, numbers
from twin.history.contract import Keys
from twin.history.gaps import Stretches, gaps
from twin.history.outward import QUALITIES, TOTALS_OUT, instants, origins
from twin.history.series import MOST_ROWS, Asked, Series
from twin.history.steps import SeriesError, Step, edges, is_short, length_ms
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.point import DERIVED
from twin.quantity import QUANTITIES
from twin.reading import Quality
from twin.rollup import PointColumns, roll_up
from twin.slots import SlotTree

MOST_CELLS = 25_000_000
"""Points times buckets that are worked through for one answer."""
MOST_READINGS = 5_000_000
CELLS = 500_000
"""Points times buckets, and slots times buckets, worked through at a time."""
ORIGIN = np.uint8(FLAG_SIMULATED | FLAG_FORECAST | FLAG_MANUAL | FLAG_DERIVED)

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Under:
    """The points of a quantity under an entity: ``tree`` is the part of the campus under it (slot 0), ``slot`` (n,) of
    each of the points ``ids``."""

    entity: str
    quantity: str
    tree: SlotTree
    ids: list[str]
    slot: npt.NDArray[np.int32]


def under(live: LiveState, entity: str, quantity: str) -> Under:
    """What counts under an entity of the tree; of what is derived and measured at one place the derived. KeyError where
    there is no such entity."""
    inside = live.tree.under(live.tree.index[entity])
    slots = np.flatnonzero(inside)
    number = np.full(len(inside), -1, np.int32)
    number[slots] = np.arange(len(slots))
    whole = live.tree
    tree = SlotTree(
        tuple(whole.ids[slot] for slot in slots.tolist()), np.where(slots == slots[0], 0, number[whole.parent[slots]]),
        whole.level[slots], whole.weight[slots], {}, {},
    )  # fmt: skip
    rows = live.rows(quantity)
    rows = rows[inside[live.slot[rows]]]
    derived = np.array([live.points[row].source == DERIVED for row in rows.tolist()], np.bool_)
    rows = rows[derived | ~np.isin(live.slot[rows], live.slot[rows][derived])]
    return Under(entity, quantity, tree, [live.points[row].id for row in rows.tolist()], number[live.slot[rows]])


def totals(store: SqlStore, of: Under, asked: Asked, step: Step) -> Series:
    """The totals of ``of`` in buckets of ``step`` (``TOTALS_OUT``); ``asked.ids`` does not matter. SeriesError where
    that is too much."""
    borders = edges(store.calendar, step, asked.start, min(asked.end, asked.now))
    if len(borders) < 2:
        return Series(TOTALS_OUT.empty_table(), [], _METHOD, asked.start, asked.end)
    known = store.known_points()
    keys = np.array(sorted(known[name] for name in of.ids if name in known), np.int32)
    _not_too_much(store, of, keys, borders, step)
    row = {known[name]: number for number, name in enumerate(of.ids) if name in known}
    rows = np.array([row[key] for key in keys.tolist()], np.intp)
    number = max(1, CELLS // max(len(keys), len(of.tree.ids), 1), HOUR_MS // length_ms(step))
    parts = []
    for first in range(0, len(borders) - 1, number):
        piece = borders[first : first + number + 1]
        parts.append(_part(of, keys, rows, made(store, keys, step, piece, asked.now), piece))
    table = pa.concat_tables(parts)
    have = numbers(table, "have") > 0
    start, end = int(borders[0]), min(int(borders[-1]), asked.now)
    stood = Stretches(np.zeros(int(have.sum()), np.int32), borders[:-1][have], borders[1:][have])
    silent = gaps(np.zeros(1, np.int32), stood, start, end)
    told = [(of.entity, *pair) for pair in zip(silent.start.tolist(), silent.end.tolist(), strict=True)]
    return Series(table.filter(pa.array(have)), told, _METHOD, start, int(borders[-1]))


_METHOD = (
    "the means of the points under the entity over the time in which each was known, rolled up as live totals are: an "
    "entity's own points before those below it, 'have' of 'of' points known in the bucket; gaps are whole buckets"
)


def _not_too_much(store: SqlStore, of: Under, keys: Keys, borders: I64, step: Step) -> None:
    number = len(borders) - 1
    if number > MOST_ROWS or number * len(of.ids) > MOST_CELLS:
        raise SeriesError(
            f"{len(of.ids)} points under '{of.entity}' in {number} steps are too many for one answer: ask for longer "
            "steps (hour, day), a shorter window, or a building"
        )
    if is_short(step) and len(keys):
        rows = int(numbers(store.counts(keys, int(borders[0]), int(borders[-1])), "rows").sum())
        if rows > MOST_READINGS:
            raise SeriesError(
                f"steps below an hour are made from readings, of '{of.entity}' there are {rows} in the window, and at "
                f"most {MOST_READINGS} are worked through: ask for step=hour, a shorter window, or a building"
            )


def _part(of: Under, keys: Keys, rows: Rows, found: Made, borders: I64) -> pa.Table:
    """The totals of some buckets: a tree for each of them, all rolled up at once as live values are."""
    buckets, n = len(borders) - 1, len(of.tree.ids)
    columns = _columns(of, rows[np.searchsorted(keys, numbers(found.rollups, "point"))], found.rollups, borders)
    rolled = roll_up(_forest(of.tree, buckets), columns, QUANTITIES[of.quantity].rollup)
    root = np.arange(buckets) * n
    flags, have, every = rolled.flags[root], rolled.have[root], rolled.of[root]
    return pa.Table.from_arrays(
        [
            *(pa.array([word] * buckets) for word in (of.entity, of.quantity, QUANTITIES[of.quantity].unit)),
            instants(borders[:-1]), instants(borders[1:]), pa.array(rolled.value[root], from_pandas=True),
            pa.array(have, pa.int32()), pa.array(every, pa.int32()), pa.array(have / np.maximum(every, 1)),
            QUALITIES.take(pa.array(flags & 3)), origins(flags & ORIGIN), pa.array((flags & FLAG_ESTIMATED) > 0),
            pa.array(~np.isin(borders[:-1], found.unfinished)),
        ],
        schema=TOTALS_OUT,
    )  # fmt: skip


def _columns(of: Under, row: Rows, rollups: pa.Table, borders: I64) -> PointColumns:
    """Every point in every bucket: its mean where it was known, in the tree of that bucket."""
    buckets, points, n = len(borders) - 1, len(of.ids), len(of.tree.ids)
    start = numbers(rollups, "start")
    at = (np.searchsorted(borders, start, side="right") - 1) * points + row
    cells = buckets * points
    value, stale = np.full(cells, np.nan), np.ones(cells, np.bool_)
    quality, flags = np.full(cells, Quality.NONE, np.uint8), np.zeros(cells, np.uint8)
    held = numbers(rollups, "held") > 0
    at = at[held]
    value[at], stale[at] = numbers(rollups, "mean")[held], False
    quality[at], flags[at] = numbers(rollups, "quality")[held], numbers(rollups, "flags")[held]
    slot = (np.repeat(np.arange(buckets) * n, points) + np.tile(of.slot, buckets)).astype(np.int32)
    return PointColumns(slot, value, np.zeros(cells), quality, flags, stale)


def _forest(tree: SlotTree, buckets: int) -> SlotTree:
    """The same tree several times."""
    n = len(tree.ids)
    parent = np.tile(tree.parent, buckets) + np.repeat(np.arange(buckets, dtype=np.int32) * n, n)
    return SlotTree(
        tree.ids * buckets, parent.astype(np.int32), np.tile(tree.level, buckets), np.tile(tree.weight, buckets), {}, {}
    )
