"""The process that reads one model file (see ``models3d/sandbox.py``): ``python -m models3d.sandbox_child WORK``."""

from __future__ import annotations

import contextlib
import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

from models3d.memory import own_peak_mb
from models3d.model import Model, ModelError, Options
from models3d.model_file import to_bytes

_FILE_MB = 8192


def limit(memory_mb: int, cpu_seconds: int) -> None:
    """Limit this process: private memory [MB], processor time [s], size of files written; no core dumps."""
    wanted = (
        (resource.RLIMIT_DATA, memory_mb * 1_000_000),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, _FILE_MB * 1_000_000),
        (resource.RLIMIT_CORE, 0),
    )
    for what, value in wanted:
        _, hard = resource.getrlimit(what)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # a system that lacks this limit still has the parent's clock
            resource.setrlimit(what, (allowed, allowed))


def read(job: dict[str, Any]) -> Model:
    """The model of the job; ModelError when the file cannot be read."""
    path = Path(job["path"])
    loader = importlib.import_module(job["loader"])
    try:
        model: Model = loader.load(path, Options(**job["options"]))
    except MemoryError:
        message = f"'{path.name}' needs more than the {job['memory_mb']} MB it may take: split it by building."
        raise ModelError("out-of-memory", message) from None
    except RecursionError:
        message = f"'{path.name}' nests deeper than any model does: export it again."
        raise ModelError("nested-too-deep", message) from None
    model.peak_mb = own_peak_mb()
    return model


def main(work: Path) -> int:
    """Read the job of ``work``, leave ``model`` or ``error.json`` there; 0 in both cases."""
    job = json.loads((work / "job.json").read_text())
    limit(job["memory_mb"], job["cpu_seconds"])
    try:
        (work / "model").write_bytes(to_bytes(read(job)))
    except ModelError as error:
        text = json.dumps({"code": error.code, "message": error.message}, ensure_ascii=False)
        (work / "error.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
