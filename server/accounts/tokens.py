"""Secrets that travel: session cookies, one-time links, tokens of displays and programs, and what proves a form ours.

Each is 32 random bytes as 43 characters. The database has only their SHA-256; a cookie carries a signature as well, so
that a forged one costs no look-up. Nothing here raises for what a browser sends: it is a token of ours, or None.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SIGNED = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})", re.ASCII)
_MAX_COOKIES = 16_384


def new_token() -> str:
    """32 random bytes, 43 characters that an address can hold."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What the database has of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_token(text: str) -> bool:
    """Whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def proof(key: bytes, purpose: str, text: str) -> str:
    """What only the holder of ``key`` can make of ``text`` for ``purpose``."""
    digest = hmac.new(key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def proves(keys: Sequence[bytes], purpose: str, text: str, given: str) -> bool:
    """Whether ``given`` is the proof by one of ``keys``; takes the same time however much of it is right."""
    told = given.encode("utf-8", "surrogatepass")
    right = [hmac.compare_digest(proof(key, purpose, text).encode(), told) for key in keys]
    return any(right)


def signed(key: bytes, token: str) -> str:
    """The value of a session cookie."""
    return f"{token}.{proof(key, 'session', token)}"


def unsigned(keys: Sequence[bytes], value: str) -> str | None:
    """The token of a session cookie that one of ``keys`` signed."""
    found = _SIGNED.fullmatch(value)
    if found is None or not proves(keys, "session", found[1], found[2]):
        return None
    return found[1]


def cookie(header: str, name: str) -> str | None:
    """The value of a cookie; None without it, and where there are two: somebody else may have set one of them."""
    if len(header) > _MAX_COOKIES:
        return None
    pairs = (part.partition("=") for part in header.split(";"))
    found = [value.strip() for key, _, value in pairs if key.strip() == name]
    return found[0] if len(found) == 1 else None


def bearer(header: str) -> str | None:
    """The token of an Authorization header; '' for one of another scheme, None without a header."""
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
