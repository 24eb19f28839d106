"""From addresses to what is asked of one device: names are looked up in the device's own tables.

An interface or access point is only ever known by its name. The number that the device gives its row today is found by
walking the table of names; where numbers move (``guard``), the name is asked for again along with the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datasources.snmp_mib import Mib, Names, Profile, known_names, oid, wrap_of
from datasources.snmp_session import NO_OBJECT, Absent, Session, Value

NO_NAME = "no such name on this device"
TWO_NAMES = "two rows of this device have this name"
OTHER_PROFILE = "the device's profile has no such object"
UNKNOWN_OBJECT = "no profile has an object of this name"
NEEDS_NAME = "this object needs a name in square brackets"
NO_NAMES = "this object takes no name in square brackets"
NOT_AN_ADDRESS = "not an address: write target#object[name] or target#1.3.6.1..."

MAX_DEPTH = 16
"""Parts within parts that a place names; a device that contains itself has no end."""

_ADDRESS = re.compile(r"([^#]+)#([^#\[\]]+)(?:\[(.+)\])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address; ``name`` is None where there are no brackets."""

    target: str
    thing: str
    name: str | None


def parse(address: str) -> Address | None:
    """The parts of an address, or None when it is none."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return None
    target, thing, name = match.groups()
    if thing[0] in ".0123456789":
        try:
            thing = oid(thing)
        except ValueError:
            return None
        if name is not None:
            return None
    return Address(target, thing, name)


@dataclass(slots=True)
class Want:
    """One address and the objects that give its value; ``bad`` says why there are none.

    ``guard`` is the object that must have the value ``expected``, or the row has become another's.
    """

    address: str
    mib: Mib
    oids: tuple[str, ...] = ()
    guard: str = ""
    expected: Value = ""
    bad: str = ""
    wrap: int = 0


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row and the object that gives its name."""

    suffix: tuple[int, ...]
    column: str
    value: Value


Index = dict[str, list[NamedRow]]


@dataclass(slots=True)
class Plan:
    """What is asked of a device: ``groups`` of objects that belong into one request."""

    wants: list[Want] = field(default_factory=list)
    groups: list[tuple[str, ...]] = field(default_factory=list)
    interfaces: bool = False


def text_of(value: Value) -> str:
    """A name as people read it: UTF-8 or GB 18030, without padding; what is neither as hexadecimal numbers."""
    if not isinstance(value, bytes):
        return str(value)
    for charset in ("utf-8", "gb18030"):
        try:
            text = value.rstrip(b"\0").decode(charset).strip()
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            return text
    return value.hex(":")


async def read_names(session: Session, names: Names) -> Index:
    """The rows of a table by name."""
    named: dict[tuple[int, ...], NamedRow] = {}
    for column in names.columns:
        rows = await session.walk(column)
        for suffix, value in rows:
            if suffix not in named and text_of(value):
                named[suffix] = NamedRow(suffix, column, value)
        if rows and len(named) == len(rows):
            break
    index: Index = {}
    for row in named.values():
        index.setdefault(text_of(row.value), []).append(row)
    if names.parent and any(len(rows) > 1 for rows in index.values()):
        return _placed(index, dict(await session.walk(names.parent)), dict(await session.walk(names.position)))
    return index


def _placed(
    index: Index, parents: Mapping[tuple[int, ...], Value], positions: Mapping[tuple[int, ...], Value]
) -> Index:
    """Rows of one name get the way to their place added."""
    told: Index = {}
    for name, rows in index.items():
        for row in rows:
            place = "" if len(rows) == 1 else f" ({_way(row.suffix, parents, positions)})"
            told.setdefault(name + place, []).append(row)
    return told


def _way(
    row: tuple[int, ...], parents: Mapping[tuple[int, ...], Value], positions: Mapping[tuple[int, ...], Value]
) -> str:
    steps: list[str] = []
    while len(steps) < MAX_DEPTH and isinstance(position := positions.get(row), int) and position >= 0:
        steps.append(str(position))
        row = (parent,) if isinstance(parent := parents.get(row), int) else ()
    return ".".join(reversed(steps))


