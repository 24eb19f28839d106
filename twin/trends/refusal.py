"""Why a trend cannot be shown as asked, by a code that has words in every language."""

from __future__ import annotations

from twin.history.steps import SeriesError


class RefusedError(SeriesError):
    """``code`` has its words in the texts of the interface (``trends.refused.<code>``), with ``figures`` filled in;
    the message says the same for a program."""

    def __init__(self, code: str, message: str, **figures: str) -> None:
        super().__init__(message)
        self.code = code
        self.figures = figures
