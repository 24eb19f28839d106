"""The simulated campus as files: ``python app.py simulate --from T --to T --out DIR [--seed N]``.

Writes ``points.parquet`` (what is measured), ``readings/<UTC day>.parquet`` (point, time, value, origin; sorted by
point and time), ``faults.parquet`` (the labels) and ``timetable.csv`` (the courses of classrooms). Every row of
readings says that it is simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from datasources.faults import label_table
from datasources.simulator import Settings, Simulation
from datasources.simulator_calendar import EPOCH
from datasources.simulator_timetable import lessons
from datasources.simulator_weather import UTC_OFFSET_S
from twin.point import Point
from twin.timetable_write import as_csv

DAY_S = 86_400
CHUNK = 96  # times at once: 20,000 points need about 40 MB


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: ``files``, how many ``readings``, how many labelled ``faults``."""

    files: tuple[Path, ...]
    readings: int
    faults: int


def simulate(
    points: Sequence[Point],
    start: datetime,
    end: datetime,
    out: Path,
    settings: Settings,
    step_s: float = 900.0,
    progress: Callable[[str], None] = lambda text: None,
) -> Written:
    """Write what ``points`` report from ``start`` to before ``end``, every ``step_s`` [s], into the folder ``out``.

    ValueError where the window is empty or the folder holds other readings; OSError where it cannot be written.
    """
    if start.tzinfo is None or end.tzinfo is None or end <= start:
        raise ValueError(f"the window from {start} to {end} is empty or has no time zone")
    if step_s <= 0:
        raise ValueError(f"a step of {step_s} s makes no progress: give one over 0")
    folder = out / "readings"
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} already holds readings: name another folder, or empty it")
    folder.mkdir(parents=True, exist_ok=True)
    simulation = Simulation(settings, points)
    files = [out / "points.parquet", out / "faults.parquet"]
    pq.write_table(_point_table(points), files[0], compression="zstd")
    labels = label_table(list(simulation.faults.between(start.timestamp(), end.timestamp())))
    pq.write_table(labels, files[1], compression="zstd")
    files.append(out / "timetable.csv")
    booked = lessons(points, settings.seed, _local(start), _local(end))
    files[-1].write_text(as_csv(booked), encoding="utf-8")
    total = 0
    for name, times in _days(start, end, step_s):
        table = _readings(simulation, times)
        path = folder / f"{name}.parquet"
        part = path.with_suffix(".tmp")
        pq.write_table(table, part, compression="zstd")
        part.replace(path)
        files.append(path)
        total += table.num_rows
        progress(f"{name}: {table.num_rows} readings")
    return Written(tuple(files), total, labels.num_rows)


def _local(moment: datetime) -> date:
    """The day of ``moment`` on the simulated campus."""
    return EPOCH + timedelta(days=int((moment.timestamp() + UTC_OFFSET_S) // DAY_S))


def _days(start: datetime, end: datetime, step_s: float) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """The times of each UTC day in the window; times are whole multiples of the step."""
    first = -(-start.timestamp() // step_s)
    times = np.arange(first, end.timestamp() / step_s) * step_s
    times = times[times < end.timestamp()]
    for day in np.unique(times // DAY_S).tolist():
        name = datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
        yield name, times[times // DAY_S == day]


def _readings(simulation: Simulation, times: npt.NDArray[np.float64]) -> pa.Table:
    parts = [simulation.values_at(times[k : k + CHUNK]) for k in range(0, len(times), CHUNK)]
    values = np.concatenate([p.values for p in parts], axis=1)
    kept = ~np.concatenate([p.missing for p in parts], axis=1)
    rows = np.broadcast_to(np.arange(len(simulation.points), dtype=np.int32)[:, None], values.shape)[kept]
    when = np.broadcast_to((times * 1e3).astype("datetime64[ms]"), values.shape)[kept]
    names = pa.DictionaryArray.from_arrays(pa.array(rows), pa.array([p.id for p in simulation.points]))
    origin = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int8)), pa.array(["simulated"]))
    return pa.table(
        {
            "point": names,
            "time": pa.array(when).cast(pa.timestamp("ms", tz="UTC")),
            "value": pa.array(np.round(values[kept], 4)),
            "origin": origin,
        }
    )


def _point_table(points: Sequence[Point]) -> pa.Table:
    columns = ("id", "entity", "quantity", "unit", "kind", "address")
    return pa.table({name: [getattr(p, name) for p in points] for name in columns})
