"""What waits to be kept: a journal on disk in front of the historian, so that nothing acknowledged hangs on it.

A batch is acknowledged once it is in the journal and the disk has it. From there it goes to the historian when that can
take it, and leaves the journal when the historian's watermark has passed it. The journal needs nobody to be read: each
file begins with the points that its rows are of, each batch brings the words of its reasons.

A file is records of ``head`` (magic, length, CRC-32, number of the batch) and a body; the first record has the points,
the others words and events as JSON and the rows. A record that was cut short by a crash was never acknowledged: it is
cut off. Files are named by the number of their first batch.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.history.contract import HistoryError, HistoryFullError, KeptPoint
from twin.history.lock import FolderLock

log = logging.getLogger(__name__)

HEAD = struct.Struct("<4sIIQ")
MAGIC = b"CTSP"
FILE_BYTES = 32 * 2**20
MOST_BYTES = 8 * 2**30
"""No more than this waits [bytes]: who cannot reach its database for weeks has a disk that is not full."""
LONGEST = 2**30

ROW = np.dtype(
    [("point", "<i4"), ("time", "<i8"), ("value", "<f8"), ("delay", "<i4"), ("quality", "u1"), ("flags", "u1"),
     ("reason", "<i4")]
)  # fmt: skip
"""A row as it waits: ``point`` counts in the points of its file, ``reason`` in its batch's words; NaN: no value."""

Rows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened besides readings; ``time`` [ms], ``detail`` a JSON object."""

    time: int
    kind: str
    subject: str
    state: str
    detail: str = "{}"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is acknowledged at once: ``rows`` (``ROW``) of ``points``, whose reasons count in ``words``."""

    number: int
    points: Sequence[KeptPoint]
    rows: Rows
    words: Sequence[tuple[str, ...]] = ((),)
    events: Sequence[Event] = field(default_factory=tuple)


@dataclass(slots=True)
class _Place:
    """Where a reader stopped."""

    path: Path
    offset: int = 0
    number: int = 0
    points: Sequence[KeptPoint] | None = None


