"""A mistake in a campus's files: where it stands, what is wrong, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Mistake:
    """``file`` as the user knows it, ``line`` and ``column`` from 1 (0: the file as a whole), ``key`` the dotted key.

    ``code`` is stable; ``message`` names the thing, what is wrong and what to do.
    """

    file: str
    message: str
    code: str
    line: int = 0
    column: int = 0
    key: str = ""
    severity: Literal["warning", "error"] = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.severity}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The mistake as JSON."""
        return asdict(self)


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence's end that offers the known word most like ``word``, or lists what is known when none is alike."""
    there = sorted(set(known))
    close = difflib.get_close_matches(word.casefold(), [k.casefold() for k in there], n=1, cutoff=0.6)
    if close:
        return f"did you mean '{next(k for k in there if k.casefold() == close[0])}'?"
    if not there:
        return "there are none"
    return f"known are: {', '.join(there[:12])}" + (" ..." if len(there) > 12 else "")
