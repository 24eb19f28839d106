"""The commands ``backup`` and ``restore``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from server.kept import Kept, asking, kept
from server.past import open_store
from twin.config import ConfigError
from twin.history import restore as restoring
from twin.history.backup import Head, write
from twin.history.contract import HistoryError
from twin.history.lock import FolderLock


def backup(folder: Path | None, out: Path) -> int:
    """Write the whole history of the campus in ``folder`` (or of the demo campus) into the new folder ``out``, whether
    it is served or not; 0 written, 2 not."""
    try:
        if out.exists():
            raise HistoryError(f"{out} is there already: name another folder, a backup is never overwritten")
        with asking(kept(folder), "backup") as (head, parts):
            manifest = write(out, Head(**head), parts)
    except (ConfigError, HistoryError, OSError) as error:
        sys.stderr.write(f"backup: {error}\n")
        return 2
    sys.stdout.write(f"{_told(manifest)} in {len(manifest['files'])} files in {out}\n")
    return 0


def restore(folder: Path, campus: Path | None) -> int:
    """Put the backup in ``folder`` into the campus, which must have no history and not be served; 0 done, 2 refused."""
    try:
        manifest = restoring.check(folder)
        of = kept(campus)
        if manifest["campus"] != of.campus:
            raise HistoryError(
                f"the backup {folder} is of the campus '{manifest['campus']}', this one is '{of.campus}': "
                "name the folder of that campus with --campus"
            )
        _restore(of, folder, manifest)
    except (ConfigError, HistoryError, OSError) as error:
        sys.stderr.write(f"restore: {error}\n")
        return 2
    sys.stdout.write(f"{_told(manifest)} restored into {of.folder}\n")
    return 0


def _restore(of: Kept, folder: Path, manifest: dict[str, Any]) -> None:
    of.journal.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        lock = FolderLock(of.journal)
    except HistoryError as error:
        raise HistoryError(f"{error}; a backup can be restored only while the campus is not served") from error
    try:
        store = open_store(of.entry, of.base, of.zone)
        try:
            restoring.begin(of.folder, manifest, store)
            restoring.restore(store, folder, manifest, round(time.time() * 1000), _say)
        finally:
            store.close()
        restoring.finish(of.folder)
    finally:
        lock.release()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _told(manifest: dict[str, Any]) -> str:
    rows = manifest["rows"]
    return (
        f"{rows['readings']} readings of {rows['points']} points, {rows['hours']} hours, {rows['days']} days and "
        f"{rows['events']} events"
    )
