"""Our own BACnet/IP station: one UDP socket for all devices; requests with a time limit each; notifications handed on.

bacpypes3 does the encoding, segmentation and routing. Its retries are off: each device has its own patience, kept here.
Values are decoded by their tags alone, so that vendors' own objects and properties can be read as well.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    ConfirmedCOVNotificationRequest,
    ErrorRejectAbortNack,
    IAmRequest,
    ReadPropertyMultipleRequest,
    ReadPropertyRequest,
    RejectPDU,
    SimpleAckPDU,
    SubscribeCOVRequest,
    UnconfirmedCOVNotificationRequest,
    WhoIsRequest,
)
from bacpypes3.app import Application
from bacpypes3.appservice import ABORTED
from bacpypes3.basetypes import PropertyReference, ReadAccessSpecification, Segmentation
from bacpypes3.constructeddata import SequenceOf
from bacpypes3.errors import ServicesError
from bacpypes3.ipv4.link import NormalLinkLayer
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import Address, IPv4Address, RemoteStation
from bacpypes3.primitivedata import ObjectIdentifier, ObjectType, PropertyIdentifier, Tag, TagClass, TagList
from bacpypes3.settings import settings as stack_settings

from datasources.bacnet_address import PRESENT_VALUE, STATUS_FLAGS, Place
from datasources.contract import SourceError

logging.getLogger("bacpypes3").setLevel(logging.CRITICAL)  # it logs every datagram that it cannot read, with a trace
stack_settings.route_aware = True  # a device behind a router is reached through the router's address, without broadcast

NEVER_MS = 600_000
MAX_APDU_BYTES = 1476
VENDOR_WITHOUT_NUMBER = 0
Plain = float | int | bool | str | None | tuple[Any, ...]
Notified = Callable[[int, int, Plain, "tuple[int, ...] | None"], None]


class RefusedError(Exception):
    """The device answered that it will not. ``kind`` is error, reject or abort, ``code`` the standard's name of why."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(code.replace("-", " "))
        self.kind = kind
        self.code = code


@dataclass(frozen=True, slots=True)
class Peer:
    """A device's address and how patient to be with it: ``timeout_s`` [s] an answer, ``retries`` more tries."""

    address: Address
    where: str
    timeout_s: float
    retries: int


def peer_address(host: str, port: int, network: int | None, mac: str) -> Address:
    """Where a device is: itself, or its number ``mac`` on ``network`` behind the router at ``host``."""
    direct = IPv4Address((host, port))
    if network is None:
        return direct
    station = bytes.fromhex(mac[2:]) if mac.lower().startswith("0x") else int(mac)
    return RemoteStation(network, station, route=direct)


