"""What main meters had counted before each day: sums of whole days from the first on, worked out once and kept.

A day costs some milliseconds, a start late in the year would cost a second. With a folder the sums are kept in a file
that is named by all that they depend on: seed, points, and the code of the simulator. Without one, or with a file that
cannot be read, they are worked out again: the values are the same.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

log = logging.getLogger(__name__)

F64 = npt.NDArray[np.float64]

KEPT_S = 7 * 86_400.0
"""Files of other campuses or seeds, and of older code, that were not written for so long [s] are removed."""


class Past:
    """``before(day)``: the sums of all days from ``first`` to ``day``, ``day`` not included, one number a meter.

    ``of`` makes those of one day; local day numbers since 1970.
    """

    def __init__(self, of: Callable[[int], F64], first: int, meters: int, file: Path | None = None) -> None:
        self._of, self._first, self._file = of, first, file
        self._sums: list[F64] = [np.zeros(meters)]
        self._looked = file is None

    def before(self, day: int) -> F64:
        """(meters,) what was counted before local day number ``day``, at the earliest the first."""
        wanted = day - self._first
        if wanted >= len(self._sums) and not self._looked:
            self._looked = True
            self._sums = self._read() or self._sums
        had = len(self._sums)
        while len(self._sums) <= wanted:
            self._sums.append(self._sums[-1] + self._of(self._first + len(self._sums) - 1))
        if len(self._sums) > had:
            self._write()
        return self._sums[wanted]

    def _read(self) -> list[F64]:
        assert self._file is not None
        if not self._file.is_file():
            return []
        try:
            with self._file.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                sums = np.asarray(kept["sums"], np.float64)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            log.warning("the sums of past days (%s) cannot be read (%s): they are made again", self._file, error)
            return []
        right = sums.ndim == 2 and len(sums) > 0 and sums.shape[1:] == self._sums[0].shape
        if not right or sums[0].any() or not np.isfinite(sums).all():
            log.warning("the sums of past days (%s) are of another form: they are made again", self._file)
            return []
        return list(sums)

    def _write(self) -> None:
        """Keep them; where that cannot be, the next start makes them again."""
        if self._file is None:
            return
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(file, sums=np.stack(self._sums))
            part.replace(self._file)
            for old in self._file.parent.glob("*.npz"):
                if old.stat().st_mtime < time.time() - KEPT_S:
                    old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the sums of past days (%s) cannot be kept: %s", self._file, error)


def file_of(folder: Path, seed: int, addresses: Iterable[str]) -> Path:
    """The file of a campus's sums in ``folder``; ``addresses`` in their order, since sums are rounded by theirs."""
    about = hashlib.sha256(f"{_code()}\n{seed}\n".encode())
    about.update("\n".join(addresses).encode())
    return folder / f"{about.hexdigest()[:32]}.npz"


@cache
def _code() -> str:
    """A hash over the simulator's own source files, and the numpy that rounds for them."""
    files = sorted(Path(__file__).parent.glob("simulator*.py"))
    told = np.__version__.encode() + b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(told).hexdigest()