class Planner:
    """Draws up the plan of one device; ``counters`` are the addresses whose points are counters."""

    def __init__(self, session: Session, profile: Profile, counters: Iterable[str] = ()) -> None:
        self._session = session
        self._profile = profile
        self._counters = frozenset(counters)
        self._indexes: dict[str, Index] = {}
        self._tables: dict[str, list[tuple[int, ...]]] = {}

    async def plan(self, addresses: Sequence[str]) -> Plan:
        """Look every address up. SourceError when the device does not answer."""
        choices = [(address, await self._choices(address)) for address in addresses]
        wants = await self._choose(choices)
        return Plan(wants, _groups(wants), "interface" in self._indexes)

    async def _choices(self, address: str) -> list[Want]:
        """What may stand for an address, the best first; a single one with ``bad`` when nothing does."""
        parts = parse(address)
        if parts is None:
            return [Want(address, Mib(oid="0.0"), bad=NOT_AN_ADDRESS)]
        if parts.thing[0].isdigit():
            wrap = wrap_of(self._profile.objects, parts.thing) if address in self._counters else 0
            kind = Mib(oid=parts.thing, kind="counter", wrap=32) if address in self._counters else Mib(oid=parts.thing)
            return [Want(address, kind, (parts.thing,), wrap=wrap)]
        mib = self._profile.objects.get(parts.thing)
        if mib is None:
            bad = OTHER_PROFILE if parts.thing in known_names() else UNKNOWN_OBJECT
            return [Want(address, Mib(oid="0.0"), bad=bad)]
        found = [await self._resolve(address, self._profile.objects[name], parts.name) for name in mib.use]
        return found or [await self._resolve(address, mib, parts.name)]

    async def _resolve(self, address: str, mib: Mib, name: str | None) -> Want:
        want = Want(address, mib, wrap=2**mib.wrap if mib.wrap else 0)
        if bool(mib.of) != (name is not None):
            want.bad = NEEDS_NAME if mib.of else NO_NAMES
        elif not mib.of:
            want.oids = tuple(_join(mib.oid, row) for row in await self._rows(mib)) if mib.table else (mib.oid,)
            want.bad = "" if want.oids else NO_OBJECT
        else:
            await self._name(want, name or "")
        if mib.percent_of and want.oids:
            want.oids = (*want.oids, mib.percent_of + want.oids[0][len(mib.oid) :])
        return want

    async def _name(self, want: Want, name: str) -> None:
        names = self._profile.names[want.mib.of]
        rows = (await self.index(want.mib.of)).get(name, [])
        if len(rows) != 1:
            want.bad = TWO_NAMES if rows else NO_NAME
            return
        row = rows[0]
        if want.mib.radios:
            length = len(row.suffix)
            below = [each for each in await self._rows(want.mib) if each[:length] == row.suffix]
            want.oids = tuple(_join(want.mib.oid, each) for each in below)
            want.bad = "" if below else NO_OBJECT
        else:
            want.oids = (_join(want.mib.oid, row.suffix),)
        if names.guard:
            want.guard, want.expected = _join(row.column, row.suffix), row.value

    async def index(self, of: str) -> Index:
        """The named rows of a table, read once."""
        if of not in self._indexes:
            self._indexes[of] = await read_names(self._session, self._profile.names[of])
        return self._indexes[of]

    async def _rows(self, mib: Mib) -> list[tuple[int, ...]]:
        if mib.oid not in self._tables:
            self._tables[mib.oid] = [suffix for suffix, _ in await self._session.walk(mib.oid)]
        return self._tables[mib.oid]

    async def _choose(self, choices: Sequence[tuple[str, list[Want]]]) -> list[Want]:
        """Of several ways to a value take the first that the device answers."""
        open_ = {address: [want for want in ways if not want.bad] for address, ways in choices}
        chosen: dict[str, Want] = {}
        for address, ways in choices:
            usable = open_[address]
            if len(usable) <= 1:
                chosen[address] = (usable or ways)[0]
        while len(chosen) < len(open_):
            asked = {address: ways for address, ways in open_.items() if address not in chosen}
            answers = await self._session.get([ways[0].oids[0] for ways in asked.values()])
            for address, ways in asked.items():
                if not isinstance(answers[ways[0].oids[0]], Absent) or len(ways) == 1:
                    chosen[address] = ways[0]
                else:
                    ways.pop(0)
        return [chosen[address] for address, _ in choices]


def _join(column: str, suffix: Iterable[int]) -> str:
    return ".".join((column, *map(str, suffix)))


def _groups(wants: Iterable[Want]) -> list[tuple[str, ...]]:
    """The objects of a row with its name; each object once."""
    rows: dict[str, dict[str, None]] = {}
    alone: dict[str, None] = {}
    for want in wants:
        if want.guard:
            rows.setdefault(want.guard, {want.guard: None}).update(dict.fromkeys(want.oids))
        else:
            alone.update(dict.fromkeys(want.oids))
    return [*(tuple(row) for row in rows.values()), *((each,) for each in alone)]
