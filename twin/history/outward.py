"""What the historian keeps in the words of the outside: ids for keys, instants for milliseconds, quality, origin and
reasons in words. The columns stand in docs/reference/series.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from twin.frame import FLAG_DERIVED, FLAG_ESTIMATED, FLAG_FORECAST, FLAG_MANUAL, FLAG_SIMULATED
from twin.history.columns import F64, I64, Array, Bools, Rows, numbers
from twin.quantity import QUANTITIES
from twin.reading import Quality

Agg = Literal["all", "mean", "low", "high", "last"]
AGGS: tuple[Agg, ...] = ("all", "mean", "low", "high", "last")

INSTANT = pa.timestamp("ms", tz="UTC")
_OF = [("point", pa.string()), ("quantity", pa.string()), ("unit", pa.string())]
READINGS_OUT = pa.schema(
    [
        *_OF, ("time", INSTANT), ("value", pa.float64()), ("quality", pa.string()), ("origin", pa.string()),
        ("reasons", pa.list_(pa.string())), ("received", INSTANT),
    ]
)  # fmt: skip
"""Readings: ``value`` in ``unit`` [canonical], null where there was none; ``received`` to the second."""

BUCKETS_OUT = pa.schema(
    [
        *_OF, ("start", INSTANT), ("end", INSTANT), ("n", pa.int32()), ("coverage", pa.float64()),
        ("mean", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("last", pa.float64()),
        ("quality", pa.string()), ("origin", pa.string()), ("finished", pa.bool_()),
    ]
)  # fmt: skip
"""Buckets of one point: ``coverage`` [0..1] of the time of the bucket that is over; the rest [unit]."""

DRAWING_OUT = pa.schema([*_OF, ("time", INSTANT), ("value", pa.float64())])

TOTALS_OUT = pa.schema(
    [
        ("entity", pa.string()), ("quantity", pa.string()), ("unit", pa.string()), ("start", INSTANT),
        ("end", INSTANT), ("value", pa.float64()), ("have", pa.int32()), ("of", pa.int32()),
        ("coverage", pa.float64()), ("quality", pa.string()), ("origin", pa.string()), ("estimated", pa.bool_()),
        ("finished", pa.bool_()),
    ]
)  # fmt: skip
"""A quantity of an entity: ``value`` [unit] from ``have`` of ``of`` points, ``coverage`` = have / of."""

QUALITIES = pa.array([quality.name.lower() for quality in Quality])


@dataclass(frozen=True, slots=True)
class Names:
    """Points by key: their ids, quantities and units (canonical); texts of reasons by key."""

    ids: pa.Array
    quantities: pa.Array
    units: pa.Array
    reasons: pa.Array

    @classmethod
    def of(cls, facts: Mapping[str, str], keys: Mapping[str, int], reasons: Mapping[int, tuple[str, ...]]) -> Names:
        """From the quantity of each point, the key of each point, and the sets of reasons."""
        ids, quantities = (np.full(max(keys.values(), default=-1) + 1, "", object) for _ in range(2))
        for name, key in keys.items():
            ids[key], quantities[key] = name, facts[name]
        units = [QUANTITIES[quantity].unit if quantity in QUANTITIES else "" for quantity in quantities]
        texts = [list(reasons.get(key, ())) for key in range(max(reasons, default=-1) + 1)]
        return cls(
            pa.array(ids, pa.string()), pa.array(quantities, pa.string()), pa.array(units, pa.string()),
            pa.array(texts, pa.list_(pa.string())),
        )  # fmt: skip


def _named(names: Names, point: Array) -> list[pa.Array]:
    at = pa.array(point)
    return [names.ids.take(at), names.quantities.take(at), names.units.take(at)]


def instants(times: I64) -> pa.Array:
    """Milliseconds since the epoch as instants."""
    return pa.array(times, pa.int64()).cast(pa.timestamp("ms")).cast(INSTANT)


def readings_out(names: Names, rows: Rows) -> pa.Table:
    """Readings as ``READINGS_OUT``, in the order in which they are."""
    return pa.Table.from_arrays(
        [
            *_named(names, rows.point), instants(rows.time), pa.array(rows.value, from_pandas=True),
            QUALITIES.take(pa.array(rows.quality)), origins(rows.flags), names.reasons.take(pa.array(rows.reason)),
            instants(rows.time + rows.delay.astype(np.int64) * 1000),
        ],
        schema=READINGS_OUT,
    )  # fmt: skip


def buckets_out(names: Names, rollups: pa.Table, ends: I64, now: int, finished: Bools, agg: Agg = "all") -> pa.Table:
    """Roll-ups as ``BUCKETS_OUT``; of the four figures those that ``agg`` wants. ``ends`` (n,) [ms] of the buckets."""
    start = numbers(rollups, "start")
    over = np.maximum(np.minimum(ends, now) - start, 1)
    every = pa.Table.from_arrays(
        [
            *_named(names, numbers(rollups, "point")), instants(start), instants(ends), rollups.column("n"),
            pa.array(np.minimum(1.0, numbers(rollups, "held") / over)), rollups.column("mean"), rollups.column("low"),
            rollups.column("high"), rollups.column("last_value"), QUALITIES.take(pa.array(numbers(rollups, "quality"))),
            origins(numbers(rollups, "flags")), pa.array(finished),
        ],
        schema=BUCKETS_OUT,
    )  # fmt: skip
    return every if agg == "all" else every.drop_columns([name for name in AGGS[1:] if name != agg])


def drawing_out(names: Names, point: Array, time: I64, value: F64) -> pa.Table:
    """Places of a line as ``DRAWING_OUT``."""
    return pa.Table.from_arrays([*_named(names, point), instants(time), pa.array(value)], schema=DRAWING_OUT)


def origins(flags: Array) -> pa.Array:
    """The origin of each value in a word: where several came together ``mixed``, and what is derived stays that."""
    words = np.full(256, "mixed", object)
    for mask in range(256):
        told = mask & (FLAG_SIMULATED | FLAG_FORECAST | FLAG_MANUAL)
        if mask & FLAG_DERIVED:
            words[mask] = "derived"
        elif told in _ORIGINS:
            words[mask] = _ORIGINS[told]
    return pa.array(words, pa.string()).take(pa.array(flags & ~np.uint8(FLAG_ESTIMATED)))


_ORIGINS = {0: "measured", FLAG_SIMULATED: "simulated", FLAG_FORECAST: "forecast", FLAG_MANUAL: "manual"}
