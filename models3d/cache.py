"""Models that were read before: by content, name, loader version and options; a hit takes milliseconds.

An entry is a model file (``models3d/model_file.py``), written atomically. A damaged or older entry is made anew, never
an error. The least recently used entries go when the folder grows over its limit.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from models3d.model import Model, ModelError, Options
from models3d.model_file import FINGERPRINT, from_bytes, write_atomic
from models3d.model_file import to_bytes as model_bytes
from models3d.sandbox import load_isolated

HERE = Path(__file__).resolve().parent
LIMIT_BYTES = 4_000_000_000
_NOT_LOADERS = ("tiles", "demo", "campus", "cache", "check", "new", "report", "reimport", "place", "commands")

Load = Callable[[Path, Options], Model]


def default_folder() -> Path:
    """The folder of generated things: ``CAMPUS_CACHE``, else ``.cache`` of the installation."""
    return Path(os.environ.get("CAMPUS_CACHE") or HERE.parent / ".cache")


@functools.cache
def loader_version() -> str:
    """A fingerprint of the loaders' code and of the libraries that read for them: another one makes entries anew."""
    digest = hashlib.sha256(FINGERPRINT.encode())
    for path in sorted(HERE.glob("*.py")):
        if not path.stem.startswith(_NOT_LOADERS):
            digest.update(path.name.encode() + path.read_bytes())
    for name in ("ifcopenshell", "shapely", "trimesh", "geopandas", "rdflib"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(f"{name}{importlib.metadata.version(name)}".encode())
    return digest.hexdigest()[:16]


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files; ModelError if it cannot be read."""
    if not path.exists():
        raise ModelError("not-found", f"'{path}' does not exist: check the name and the folder.")
    try:
        if path.is_dir():
            parts = [(str(p.relative_to(path)), content_hash(p)) for p in sorted(path.rglob("*")) if p.is_file()]
            return hashlib.sha256(repr(parts).encode()).hexdigest()
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            "not-found", f"'{path}' cannot be read: {error.strerror}. Check its name and rights."
        ) from error


class ModelCache:
    """The models below ``folder``; ``load`` reads what is not there. Several processes may share the folder."""

    def __init__(self, folder: Path, load: Load = load_isolated, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = folder / "imports"
        self._load = load
        self._limit = limit_bytes

    def entry(self, path: Path, options: Options) -> Path:
        """The file that holds, or will hold, the model of ``path``."""
        wanted = {k: v for k, v in asdict(options).items() if k != "threads"}  # threads change the time, not the model
        key = json.dumps([content_hash(path), path.name, loader_version(), wanted])
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.model"

    def load(self, path: Path, options: Options) -> Model:
        """The model of ``path``, from the cache if it is there; ModelError if the file cannot be read."""
        entry = self.entry(path, options)
        if (kept := self._kept(entry)) is not None:
            kept.path = str(path)
            return kept
        model = self._load(path, options)
        with contextlib.suppress(OSError):  # a full or read-only disk costs the next start its time, not this one
            write_atomic(entry, model_bytes(model))
            self._prune()
        return model

    def _kept(self, entry: Path) -> Model | None:
        try:
            model = from_bytes(entry.read_bytes())
            entry.touch()  # the least recently used goes first
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return model

    def _prune(self) -> None:
        entries = []
        for path in self.folder.glob("*.model"):
            with contextlib.suppress(OSError):  # another process may prune at the same time
                state = path.stat()
                entries.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries)[:-1]:
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= size
