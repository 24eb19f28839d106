"""One OPC UA server: sign in, subscribe, read what is quiet, notice that the session or the server is gone."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.common.subscription import DataChangeNotif, Subscription
from asyncua.crypto import security_policies

from datasources.contract import MisconfiguredError, SourceError
from datasources.fieldbus import Stream, Wanted, end, take_due
from datasources.fieldbus import words as words_of_error
from datasources.opcua import Target
from datasources.opcua_values import reading, resolved, words
from twin.reading import RawReading
from twin.secret import SecretError, SecretRef

logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)  # this module says in words what it logs, traces and all

CLOSE_S = 0.8
KEEP_ALIVE_S = 5.0
SESSION_MS = 60_000
NODES_A_REQUEST = 500
VALUES_WAITING = 20
_FOR_SOMEBODY = ("BadUserAccessDenied", "BadIdentityToken", "BadCertificate", "BadSecurity", "BadApplicationSignature",
                 "BadUserSignature", "BadNoValidCertificates", "BadTcpEndpointUrlInvalid")  # fmt: skip
"""Refusals that waiting does not mend."""
_NO_SUCH_NODE = ("BadNodeIdUnknown", "BadNodeIdInvalid")


@dataclass(slots=True)
class Item:
    """A node that points want; ``due`` is when it is to be read [s, monotonic], ``told`` whether changes are sent."""

    node: ua.NodeId
    addresses: list[str] = field(default_factory=list)
    due: float = 0.0
    told: bool = False
    last: float | None = None


class Server:
    """A target of the source; ``run`` is its session."""

    def __init__(self, name: str, target: Target, wanted: Wanted[ua.NodeId], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._wanted = wanted
        self._stream = stream
        self._interval = target.interval_s or wanted.interval_s
        self._most = NODES_A_REQUEST
        self._items: dict[ua.NodeId, Item] = {}
        self._lost: asyncio.Future[str] = asyncio.Future()

    async def run(self) -> None:
        """Connect, subscribe, and keep all values fresh, until the server fails or the source is closed."""
        self._lost = asyncio.get_running_loop().create_future()
        async with connected(self._target, self._ended) as client, in_words(self._target):
            await self._resolve(client)
            await self._subscribe(client)
            self._stream.live(self._name)
            await self._keep(client)

    def _ended(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(why)

    async def _resolve(self, client: Client) -> None:
        """Find the nodes' namespaces in this server; what has none is bad."""
        namespaces = await client.get_namespace_array()
        self._items = {}
        now = time.time()
        for address, place in self._wanted.places.items():
            node = resolved(place, namespaces)
            if node is None:
                bad = f"the server has no namespace {getattr(place, 'NamespaceUri', '')}"
                self._stream.put([RawReading(address, None, now, bad=bad)])
            else:
                self._items.setdefault(node, Item(node)).addresses.append(address)
        if not self._items:
            raise MisconfiguredError(f"{self._target.url} has none of the namespaces that the points name")

    # -- changes ----------------------------------------------------------------------------------------------------

    async def _subscribe(self, client: Client) -> None:
        publish_s = self._target.publish_ms / 1000
        alive = max(1, int(KEEP_ALIVE_S / publish_s))
        subscription = await client.create_subscription(
            ua.CreateSubscriptionParameters(
                RequestedPublishingInterval=self._target.publish_ms, RequestedMaxKeepAliveCount=alive,
                RequestedLifetimeCount=10 * alive, MaxNotificationsPerPublish=10_000, PublishingEnabled=True,
            ),
            _Handler(self),
        )  # fmt: skip
        unknown: list[Item] = []
        items = list(self._items.values())
        for at in range(0, len(items), self._most):
            unknown += await self._monitor(client, subscription, items[at : at + self._most])
        if len(unknown) == len(items):
            raise MisconfiguredError(
                f"{self._target.url} has none of the {len(items)} nodes that the points name, as "
                f"{unknown[0].addresses[0]}: correct the addresses; 'discover' lists the nodes"
            )

    async def _monitor(self, client: Client, subscription: Subscription, items: Sequence[Item]) -> list[Item]:
        """Ask for changes of ``items``; returns those that the server does not have."""
        results = await subscription.subscribe_data_change(
            [client.get_node(item.node) for item in items],
            queuesize=VALUES_WAITING, sampling_interval=float(self._target.publish_ms),
        )  # fmt: skip
        unknown = []
        now = time.monotonic()
        for item, result in zip(items, results, strict=True):
            item.told = not isinstance(result, ua.StatusCode)
            item.due = now + self._interval if item.told else 0.0
            if isinstance(result, ua.StatusCode) and result.name in _NO_SUCH_NODE:
                unknown.append(item)
                self._bad(item, result)
        return unknown

    def _bad(self, item: Item, status: ua.StatusCode) -> None:
        now = time.time()
        self._stream.put(RawReading(address, None, now, bad=words(status)) for address in item.addresses)

    def changed(self, node: ua.NodeId, data: ua.DataValue) -> None:
        """The server tells a change."""
        item = self._items.get(node)
        if item is not None:
            item.due = time.monotonic() + self._interval
            self._take(item, data, None)

    def _take(self, item: Item, data: ua.DataValue, newer_than: float | None) -> None:
        now = time.time()
        rows = [reading(address, data, now, newer_than) for address in item.addresses]
        item.last = rows[0].time if rows[0].time is not None else item.last
        self._stream.put(rows)

    # -- keeping fresh ----------------------------------------------------------------------------------------------

    async def _keep(self, client: Client) -> None:
        items = list(self._items.values())
        while True:
            due = take_due(items, self._interval)
            while due:
                part, due = due[: self._most], due[self._most :]
                due = await self._read(client, part) + due
            rest = max(0.0, min(item.due for item in items) - time.monotonic())
            await asyncio.wait({self._lost}, timeout=rest)
            if self._lost.done():
                raise SourceError(self._lost.result())

    async def _read(self, client: Client, items: list[Item]) -> list[Item]:
        """Read ``items``; returns what is to be read again, in smaller groups."""
        wanted = [ua.ReadValueId(NodeId=item.node, AttributeId=ua.AttributeIds.Value) for item in items]
        parameters = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both, NodesToRead=wanted)
        try:
            values = await client.uaclient.read(parameters)
        except ua.UaStatusCodeError as error:
            if ua.StatusCode(error.code).name not in ("BadTooManyOperations", "BadResponseTooLarge") or self._most == 1:
                raise
            self._most = max(1, len(items) // 2)
            return items
        for item, data in zip(items, values, strict=True):
            self._take(item, data, item.last)
        return []


class _Handler:
    """What asyncua calls when something of a subscription changes."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def datachange_notification(self, node: Any, _value: object, data: DataChangeNotif) -> None:
        """A value."""
        if data.monitored_item.Value is not None:
            self._server.changed(node.nodeid, data.monitored_item.Value)

    def status_change_notification(self, change: ua.StatusChangeNotification) -> None:
        """The subscription itself: it only ever ends."""
        self._server._ended(f"the server ended the subscription ({words(change.Status)})")


@asynccontextmanager
async def in_words(target: Target) -> AsyncIterator[None]:
    """Turn what asyncua raises into errors of a source."""
    try:
        yield
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"{target.url} did not answer within {target.timeout_s:g} s") from None
    except ua.UaStatusCodeError as error:
        status = ua.StatusCode(error.code)
        kind = MisconfiguredError if status.name.startswith(_FOR_SOMEBODY) else SourceError
        raise kind(f"{target.url} refuses: {words(status).removeprefix('bad: ')}") from None
    except ua.UaError as error:
        raise MisconfiguredError(f"{target.url}: {error}") from None
    except OSError as error:
        raise ConnectionError(f"{target.url} cannot be reached: {words_of_error(error)}") from None


@asynccontextmanager
async def connected(target: Target, ended: Any = None) -> AsyncIterator[Client]:
    """A session with the server, closed at the end whatever happens. ``ended`` is told why, when it ends by itself."""
    client = Client(target.url, timeout=target.timeout_s, watchdog_intervall=target.timeout_s)
    client.name = client.description = "Campus Twin"
    client.application_uri = target.application_uri
    client.session_timeout = SESSION_MS
    if target.username:
        client.set_user(target.username)
        client.set_password(_revealed(target.password))

    async def lost(error: Exception) -> None:
        if ended is not None:
            said = words_of_error(error) if str(error) else f"no answer within {target.timeout_s:g} s"
            ended(f"{target.url}: the connection was lost ({said})")

    client.connection_lost_callback = lost
    try:
        async with in_words(target):
            await _secure(client, target)
            await client.connect()
        yield client
    finally:
        await _close(client)


async def _secure(client: Client, target: Target) -> None:
    if target.security == "none":
        return
    files = [name for name in (target.certificate, target.key, target.server_certificate) if name]
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise MisconfiguredError(f"there is no file {missing[0]}: correct the settings of this target")
    try:
        await client.set_security(
            getattr(security_policies, f"SecurityPolicy{target.security}"), target.certificate, target.key,
            _revealed(target.key_password) or None, target.server_certificate or None,
            ua.MessageSecurityMode[target.mode],
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise MisconfiguredError(f"the files {', '.join(files)} cannot be used: {error}") from None


def _revealed(secret: SecretRef | None) -> str:
    try:
        return secret.reveal() if secret else ""
    except SecretError as error:
        raise MisconfiguredError(str(error)) from None


async def _close(client: Client) -> None:
    """Say goodbye, without waiting long for a server that is gone; then drop the socket and the client's tasks."""
    session = client.uaclient.session
    transport = client.uaclient.protocol.transport if client.uaclient.protocol else None
    tasks = [client._supervisor_task, client._stale_watchdog_task, client._renew_channel_task, session._publish_task]
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_S):
            await client.disconnect()
    client.disconnect_socket()
    if transport is not None:
        transport.abort()
    await end(task for task in tasks if task is not None and not task.done())
    await asyncio.sleep(0)
