"""``tours/<name>.<language>.yaml``: the texts of a tour in one more language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from twin.form_mistake import form_mistake
from twin.mistake import Mistake, nearest
from twin.tours.text import figures_in, length, most
from twin.tours.tour import Callout, Step, Texts, Tour, Words
from twin.tours.tour_form import Free, Line, Strict
from twin.yaml_tree import YamlTree, dotted, read_yaml


class OtherTexts(Strict):
    """The words that are told instead."""

    text: Line
    caption: Line | None = None
    notes: Free | None = None

    @field_validator("text", "caption", "notes")
    @classmethod
    def _braced(cls, text: str | None) -> str | None:
        list(figures_in(text or ""))
        return text


class StepTexts(OtherTexts):
    """The words of a step: ``callouts`` by the place they stand at, ``otherwise`` in their order."""

    callouts: dict[str, Line] = Field(default_factory=dict)
    otherwise: tuple[OtherTexts, ...] = ()
    alt: Line | None = None


class LanguageForm(Strict):
    """One file."""

    names: Line
    summary: Line
    chapters: Annotated[dict[str, Line], Field(min_length=1)]
    steps: Annotated[dict[str, StepTexts], Field(min_length=1)]


def read_language(path: Path, shown: str, lang: str, tour: Tour) -> tuple[LanguageForm | None, list[Mistake]]:
    """The texts of a file, None where it has an error, and every mistake in it: what the tour has and the file lacks is
    a warning, it is then told in English."""
    tree = read_yaml(path, shown)
    mistakes = list(tree.mistakes)
    if not isinstance(tree.data, dict):
        if not mistakes:
            mistakes.append(Mistake(shown, f"{shown} holds no texts: begin with 'names:'", "empty"))
        return None, mistakes
    try:
        form = LanguageForm.model_validate(tree.data)
    except ValidationError as error:
        return None, mistakes + [form_mistake(detail, (), tree, LanguageForm, shown) for detail in error.errors()]
    mistakes += _against(form, tour, tree, shown)
    mistakes += _too_long(form, lang, tree, shown)
    return (None if any(m.severity == "error" for m in mistakes) else form), mistakes


def _against(form: LanguageForm, tour: Tour, tree: YamlTree, shown: str) -> list[Mistake]:
    """What one of the two has and the other has not."""
    found: list[Mistake] = []
    for section, given, known in (
        ("chapters", form.chapters, [chapter.id for chapter in tour.chapters]),
        ("steps", form.steps, [step.id for step in tour.steps]),
    ):
        for id_ in given:
            if id_ not in known:
                key = (section, id_)
                message = f"'{tour.id}' has no '{id_}' among its {section}; {nearest(id_, known)}"
                found.append(Mistake(shown, message, "no-step", *tree.position(key), dotted(key)))
        if missing := [id_ for id_ in known if id_ not in given]:
            message = f"'{section}' lacks {', '.join(missing)}: told in English until they are here"
            found.append(Mistake(shown, message, "tour-untranslated", *tree.position((section,)), section, "warning"))
    return found


def _too_long(form: LanguageForm, lang: str, tree: YamlTree, shown: str) -> list[Mistake]:
    found = []
    for id_, step in form.steps.items():
        for key, text in (
            (("steps", id_, "text"), step.text),
            *((("steps", id_, "otherwise", n, "text"), o.text) for n, o in enumerate(step.otherwise)),
        ):
            if (long := length(text, lang)) > most(lang):
                message = f"'{dotted(key)}' is {long} long, more than a wall shows at once: at most {most(lang)}"
                found.append(Mistake(shown, message, "tour-long-text", *tree.position(key), dotted(key)))
    return found


def told_in(tour: Tour, lang: str, form: LanguageForm) -> Tour:
    """The tour with one language more."""
    chapters = tuple(
        replace(
            chapter,
            names=_with(chapter.names, lang, form.chapters.get(chapter.id)),
            steps=tuple(_step(step, lang, form.steps.get(step.id)) for step in chapter.steps),
        )
        for chapter in tour.chapters
    )
    return replace(
        tour, names=_with(tour.names, lang, form.names), summary=_with(tour.summary, lang, form.summary),
        chapters=chapters, languages=(*tour.languages, lang),
    )  # fmt: skip


def _step(step: Step, lang: str, texts: StepTexts | None) -> Step:
    if texts is None:
        return step
    others = tuple(
        replace(other, words=_words(other.words, lang, texts.otherwise[n])) if n < len(texts.otherwise) else other
        for n, other in enumerate(step.otherwise)
    )
    media = None if step.media is None else replace(step.media, alt=_with(step.media.alt, lang, texts.alt))
    callouts = tuple(Callout(c.of, _with(c.texts, lang, texts.callouts.get(c.of)), c.number) for c in step.callouts)
    return replace(step, words=_words(step.words, lang, texts), otherwise=others, media=media, callouts=callouts)


def _words(words: Words, lang: str, texts: OtherTexts) -> Words:
    return Words(
        _with(words.text, lang, texts.text), _with(words.caption, lang, texts.caption),
        _with(words.notes, lang, texts.notes), words.number,
    )  # fmt: skip


def _with(texts: Texts, lang: str, text: str | None) -> Texts:
    return texts if text is None else {**texts, lang: text}
