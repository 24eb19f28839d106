"""The simulated campus as files: ``python app.py simulate --from T --to T --out DIR [--seed N]``.

Writes ``points.parquet`` (what is measured), ``readings/<UTC day>.parquet`` (point, time, value, origin; sorted by
point and time), ``faults.parquet`` (the labels) and ``timetable.csv`` (the courses of classrooms). Every row of
readings says that it is simulated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from datasources.faults import label_table, matches
from datasources.simulator import Settings, Simulation
from datasources.simulator_calendar import EPOCH
from datasources.simulator_faults import Reported
from datasources.simulator_timetable import lessons
from datasources.simulator_weather import UTC_OFFSET_S
from twin.point import Point
from twin.timetable_write import as_csv

DAY_S = 86_400
CHUNK = 96  # times at once: 45,000 points need about 35 MB
WRITERS, AHEAD = 2, 2  # threads that write, and days that wait or are being written beside the one that is computed
ENCODED = ["point", "time", "origin"]  # columns of few values; readings themselves hardly repeat


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
    only: Sequence[str] = (),
) -> Written:
    """Write what ``points`` report from ``start`` to before ``end``, every ``step_s`` [s], into the folder ``out``.

    With ``only`` those whose id, entity or address is or fits one of these patterns; the others are still their causes.
    ValueError where the window is empty, nothing fits or the folder holds other readings; OSError where it cannot be
    written.
    """
    if start.tzinfo is None or end.tzinfo is None or end <= start:
        raise ValueError(f"the window from {start} to {end} is empty or has no time zone")
    if step_s <= 0:
        raise ValueError(f"a step of {step_s} s makes no progress: give one over 0")
    kept = _kept(points, only)
    folder = out / "readings"
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} already holds readings: name another folder, or empty it")
    folder.mkdir(parents=True, exist_ok=True)
    simulation = Simulation(settings, points, kept)
    points = [points[row] for row in kept.tolist()]
    files = [out / "points.parquet", out / "faults.parquet"]
    pq.write_table(_point_table(points), files[0], compression="zstd")
    known = set(kept.tolist())
    faults = simulation.faults.between(start.timestamp(), end.timestamp())
    labels = label_table([fault for fault in faults if fault.row in known])
    pq.write_table(labels, files[1], compression="zstd")
    files.append(out / "timetable.csv")
    booked = lessons(points, settings.seed, _local(start), _local(end))
    files[-1].write_text(as_csv(booked), encoding="utf-8")
    count = 0
    for path, rows in _written(simulation, folder, _days(start, end, step_s)):
        files.append(path)
        count += rows
        progress(f"{path.stem}: {rows} readings")
    return Written(tuple(files), count, labels.num_rows)


def _written(
    simulation: Simulation, folder: Path, days: Iterable[tuple[str, npt.NDArray[np.float64]]]
) -> Iterator[tuple[Path, int]]:
    """The file of each day and its number of readings; while one is written the next is computed."""
    waiting: deque[Future[tuple[Path, int]]] = deque()
    with ThreadPoolExecutor(WRITERS) as writer:
        for name, times in days:
            most = AHEAD if len(times) <= CHUNK else 1  # short steps make days that fill the memory
            while len(waiting) >= most:
                yield waiting.popleft().result()
            reported = [simulation.values_at(times[k : k + CHUNK]) for k in range(0, len(times), CHUNK)]
            waiting.append(writer.submit(_write, folder / f"{name}.parquet", simulation.told, times, reported))
        for job in waiting:
            yield job.result()


def _kept(points: Sequence[Point], only: Sequence[str]) -> npt.NDArray[np.int64]:
    """The rows of the points that fit one of the patterns ``only``; all without any."""
    fits = [row for row, p in enumerate(points) if not only or any(matches(o, p.id, p.entity, p.address) for o in only)]
    if points and not fits:
        raise ValueError(f"no point has an id, entity or address like {', '.join(only)}")
    return np.array(fits, np.int64)


def _write(
    path: Path, points: Sequence[Point], times: npt.NDArray[np.float64], reported: list[Reported]
) -> tuple[Path, int]:
    """Write the readings of a day; their number."""
    table = _readings(points, times, reported)
    part = path.with_suffix(".tmp")
    pq.write_table(table, part, compression="zstd", use_dictionary=ENCODED, write_statistics=["time"])
    part.replace(path)
    return path, table.num_rows


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


def _readings(points: Sequence[Point], times: npt.NDArray[np.float64], reported: list[Reported]) -> pa.Table:
    """What was ``reported`` of ``points`` at ``times`` [s since epoch, UTC] of one day; a row a reading."""
    values = np.concatenate([part.values for part in reported], axis=1) if len(reported) > 1 else reported[0].values
    rows = np.repeat(np.arange(len(points), dtype=np.int32), len(times))
    when = np.tile((times * 1e3).astype(np.int64), len(points))
    told = np.round(values, 4, out=values).reshape(-1)
    if any(part.missing.any() for part in reported):
        kept = ~np.concatenate([part.missing for part in reported], axis=1).reshape(-1)
        rows, when, told = rows[kept], when[kept], told[kept]
    names = pa.DictionaryArray.from_arrays(pa.array(rows), pa.array([p.id for p in points]))
    origin = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int8)), pa.array(["simulated"]))
    return pa.table(
        {
            "point": names,
            "time": pa.array(when).cast(pa.timestamp("ms", tz="UTC")),
            "value": pa.array(told),
            "origin": origin,
        }
    )


def _point_table(points: Sequence[Point]) -> pa.Table:
    columns = ("id", "entity", "quantity", "unit", "kind", "address")
    return pa.table({name: [getattr(p, name) for p in points] for name in columns})
