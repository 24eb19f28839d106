"""A wall as the text of its file: what a form on a screen holds, written as a person would write it.

Short mappings and lists stand in one line, numbers and yes or no without quotes. Read again it says the same
(``wall_files.wall_of_text``), for the reader takes what is written as text and gives it a type by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from twin.yaml_tree import decode

DEEPEST = 8
"""Levels of nesting; a wall has four."""
WIDTH = 120
ORDERED = ("screens", "playlists", "scenes")
HEAD = ("names", "theme", "lang")


class WallTextError(ValueError):
    """What cannot be written as a file; the message says why."""


class _Dumper(yaml.SafeDumper):
    """No anchors: what is the same twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def wall_text(data: Mapping[str, Any], order: Mapping[str, list[str]] | None = None) -> str:
    """The file of ``data`` (as in docs/reference/walls.md). ``order`` gives the order of the rows of a section, for
    those who keep them where names that are numbers come first. WallTextError for what no file can hold."""
    plain = _plain(data, 0)
    for section, names in (order or {}).items():
        rows = plain.get(section)
        if isinstance(rows, dict):
            first = {name: rows[name] for name in names if name in rows}
            plain[section] = {**first, **rows}
    text = yaml.dump(
        _sorted(plain), Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=WIDTH
    )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise WallTextError("a text holds half a character: type it again") from None
    return text


def _sorted(plain: dict[str, Any]) -> dict[str, Any]:
    """What the wall is first, then its screens, playlists and scenes, then the rest."""
    order = [*HEAD, *ORDERED]
    return {key: plain[key] for key in [*(k for k in order if k in plain), *(k for k in plain if k not in order)]}


def _plain(value: Any, depth: int) -> Any:
    """Texts that are numbers or yes and no as such; nothing deeper than a wall can be."""
    if depth > DEEPEST:
        raise WallTextError(f"more than {DEEPEST} levels of nesting: a wall has four")
    if isinstance(value, Mapping):
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, str):
        return _typed(value)
    return value


def _typed(text: str) -> object:
    """``4`` for '4', ``true`` for 'true'; a text that would be read back as another one stays a text ('05')."""
    if text in ("true", "false"):
        return text == "true"
    if len(text) > 15:
        return text
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text and text[-1].isdigit() and "e" not in text:
            return value
    return text


def has_comments(raw: bytes) -> bool:
    """Whether a file has remarks (#): they are lost where it is written anew. False for what is no YAML."""
    text, end = decode(raw), 0
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if "#" in text[end : token.start_mark.index]:
                return True
            end = max(end, token.end_mark.index)
    except yaml.YAMLError:
        return False
    return "#" in text[end:]
