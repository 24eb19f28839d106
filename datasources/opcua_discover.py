"""Browsing OPC UA servers: every variable below the Objects folder, with its value, unit and description."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import Client, ua

from datasources.contract import Found, SourceError
from datasources.fieldbus import quantity_of, words
from datasources.opcua import Settings, Target
from datasources.opcua_session import connected, in_words
from datasources.opcua_values import scalar

MAX_NODES = 20_000
MAX_DEPTH = 20
AT_ONCE = 50
_SERVER = ua.NodeId(ua.ObjectIds.Server)
_OBJECTS = ua.NodeId(ua.ObjectIds.ObjectsFolder)
_HIERARCHY = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
_PROPERTY = ua.NodeId(ua.ObjectIds.HasProperty)
_UNITS = {"degC": "°C", "℃": "°C", "m3": "m³", "m3/h": "m³/h", "kWh": "kWh", "L": "l"}


@dataclass(slots=True)
class _Node:
    """A node on the way down: ``path`` are the display names above it."""

    id: ua.NodeId
    name: str
    path: tuple[str, ...]
    variable: bool
    units: ua.NodeId | None = None


async def browse(settings: Settings, seconds: float) -> list[Found]:
    """All targets at once, each for at most ``seconds`` [s]."""
    failures: list[str] = []

    async def one(name: str, target: Target) -> list[Found]:
        try:
            async with asyncio.timeout(seconds), connected(target) as client, in_words(target):
                return await _Browser(name, client).browse()
        except TimeoutError as error:
            failures.append(f"{name}: {str(error) or f'not done within {seconds:g} s'}")
        except (SourceError, OSError) as error:
            failures.append(f"{name}: {words(error)}")
        return []

    found = await asyncio.gather(*(one(name, target) for name, target in settings.targets.items()))
    rows = [row for part in found for row in part]
    if failures and not rows:
        raise SourceError(f"nothing was found: {'; '.join(failures[:3])}")
    return rows + [Found(f"{text.partition(':')[0]}#", device=text.partition(":")[0], name="not browsed",
                         note=text.partition(": ")[2]) for text in failures]  # fmt: skip


class _Browser:
    """One server."""

    def __init__(self, name: str, client: Client) -> None:
        self._name = name
        self._client = client
        self._namespaces: list[str] = []

    async def browse(self) -> list[Found]:
        """Walk down, breadth first, each node once; then read the variables."""
        self._namespaces = await self._client.get_namespace_array()
        seen = {_OBJECTS, _SERVER}
        level = [_Node(_OBJECTS, "Objects", (), variable=False)]
        variables: list[_Node] = []
        for _ in range(MAX_DEPTH):
            below: list[_Node] = []
            for at in range(0, len(level), AT_ONCE):
                part = level[at : at + AT_ONCE]
                for parent, references in zip(part, await self._references([n.id for n in part]), strict=True):
                    below += self._children(parent, references, seen)
            variables += [node for node in below if node.variable]
            level = below
            if not below or len(seen) > MAX_NODES:
                break
        rows: list[Found] = []
        for at in range(0, len(variables), AT_ONCE):
            rows += await self._rows(variables[at : at + AT_ONCE])
        return rows

    @staticmethod
    def _children(parent: _Node, references: Sequence[ua.ReferenceDescription], seen: set[ua.NodeId]) -> list[_Node]:
        path = (*parent.path, parent.name) if parent.id != _OBJECTS else ()
        children = []
        for row in references:
            node = ua.NodeId(row.NodeId.Identifier, row.NodeId.NamespaceIndex, row.NodeId.NodeIdType)
            if row.ReferenceTypeId == _PROPERTY:
                if row.BrowseName.Name == "EngineeringUnits":
                    parent.units = node
                continue
            if node in seen or row.NodeClass not in (ua.NodeClass.Object, ua.NodeClass.Variable):
                continue
            seen.add(node)
            name = row.DisplayName.Text or row.BrowseName.Name or ""
            children.append(_Node(node, name, path, row.NodeClass == ua.NodeClass.Variable))
        return children

    async def _references(self, nodes: Sequence[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
        """What lies below each of ``nodes``, fetched to the end."""
        wanted = [
            ua.BrowseDescription(
                NodeId=node, BrowseDirection=ua.BrowseDirection.Forward, ReferenceTypeId=_HIERARCHY,
                IncludeSubtypes=True, NodeClassMask=ua.NodeClass.Object | ua.NodeClass.Variable,
                ResultMask=ua.BrowseResultMask.All,
            )
            for node in nodes
        ]  # fmt: skip
        results = await self._client.uaclient.browse(ua.BrowseParameters(NodesToBrowse=wanted))
        found = []
        for result in results:
            rows = list(result.References or [])
            point = result.ContinuationPoint
            while point and len(rows) < MAX_NODES:
                more = (await self._client.uaclient.browse_next(ua.BrowseNextParameters(ContinuationPoints=[point])))[0]
                rows += more.References or []
                point = more.ContinuationPoint
            found.append(rows)
        return found

    async def _rows(self, nodes: Sequence[_Node]) -> list[Found]:
        values = await self._attribute([node.id for node in nodes], ua.AttributeIds.Value)
        notes = await self._attribute([node.id for node in nodes], ua.AttributeIds.Description)
        units = [node.units for node in nodes if node.units is not None]
        unit_of = dict(zip(units, await self._attribute(units, ua.AttributeIds.Value), strict=True)) if units else {}
        rows = []
        for node, data, note in zip(nodes, values, notes, strict=True):
            value, known = scalar(data.Value.Value if data.Value is not None else None)
            if known:
                unit = _unit(unit_of[node.units]) if node.units in unit_of else ""
                kind = "state" if isinstance(value, bool) else "gauge"
                rows.append(
                    Found(
                        self._address(node.id), value, "/".join(node.path), node.name, unit, quantity_of(unit), kind,
                        note=_note(note, node.name),
                    )
                )  # fmt: skip
        return rows

    def _address(self, node: ua.NodeId) -> str:
        """With the namespace's URI, which stays, instead of its number."""
        text: str = node.to_string()
        index = node.NamespaceIndex
        if index and index < len(self._namespaces):
            text = text.replace(f"ns={index};", f"nsu={self._namespaces[index]};", 1)
        return f"{self._name}#{text}"

    async def _attribute(self, nodes: Sequence[ua.NodeId], attribute: ua.AttributeIds) -> list[ua.DataValue]:
        values: list[ua.DataValue] = await self._client.uaclient.read_attributes(list(nodes), attribute)
        return values


def _unit(data: ua.DataValue) -> str:
    """The unit of EUInformation, as we write it."""
    information = data.Value.Value if data.Value is not None else None
    name = getattr(information, "DisplayName", None)
    text = (name.Text or "").strip() if isinstance(name, ua.LocalizedText) else ""
    return _UNITS.get(text, text)


def _note(data: ua.DataValue, name: str) -> str:
    """The description, unless it only says the name again."""
    text = data.Value.Value if data.Value is not None else None
    said = (text.Text or "").strip() if isinstance(text, ua.LocalizedText) else ""
    return "" if said == name else said
