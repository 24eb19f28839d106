"""What the labels of another system's alarm mean here: place, nodes, priority, words; all by data (campus.yaml)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from twin.alarms.alarm import External
from twin.alarms.places import Places, Where
from twin.config_hooks import LABEL, HookEntry, TextEntry
from twin.hooks.told import Told
from twin.mistake import nearest
from twin.yaml_tree import Key, dotted

Resolve = Callable[[str], str]
"""What people write for a place or thing -> its id, '' for none."""
LONGEST_TEXT = 500


class Mapper:
    """Reads the alarms of one hook. ``resolve`` finds ids, ``is_node`` knows the nodes of the topology."""

    def __init__(
        self, entry: HookEntry, places: Places, resolve: Resolve, is_node: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.entry = entry
        self._places = places
        self._resolve = resolve
        self._is_node = is_node

    def wanted(self, told: Told) -> bool:
        """Whether ``without`` lets it through."""
        for label, patterns in self.entry.without.items():
            value = told.labels.get(label)
            if value is not None and any(fnmatchcase(value, pattern) for pattern in patterns):
                return False
        return True

    def external(self, told: Told) -> External:
        """The alarm as the campus's own; without place and nodes where its labels name none that are known."""
        entry, labels = self.entry, told.labels
        place = next((where for text in filled(entry.place, labels) if (where := self._where(text)) is not None), None)
        nodes = self._found_nodes(labels) or (place.nodes if place is not None else ())
        if place is None and nodes:
            place = self._places.of(nodes[0])
        return External(
            told.key, told.active, entry.priority.of(labels), texts(entry.text, labels) or _same(told.key),
            "" if place is None else place.place, nodes, told.started or 0.0, texts(entry.action, labels),
            texts(entry.cause, labels), texts(entry.consequence, labels), texts(entry.owner, labels), entry.respond,
        )  # fmt: skip

    def _found_nodes(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for text in filled(self.entry.nodes, labels):
            for name in self._names(text):
                if self._is_node(name):
                    found[name] = None
                    break
                where = self._places.of(self._resolve(name))
                if where.entity and where.nodes:
                    found.update(dict.fromkeys(where.nodes))
                    break
        return tuple(found)

    def _where(self, text: str) -> Where | None:
        for name in self._names(text):
            id_ = self._resolve(name)
            if id_:
                return self._places.of(id_)
        return None

    def _names(self, text: str) -> Iterator[str]:
        """What a label may be called here: as ``names`` says, as it stands, and without the port behind it."""
        host, colon, port = text.rpartition(":")
        for each in (text, host) if colon and port.isdigit() and host else (text,):
            yield self.entry.names.get(each, each)


def filled(patterns: Collection[str], labels: Mapping[str, str]) -> Iterator[str]:
    """The patterns all of whose labels are there, filled in."""
    for pattern in patterns:
        if all(labels.get(name) for name in LABEL.findall(pattern)):
            yield LABEL.sub(lambda match: labels[match[1]], pattern)


def texts(entry: TextEntry | None, labels: Mapping[str, str]) -> dict[str, str]:
    """The texts of both languages; {} where no pattern fits."""
    if entry is None:
        return {}
    zh = next(filled(entry.zh, labels), "")[:LONGEST_TEXT]
    en = next(filled(entry.en, labels), "")[:LONGEST_TEXT]
    return {"zh": zh or en, "en": en or zh} if zh or en else {}


def _same(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def unknown_names(
    hooks: Mapping[str, HookEntry], resolve: Resolve, nodes: Collection[str]
) -> Iterator[tuple[Key, str]]:
    """The keys of campus.yaml that name what the campus does not have, each with a sentence."""
    for hook, entry in hooks.items():
        told: list[tuple[Key, str]] = [(("hooks", hook, "names", name), id_) for name, id_ in entry.names.items()]
        for name, patterns in (("place", entry.place), ("nodes", entry.nodes)):
            told += [(("hooks", hook, name), text) for text in patterns if not LABEL.search(text)]
        for key, id_ in told:
            if id_ not in nodes and not resolve(id_):
                yield key, f"'{dotted(key)}': there is no '{id_}' in the models or the topology; {nearest(id_, nodes)}"
