"""The files of walls as the editor reads and writes them: ``walls/*.yaml`` of the campus folder; for the demo campus,
which has none, ``walls/`` of what the server keeps, over the walls of the product.

A file is written beside and takes the place of the one before at once; that one stays as ``.bak``. Whoever writes says
which file their work began from: where another hand was there meanwhile nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.table_file import beside, put
from twin.mistake import Mistake
from twin.walls.wall import Wall
from twin.walls.wall_files import MAX_FILES, NAME, default_walls, read_wall, read_walls, unknown_places, wall_of_text
from twin.walls.wall_text import WallTextError, has_comments, wall_text
from twin.yaml_tree import MAX_BYTES, decode, parse_yaml

if TYPE_CHECKING:
    from server.runtime import Runtime

FOLDER = "walls"


class WallRefusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Why nothing was read or written, as a status of HTTP; ``mistakes`` are those of the wall."""

    def __init__(self, status: int, detail: str, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.mistakes = list(mistakes)


@dataclass(frozen=True, slots=True)
class Source:
    """A wall as it is written: ``data`` as in the file, ``hash`` of its bytes, whether it has ``comments``, and whether
    it is ``own`` rather than the product's."""

    data: dict[str, Any]
    hash: str
    comments: bool
    own: bool
    file: str
    mistakes: list[Mistake]


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft: the text of its file, the wall it would be (None with an error), every mistake."""

    text: str
    wall: Wall | None
    mistakes: list[Mistake]


class WallSource:
    """The folder of a runtime's walls. Everything here reads or writes the disk: call it in a thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @property
    def folder(self) -> Path | None:
        """Where walls are written; None where the server keeps nothing."""
        config, state = self._runtime.config, self._runtime.state_folder
        if config is not None:
            return config.path(config.file.walls)
        return None if state is None else state / FOLDER

    @property
    def shown(self) -> str:
        """What messages call the folder."""
        config = self._runtime.config
        return FOLDER if config is None else config.file.walls

    def local(self) -> tuple[dict[str, Wall], list[Mistake]]:
        """The walls that were written for a campus without a folder."""
        folder = self.folder
        if self._runtime.config is not None or folder is None or not folder.is_dir():
            return {}, []
        return read_walls(folder, self.shown)

    def read(self, name: str) -> Source:
        """The source of a wall. WallRefusal: 404 there is none, 409 its file is no YAML."""
        path = self._path(name)
        own = path is not None
        raw = self._bytes(path) if path is not None else _shipped(name)
        if raw is None:
            raise WallRefusal(404, f"there is no wall '{name[:80]}'")
        shown = self._name_of(name, path)
        tree = parse_yaml(decode(raw), shown)
        if not isinstance(tree.data, dict):
            raise WallRefusal(409, f"{shown} cannot be shown as a form: mend it with a text editor", tree.mistakes)
        return Source(tree.data, _hash(raw), has_comments(raw), own, shown, self.judge_text(name, decode(raw)).mistakes)

    def judge(self, name: str, data: Mapping[str, Any], order: Mapping[str, list[str]]) -> Judged:
        """What ``check`` would say of a file with that ``data``."""
        try:
            text = wall_text(data, order)
        except WallTextError as error:
            return Judged("", None, [Mistake(self._name_of(name, None), str(error), "no-text")])
        return self.judge_text(name, text)

    def judge_text(self, name: str, text: str) -> Judged:
        """As ``judge``, of a text."""
        wall, mistakes = wall_of_text(name, text, self._name_of(name, None))
        if wall is not None:
            mistakes = [*mistakes, *unknown_places({name: wall}, self._runtime.index)]
        return Judged(text, wall, mistakes)

    def save(self, name: str, data: Mapping[str, Any], order: Mapping[str, list[str]], based_on: str) -> Wall:
        """Write a wall. WallRefusal: 422 with its mistakes, 409 where the file is another than ``based_on`` ('' there
        was none), 503 where nothing can be written."""
        judged = self.judge(name, data, order)
        errors = [mistake for mistake in judged.mistakes if mistake.severity == "error"]
        if judged.wall is None or errors:
            raise WallRefusal(422, f"the wall has {len(errors)} mistakes: nothing was written", judged.mistakes)
        raw = judged.text.encode("utf-8")
        if len(raw) > MAX_BYTES:
            raise WallRefusal(422, f"the wall has {len(raw):,} bytes, more than {MAX_BYTES:,}: make it smaller")
        path = self._path(name)
        self._unchanged(name, path, based_on)
        folder = self._folder()
        try:
            self._prepare(folder, name)
            target = (path or folder / f"{name}.yaml").resolve()
            self._write(target, raw)
        except OSError as error:
            raise WallRefusal(503, f"{self.shown} cannot be written to: {error.strerror}") from None
        wall, _ = read_wall(target, self._name_of(name, target))
        if wall is None:  # somebody was there in the same instant
            raise WallRefusal(409, f"{self.shown}/{target.name} was changed by another hand: load it again")
        return wall

    def remove(self, name: str, based_on: str) -> None:
        """Take a wall away; its file stays as ``.bak``. WallRefusal: 404, 409 of the product or changed, 503."""
        path = self._path(name)
        if path is None:
            if _shipped(name) is None:
                raise WallRefusal(404, f"there is no wall '{name[:80]}'")
            raise WallRefusal(409, f"the wall '{name}' comes with the product: it cannot be taken away")
        self._unchanged(name, path, based_on)
        try:
            path.replace(path.with_name(f"{path.name}.bak"))
        except OSError as error:
            raise WallRefusal(503, f"{self.shown} cannot be written to: {error.strerror}") from None

    # ---- files

    def _name_of(self, name: str, path: Path | None) -> str:
        return f"{self.shown}/{name}.yaml" if path is None else f"{self.shown}/{path.name}"

    def _folder(self) -> Path:
        folder = self.folder
        if folder is None:
            raise WallRefusal(503, "this server keeps nothing: there is no folder to write a wall to")
        return folder

    def _path(self, name: str) -> Path | None:
        """The file of a wall that is written; None where there is none. WallRefusal for what is no name."""
        if not NAME.fullmatch(name):
            message = f"'{name[:80]}' is no name of a wall: small letters, digits, '.', '_' and '-', as in lobby"
            raise WallRefusal(422, message)
        folder = self.folder
        if folder is None:
            return None
        return next((path for end in ("yaml", "yml") if (path := folder / f"{name}.{end}").is_file()), None)

    def _bytes(self, path: Path) -> bytes:
        try:
            if path.stat().st_size <= MAX_BYTES:
                return path.read_bytes()
        except OSError as error:
            raise WallRefusal(503, f"{self.shown}/{path.name} cannot be read: {error.strerror}") from None
        raise WallRefusal(409, f"{self.shown}/{path.name} is larger than {MAX_BYTES:,} bytes: make it smaller by hand")

    def _unchanged(self, name: str, path: Path | None, based_on: str) -> None:
        raw = self._bytes(path) if path is not None else _shipped(name) if self._serves(name) else None
        now = "" if raw is None else _hash(raw)
        if now == based_on:
            return
        if not based_on:
            raise WallRefusal(409, f"there is a wall '{name}' already: choose another name")
        said = "is no longer there" if raw is None else "was changed by another hand"
        raise WallRefusal(409, f"the wall '{name}' {said} since it was opened here: load it again")

    def _serves(self, name: str) -> bool:
        """Whether a wall of the product is one of this campus."""
        config = self._runtime.config
        return name in default_walls() and (config is None or not config.walls)

    def _prepare(self, folder: Path, name: str) -> None:
        """The folder. A campus's first wall would hide those of the product: they are written beside it."""
        ours = self._runtime.config is None
        folder.mkdir(mode=0o700 if ours else 0o755, parents=True, exist_ok=True)
        there = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml")]
        if len(there) >= MAX_FILES and not any(path.stem == name for path in there):
            raise WallRefusal(422, f"{self.shown} holds {len(there)} walls, as many as may be: take one away")
        if there or ours:
            return
        for other in default_walls():
            if other != name and (raw := _shipped(other)) is not None:
                self._write(folder / f"{other}.yaml", raw)

    def _write(self, path: Path, raw: bytes) -> None:
        """The whole file or nothing; what was there before stays as ``.bak``."""
        part = beside(path, raw)
        try:
            if path.exists():
                put(part, path)
            else:
                part.chmod(0o600 if self._runtime.config is None else 0o644)
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _shipped(name: str) -> bytes | None:
    """The file of a wall of the product."""
    if name not in default_walls():
        return None
    return (files("twin.walls.defaults") / f"{name}.yaml").read_bytes()


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
