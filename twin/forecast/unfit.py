"""The refusal of a model, in words: which thing, what is wrong with it, what to do."""

from __future__ import annotations


class UnfitError(ValueError):
    """Data from which no honest model can be made; the message says thing, what is wrong, and what to do.

    ``reason`` is a short name for code: ``too-little``, ``gaps``, ``constant``, ``shape``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
