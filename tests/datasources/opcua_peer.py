"""An OPC UA server for the tests (asyncua's own), as a process; it prints what it is asked.

SPEC: ``{"uri": "urn:plant", "before": ["urn:other"], "nodes": {"AHU3.Supply": 21.5}, "users": {"twin": "secret"},
"certificate": FILE, "key": FILE, "policies": ["Basic256Sha256_SignAndEncrypt"]}``. A dot in a name makes an
object above it; ``{"value": 1, "unit": "kW", "description": "..."}`` tells more. Orders: ``{"node": NAME, "value": 1,
"status": 0, "source": EPOCH}``, ``{"end": "subscriptions"}``, ``{"end": "connections"}``, ``{"most": 10}``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_session import InternalSession

from tests.datasources.peers import orders, say

logging.disable(logging.CRITICAL)


class Users:
    def __init__(self, users: dict[str, str]) -> None:
        self._users = users

    def get_user(self, _server: Any, username: str | None = None, password: Any = None, certificate: Any = None) -> Any:
        if not self._users:
            return User(role=UserRole.User)
        word = password.decode() if isinstance(password, bytes) else password
        return User(role=UserRole.User, name=username) if username and self._users.get(username) == word else None


LIMIT = {"most": 10_000}


def listen_in() -> None:
    """Print reads and subscriptions; refuse more nodes at once than ``LIMIT`` allows."""
    read, monitor = InternalSession.read, InternalSession.create_monitored_items

    async def noted_read(session: Any, params: Any) -> Any:
        most = LIMIT["most"]
        if session.external and any(row.NodeId.NamespaceIndex for row in params.NodesToRead):
            say(f"READ {len(params.NodesToRead)}")
            if len(params.NodesToRead) > most:
                raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        return await read(session, params)

    async def noted_monitor(session: Any, params: Any) -> Any:
        say(f"MONITOR {len(params.ItemsToCreate)}")
        return await monitor(session, params)

    InternalSession.read = noted_read
    InternalSession.create_monitored_items = noted_monitor


async def add(server: Any, index: int, name: str, what: Any) -> Any:
    facts = what if isinstance(what, dict) else {"value": what}
    parent = server.nodes.objects
    *above, last = name.split(".")
    for depth, part in enumerate(above, start=1):
        path = ".".join(above[:depth])
        node = server.get_node(ua.NodeId(path, index))
        try:
            await node.read_browse_name()
        except ua.UaError:
            node = await parent.add_object(ua.NodeId(path, index), f"{index}:{part}")
        parent = node
    node = await parent.add_variable(ua.NodeId(name, index), f"{index}:{last}", facts["value"])
    if facts.get("description"):
        text = ua.DataValue(ua.Variant(ua.LocalizedText(facts["description"])))
        await node.write_attribute(ua.AttributeIds.Description, text)
    if facts.get("unit"):
        information = ua.EUInformation(DisplayName=ua.LocalizedText(facts["unit"]))
        await node.add_property(0, "EngineeringUnits", information)
    return node


async def obey(server: Any, nodes: dict[str, Any], order: dict[str, Any]) -> None:
    if order.get("end") == "subscriptions":
        service = server.iserver.subscription_service
        await service.delete_subscriptions(list(service.subscriptions))
    elif "most" in order:
        LIMIT["most"] = order["most"]
    elif order.get("end") == "connections":
        for transport in list(server.iserver.asyncio_transports):
            transport.abort()
    else:
        when = datetime.fromtimestamp(order["source"], UTC) if "source" in order else datetime.now(UTC)
        value = ua.DataValue(
            ua.Variant(order["value"]), ua.StatusCode(order.get("status", 0)), SourceTimestamp=when
        )  # fmt: skip
        await nodes[order["node"]].write_value(value)


async def main(port: int, spec: dict[str, Any]) -> None:
    listen_in()
    server = Server(user_manager=Users(spec.get("users", {})))
    await server.init()
    server.disable_clock()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/plant")
    if spec.get("certificate"):
        await server.load_certificate(spec["certificate"])
        await server.load_private_key(spec["key"])
    names = spec.get("policies", ["NoSecurity"])
    server.set_security_policy([ua.SecurityPolicyType[name] for name in names])
    for uri in spec.get("before", []):
        await server.register_namespace(uri)
    index = await server.register_namespace(spec.get("uri", "urn:plant"))
    nodes = {name: await add(server, index, name, what) for name, what in spec["nodes"].items()}
    async with server:
        say("ready")
        async for order in orders():
            await obey(server, nodes, order)
            say("DONE")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2])))
