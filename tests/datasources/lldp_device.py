"""A switch as SNMP shows it, with its LLDP tables, for the agents of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.datasources.agents import V2C

REMOTE, LOCAL = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3"

Heard = tuple[str, str]
"""The other system's name and its port."""


def switch(name: str, ports: Mapping[str, Heard | None], ticks: int = 500_000) -> dict[str, Any]:
    """A device ``name``: its ports by name, each with whom it hears. Its chassis is made of its name's last byte."""
    rows: dict[str, Any] = {
        "1.3.6.1.2.1.1.1.0": V2C.OctetString(b"a switch"),
        "1.3.6.1.2.1.1.2.0": V2C.ObjectIdentifier("1.3.6.1.4.1.99999.1"),
        "1.3.6.1.2.1.1.3.0": V2C.TimeTicks(ticks),
        "1.3.6.1.2.1.1.5.0": V2C.OctetString(name.encode()),
        "1.3.6.1.2.1.1.6.0": V2C.OctetString(b""),
        "1.3.6.1.2.1.2.1.0": V2C.Integer(len(ports)),
        f"{LOCAL}.1.0": V2C.Integer(4),
        f"{LOCAL}.2.0": V2C.OctetString(chassis(name)),
    }
    for number, (port, heard) in enumerate(ports.items(), 1):
        rows[f"1.3.6.1.2.1.2.2.1.2.{number}"] = V2C.OctetString(port.encode())
        rows[f"1.3.6.1.2.1.31.1.1.1.1.{number}"] = V2C.OctetString(port.encode())
        rows[f"1.3.6.1.2.1.31.1.1.1.6.{number}"] = V2C.Counter64(1000)
        rows[f"{LOCAL}.7.1.2.{number}"] = V2C.Integer(5)
        rows[f"{LOCAL}.7.1.3.{number}"] = V2C.OctetString(port.encode())
        if heard is not None:
            other, there = heard
            columns = {4: V2C.Integer(4), 5: V2C.OctetString(chassis(other)), 6: V2C.Integer(5),
                       7: V2C.OctetString(there.encode()), 8: V2C.OctetString(b""),
                       9: V2C.OctetString(other.encode())}  # fmt: skip
            rows.update({f"{REMOTE}.{column}.0.{number}.1": value for column, value in columns.items()})
    return rows


def chassis(name: str) -> bytes:
    """A MAC address that stays with a name."""
    return b"\x02\x00\x00\x00" + sum(name.encode()).to_bytes(2, "big")
