"""``templates/*.yaml``: the device types of a campus, several in a file; every mistake with its place and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.mistake import Mistake, nearest
from twin.template import FIELDS, FormError, Pattern, Signal, Template, address_text, number, short_form, with_field
from twin.yaml_tree import Key, YamlTree, dotted, read_yaml

TYPE_KEYS = ("address", "points", "class", "maker", "model", "source", "interval_s", "stale_s", "id", "names")
POINT_ID = "{id}/{point}"
MAX_FILES = 1000
MAX_REPEATED = 1000
_REPEATED = re.compile(r"(.*?)(\d+)\.\.(\d+)")


@dataclass(slots=True)
class TemplateFiles:
    """The types that could be read, by name; ``broken`` are the names of those that could not; every mistake."""

    templates: dict[str, Template] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)


def read_templates(folder: Path, shown: str) -> TemplateFiles:
    """The types of all ``*.yaml`` files of a folder, which messages call ``shown``. Nothing is raised."""
    found = TemplateFiles()
    files = sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if len(files) > MAX_FILES:
        message = f"{shown} holds {len(files)} files, more than {MAX_FILES}: write several types into one file"
        found.mistakes.append(Mistake(shown, message, "too-many"))
    for path in files[:MAX_FILES]:
        _read(path, f"{shown}/{path.name}", found)
    return found


def _read(path: Path, shown: str, found: TemplateFiles) -> None:
    tree = read_yaml(path, shown)
    found.mistakes.extend(tree.mistakes)
    if not isinstance(tree.data, dict):
        if not tree.mistakes:
            message = f"{shown} holds no device type: write one as 'name: {{address: ..., points: {{...}}}}'"
            found.mistakes.append(Mistake(shown, message, "empty", 1, 1))
        return
    for name, written in tree.data.items():
        reader = _TypeReader(shown, tree, name)
        if name in found.templates or name in found.broken:
            first = found.templates.get(name)
            where = f"in {first.file}:{first.line}" if first else "in another file"
            reader.wrong((name,), f"the type '{name}' stands {where} too: give each its own name", "duplicate-type")
        template = reader.template(written)
        found.mistakes.extend(reader.mistakes)
        if template is not None and not reader.mistakes:
            found.templates[name] = template
        else:
            found.broken.add(name)  # of two types of one name neither is surely meant
            found.templates.pop(name, None)


class _TypeReader:
    """One device type on its way from YAML."""

    def __init__(self, file: str, tree: YamlTree, name: str) -> None:
        self.file = file
        self.tree = tree
        self.name = name
        self.mistakes: list[Mistake] = []

    def wrong(self, key: Key, message: str, code: str) -> None:
        """Note a mistake at a key."""
        line, column = self.tree.position(key)
        self.mistakes.append(Mistake(self.file, message, code, line, column, dotted(key)))

    def template(self, written: Any) -> Template | None:
        """The type, or None with mistakes."""
        top: Key = (self.name,)
        if not isinstance(written, dict):
            self.wrong(top, f"the type '{self.name}' needs an address and points", "config-type")
            return None
        for key in written:
            if key not in TYPE_KEYS:
                self.wrong((*top, key), f"'{key}' is not a key of a type; {nearest(key, TYPE_KEYS)}", "unknown-key")
        address = self._text(written, "address")
        if not address:
            self.wrong(top, f"'{self.name}.address' is missing: the pattern of its addresses", "config-missing")
        signals = list(self._signals(written))
        return Template(
            name=self.name, file=self.file, line=self.tree.position(top)[0], address=address, signals=tuple(signals),
            addresses=tuple(self._addresses(address, signals)), ids=tuple(self._ids(written, signals)),
            category=self._text(written, "class") or "Equipment", maker=self._text(written, "maker"),
            model=self._text(written, "model"), source=self._text(written, "source"), names=self._names(written),
        )  # fmt: skip

    def _text(self, written: Mapping[str, Any], key: str) -> str:
        value = written.get(key)
        if value is None or isinstance(value, str):
            return value or ""
        self.wrong((self.name, key), f"'{self.name}.{key}' must be a text", "config-type")
        return ""

    def _seconds(self, written: Mapping[str, Any], key: str) -> float:
        text = self._text(written, key)
        try:
            return number(key, text, above=0.0) if text else 0.0
        except FormError as error:
            self.wrong((self.name, key), str(error), error.code)
            return 0.0

    def _names(self, written: Mapping[str, Any]) -> dict[str, Pattern]:
        names = written.get("names")
        if names is None:
            return {}
        if isinstance(names, dict) and all(isinstance(text, str) for text in names.values()):
            return {language: Pattern.of(text) for language, text in names.items()}
        self.wrong((self.name, "names"), "names must be texts by language, as in {zh: 电表 {id}}", "config-type")
        return {}

    def _signals(self, written: Mapping[str, Any]) -> Iterator[Signal]:
        points = written.get("points")
        if not isinstance(points, dict) or not points:
            message = f"'{self.name}.points' must name at least one point, as in {{p: /d/p power kW}}"
            self.wrong((self.name, "points"), message, "config-missing")
            return
        interval, stale = self._seconds(written, "interval_s"), self._seconds(written, "stale_s")
        seen: dict[str, str] = {}
        for key, form in self._repeated(points):
            if (other := seen.setdefault(key.casefold(), key)) != key:
                message = f"'{key}' and '{other}' differ in case only: the columns of a device's row could mean both"
                self.wrong((self.name, "points", key), message, "duplicate-key")
            signal = self._signal(key, form)
            if signal is not None:
                changed = {"interval_s": signal.interval_s or interval, "stale_s": signal.stale_s or stale}
                for name, seconds in changed.items():
                    signal = with_field(signal, name, repr(seconds)) if seconds else signal
                yield signal

    def _repeated(self, points: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Points with their forms; ``p1..12`` stands for p1 to p12, and ``{n}`` in its form for the number."""
        for key, form in points.items():
            match = _REPEATED.fullmatch(key)
            if match is None:
                yield key, form
                continue
            first, last = int(match[2]), int(match[3])
            if not first <= last < first + MAX_REPEATED:
                message = f"'{key}' must count up, over at most {MAX_REPEATED} points, as in p1..12"
                self.wrong((self.name, "points", key), message, "bad-range")
                continue
            for number_ in range(first, last + 1):
                text = f"{number_:0{len(match[2])}d}"
                name = match[1] + text
                self.tree.nodes[self.name, "points", name] = self.tree.nodes[self.name, "points", key]
                yield name, _numbered(form, text)

    def _signal(self, key: str, form: Any) -> Signal | None:
        place: Key = (self.name, "points", key)
        try:
            if isinstance(form, str):
                return short_form(key, form)
            if isinstance(form, dict):
                return self._full_form(key, form)
        except FormError as error:
            at = (*place, error.column) if isinstance(form, dict) else place
            self.wrong(at, f"{dotted(place)}: {error}", error.code)
            return None
        self.wrong(place, f"{dotted(place)} must be 'path quantity unit', or a mapping of these", "config-type")
        return None

    def _full_form(self, key: str, form: Mapping[str, Any]) -> Signal:
        signal = Signal(key)
        for name, value in form.items():
            place: Key = (self.name, "points", key, name)
            if name not in FIELDS:
                self.wrong(place, f"'{name}' is not a key of a point; {nearest(name, FIELDS)}", "unknown-key")
                continue
            text = " ".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
            if not isinstance(text, str):
                self.wrong(place, f"{dotted(place)} must be a text or a number", "config-type")
                continue
            signal = with_field(signal, name, text)
        return signal.checked()

    def _addresses(self, address: str, signals: list[Signal]) -> Iterator[Pattern]:
        alone = len(signals) == 1
        seen: dict[str, str] = {}
        for signal in signals:
            try:
                text = address_text(address, signal, alone)
            except FormError as error:
                self.wrong((self.name, "points", signal.key), str(error), error.code)
                continue
            if (other := seen.setdefault(text, signal.key)) != signal.key:
                message = f"'{signal.key}' has the address of '{other}': one address feeds one point"
                self.wrong((self.name, "points", signal.key), message, "duplicate-address")
            yield Pattern.of(text)

    def _ids(self, written: Mapping[str, Any], signals: list[Signal]) -> Iterator[Pattern]:
        text = self._text(written, "id") or POINT_ID
        if len(signals) > 1 and "{point}" not in text:
            message = f"'{text}' is one id for {len(signals)} points: put {{point}} into it"
            self.wrong((self.name, "id"), message, "duplicate-point")
        for signal in signals:
            yield Pattern.of(text.replace("{point}", signal.key))


def _numbered(form: Any, text: str) -> Any:
    """A point's form with the number of a repeated one."""
    if isinstance(form, str):
        return form.replace("{n}", text)
    if isinstance(form, dict) and isinstance(form.get("path"), str):
        return {**form, "path": form["path"].replace("{n}", text)}
    return form
