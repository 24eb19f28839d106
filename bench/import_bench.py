"""``bench import``: how fast an IFC file is read, beside the bare library calls that the reading needs.

Peer: open the file, mesh the spaces with OpenCASCADE and the elements with the hybrid kernel through ifcopenshell's own
iterator, look at every buffer, keep nothing. Both sides run in fresh processes, taking turns, with the same kernels,
elements and number of threads. Files: CAMPUS_SAMPLES.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import ROOT, Bar, Report, against_limit, against_peer, alternate, fresh_python, machine, versions

FILE = "Office_A_20110811.ifc"
SEVERAL = ("Office_A_20110811.ifc", "duplex.ifc", "AC20-FZK-Haus.ifc", "SampleHouse4.ifc")
TIMES = 5
THREADS = 2

BARE = """
import json, sys, time
began = time.perf_counter()
import ifcopenshell, ifcopenshell.geom as geom, numpy as np
start = time.perf_counter()
file = ifcopenshell.open(sys.argv[1])
def mesh(elements, kernel):
    settings = geom.settings()
    settings.set("no-normals", True)
    count = 0
    iterator = geom.iterator(settings, file, int(sys.argv[2]), include=elements, geometry_library=kernel)
    if elements and iterator.initialize():
        while True:
            shape = iterator.get()
            count += len(np.frombuffer(shape.geometry.faces_buffer, "i4")) // 3
            np.frombuffer(shape.geometry.verts_buffer)
            if not iterator.next():
                break
    return count
mesh([s for s in file.by_type("IfcSpace") if s.Representation], "opencascade")
drawn = [e for e in file.by_type("IfcElement") if e.Representation and not e.is_a("IfcFeatureElement")]
triangles = mesh(drawn, "hybrid-manifold-opencascade")
end = time.perf_counter()
print(json.dumps({"calls": end - start, "whole": end - began, "triangles": triangles}))
"""

OURS = """
import json, sys, time
began = time.perf_counter()
from pathlib import Path
from models3d.ifc import load
from models3d.model import Options
start = time.perf_counter()
model = load(Path(sys.argv[1]), Options(threads=int(sys.argv[2])))
end = time.perf_counter()
rooms = sum(len(storey.spaces) for building in model.buildings for storey in building.storeys)
print(json.dumps({"calls": end - start, "whole": end - began, "rooms": rooms,
                  "triangles": sum(len(shell.triangles) for shell in model.shells)}))
"""

CACHED = """
import json, sys, time
from pathlib import Path
from models3d.cache import ModelCache
from models3d.model import Options
start = time.perf_counter()
model = ModelCache(Path(sys.argv[2])).load(Path(sys.argv[1]), Options())
print(json.dumps({"calls": time.perf_counter() - start, "rooms": len(model.buildings[0].storeys[0].spaces)}))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds of the calls and of all [s], and the highest memory of its process tree [MB]."""

    calls_s: float
    whole_s: float
    peak_mb: float


def samples() -> Path:
    """The folder of sample files; FileNotFoundError says how to name it."""
    folder = Path(os.environ.get("CAMPUS_SAMPLES") or ROOT.parent / "shared" / "samples") / "ifc"
    if not (folder / FILE).is_file():
        raise FileNotFoundError(f"There is no '{FILE}' in '{folder}': set CAMPUS_SAMPLES to the folder of samples.")
    return folder


def _children(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [grandchild for child in task.read_text().split() for grandchild in _children(int(child))]
    return found


def _tree_mb(pid: int) -> float:
    """Memory of a process and its descendants [MB], shared pages counted once (PSS)."""
    total = 0
    for each in _children(pid):
        try:
            text = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:  # it ended in between
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total / 1024


class _Peak(threading.Thread):
    """Looks at a process tree every 10 ms."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.going = pid, 0.0, True

    def run(self) -> None:
        while self.going:
            try:
                self.peak = max(self.peak, _tree_mb(self.pid))
            except OSError:  # the tree has gone
                return
            time.sleep(0.01)


def memory(code: str, *args: str) -> float:
    """The peak memory of ``code`` in a fresh interpreter with all its children [MB]; no timed run is watched."""
    child = subprocess.Popen([sys.executable, "-c", code, *args], cwd=ROOT, stdout=subprocess.DEVNULL)
    watch = _Peak(child.pid)
    watch.start()
    if child.wait(600):
        raise RuntimeError("the benchmark's process failed: run the timed part alone to see why")
    watch.going = False
    watch.join()
    return watch.peak


def timed(code: str, *args: str) -> dict[str, Any]:
    """What ``code`` prints as JSON, from a fresh interpreter."""
    answer: dict[str, Any] = json.loads(fresh_python(code, *args).splitlines()[-1])
    return answer


def _speed(path: str, times: int) -> list[Bar]:
    bare, ours = alternate(
        times, functools.partial(timed, BARE, path, str(THREADS)), functools.partial(timed, OURS, path, str(THREADS))
    )
    peer = f"bare ifcopenshell calls, {THREADS} threads"
    return [
        against_peer(f"import {FILE}", "s", 1.3, [r["calls"] for r in ours], peer, [r["calls"] for r in bare]),
        against_peer(
            f"import {FILE}, whole process", "s", 1.3, [r["whole"] for r in ours], peer, [r["whole"] for r in bare]
        ),
    ]


def _memory(path: str, times: int) -> Bar:
    bare, ours = alternate(
        times, functools.partial(memory, BARE, path, str(THREADS)), functools.partial(memory, OURS, path, str(THREADS))
    )
    return against_peer(f"peak memory of {FILE}", "MB", 1.5, ours, "bare ifcopenshell calls", bare)


def _second_open(path: str, times: int) -> Bar:
    with tempfile.TemporaryDirectory(prefix="campus-bench-") as folder:
        timed(CACHED, path, folder)
        runs = [timed(CACHED, path, folder)["calls"] for _ in range(times)]
    return against_limit(f"second open of {FILE}", "s", 0.1, runs)


def _together(paths: list[Path]) -> float:
    from models3d.model import ModelError, Options
    from models3d.sandbox import load_all, load_isolated

    start = time.perf_counter()
    for model in load_all(paths, Options(threads=THREADS), load_isolated):
        if isinstance(model, ModelError):
            raise model
    return time.perf_counter() - start


def _one_by_one(paths: list[Path]) -> float:
    return sum(_together([path]) for path in paths)


def _several(folder: Path, times: int) -> Bar:
    paths = [folder / name for name in SEVERAL]
    together, apart = alternate(times, functools.partial(_together, paths), functools.partial(_one_by_one, paths))
    return against_peer(f"{len(paths)} files at once", "s", 1.0, together, "the same one by one", apart)


def run(times: int = TIMES) -> Report:
    """The report; medians of ``times`` runs."""
    folder = samples()
    path = str(folder / FILE)
    bars = [*_speed(path, times), _memory(path, times), _second_open(path, times), _several(folder, times)]
    return Report(
        name="import",
        machine=machine(),
        versions=versions("ifcopenshell", "shapely", "numpy", "campus-twin"),
        bars=bars,
    )
