"""A loader that does what the file's text says: everything that a real one must never do to the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from models3d.model import Model, ModelError, Options
from twin.space import Building, Space, Storey


def load(path: Path, options: Options) -> Model:
    """Read or misbehave, by the first word of the file."""
    word = path.read_text().split()[0]
    if word == "refuse":
        raise ModelError("empty", f"'{path.name}' 是空的: export it again.")
    if word == "abort":
        os.abort()
    if word == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "raise":
        raise ZeroDivisionError("a defect of the loader")
    if word == "recurse":
        return load(path, options) if word else Model("", "", "", "")
    if word == "exit":
        os._exit(7)
    if word == "sleep":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        path.with_suffix(".pid").write_text(str(child.pid))
        time.sleep(60)
    if word == "hog":
        np.ones(300_000_000)
    if word == "terminate":
        sys.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()
    storey = Storey("b/1", spaces=[Space("b/1/1", "1", {"": f"threads {options.threads}"})])
    return Model(str(path), "hash", "hostile", word, buildings=[Building("b", storeys=[storey])])
