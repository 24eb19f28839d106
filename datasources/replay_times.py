"""Times as tables write them -> seconds since the epoch: ISO 8601, 2018/1/2 3:04, a format that is given, numbers.

A time without offset is one of the table's zone. Of an hour that comes twice the first is meant, unless the same
signal was as late already; a time in the hour that is left out is moved on by it. Day and month are never guessed.
"""

from __future__ import annotations

import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from datasources.payload import epoch

F64 = npt.NDArray[np.float64]

FORMATS = (
    "ISO8601", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y%m%d%H%M%S",
)  # fmt: skip
"""Tried in this order where no format is given; each begins with the year."""

UNREAD = 0.1
"""The share of times that may be unreadable before the format is not taken for the right one."""


class TimeError(ValueError):
    """Times that cannot be read; the message gives an example."""


def moments(column: pd.Series[Any], timezone: str, form: str, keys: npt.NDArray[np.intp]) -> F64:
    """The times [s since epoch], NaN for one that cannot be read. ``keys`` say which signal a row belongs to."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return _of_datetimes(column, timezone, keys)
    texts = column.astype(str).str.strip()
    numbers = pd.to_numeric(texts, errors="coerce")
    if not form and numbers.notna().mean() > 1 - UNREAD and float(numbers.abs().median()) >= 1e8 and not _packed(texts):
        zone = ZoneInfo(timezone)
        found = {text: epoch(text, zone) for text in texts.unique()}
        return np.array([math.nan if (at := found[text]) is None else at for text in texts], np.float64)
    for each in (form,) if form else FORMATS:
        aware = each == "ISO8601" or "%z" in each.lower()
        try:
            parsed = pd.to_datetime(texts, format=each, errors="coerce", utc=aware and _has_offsets(texts))
        except ValueError:
            continue  # a format that pandas does not know, or offsets beside none
        if parsed.notna().mean() > 1 - UNREAD:
            return _of_datetimes(parsed, timezone, keys)
    example = next((text for text in texts if text), "")
    raise TimeError(f"'{example}' is no time that is plainly meant: give 'time_format', as in %d/%m/%Y %H:%M")


def _packed(texts: pd.Series[Any]) -> bool:
    """Whether numbers are times written without gaps, as 20180102030400."""
    return bool(texts.str.fullmatch(r"(19|20)[0-9]{12}").mean() > 1 - UNREAD)


def _has_offsets(texts: pd.Series[Any]) -> bool:
    return bool(texts.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True).any())


def _of_datetimes(column: pd.Series[Any], timezone: str, keys: npt.NDArray[np.intp]) -> F64:
    if column.dt.tz is not None:
        return _seconds(column)
    rows = len(column)
    zone = ZoneInfo(timezone)
    first, second = (
        _seconds(column.dt.tz_localize(zone, ambiguous=np.full(rows, summer), nonexistent=pd.Timedelta(hours=1)))
        for summer in (True, False)
    )
    twice = np.flatnonzero(first != second)
    twice = twice[~np.isnan(first[twice])]
    if not twice.size:
        return first
    # In the order of each signal's own rows, what was before decides.
    order = np.argsort(keys, kind="stable")
    place = np.zeros(rows, np.intp)
    place[order] = np.arange(rows)
    for row in twice[np.argsort(place[twice])].tolist():
        before = order[place[row] - 1] if place[row] else -1
        if before >= 0 and keys[before] == keys[row] and first[row] <= first[before] <= second[row]:
            first[row] = second[row]
    return first


def _seconds(column: pd.Series[Any]) -> F64:
    stamps = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    seconds: F64 = stamps.astype(np.int64).astype(np.float64) / 1e6
    seconds[np.isnat(stamps)] = np.nan
    return seconds
