"""YAML for people: plain data with the line and column of every key; bounded, without tags, anchors or surprises.

YAML 1.1 reads the building code ``05`` as the number 5 and ``on`` as true. Here a plain scalar stays the text that was
written unless the reader of it wants something else (pydantic turns ``"1883"`` into an int where an int is due), so a
code keeps its zeros; ``plain`` gives the values as YAML types them, for settings whose reader expects that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from twin.mistake import Mistake

MAX_BYTES = 1_000_000
MAX_DEPTH = 32

Key = tuple[str | int, ...]


@dataclass(slots=True)
class YamlTree:
    """``data``: mappings, lists, texts and None; ``nodes``: the YAML node of each key path, for its position."""

    data: Any = None
    nodes: dict[Key, yaml.Node] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def position(self, key: Key) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``key``, else of the nearest key above it that is there."""
        for length in range(len(key), -1, -1):
            node = self.nodes.get(key[:length])
            if node is not None:
                return node.start_mark.line + 1, node.start_mark.column + 1
        return 0, 0

    def plain(self, key: Key) -> Any:
        """The value at ``key`` with YAML's own types (1883 is an int, true a bool); a text that only looks like one
        (a 99th of January) stays text.
        """
        return _plain(self.nodes[key])


def dotted(key: Key) -> str:
    """A key path as people write it: ``models[2].place.x``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")


def read_yaml(path: Path, shown: str = "") -> YamlTree:
    """Read one file; every mistake is in the result, nothing is raised. ``shown`` is the name used in messages."""
    name = shown or path.name
    tree = YamlTree()
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        tree.mistakes.append(
            Mistake(name, f"{name} cannot be read: {error.strerror}. Check its name and rights.", "read")
        )
        return tree
    if size > MAX_BYTES:
        message = f"{name} has {size:,} bytes, more than the {MAX_BYTES:,} allowed: keep tables in CSV files beside it."
        tree.mistakes.append(Mistake(name, message, "too-large"))
        return tree
    return parse_yaml(decode(raw), name)


def parse_yaml(text: str, name: str) -> YamlTree:
    """Read a text that messages call ``name``; as ``read_yaml``."""
    tree = YamlTree()
    if len(text) > MAX_BYTES:
        tree.mistakes.append(Mistake(name, f"{name} is longer than {MAX_BYTES:,} signs: shorten it.", "too-large"))
        return tree
    try:
        bad = _forbidden(text, name)
        root = None if bad else yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        tree.mistakes.append(_syntax(error, name))
        return tree
    if bad:
        tree.mistakes.append(bad)
    elif root is not None:
        tree.data = _data(root, (), tree, name)
    return tree


def decode(raw: bytes) -> str:
    """Bytes as text: UTF-8 with or without a byte-order mark, otherwise GB 18030 (which contains GBK)."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child) for child in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(name.value): _plain(value) for name, value in node.value if isinstance(name, yaml.ScalarNode)}
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError):
        return node.value
    finally:
        loader.dispose()


def _syntax(error: yaml.YAMLError, name: str) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Mistake(name, f"not valid YAML: {problem}. Check indentation, quotes and tabs here.", "yaml", line, column)


def _forbidden(text: str, name: str) -> Mistake | None:
    """Anchors, aliases, tags, further documents and deep nesting: none is needed, each has been used to attack."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        what = ""
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            what = "anchors (&) and aliases (*) are not read here: write the value out"
        elif tag := getattr(event, "tag", None):
            what = f"the tag {tag} is not read here: write the plain value"
        elif depth > MAX_DEPTH:
            what = f"more than {MAX_DEPTH} levels of nesting: check the brackets and the indentation"
        elif documents > 1:
            what = "a second document (---) begins here: keep one campus in one file"
        if what:
            assert mark is not None  # every event that was parsed has a place
            return Mistake(name, what, "yaml", mark.line + 1, mark.column + 1)
    return None


def _data(node: yaml.Node, key: Key, tree: YamlTree, name: str) -> Any:
    tree.nodes[key] = node
    if isinstance(node, yaml.SequenceNode):
        return [_data(child, (*key, i), tree, name) for i, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, tree, name)
    return None if node.tag == "tag:yaml.org,2002:null" else node.value


def _mapping(node: yaml.MappingNode, key: Key, tree: YamlTree, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    first: dict[str, int] = {}
    for name_node, value_node in node.value:
        mark = name_node.start_mark
        if not isinstance(name_node, yaml.ScalarNode):
            message = "a key must be a word, not a list or a mapping: check the brackets and the indentation"
            tree.mistakes.append(Mistake(name, message, "yaml", mark.line + 1, mark.column + 1, dotted(key)))
            continue
        word = str(name_node.value)
        if word in found:
            message = f"'{word}' is given twice (first in line {first[word]}): keep one of the two"
            place = dotted((*key, word))
            tree.mistakes.append(Mistake(name, message, "duplicate-key", mark.line + 1, mark.column + 1, place))
            continue
        first[word] = mark.line + 1
        found[word] = _data(value_node, (*key, word), tree, name)
    return found
