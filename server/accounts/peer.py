"""Where a request comes from: the peer of the connection, and what a proxy on this machine or a named one says."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class Peer:
    """``peer`` is the other end of the connection, ``address`` whoever asked it, ``secure`` whether by https."""

    peer: str
    address: str
    secure: bool


def peer_of(scope: Scope, headers: Headers, is_proxy: Callable[[str], bool]) -> Peer:
    """Where the request of ``scope`` comes from; a proxy is believed, anybody else is not."""
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    secure = scope.get("scheme") in ("https", "wss")
    if not (is_proxy(peer) or _loopback(peer)):
        return Peer(peer, peer, secure)
    address = peer
    # from the right: what proxies that we believe have added; the rest anybody can have written
    for part in reversed(headers.get("x-forwarded-for", "").split(",")):
        told = part.strip()
        if not _is_address(told):
            break
        address = told
        if not (is_proxy(told) or _loopback(told)):
            break
    proto = headers.get("x-forwarded-proto", "").strip().lower()
    return Peer(peer, address, proto == "https" if proto else secure)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _loopback(text: str) -> bool:
    return _is_address(text) and ipaddress.ip_address(text).is_loopback
