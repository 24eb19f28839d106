"""``tours/*.yaml``: the tours of a campus, one a file named by it, and ``<name>.<language>.yaml`` with further
languages; every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twin.form_mistake import form_mistake
from twin.mistake import Mistake, nearest
from twin.tours.language import read_language, told_in
from twin.tours.media import why_not
from twin.tours.tour import Chapter, Step, Tour
from twin.tours.tour_form import ChapterForm, HeadForm, StepForm, chapter_keys, head_keys
from twin.tours.variant import needed_s
from twin.yaml_tree import Key, YamlTree, dotted, read_yaml

MAX_FILES = 200
MAX_STEPS = 60
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
LANGUAGE_FILE = re.compile(r"([a-z0-9][a-z0-9_-]{0,79})\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})")

Form = TypeVar("Form", bound=BaseModel)


@cache
def default_tours() -> Mapping[str, Tour]:
    """The tours that come with the product: true of the demo campus."""
    with as_file(files("twin.tours.defaults")) as folder:
        found, mistakes = read_tours(folder, "defaults")
    if mistakes:
        raise ValueError("\n".join(map(str, mistakes)))
    return found


def read_tours(folder: Path, shown: str) -> tuple[dict[str, Tour], list[Mistake]]:
    """The tours of all ``*.yaml`` files of a folder, which messages call ``shown``. Nothing is raised; a tour with an
    error is left out, a language with an error too."""
    found: dict[str, Tour] = {}
    mistakes: list[Mistake] = []
    broken: set[str] = set()
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if len(paths) > MAX_FILES:
        message = f"{shown} holds {len(paths)} files, more than {MAX_FILES}: take some away"
        mistakes.append(Mistake(shown, message, "too-many"))
    paths = paths[:MAX_FILES]
    for path in paths:
        if LANGUAGE_FILE.fullmatch(path.stem):
            continue
        tour, wrong = read_tour(path, f"{shown}/{path.name}")
        mistakes += wrong
        if tour is None:
            broken.add(path.stem)
        elif tour.id in found:
            message = f"there is a tour '{tour.id}' already, in {found[tour.id].file}: keep one"
            mistakes.append(Mistake(f"{shown}/{path.name}", message, "duplicate-key"))
        else:
            found[tour.id] = tour
    for path in paths:
        if (match := LANGUAGE_FILE.fullmatch(path.stem)) and match[1] not in broken:
            _add(path, f"{shown}/{path.name}", match[1], match[2], found, mistakes)
    return found, mistakes


def _add(path: Path, shown: str, name: str, lang: str, found: dict[str, Tour], mistakes: list[Mistake]) -> None:
    """A further language of a tour."""
    tour = found.get(name)
    if tour is None:
        message = f"there is no tour '{name}' that '{lang}' belongs to; {nearest(name, found)}"
        mistakes.append(Mistake(shown, message, "no-tour"))
    elif lang in tour.languages:
        message = f"'{lang}' is in {tour.file} already: write its texts there"
        mistakes.append(Mistake(shown, message, "duplicate-key"))
    else:
        texts, wrong = read_language(path, shown, lang, tour)
        mistakes += wrong
        if texts is not None:
            found[name] = told_in(tour, lang, texts)


def campus_tours(
    folder: Path, data: Mapping[str, Any], tree: YamlTree, file: str, mistakes: list[Mistake]
) -> dict[str, Tour]:
    """The tours of a campus folder, whose ``campus.yaml`` (called ``file``) holds ``data``; none where there is no
    folder of tours. Mistakes are added, those of media too."""
    shown = data.get("tours", "tours")
    if not isinstance(shown, str):
        return {}
    if not (folder / shown).is_dir():
        if "tours" in data:
            message = f"there is no folder '{shown}' in the campus folder: the tours are written there"
            mistakes.append(Mistake(file, message, "no-file", *tree.position(("tours",)), "tours"))
        return {}
    tours, found = read_tours(folder / shown, shown)
    mistakes += [*found, *media_mistakes(tours, folder)]
    return tours


def read_tour(path: Path, shown: str) -> tuple[Tour | None, list[Mistake]]:
    """The tour of one file, None where it has an error, and every mistake in it."""
    reader = _Reader(path, shown)
    tour = reader.read()
    return tour, reader.mistakes


class _Reader:
    """One file."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path, self.shown = path, shown
        self.mistakes: list[Mistake] = []
        self.tree: YamlTree = read_yaml(path, shown)
        self.ids: dict[str, Key] = {}
        self.count = 0

    def wrong(self, key: Key, message: str, code: str) -> None:
        """Note a mistake at a key."""
        line, column = self.tree.position(key)
        self.mistakes.append(Mistake(self.shown, message, code, line, column, dotted(key)))

    def read(self) -> Tour | None:
        """The tour; None where anything is wrong with it."""
        self.mistakes.extend(self.tree.mistakes)
        data = self.tree.data
        if not NAME.fullmatch(self.path.stem):
            message = f"'{self.path.stem}' is no name of a tour: small letters, digits, '_' and '-', as in campus.yaml"
            self.wrong((), message, "bad-name")
        if not isinstance(data, dict):
            if not self.tree.mistakes:
                self.wrong((), f"{self.shown} holds no tour: begin with 'names:'", "empty")
            return None
        self._strangers((), data, head_keys())
        head = self._form(HeadForm, (), {key: value for key, value in data.items() if key in HeadForm.model_fields})
        chapters = self._chapters(data.get("chapters"))
        if head is None or self.mistakes:
            return None
        tour = Tour(
            self.path.stem, head.names, head.summary, chapters, head.audience, head.minutes,
            tuple(_common(head, chapters)), self.shown,
        )  # fmt: skip
        self._variants(tour)
        return None if self.mistakes else tour

    def _strangers(self, key: Key, data: Mapping[str, Any], known: list[str]) -> None:
        for name in data:
            if name not in known:
                message = f"'{dotted((*key, name))}' is not a known key; {nearest(name, known)}"
                self.wrong((*key, name), message, "config-extra-forbidden")

    def _chapters(self, written: Any) -> tuple[Chapter, ...]:
        if not isinstance(written, list) or not written:
            self.wrong(
                ("chapters",), "'chapters' is missing: a list of chapters, each with its steps", "config-missing"
            )
            return ()
        found: list[Chapter] = []
        for place, each in enumerate(written):
            key: Key = ("chapters", place)
            if not isinstance(each, dict):
                self.wrong(key, f"'{dotted(key)}' must be a mapping with id, names, steps", "config-type")
                continue
            self._strangers(key, each, chapter_keys())
            form = self._form(ChapterForm, key, {k: v for k, v in each.items() if k in ChapterForm.model_fields})
            steps = self._steps((*key, "steps"), each.get("steps"))
            if form is not None:
                self._once((*key, "id"), form.id)
                found.append(form.record(steps))
        return tuple(found)

    def _steps(self, key: Key, written: Any) -> tuple[Step, ...]:
        if not isinstance(written, list) or not written:
            self.wrong(key, f"'{dotted(key)}' is missing: a chapter has at least one step", "config-missing")
            return ()
        self.count += len(written)
        if self.count > MAX_STEPS:
            self.wrong(key, f"a tour has at most {MAX_STEPS} steps: make two of it", "too-many")
            return ()
        found: list[Step] = []
        for place, each in enumerate(written):
            if (form := self._form(StepForm, (*key, place), each)) is not None:
                self._once((*key, place, "id"), form.id)
                found.append(form.record(self.tree.position((*key, place))[0]))
        return tuple(found)

    def _once(self, key: Key, id_: str) -> None:
        if id_ in self.ids:
            line = self.tree.position(self.ids[id_])[0]
            self.wrong(key, f"'{id_}' is given twice (first in line {line}): each step and chapter has its own id",
                       "duplicate-key")  # fmt: skip
        self.ids.setdefault(id_, key)

    def _variants(self, tour: Tour) -> None:
        """The steps that must be told fit in the shortest length."""
        needs = needed_s(tour.steps)
        if tour.minutes and needs > tour.minutes[0] * 60:
            message = (
                f"steps of priority 1 take {needs:g} s, more than the {tour.minutes[0] * 60} s of the shortest length: "
                "give some of them priority 2, or a shorter dwell"
            )
            self.wrong(("minutes",), message, "tour-too-long")

    def _form(self, model: type[Form], key: Key, written: Any) -> Form | None:
        if not isinstance(written, dict):
            self.wrong(key, f"'{dotted(key)}' must be a mapping", "config-type")
            return None
        try:
            return model.model_validate(written)
        except ValidationError as error:
            self.mistakes += [form_mistake(detail, key, self.tree, model, self.shown) for detail in error.errors()]
            return None


def _common(head: HeadForm, chapters: tuple[Chapter, ...]) -> list[str]:
    """The languages in which all that stands on the wall is there: those of which one text is missing are none."""
    every = [head.names, head.summary]
    for chapter in chapters:
        every.append(dict(chapter.names))
        for step in chapter.steps:
            every += [dict(step.words.text), *(dict(other.words.text) for other in step.otherwise)]
    return [lang for lang in head.names if all(lang in texts for texts in every)]


def media_mistakes(tours: Mapping[str, Tour], folder: Path) -> list[Mistake]:
    """What is wrong with the pictures and films that the tours name, in the campus folder."""

    return [
        Mistake(
            tour.file, f"step '{step.id}': {why}", "tour-media", step.line, 0, f"{step.id}.media.file", "warning"
        )
        for tour in tours.values() for step in tour.steps
        if step.media is not None and (why := why_not(folder, step.media.file))
    ]  # fmt: skip