class Station(Application):  # type: ignore[misc]
    """The station. Others may ask who it is; nobody may change anything in it."""

    do_WritePropertyRequest = None  # noqa: N815 - the stack looks handlers up by these names
    do_WritePropertyMultipleRequest = None  # noqa: N815
    do_SubscribeCOVRequest = None  # noqa: N815
    do_ReadRangeRequest = None  # noqa: N815
    do_WhoHasRequest = None  # noqa: N815

    link: NormalLinkLayer
    _subscribers: dict[int, Notified]
    _asked: dict[Address, list[asyncio.Future[IAmRequest]]]
    _next_process: int

    @classmethod
    async def open(cls, host: str, port: int, instance: int) -> Station:
        """Listen on ``host`` (0.0.0.0: everywhere) and ``port`` (0: any free one). SourceError when it is taken."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            raise SourceError(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another 'listen_port', 0 for any free one"
            ) from None
        station: Station = cls.from_object_list([_ourselves(instance)])
        station._subscribers = {}
        station._asked = {}
        station._next_process = random.randrange(1, 2**22)  # noqa: S311 - only unlike that of our last run
        local = IPv4Address(sock.getsockname())
        station.link = NormalLinkLayer(local, bind_socket=sock)
        station.nsap.bind(station.link, address=local)
        await station.link.server._local_transport_ready.wait()
        return station

    async def shut(self) -> None:
        """Forget what is under way, close the socket, and wait until it is gone."""
        for transaction in [*self.asap.clientTransactions, *self.asap.serverTransactions]:
            transaction.set_state(ABORTED)
        self.link.close()
        for _ in range(3):
            await asyncio.sleep(0)

    # -- requests ---------------------------------------------------------------------------------------------------

    async def who_is_at(self, peer: Peer, wait_s: float) -> IAmRequest | None:
        """Ask the device alone who it is; None when it does not say within ``wait_s`` [s]."""
        answer: asyncio.Future[IAmRequest] = asyncio.get_running_loop().create_future()
        waiting = self._asked.setdefault(peer.address, [])
        waiting.append(answer)
        try:
            self.request(WhoIsRequest(destination=peer.address))
            await asyncio.wait({answer}, timeout=wait_s)
            return answer.result() if answer.done() else None
        finally:
            waiting.remove(answer)
            if not waiting:
                self._asked.pop(peer.address, None)

    async def read(self, peer: Peer, place: Place) -> list[Plain]:
        """ReadProperty: the values, one for a scalar. RefusedError, TimeoutError."""
        return plain((await self.read_raw(peer, place)).propertyValue)

    async def read_raw(self, peer: Peer, place: Place) -> Any:
        """ReadProperty, not decoded."""

        def request() -> ReadPropertyRequest:
            asked = ReadPropertyRequest(
                objectIdentifier=_object(place),
                propertyIdentifier=PropertyIdentifier(place.prop),
                destination=peer.address,
            )
            if place.index is not None:
                asked.propertyArrayIndex = place.index
            return asked

        return await self._ask(peer, request, "propertyValue")

    async def read_many(self, peer: Peer, places: Sequence[Place]) -> dict[Place, list[Plain] | RefusedError]:
        """ReadPropertyMultiple: values, or why not, by place."""

        def request() -> ReadPropertyMultipleRequest:
            return ReadPropertyMultipleRequest(
                listOfReadAccessSpecs=SequenceOf(ReadAccessSpecification)(_specifications(places)),
                destination=peer.address,
            )

        answer = await self._ask(peer, request, "listOfReadAccessResults")
        found: dict[Place, list[Plain] | RefusedError] = {}
        for result in answer.listOfReadAccessResults:
            kind, instance = result.objectIdentifier
            for element in result.listOfResults:
                index = element.propertyArrayIndex
                place = Place(
                    int(kind), instance, int(element.propertyIdentifier), None if index is None else int(index)
                )
                failure = element.readResult.propertyAccessError
                if failure is not None:
                    found[place] = RefusedError("error", str(failure.errorCode))
                else:
                    found[place] = plain(element.readResult.propertyValue)
        return found

    async def subscribe(self, peer: Peer, process: int, place: Place, confirmed: bool, lifetime_s: int) -> None:
        """Ask the device to tell changes of an object's value for ``lifetime_s`` [s]. Again is to renew."""

        def request() -> SubscribeCOVRequest:
            return SubscribeCOVRequest(
                subscriberProcessIdentifier=process,
                monitoredObjectIdentifier=_object(place),
                issueConfirmedNotifications=confirmed,
                lifetime=lifetime_s,
                destination=peer.address,
            )

        await self._ask(peer, request)

    async def unsubscribe(self, peer: Peer, process: int, place: Place) -> None:
        """Take a subscription back."""

        def request() -> SubscribeCOVRequest:
            return SubscribeCOVRequest(
                subscriberProcessIdentifier=process, monitoredObjectIdentifier=_object(place), destination=peer.address
            )

        await self._ask(peer, request)

    async def _ask(self, peer: Peer, request: Callable[[], Any], expected: str = "") -> Any:
        for _ in range(peer.retries + 1):
            apdu = request()
            answer = self.request(apdu)
            try:
                done, _ = await asyncio.wait({answer}, timeout=peer.timeout_s)
                if done:
                    return _accepted(answer, expected)
            finally:
                if not answer.done():
                    answer.cancel()
                    self._forget(apdu)
        raise TimeoutError(f"{peer.where} did not answer within {peer.timeout_s:g} s")

    def _forget(self, apdu: Any) -> None:
        """End the transaction of a request that nobody waits for any more."""
        for transaction in list(self.asap.clientTransactions):
            if transaction.invokeID == apdu.apduInvokeID and transaction.pdu_address == apdu.pduDestination:
                transaction.set_state(ABORTED)

    # -- what comes unasked -----------------------------------------------------------------------------------------

    def add_subscriber(self, notified: Notified) -> int:
        """A process number whose notifications go to ``notified`` (object type, instance, value, status flags)."""
        process = self._next_process
        self._next_process += 1
        self._subscribers[process] = notified
        return process

    def remove_subscriber(self, process: int) -> None:
        """Hand nothing on any more."""
        self._subscribers.pop(process, None)

    async def do_IAmRequest(self, apdu: IAmRequest) -> None:  # noqa: N802
        """Somebody says who it is: only those that were asked matter."""
        for answer in self._asked.get(apdu.pduSource, ()):
            if not answer.done():
                answer.set_result(apdu)

    async def do_ConfirmedCOVNotificationRequest(self, apdu: ConfirmedCOVNotificationRequest) -> None:  # noqa: N802
        """A change; the device wants to know that it came. One that nobody asked for is refused: the device stops."""
        if not self._notify(apdu):
            raise ServicesError(errorCode="unknownSubscription")
        await self.response(SimpleAckPDU(context=apdu))

    async def do_UnconfirmedCOVNotificationRequest(self, apdu: UnconfirmedCOVNotificationRequest) -> None:  # noqa: N802
        """A change, told once."""
        self._notify(apdu)

    def _notify(self, apdu: Any) -> bool:
        notified = self._subscribers.get(int(apdu.subscriberProcessIdentifier))
        if notified is None:
            return False
        values = {int(row.propertyIdentifier): plain(row.value) for row in apdu.listOfValues}
        value, flags = values.get(PRESENT_VALUE), values.get(STATUS_FLAGS)
        if value:
            kind, instance = apdu.monitoredObjectIdentifier
            bits = flags[0] if flags and isinstance(flags[0], tuple) else None
            notified(int(kind), instance, value[0], bits)
        return True


