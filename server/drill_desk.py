"""The drills of the campus that is served: where they are kept, and those of which simulator they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasources.simulator_drills import Drills

if TYPE_CHECKING:
    from server.runtime import Runtime

FILE = "drills.json"


def open_drills(runtime: Runtime) -> None:
    """Keep the drills over a restart, beside what else the server keeps; those that are not over go on."""
    drills, folder = drills_of(runtime), runtime.state_folder
    if drills is not None and folder is not None:
        drills.keep(folder / FILE, runtime.ingest.clock())


def drills_of(runtime: Runtime) -> Drills | None:
    """The drills of the campus's simulator, of several the first by name; None where nothing is simulated."""
    name = min((row.name for row in runtime.sources() if row.type == "simulator"), default=None)
    return None if name is None else runtime.drills.get(name)
