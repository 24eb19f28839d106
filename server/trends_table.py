"""A chart as a table, for files: a row a line and bucket, in the order in which the chart has them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from twin.history.outward import INSTANT, QUALITIES, instants, origins
from twin.trends.lines import Chart, Line

SCHEMA = pa.schema(
    [
        ("what", pa.string()), ("name", pa.string()), ("quantity", pa.string()), ("unit", pa.string()),
        ("period", pa.int8()), ("start", INSTANT), ("end", INSTANT), ("value", pa.float64()), ("low", pa.float64()),
        ("high", pa.float64()), ("coverage", pa.float64()), ("have", pa.int64()), ("of", pa.int64()),
        ("quality", pa.string()), ("origin", pa.string()), ("finished", pa.bool_()),
    ]
)  # fmt: skip
"""``value``, ``low``, ``high`` [unit]; ``coverage`` 0 to 1; ``period`` 1 is the window to compare with."""


def table_of(chart: Chart, names: Mapping[str, Mapping[str, str]]) -> pa.Table:
    """The chart as ``SCHEMA``; buckets of which nothing is known are there, without a value."""
    return pa.concat_tables(
        [SCHEMA.empty_table(), *(_part(line, names[line.subject.what]["en"]) for line in chart.lines)]
    )


def _part(line: Line, name: str) -> pa.Table:
    course, n = line.course, len(line.course.value)
    told = (line.subject.what, name, line.subject.told, line.unit)
    return pa.Table.from_arrays(
        [
            *(pa.array([word] * n, pa.string()) for word in told), pa.array(np.full(n, line.period, np.int8)),
            instants(course.borders[:-1]), instants(course.borders[1:]),
            *(pa.array(values, pa.float64(), from_pandas=True) for values in (course.value, course.low, course.high)),
            pa.array(course.coverage), pa.array(course.have, pa.int64()), pa.array(course.of, pa.int64()),
            QUALITIES.take(pa.array(course.quality)), origins(course.flags), pa.array(course.finished),
        ],
        schema=SCHEMA,
    )  # fmt: skip
