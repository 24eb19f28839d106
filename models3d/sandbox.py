"""Loads model files in processes of their own: a crash, a hang or a memory hog costs that file, not the server.

The child (``models3d/sandbox_child.py``) limits its own memory and processor time, reads the file through
``models3d.formats`` and writes a model file (``models3d/model_file.py``) or its refusal. The parent keeps the clock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from models3d.model import Model, ModelError, Options
from models3d.model_file import ModelFileError, from_bytes

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 600.0
MEMORY_MB = 4096
_TAIL = 4000
_OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "Cannot allocate", "out of memory", "unable to allocate")


def load_isolated(
    path: Path,
    options: Options,
    *,
    seconds: float = SECONDS,
    memory_mb: int = MEMORY_MB,
    loader: str = "models3d.formats",
) -> Model:
    """Read ``path`` in a child process; ModelError with one sentence for whatever goes wrong with it.

    ``seconds`` [s] of wall time, then the child and its children are killed (code ``timeout``); ``memory_mb`` [MB] of
    its own memory (code ``out-of-memory``); a crash is code ``crashed``. ``loader`` is the module whose
    ``load(path, options)`` reads the file.
    """
    if not path.exists():
        raise ModelError("not-found", f"'{path}' does not exist: check the name and the folder.")
    with tempfile.TemporaryDirectory(prefix="campus-import-") as name:
        work = Path(name)
        job = {"loader": loader, "path": str(path.resolve()), "options": asdict(options), "memory_mb": memory_mb,
               "cpu_seconds": int(seconds * max(1, options.threads)) + 10}  # fmt: skip
        (work / "job.json").write_text(json.dumps(job))
        code = _run(work, seconds, options.threads)
        model = _result(work, path, code, seconds, memory_mb)
    model.path = str(path)
    return model


def _run(work: Path, seconds: float, threads: int) -> int | None:
    """Run the child; its return code (negative: the signal that ended it), or None when time ran out."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
                   "OMP_NUM_THREADS": str(threads), "PYTHONUTF8": "1"}  # fmt: skip
    with (work / "stderr").open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", "models3d.sandbox_child", str(work)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            cwd=work, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            return child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _result(work: Path, path: Path, code: int | None, seconds: float, memory_mb: int) -> Model:
    """What the child left behind, or a ModelError that says how it ended."""
    name = path.name
    refused, done = work / "error.json", work / "model"
    if refused.exists():
        error = json.loads(refused.read_text(encoding="utf-8"))
        raise ModelError(error["code"], error["message"])
    if code == 0 and done.exists():
        try:
            return from_bytes(done.read_bytes())
        except ModelFileError as error:
            raise ModelError(
                "crashed", f"'{name}': the result of reading it is damaged ({error}): try again."
            ) from error
    if code is None:
        raise ModelError(
            "timeout",
            f"'{name}' was not read within {seconds:g} s: split it, or export it without furniture and details.",
        )
    tail = (work / "stderr").read_bytes()[-_TAIL:].decode("utf-8", "replace")
    if code == -signal.SIGKILL or any(word in tail for word in _OUT_OF_MEMORY):
        raise ModelError(
            "out-of-memory", f"'{name}' needs more than the {memory_mb} MB it may take: split it by building."
        )
    if code == -signal.SIGXCPU:
        raise ModelError(
            "timeout", f"'{name}' took more processor time than {seconds:g} s allow: split it by building."
        )
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    last = next((line for line in reversed(tail.splitlines()) if line.strip()), "no message")
    raise ModelError(
        "crashed", f"'{name}' made its reader crash ({how}: {last[:200]}): export it again from its program."
    )


def workers(files: int) -> int:
    """How many files are read at once: one a core."""
    return max(1, min(files, os.cpu_count() or 1))


def load_all(
    paths: Sequence[Path], options: Options, load: Callable[[Path, Options], Model]
) -> Iterable[Model | ModelError]:
    """``load`` of every path, several at once, in the order given; the cores are shared among the files in work."""
    at_once = workers(len(paths))
    shared = replace(options, threads=max(1, options.threads // at_once))

    def one(path: Path) -> Model | ModelError:
        try:
            return load(path, shared)
        except ModelError as error:
            return error

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, paths)
