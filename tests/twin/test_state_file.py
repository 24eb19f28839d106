"""Files of the server's own: private, refused when newer, told in words when they cannot be used."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from twin.state_file import StateFileError, open_state

SCHEMA = "CREATE TABLE t (n INTEGER);"


def test_what_was_written_is_there_again_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "x.sqlite"
    with closing(open_state(path, SCHEMA, 1)) as db:
        db.execute("INSERT INTO t VALUES (7)")
        assert db.execute("PRAGMA synchronous").fetchone() == (2,), "a call that returned is on the disk"
    with closing(open_state(path, SCHEMA, 1)) as db:
        assert db.execute("SELECT n FROM t").fetchall() == [(7,)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_state(path, SCHEMA, 2).close()
    with pytest.raises(StateFileError, match="newer Campus Twin"):
        open_state(path, SCHEMA, 1)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StateFileError, match="cannot be used"):
        open_state(path, SCHEMA, 1)
    with pytest.raises(StateFileError, match="cannot be used"):
        open_state(path / "below" / "y.sqlite", SCHEMA, 1)
