"""Why a guess is as it is: a key and its arguments. The sentences in both languages are made where they are shown."""

from __future__ import annotations

from dataclasses import dataclass

Argument = str | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``arguments`` are what its sentence names: words as they stood, numbers, quantities, ids."""

    key: str
    arguments: tuple[tuple[str, Argument], ...] = ()


Why = tuple[Reason, ...]
"""Reasons in the order in which they are told; each after the first qualifies the one before it."""


def because(key: str, **arguments: Argument) -> Why:
    """One reason by itself."""
    return (Reason(key, tuple(arguments.items())),)
