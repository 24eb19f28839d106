"""How much memory this process has taken at most."""

from __future__ import annotations

import re
import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def own_peak_mb() -> float:
    """Peak of this program's resident memory [MB].

    From the kernel's high-water mark of this program: getrusage() also counts what the process was before it became
    this program, which is a copy of its parent, however large that is. Where there is no such mark (not Linux),
    getrusage() has to do.
    """
    try:
        mark = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        mark = None
    return (int(mark[1]) if mark else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
