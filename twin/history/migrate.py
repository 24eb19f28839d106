"""Steps from version to version of the default historian's tables, done when it is opened.

``STEPS[n]`` makes a store of version ``n`` one of version ``n + 1``. All that are due are done in one transaction: a
store is of the old version or of the new one, however a process ends. A step may use ``query``, ``execute`` and
``insert`` of the store, and must leave files of days that are put away as they are. Who raises ``VERSION`` in
``store.py`` adds a step here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twin.history.contract import HistoryError

if TYPE_CHECKING:
    from twin.history.duckdb_parquet import DuckDbStore

STEPS: dict[int, Callable[[DuckDbStore], None]] = {}


def migrate(store: DuckDbStore, version: int) -> None:
    """Bring a store to ``version``; HistoryError where a later program wrote it, or there is no way to there."""
    found = store.meta("version")
    if found > version:
        raise HistoryError(
            f"the history in {store.folder} has version {found}, this program reads {version}: update the program"
        )
    if found == version:
        return
    missing = [number for number in range(found, version) if number not in STEPS]
    if missing:
        raise HistoryError(
            f"the history in {store.folder} has version {found}, and this program cannot bring it to {version}: "
            "update it with the releases in between, or restore a backup"
        )
    with store.transaction():
        for number in range(found, version):
            STEPS[number](store)
        store.set_meta("version", version)
