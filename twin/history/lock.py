"""One process at a time: a lock on a file that the system lets go of when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from twin.history.contract import HistoryError


class FolderLock:
    """Holds ``folder`` for this process. HistoryError when another one has it."""

    def __init__(self, folder: Path) -> None:
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._file: int | None = file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise HistoryError(
                f"the history in {folder.parent} is in use by another process: one at a time may have it; "
                "end the other one, or give this one another folder"
            ) from error

    def release(self) -> None:
        """Let others have it; again is no harm."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
