"""Files named by their content, written whole or not at all, each with its gzip variant beside it."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

URL_ROOT = "/models/"


@dataclass(frozen=True, slots=True)
class SceneFile:
    """One immutable file: its URL, where it lies, its SHA-256, its size and the size of ``path + '.gz'`` [bytes]."""

    url: str
    path: Path
    sha256: str
    size: int
    gzip_size: int


def write_named(out: Path, kind: str, suffix: str, data: bytes) -> SceneFile:
    """Write ``data`` as ``<kind>-<hash>.<suffix>`` and ``.gz`` into ``out``; files that are there already stay.

    Raises:
        OSError: the folder cannot be written.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = out / f"{kind}-{digest[:16]}.{suffix}"
    packed_path = path.with_name(path.name + ".gz")
    if not packed_path.is_file():
        _write_whole(packed_path, gzip.compress(data, 9, mtime=0))
    if not path.is_file():
        _write_whole(path, data)
    return SceneFile(URL_ROOT + path.name, path, digest, len(data), packed_path.stat().st_size)


def _write_whole(path: Path, data: bytes) -> None:
    """A reader sees the old state or the whole file: written beside, flushed, renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
