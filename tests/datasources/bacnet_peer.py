"""A BACnet/IP device for the tests (bacpypes3), as a process; it prints every request that it gets.

SPEC: ``{"device": 1001, "objects": [{"type": "analog-input", "instance": 5, "name": "AI5", "value": 21.5, ...}],
"refuse": ["cov", "rpm", "who-is", "wildcard"], "small": 3, "restarted": 1700000000, "network": 2001}``. ``refuse``
names services that it does not have; ``small`` how many objects fit into an answer; with ``network`` the device is
station 12 of that network, behind a router at the port. Orders: ``{"object": "analog-input,5", "set": {...}}``, and
``{"spec": {"refuse": [...]}}``, which also forgets all subscriptions.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

from bacpypes3.apdu import AbortPDU, ReadPropertyMultipleRequest, ReadPropertyRequest, SubscribeCOVRequest, WhoIsRequest
from bacpypes3.app import Application
from bacpypes3.basetypes import DateTime, StatusFlags, TimeStamp
from bacpypes3.errors import ExecutionError, UnrecognizedService
from bacpypes3.ipv4.app import NormalApplication  # noqa: F401 - registers the local objects
from bacpypes3.ipv4.link import NormalLinkLayer
from bacpypes3.json.util import json_to_sequence
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject, AnalogValueObject
from bacpypes3.local.binary import BinaryInputObject, BinaryValueObject
from bacpypes3.local.cov import GenericCriteria
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.multistate import MultiStateInputObject, MultiStateValueObject
from bacpypes3.object import AccumulatorObject, FileObject
from bacpypes3.pdu import IPv4Address, LocalStation
from bacpypes3.primitivedata import ObjectIdentifier
from bacpypes3.vlan import VirtualNetwork
from bacpypes3.vlan.link import VirtualLinkLayer

from tests.datasources.peers import orders, say


class Sensor(AnalogInputObject):  # type: ignore[misc]
    """An analog input whose flags are what the test says; bacpypes3 works them out and knows no 'overridden'."""

    _flags = (0, 0, 0, 0)

    @property
    def statusFlags(self) -> StatusFlags:
        return StatusFlags(list(self._flags))

    @statusFlags.setter
    def statusFlags(self, flags: Any) -> None:
        self._flags = tuple(flags or (0, 0, 0, 0))


KINDS = {
    "analog-input": Sensor, "analog-output": AnalogOutputObject, "analog-value": AnalogValueObject,
    "binary-input": BinaryInputObject, "binary-value": BinaryValueObject, "multi-state-input": MultiStateInputObject,
    "multi-state-value": MultiStateValueObject, "accumulator": AccumulatorObject, "file": FileObject,
}  # fmt: skip
for multi_state in (MultiStateInputObject, MultiStateValueObject):
    multi_state._cov_criteria = GenericCriteria  # they have no COV increment


class Device(Application):  # type: ignore[misc]
    """Prints, refuses, and else does what bacpypes3 does."""

    spec: dict[str, Any]

    def _refuses(self, what: str) -> bool:
        return what in self.spec.get("refuse", [])

    async def do_WhoIsRequest(self, apdu: WhoIsRequest) -> None:
        say("WHOIS")
        if not self._refuses("who-is"):
            await super().do_WhoIsRequest(apdu)

    async def do_ReadPropertyRequest(self, apdu: ReadPropertyRequest) -> None:
        say(f"RP {apdu.objectIdentifier} {apdu.propertyIdentifier}")
        if apdu.objectIdentifier == ObjectIdentifier("device,4194303") and not self._refuses("wildcard"):
            apdu.objectIdentifier = self.device_object.objectIdentifier  # the stack's own test for it never holds
        if self.spec.get("small") and str(apdu.propertyIdentifier) == "object-list" and apdu.propertyArrayIndex is None:
            await self.response(AbortPDU(srv=True, reason="segmentation-not-supported", context=apdu))
            return
        await super().do_ReadPropertyRequest(apdu)

    async def do_ReadPropertyMultipleRequest(self, apdu: ReadPropertyMultipleRequest) -> None:
        count = len(apdu.listOfReadAccessSpecs)
        say(f"RPM {count}")
        if self._refuses("rpm"):
            raise UnrecognizedService()
        if count > self.spec.get("small", count):
            await self.response(AbortPDU(srv=True, reason="buffer-overflow", context=apdu))
            return
        if self.spec.get("strict") and any(
            not self.get_object_id(s.objectIdentifier) for s in apdu.listOfReadAccessSpecs
        ):
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        await super().do_ReadPropertyMultipleRequest(apdu)

    async def do_SubscribeCOVRequest(self, apdu: SubscribeCOVRequest) -> None:
        if apdu.lifetime is None:
            say(f"CANCEL {apdu.monitoredObjectIdentifier}")
        else:
            say(f"SUBSCRIBE {apdu.monitoredObjectIdentifier} {apdu.issueConfirmedNotifications} {apdu.lifetime}")
        if self._refuses("cov"):
            raise UnrecognizedService()
        if self.spec.get("slots") is not None and len(self._cov_detections) >= self.spec["slots"]:
            raise ExecutionError(errorClass="resources", errorCode="noSpaceToAddListElement")
        await super().do_SubscribeCOVRequest(apdu)

    def cov_notification(self, cov: Any, apdu: Any) -> None:
        say(f"NOTIFY {apdu.monitoredObjectIdentifier}")
        super().cov_notification(cov, apdu)


def build(row: dict[str, Any]) -> Any:
    row = dict(row)
    kind, instance = row.pop("type"), row.pop("instance")
    name = row.pop("name", f"{kind} {instance}")
    content = {"object-identifier": f"{kind},{instance}", "object-name": name, "object-type": kind, **row}
    if kind != "file":
        content = {"status-flags": [0, 0, 0, 0], "event-state": "normal", "out-of-service": False, **content}
    return json_to_sequence(content, KINDS[kind])


def device_object(spec: dict[str, Any]) -> DeviceObject:
    more = {}
    if "restarted" in spec:
        when = datetime.fromtimestamp(spec["restarted"], UTC)
        stamp = DateTime(
            date=(when.year - 1900, when.month, when.day, 255), time=(when.hour, when.minute, when.second, 0)
        )
        more["timeOfDeviceRestart"] = TimeStamp(dateTime=stamp)
    return DeviceObject(
        objectIdentifier=f"device,{spec['device']}", objectName=f"device {spec['device']}", vendorName="ACME",
        vendorIdentifier=999, location="plant room", maxApduLengthAccepted=spec.get("max_apdu", 1476), **more,
    )  # fmt: skip


async def router(address: IPv4Address, network: int) -> None:
    """A BACnet router: the network at ``address``, and a virtual one."""
    VirtualNetwork("lan")
    app = Application.from_object_list(
        [DeviceObject(objectIdentifier="device,9999", objectName="router", vendorIdentifier=999)]
    )
    link = NormalLinkLayer(address)
    app.nsap.bind(link, net=1, address=address)
    app.nsap.bind(VirtualLinkLayer(LocalStation(1), "lan"), net=network)
    await link.server._local_transport_ready.wait()


async def main(port: int, spec: dict[str, Any]) -> None:
    address = IPv4Address(("127.0.0.1", port))
    objects = [device_object(spec), *(build(row) for row in spec["objects"])]
    if spec.get("network"):
        await router(address, spec["network"])
    Device.spec = spec
    app = Device.from_object_list(objects)
    if spec.get("network"):
        app.nsap.bind(VirtualLinkLayer(LocalStation(12), "lan"), address=LocalStation(12))
    else:
        link = NormalLinkLayer(address)
        app.nsap.bind(link, address=address)
        await link.server._local_transport_ready.wait()
    say("ready")
    async for order in orders():
        if "spec" in order:
            Device.spec = {**spec, **order["spec"]}
            for detection in list(app._cov_detections.values()):
                for subscription in list(detection.cov_subscriptions):
                    app.cancel_subscription(subscription)
        else:
            target = app.get_object_id(ObjectIdentifier(order["object"]))
            for name, value in order["set"].items():
                setattr(target, name, value)
        say("DONE")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2])))