class Spool:
    """The journal in ``folder``. One thread writes, one reads and trims."""

    def __init__(self, folder: Path, file_bytes: int = FILE_BYTES, most_bytes: int = MOST_BYTES) -> None:
        """``file_bytes`` [bytes] is how large a file grows, ``most_bytes`` [bytes] what may wait in all."""
        self.folder = folder
        self._file_bytes, self._most_bytes = file_bytes, most_bytes
        self._file: int | None = None
        self._path = folder
        self._size = 0
        self._points: Sequence[KeptPoint] | None = None
        self._place: _Place | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FolderLock(folder)
            self.last = self._recover()
        except OSError as error:
            raise _told(error, folder) from error

    def files(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob("*.spool"))

    def waiting(self) -> int:
        """How much waits [bytes]."""
        return sum(_size(path) for path in self.files())

    def _recover(self) -> int:
        """Cut off what a crash left half-written; the number of the last batch, 0 where there is none."""
        last = 0
        for path, following in _pairs(self.files()):
            last, end, size = max(last, int(path.stem) - 1), 0, _size(path)
            for end, number, _ in _records(path):  # noqa: B007 # the last end counts
                last = max(last, number)
            if end == size:
                continue
            if following is not None:
                log.error("%s is damaged: %d bytes of it cannot be read and are left out", path, size - end)
                continue
            log.warning("%s: the last %d bytes were never acknowledged: cut off", path, size - end)
            os.truncate(path, end)
        return last

    # writing

    def write(self, batch: Batch) -> None:
        """Put a batch on the disk; it is acknowledged when this returns. Its number is above every other.

        HistoryFullError where there is no room: then nothing of it is there, and the next one may be tried.
        """
        if batch.number <= self.last:
            raise HistoryError(f"batch {batch.number} is not above the last one, {self.last}")
        told = {"words": list(map(list, batch.words)),
                "events": [[e.time, e.kind, e.subject, e.state, e.detail] for e in batch.events]}  # fmt: skip
        head = json.dumps(told, ensure_ascii=False).encode()
        body = struct.pack("<I", len(head)) + head + batch.rows.tobytes()
        try:
            if self._file is None or self._size >= self._file_bytes or self._points is not batch.points:
                self._next_file(batch)
            self._put(_record(batch.number, body))
        except OSError as error:
            raise _told(error, self.folder) from error
        self.last = batch.number

    def _next_file(self, batch: Batch) -> None:
        if self.waiting() > self._most_bytes:
            raise HistoryFullError(
                f"{self._most_bytes >> 20} MB wait in {self.folder} for the history, which does not take them: "
                "see why it cannot be reached; what comes until then is lost"
            )
        self._end_file()
        self._path = self.folder / f"{batch.number:020d}.spool"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._size, self._points = 0, None
        points = [[point.id, point.quantity, point.hold_s] for point in batch.points]
        self._put(_record(0, json.dumps(points, ensure_ascii=False).encode()))
        self._points = batch.points
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _put(self, record: bytes) -> None:
        """All of a record on the disk, or nothing of it in the file."""
        assert self._file is not None
        try:
            view = memoryview(record)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            if self._size == 0:  # no points in it: it cannot go on
                self._end_file()
                self._path.unlink(missing_ok=True)
            raise
        self._size += len(record)

    # reading

    def read(self, after: int) -> Iterator[Batch]:
        """The batches above ``after``, in order. Asked for what comes next, it goes on where it stopped."""
        place = self._place if self._place is not None and self._place.number <= after else None
        for path, following in _pairs(self.files()):
            if following is not None and int(following.stem) <= after + 1:
                continue
            if place is None or place.path != path:
                place = _Place(path)
            for end, number, body in _records(path, place.offset):
                if place.points is None:
                    place.points = [KeptPoint(*each) for each in json.loads(body)]
                place.offset = end
                if number > after:
                    place.number = number
                    self._place = place
                    yield _batch(number, place.points, body)

    def trim(self, until: int) -> None:
        """Forget the files whose batches are all at or below ``until``. The newest one stays: it knows the number."""
        for path, following in _pairs(self.files()):
            if following is not None and int(following.stem) <= until + 1:
                path.unlink()

    def close(self) -> None:
        """Let go of everything."""
        self._end_file()
        self._lock.release()

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = self._points = None


def _record(number: int, body: bytes) -> bytes:
    return HEAD.pack(MAGIC, len(body), zlib.crc32(body), number) + body


def _records(path: Path, offset: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """End, number and body of each whole record from ``offset`` on."""
    with path.open("rb") as file:
        file.seek(offset)
        while len(head := file.read(HEAD.size)) == HEAD.size:
            magic, length, crc, number = HEAD.unpack(head)
            body = file.read(length) if magic == MAGIC and length <= LONGEST else b""
            if len(body) < length or magic != MAGIC or zlib.crc32(body) != crc:
                return
            yield file.tell(), number, body


def _size(path: Path) -> int:
    """How large a file is [bytes]; 0 when it has just gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _batch(number: int, points: Sequence[KeptPoint], body: bytes) -> Batch:
    (length,) = struct.unpack_from("<I", body)
    told: dict[str, Any] = json.loads(body[4 : 4 + length])
    rows = np.frombuffer(body, ROW, offset=4 + length)
    return Batch(number, points, rows, [tuple(w) for w in told["words"]], [Event(*e) for e in told["events"]])


def _pairs(files: Sequence[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Each file with the one after it."""
    return zip(files, [*files[1:], None], strict=False)


def _told(error: OSError, folder: Path) -> HistoryError:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return HistoryFullError(f"there is no room left on the disk of {folder}: make room, it goes on by itself")
    return HistoryError(f"{folder} cannot be written ({error.strerror}): see who may write there, and the disk")
