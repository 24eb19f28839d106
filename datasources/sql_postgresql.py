"""PostgreSQL's times that Python has no word for: 'infinity', years before Christ or of five digits.

psycopg refuses the whole answer for one of them. Here such a time stays text, so that only its own row is bad.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_TIMES = ("timestamptz", "timestamp", "date")


def keep_odd_times(connection: sa.Connection) -> None:
    """Tell the driver of a connection; nothing is done where it is not psycopg."""
    if connection.dialect.driver != "psycopg":
        return
    from psycopg import DataError, postgres, pq
    from psycopg.adapt import Buffer, Loader

    adapters: Any = connection.connection.driver_connection.adapters  # type: ignore[union-attr]
    for name in _TIMES:
        usual = adapters.get_loader(postgres.types[name].oid, pq.Format.TEXT)

        class Odd(Loader):
            """The usual one, but text for what it refuses."""

            _usual = usual

            def __init__(self, oid: int, context: Any = None) -> None:
                super().__init__(oid, context)
                self._load = self._usual(oid, context).load

            def load(self, data: Buffer) -> Any:
                """A time, or its text."""
                try:
                    return self._load(data)
                except DataError:
                    return bytes(data).decode()

        adapters.register_loader(name, Odd)
