"""OPC UA node ids, values, time stamps and status codes in our terms."""

from __future__ import annotations

import re
import struct
from datetime import datetime

from asyncua import ua
from asyncua.ua.ua_binary import nodeid_to_binary

from datasources.fieldbus import AddressError
from twin.reading import RawReading

Scalar = float | int | str | bool | None


_NODE_ID = re.compile(r"((ns=[0-9]{1,5}|nsu=[^;]{1,500});)?[isgb]=.{1,4096}", re.DOTALL)


def parse(text: str) -> ua.NodeId:
    """Read a node id (without its target). AddressError says what is wrong."""
    written = text.strip()
    try:
        if _NODE_ID.fullmatch(written) is None:
            raise ValueError(written)
        node = ua.NodeId.from_string(written)
        nodeid_to_binary(ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType))
    except (ua.UaError, ValueError, struct.error, TypeError, AttributeError, OverflowError):
        raise AddressError(
            f"'{text}' is no OPC UA node: write ns=2;s=name, ns=2;i=1234 or nsu=uri;s=name (also g= and b=)"
        ) from None
    return node


def resolved(node: ua.NodeId, namespaces: list[str]) -> ua.NodeId | None:
    """The node with the number that its namespace has in this server; None when it has no such namespace."""
    uri = node.NamespaceUri if isinstance(node, ua.ExpandedNodeId) else None
    if uri is None:
        return node
    if uri not in namespaces:
        return None
    return ua.NodeId(node.Identifier, namespaces.index(uri), node.NodeIdType)


def epoch(moment: datetime | None) -> float | None:
    """A time stamp [s since epoch]; None for none, and for 1601, which means none."""
    if moment is None or moment.year < 1970:
        return None
    return moment.timestamp()


def reading(address: str, data: ua.DataValue, received: float, newer_than: float | None = None) -> RawReading:
    """A value as the server gave it.

    The device's time is the source's time stamp; where that does not move on (``newer_than``: the last one), because
    the value did not change, it is the moment at which the server vouched for it, else that of its answer.
    """
    stamps = (epoch(data.SourceTimestamp), epoch(data.ServerTimestamp))
    if newer_than is None:
        time = next((stamp for stamp in stamps if stamp is not None), None)
    else:
        time = next((stamp for stamp in stamps if stamp is not None and stamp > newer_than), None)
    value, known = scalar(data.Value.Value if data.Value is not None else None)
    bad, remark = verdict(data.StatusCode)
    return RawReading(address, value, received, time, bad=bad or ("" if known else "not a single value"), remark=remark)


def scalar(value: object) -> tuple[Scalar, bool]:
    """A value as a number, text or bool, and whether it is one."""
    if value is None or isinstance(value, bool | int | float | str):
        return (int(value) if isinstance(value, int) and not isinstance(value, bool) else value), True
    if isinstance(value, ua.LocalizedText):
        return value.Text or "", True
    if isinstance(value, datetime):
        return value.isoformat(), True
    return None, False


def verdict(status: ua.StatusCode | None) -> tuple[str, str]:
    """What a status code means: (bad, remark), each '' for nothing."""
    if status is None:
        return "", ""
    if status.is_good():
        return "", "overridden at the server" if status.name == "GoodLocalOverride" else ""
    said = words(status)
    return ("", said) if status.is_uncertain() else (said, "")


def words(status: ua.StatusCode) -> str:
    """A status code in words: BadSensorFailure -> 'bad: sensor failure'."""
    name = status.name
    kind = "uncertain" if status.is_uncertain() else "bad"
    detail = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"^(Bad|Uncertain|Good)", "", name)).lower().strip()
    if not detail and status.value & 0x0FFF0000:
        detail = f"status 0x{status.value:08X}"
    return f"{kind}: {detail}" if detail else kind
