"""A campus put together: every model of a campus folder placed in one local frame, one tree, unique ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models3d.model import Feature, Finding, ModelPoint, Shell
from twin.point import Point
from twin.space import Campus


@dataclass(slots=True)
class Assembled:
    """Everything that the server serves of one campus; all coordinates [m] in the campus's local east-north frame.

    ``shells`` carry ids of ``campus`` in ``building`` and ``storey``. ``reports`` are the files' entries of
    ``import --json`` (docs/reference/import-report.md), the refused files' too. ``findings`` are those of all files
    and of the assembly itself, with positions in the campus frame and ids of the tree.
    """

    campus: Campus
    shells: list[Shell] = field(default_factory=list)
    ground: list[Feature] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    model_points: list[ModelPoint] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
