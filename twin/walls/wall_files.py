"""``walls/*.yaml``: the walls of a campus, one a file named by it; every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twin.form_mistake import form_mistake
from twin.mistake import Mistake, nearest
from twin.walls.profile import LANDSCAPE, PORTRAIT, legible_m, unit
from twin.walls.wall import Scene, Screen, Takeover, Wall
from twin.walls.wall_form import HeadForm, SceneForm, ScreenForm, head_keys
from twin.yaml_tree import Key, YamlTree, dotted, parse_yaml, read_yaml

MAX_FILES = 100
MAX_ROWS = 200
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")

Form = TypeVar("Form", bound=BaseModel)


@cache
def default_walls() -> Mapping[str, Wall]:
    """The walls that come with the product, for a campus that has none of its own."""
    found: dict[str, Wall] = {}
    mistakes: list[Mistake] = []
    for entry in sorted(files("twin.walls.defaults").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            with as_file(entry) as path:
                _take(path, entry.name, found, mistakes)
    if mistakes:
        raise ValueError("\n".join(map(str, mistakes)))
    return found


def read_walls(folder: Path, shown: str) -> tuple[dict[str, Wall], list[Mistake]]:
    """The walls of all ``*.yaml`` files of a folder, which messages call ``shown``. Nothing is raised; a wall with an
    error is left out."""
    found: dict[str, Wall] = {}
    mistakes: list[Mistake] = []
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if len(paths) > MAX_FILES:
        message = f"{shown} holds {len(paths)} files, more than {MAX_FILES}: take some away"
        mistakes.append(Mistake(shown, message, "too-many"))
    for path in paths[:MAX_FILES]:
        _take(path, f"{shown}/{path.name}", found, mistakes)
    return found, mistakes


def read_wall(path: Path, shown: str) -> tuple[Wall | None, list[Mistake]]:
    """The wall of one file, None where it has an error, and every mistake in it."""
    reader = _Reader(path.stem, shown, read_yaml(path, shown))
    wall = reader.read()
    return wall, reader.mistakes


def wall_of_text(name: str, text: str, shown: str) -> tuple[Wall | None, list[Mistake]]:
    """What ``read_wall`` says of a file ``shown`` of the wall ``name`` with that text."""
    reader = _Reader(name, shown, parse_yaml(text, shown))
    wall = reader.read()
    return wall, reader.mistakes


def _take(path: Path, shown: str, found: dict[str, Wall], mistakes: list[Mistake]) -> None:
    wall, wrong = read_wall(path, shown)
    mistakes += wrong
    if wall is None:
        return
    if wall.id in found:
        mistakes.append(
            Mistake(shown, f"there is a wall '{wall.id}' already, in {found[wall.id].file}: keep one", "duplicate-key")
        )
        return
    found[wall.id] = wall


class _Reader:
    """One file."""

    def __init__(self, name: str, shown: str, tree: YamlTree) -> None:
        self.name, self.shown, self.tree = name, shown, tree
        self.mistakes: list[Mistake] = []

    def wrong(self, key: Key, message: str, code: str, severity: Any = "error") -> None:
        """Note a mistake at a key."""
        line, column = self.tree.position(key)
        self.mistakes.append(Mistake(self.shown, message, code, line, column, dotted(key), severity))

    def read(self) -> Wall | None:
        """The wall; None where anything is wrong with it."""
        self.mistakes.extend(self.tree.mistakes)
        data = self.tree.data
        if not NAME.fullmatch(self.name):
            message = f"'{self.name}' is no name of a wall: small letters, digits, '.', '_' and '-', as in lobby.yaml"
            self.wrong((), message, "bad-name")
        if not isinstance(data, dict):
            if not self.tree.mistakes:
                self.wrong((), f"{self.shown} holds no wall: begin with 'names:'", "empty")
            return None
        for key in data:
            if key not in head_keys():
                self.wrong((key,), f"'{key}' is not a known key; {nearest(key, head_keys())}", "config-extra-forbidden")
        head = self._form(HeadForm, (), {key: value for key, value in data.items() if key in HeadForm.model_fields})
        scenes = self._scenes()
        playlists = self._playlists(scenes)
        screens = self._screens(playlists)
        if head is None or any(mistake.severity == "error" for mistake in self.mistakes):
            return None
        takeover = Takeover(on=False) if head.alarms is None else head.alarms.record()
        night = None if head.night is None else head.night.night()
        return Wall(
            self.name, head.names.texts(), head.theme, head.lang, screens, scenes, playlists, takeover, night,
            head.reload, head.sound, self.shown,
        )  # fmt: skip

    def _rows(self, name: str, *, needed: bool = True) -> dict[str, Any]:
        """The named rows of a section."""
        section = self.tree.data.get(name)
        if section is None:
            if needed:
                self.wrong((name,), f"'{name}' is missing: a wall has at least one", "config-missing")
            return {}
        if not isinstance(section, dict) or not section:
            self.wrong((name,), f"'{name}' must be a mapping of names to {name}", "config-type")
            return {}
        if len(section) > MAX_ROWS:
            self.wrong((name,), f"'{name}' has {len(section)} rows, more than {MAX_ROWS}", "too-many")
            return {}
        found: dict[str, Any] = {}
        for id_, written in section.items():
            if NAME.fullmatch(id_):
                found[id_] = written
            else:
                message = f"'{id_}' is no name: small letters, digits, '.', '_' and '-', as in main"
                self.wrong((name, id_), message, "bad-name")
        return found

    def _scenes(self) -> dict[str, Scene]:
        found: dict[str, Scene] = {}
        for id_, written in self._rows("scenes").items():
            if (form := self._form(SceneForm, ("scenes", id_), written)) is not None:
                found[id_] = form.record(id_, self.tree.position(("scenes", id_))[0])
        return found

    def _playlists(self, scenes: Mapping[str, Scene]) -> dict[str, tuple[str, ...]]:
        """Each list of scenes; without any one of all scenes, named ``all``."""
        written = set(self.tree.data.get("scenes") or ())
        found: dict[str, tuple[str, ...]] = {}
        for id_, names in self._rows("playlists", needed=False).items():
            key: Key = ("playlists", id_)
            if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
                self.wrong(key, f"'playlists.{id_}' is a list of scenes, as in [energy, network]", "config-type")
                continue
            for place, name in enumerate(names):
                if name not in written:
                    message = f"there is no scene '{name}'; {nearest(name, written)}"
                    self.wrong((*key, place), message, "no-scene")
            found[id_] = tuple(name for name in names if name in scenes)
        return found or {"all": tuple(scenes)}

    def _screens(self, playlists: Mapping[str, tuple[str, ...]]) -> dict[str, Screen]:
        found: dict[str, Screen] = {}
        for id_, written in self._rows("screens").items():
            key: Key = ("screens", id_)
            form = self._form(ScreenForm, key, written)
            if form is None:
                continue
            playlist = form.playlist or next(iter(playlists))
            if playlist not in playlists:
                message = f"there is no playlist '{playlist}'; {nearest(playlist, playlists)}"
                self.wrong((*key, "playlist"), message, "no-playlist")
                continue
            screen = found[id_] = form.record(id_, playlist)
            self._fits(key, screen)
        return found

    def _fits(self, key: Key, screen: Screen) -> None:
        """Whether everybody can read it: type that would not fit is drawn smaller, and that is said."""
        far = legible_m(screen)
        if far < 0.95 * screen.viewer_m:
            wide, high = LANDSCAPE if screen.width >= screen.height else PORTRAIT
            message = (
                f"type for viewers at {screen.viewer_m:g} m does not fit on {screen.diagonal_in:g} in ({wide:g} x "
                f"{high:g} units, each {unit(screen):.2f} px): it is made to be read from {far:.1f} m; take a "
                "larger screen, or name a nearer viewer"
            )
            self.wrong((*key, "viewer"), message, "wall-too-small", "warning")

    def _form(self, model: type[Form], key: Key, written: Any) -> Form | None:
        if not isinstance(written, dict):
            self.wrong(key, f"'{dotted(key)}' must be a mapping", "config-type")
            return None
        try:
            return model.model_validate(written)
        except ValidationError as error:
            self.mistakes += [form_mistake(detail, key, self.tree, model, self.shown) for detail in error.errors()]
            return None


def unknown_places(walls: Mapping[str, Wall], known: Container[str]) -> list[Mistake]:
    """A warning for each scene that frames a place which the campus does not have: it shows the campus instead."""
    return [
        Mistake(
            wall.file, f"scene '{scene.id}': there is no '{scene.camera.of}' in the campus: all of it is shown",
            "unknown-entity", scene.line, 0, f"scenes.{scene.id}.camera", "warning",
        )
        for wall in walls.values() for scene in wall.scenes.values()
        if scene.camera.of and scene.camera.of not in known
    ]  # fmt: skip
