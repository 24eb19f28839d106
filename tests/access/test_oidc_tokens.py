"""Tokens that are not right: for somebody else, over, of another key or issuer, or of no signature at all."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from server.accounts.oidc_provider import Peer, ProviderError, name_of, role_of
from twin.config_accounts import OidcEntry

KEY, FOREIGN = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
NONCE = "n" * 43


def claims(issuer: str, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer, "aud": "twin", "sub": "1", "exp": now + 300, "iat": now, "nonce": NONCE,
            "preferred_username": "li", "roles": ["noc"], **more}  # fmt: skip


class Fake(Peer):
    """A provider whose answers the test writes."""

    def __init__(self, issuer: str, token: str) -> None:
        entry = OidcEntry.model_validate({"issuer": issuer, "client_id": "twin", "roles": {"noc": "operator"}})
        super().__init__(entry, "http://127.0.0.1/oidc/callback")
        self.token = token
        self.supported = ["RS256", "none", "HS256"]

    async def _json(self, method: str, url: str, *args: Any, **more: Any) -> dict[str, Any]:
        if url.endswith("/openid-configuration"):
            at = self.entry.issuer
            return {"issuer": at, "authorization_endpoint": f"{at}/auth", "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/jwks", "id_token_signing_alg_values_supported": self.supported}  # fmt: skip
        if url.endswith("/jwks"):
            return {"keys": [KEY.as_dict(private=False, kid="k")]}
        return {"id_token": self.token, "access_token": "at", "token_type": "Bearer"}


ISSUER = "http://127.0.0.1:4444"


def signed(key: Any = KEY, header: dict[str, Any] | None = None, **more: Any) -> str:
    made = {"alg": "RS256", "kid": "k", **(header or {})}
    return jwt.encode(made, claims(ISSUER, **more), key, algorithms=[made["alg"]])


def with_public_key() -> str:
    """As if our public key were a secret of both: what a careless check of the algorithm takes."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims(ISSUER))]
    sign = hmac.new(KEY.as_pem(private=False), b".".join(parts), sha256).digest()
    return b".".join([*parts, urlsafe_b64encode(sign).rstrip(b"=")]).decode()


def taken(token: str) -> dict[str, Any]:
    found, kept = asyncio.run(Fake(ISSUER, token).claims("code", "verifier", NONCE))
    assert kept == token
    return found


def test_a_right_one_is_taken() -> None:
    found = taken(signed())
    assert (found["preferred_username"], found["sub"]) == ("li", "1")
    assert taken(signed(aud=["other", "twin"], azp="twin"))["sub"] == "1"


@pytest.mark.parametrize(
    ("what", "token"),
    [
        ("for somebody else", lambda: signed(aud="another-client")),
        ("for several, of another", lambda: signed(aud=["twin", "other"], azp="other")),
        ("over", lambda: signed(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200)),
        ("of tomorrow", lambda: signed(iat=int(time.time()) + 86_400)),
        ("of another issuer", lambda: signed(iss="http://127.0.0.1:5555")),
        ("of another sign-in", lambda: signed(nonce="m" * 43)),
        ("without a nonce", lambda: signed(nonce=None)),
        ("of a foreign key", lambda: signed(FOREIGN)),
        ("signed with what everybody has", lambda: with_public_key()),
        ("without a signature", lambda: signed().rpartition(".")[0] + "."),
        ("unsigned", lambda: "eyJhbGciOiJub25lIn0." + signed().split(".")[1] + "."),
        ("changed", lambda: signed()[:-6] + "AAAAAA"),
        ("none", lambda: ""),
        ("no token", lambda: "a.b.c"),
        ("without an end", lambda: signed(exp=None)),
        ("of nobody", lambda: signed(sub=None)),
    ],
)  # fmt: skip
def test_others_are_refused(what: str, token: Any) -> None:
    with pytest.raises(ProviderError) as told:
        taken(token())
    assert told.value.key == "provider.refused", what


def test_roles_by_path_list_and_word() -> None:
    entry = OidcEntry.model_validate(
        {"issuer": ISSUER, "client_id": "x", "roles": {"a": "viewer", "b": "planner"}, "role_claim": "realm.roles"}
    )
    for told, role in (({"realm": {"roles": ["a", "b"]}}, "planner"), ({"realm": {"roles": "a"}}, "viewer"),
                       ({"realm.roles": ["b"]}, "planner"), ({"realm": ["b"]}, None), ({"realm": {"roles": [1]}}, None),
                       ({}, None), ({"realm": {"roles": {"b": 1}}}, None)):  # fmt: skip
        assert role_of(entry, told) == role, told
    assert name_of(entry, {"sub": "7", "name": " Li \n Lei "}) == "Li Lei"
    assert name_of(entry, {"sub": "7", "name": "\u202eil"}) == "7"
