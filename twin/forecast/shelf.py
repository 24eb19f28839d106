"""Trained models on the disk: a JSON file each, written beside and renamed: there is a whole one, or the old one.

A refusal is kept as well: it says why there is no model. What cannot be read, or is of another version, is made anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from twin.forecast.model import MeterModel
from twin.forecast.unfit import UnfitError

log = logging.getLogger(__name__)

VERSION = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no model: ``reason`` as in ``UnfitError`` ('failed' for a fault of the program), its ``message``;
    there were ``days`` [d] with readings."""

    reason: str
    message: str
    days: int


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of training ``entity`` at ``at`` [s since the epoch]: a model, or why there is none. ``basis`` says of
    which points; ``outdoor`` is the point of the temperature that the model was trained with, '' without."""

    entity: str
    basis: str
    at: float
    model: MeterModel | None
    refusal: Refusal | None = None
    outdoor: str = ""


class Shelf:
    """The models in ``folder``, which is made with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, trained: Trained) -> None:
        """Keep it; a disk that refuses is logged: the model serves until the program ends."""
        kept = {
            "version": VERSION, "entity": trained.entity, "basis": trained.basis, "at": trained.at,
            "outdoor": trained.outdoor,
            "refusal": None if trained.refusal is None else asdict(trained.refusal),
            "model": None if trained.model is None else trained.model.to_dict(),
        }  # fmt: skip
        path = self.path(trained.entity)
        part = path.with_name(path.name + ".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(kept), "utf-8")
            part.replace(path)
        except OSError as error:
            log.warning("the model of '%s' cannot be kept in %s: %s", trained.entity, self.folder, error)

    def get(self, entity: str) -> Trained | None:
        """What was kept of an entity; None where that is nothing, or nothing that can be read."""
        path = self.path(entity)
        if not path.is_file():
            return None
        try:
            return _read(json.loads(path.read_text("utf-8")), entity)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            what = error if isinstance(error, UnfitError) else f"{type(error).__name__}: {error}"
            log.warning("the kept model of '%s' (%s) cannot be used: %s. It is made anew", entity, path.name, what)
            return None

    def path(self, entity: str) -> Path:
        """The file of an entity: ids have signs that no file name may have."""
        return self.folder / f"{hashlib.blake2s(entity.encode(), digest_size=10).hexdigest()}.json"


def _read(kept: dict[str, Any], entity: str) -> Trained:
    if kept["version"] != VERSION or kept["entity"] != entity:
        raise ValueError(f"it has version {kept['version']} and is of '{kept['entity']}'")
    model = None if kept["model"] is None else MeterModel.from_dict(kept["model"])
    refusal = None if kept["refusal"] is None else Refusal(**kept["refusal"])
    if (model is None) == (refusal is None):
        raise ValueError("it has to have either a model or the reason why there is none")
    return Trained(entity, kept["basis"], float(kept["at"]), model, refusal, kept["outdoor"])
