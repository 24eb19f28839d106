"""Any past moment of the whole campus, as a live state that stands still."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.history.columns import F64, numbers
from twin.history.store import SqlStore
from twin.live import Columns, LiveState


class Moments:
    """Past moments of the points of ``live``, as ``store`` knows them; from any thread."""

    def __init__(self, live: LiveState, store: SqlStore) -> None:
        self.live, self.store = live, store
        self._lock = threading.Lock()
        self._names = -1
        self._rows: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self._reasons: npt.NDArray[np.uint16] = np.zeros(0, np.uint16)

    def at(self, at: float) -> LiveState:
        """What would have been shown at ``at`` [s since epoch]; HistoryError where the historian cannot say."""
        return self.live.as_of(at, self.columns(self.store.at(round(at * 1000))))

    def columns(self, readings: pa.Table) -> Columns:
        """Readings of the historian as columns; those of points that went are left out."""
        rows, reasons = self._mapped()
        row = rows[numbers(readings, "point")]
        here = row >= 0
        time_s: F64 = numbers(readings, "time")[here] / 1000.0
        return Columns(
            row[here], numbers(readings, "value")[here], time_s, time_s + numbers(readings, "delay")[here], time_s,
            numbers(readings, "quality")[here], numbers(readings, "flags")[here],
            reasons[numbers(readings, "reason")[here]],
        )  # fmt: skip

    def _mapped(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint16]]:
        """Rows and reasons of the live state by the historian's keys; made anew when it has new ones."""
        with self._lock:
            if self._names != self.store.names_version:
                self._names = self.store.names_version
                known, words = self.store.known_points(), self.store.known_reasons()
                rows = np.full(max(known.values(), default=-1) + 1, -1, np.intp)
                for name, key in known.items():
                    rows[key] = self.live.index.get(name, -1)
                reasons = np.zeros(max(words) + 1, np.uint16)
                for key, text in words.items():
                    reasons[key] = self.live.reasons.id(text)
                self._rows, self._reasons = rows, reasons
            return self._rows, self._reasons