def _ourselves(instance: int) -> DeviceObject:
    return DeviceObject(
        objectIdentifier=f"device,{instance}", objectName=f"campus-twin-{instance}", vendorName="Campus Twin",
        vendorIdentifier=VENDOR_WITHOUT_NUMBER, modelName="Campus Twin", maxApduLengthAccepted=MAX_APDU_BYTES,
        segmentationSupported=Segmentation.segmentedBoth, maxSegmentsAccepted=64,
        apduTimeout=NEVER_MS, numberOfApduRetries=0,
    )  # fmt: skip


def _object(place: Place) -> ObjectIdentifier:
    return ObjectIdentifier((ObjectType(place.type), place.instance))


def _specifications(places: Sequence[Place]) -> list[ReadAccessSpecification]:
    by_object: dict[tuple[int, int], list[Place]] = {}
    for place in places:
        by_object.setdefault((place.type, place.instance), []).append(place)
    rows = []
    for group in by_object.values():
        references = []
        for place in group:
            reference = PropertyReference(propertyIdentifier=PropertyIdentifier(place.prop))
            if place.index is not None:
                reference.propertyArrayIndex = place.index
            references.append(reference)
        rows.append(ReadAccessSpecification(objectIdentifier=_object(group[0]), listOfPropertyReferences=references))
    return rows


def _accepted(answer: asyncio.Future[Any], expected: str) -> Any:
    """The answer, if it is one to what was asked. The stack's refusals are no Exceptions: they end here."""
    try:
        apdu = answer.result()
    except ErrorRejectAbortNack as nack:
        if isinstance(nack, RejectPDU | AbortPDU):
            kind = "reject" if isinstance(nack, RejectPDU) else "abort"
            raise RefusedError(kind, str(nack.apduAbortRejectReason)) from None
        raise RefusedError("error", str(getattr(nack, "errorCode", "error"))) from None
    if expected and getattr(apdu, expected, None) is None:
        raise RefusedError("error", "inconsistent-answer")
    return apdu


def plain(value: Any) -> list[Plain]:
    """The values in an ABSTRACT-SYNTAX field, by their application tags. RefusedError when there are others."""
    tags = [tag for tag in value.tagList if tag.tag_class not in (TagClass.opening, TagClass.closing)]
    try:
        return [_plain(tag) for tag in tags]
    except (ValueError, TypeError, IndexError, AttributeError, UnicodeDecodeError):
        raise RefusedError("error", "datatype-not-supported") from None


def _plain(tag: Tag) -> Plain:
    if tag.tag_class != TagClass.application:
        raise ValueError("not a primitive value")
    decoded = Tag._app_tag_class[tag.tag_number].decode(TagList([tag]))
    number = int(tag.tag_number)
    if number == 0:
        return None
    if number == 1:
        return bool(decoded)
    if number in (2, 3, 9):
        return int(decoded)
    if number in (4, 5):
        return float(decoded)
    if number in (8, 12):
        return tuple(int(part) for part in decoded)
    return str(decoded)
