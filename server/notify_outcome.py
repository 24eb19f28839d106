"""How sending a message ends where it does not arrive."""

from __future__ import annotations


class RefusedError(Exception):
    """It never will arrive; the message says why, and holds no address and no secret."""


class AgainError(Exception):
    """It did not arrive now; ``after_s`` [s] is how long the other side wants to be left alone (0: it did not say)."""

    def __init__(self, why: str, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.after_s = after_s
