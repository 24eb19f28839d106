"""Human codes as ids: short, without slashes, unique among their siblings, the same at every reading."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 64


def code(text: str) -> str:
    """``text`` as one part of an id: NFKC, no slashes, control characters or outer blanks, runs of blanks as one '-'.

    Letters of every script stay; case stays: '图书馆', 'N1-204', 'Hamlin-House'.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(character for character in plain if unicodedata.category(character)[0] != "C")
    plain = re.sub(r"[\s/\\#?|]+", "-", plain.strip()).strip("-")
    return plain[:_LONGEST].rstrip("-")


class Codes:
    """Hands out codes that no sibling has: the second '14' becomes '14~2'."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, text: str, otherwise: str = "unnamed") -> tuple[str, bool]:
        """A free code for ``text`` (or ``otherwise`` if nothing of it is left), and whether it had to be changed."""
        wanted = code(text) or code(otherwise) or "unnamed"
        key = wanted.casefold()
        if key not in self._taken:
            self._taken[key] = 1
            return wanted, False
        while True:
            self._taken[key] += 1
            free = f"{wanted}~{self._taken[key]}"
            if free.casefold() not in self._taken:
                self._taken[free.casefold()] = 1
                return free, True


def storey_code(ordinal: int) -> str:
    """The code of a storey by its place: 0 -> '01', 4 -> '05', -1 -> 'B1'."""
    return f"{ordinal + 1:02d}" if ordinal >= 0 else f"B{-ordinal}"


def storey_names(ordinal: int) -> dict[str, str]:
    """Its names in the two languages of the interface."""
    if ordinal >= 0:
        return {"zh": f"{ordinal + 1}层", "en": f"Floor {ordinal + 1}"}
    return {"zh": f"地下{-ordinal}层", "en": f"Basement {-ordinal}"}
