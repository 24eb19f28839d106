"""What is asked of an OpenID Connect provider: its description, its keys, a token for a code; whether that is true."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from server.accounts.accounts import highest
from twin.config_accounts import OidcEntry
from twin.secret import SecretError

TIMEOUT_S = 5.0
KEPT_S = 3600.0
LARGEST = 512 * 1024
LEEWAY_S = 60
SAFE = ("https://", "http://127.0.0.1", "http://localhost")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures with two keys: one with a shared secret could be made by whoever reads the configuration."""


class ProviderError(Exception):
    """The provider did not do its part. ``key`` names the text for the reader, the message is the reason in it."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


class Peer:
    """The provider of a campus."""

    def __init__(self, entry: OidcEntry, redirect: str) -> None:
        self.entry = entry
        self._redirect = redirect
        self._metadata: dict[str, Any] = {}
        self._read = -KEPT_S

    def address(self, metadata: Mapping[str, Any], state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to sign in."""
        challenge = create_s256_code_challenge(verifier)
        return str(
            prepare_grant_uri(
                str(metadata["authorization_endpoint"]), client_id=self.entry.client_id, response_type="code",
                redirect_uri=self._redirect, scope=self.entry.scope, state=state, nonce=nonce,
                code_challenge=challenge, code_challenge_method="S256",
            )
        )  # fmt: skip

    async def metadata(self) -> dict[str, Any]:
        """The provider's description of itself, read again every hour."""
        if time.monotonic() - self._read > KEPT_S:
            found = await self._json("GET", f"{self.entry.issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.entry.issuer:
                raise ProviderError("provider.down", f"it calls itself {str(found.get('issuer'))[:100]!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not str(found.get(name, "")).startswith(SAFE):
                    raise ProviderError("provider.down", f"its description has no good {name}")
            self._metadata, self._read = found, time.monotonic()
        return self._metadata

    def leave(self, metadata: Mapping[str, Any], back: str, hint: str) -> str:
        """Where the browser is sent to sign out there, too (RP-initiated logout); '' where the provider offers none.

        ``back`` is where it sends people afterwards, ``hint`` the token of the sign-in ('' = not known any more: the
        provider may ask then).
        """
        there = str(metadata.get("end_session_endpoint") or "")
        if not self.entry.sign_out or not there.startswith(SAFE):
            return ""
        told = {"client_id": self.entry.client_id, "post_logout_redirect_uri": back, "state": "out"}
        return str(httpx.URL(there).copy_merge_params(told | ({"id_token_hint": hint} if hint else {})))

    async def claims(self, code: str, verifier: str, nonce: str) -> tuple[dict[str, Any], str]:
        """Who has signed in there, for the code that the browser brought; and the token that says so."""
        metadata = await self.metadata()
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect,
                "code_verifier": verifier}  # fmt: skip
        told = await self._json("POST", str(metadata["token_endpoint"]), body, metadata)
        keys = await self._json("GET", str(metadata["jwks_uri"]))
        supported = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in supported if name in ALGORITHMS]
        try:
            registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
            token = jwt.decode(str(told.get("id_token", "")), KeySet.import_key_set(keys), registry=registry)  # type: ignore[arg-type]
            params = {"nonce": nonce, "client_id": self.entry.client_id, "access_token": told.get("access_token")}
            options = {"iss": {"essential": True, "values": [metadata["issuer"]]},
                       "aud": {"essential": True, "values": [self.entry.client_id]}}  # fmt: skip
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise ProviderError("provider.refused", f"the token is not right: {_words(error)}") from None
        found = dict(claims)
        if self.entry.role_claim not in found or self.entry.name_claim not in found:
            found = await self._more(metadata, str(told.get("access_token", "")), found)
        return found, str(told["id_token"])

    async def _more(self, metadata: Mapping[str, Any], access: str, found: dict[str, Any]) -> dict[str, Any]:
        """Claims that are told at the endpoint for them only, of the same subject."""
        if not access or "userinfo_endpoint" not in metadata:
            return found
        more = await self._json("GET", str(metadata["userinfo_endpoint"]), access=access)
        if more.get("sub") != found.get("sub"):
            raise ProviderError("provider.refused", "its two answers are of two people")
        return {**more, **found}

    async def _json(
        self, method: str, url: str, body: dict[str, str] | None = None, metadata: Mapping[str, Any] | None = None,
        access: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """One answer of the provider as an object; ProviderError says why there is none."""
        headers = {"Accept": "application/json"}
        if access:
            headers["Authorization"] = f"Bearer {access}"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = str(httpx.QueryParams(body))
            url, headers, content = self._proved(url, headers, content, metadata or {})
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
                answer = await client.request(method, url, headers=headers, content=content)
            if len(answer.content) > LARGEST:
                raise ProviderError("provider.down", "its answer is too large")
            found = answer.json()
        except httpx.HTTPError as error:
            raise ProviderError("provider.down", _words(error)) from None
        except ValueError:
            raise ProviderError("provider.down", f"it answered {answer.status_code} without JSON") from None
        if not isinstance(found, dict):
            raise ProviderError("provider.down", "its answer is no JSON object")
        if answer.status_code >= 400:
            why = found.get("error_description") or found.get("error") or answer.status_code
            raise ProviderError("provider.refused", str(why)[:200])
        return found

    def _proved(
        self, url: str, headers: dict[str, str], content: str, metadata: Mapping[str, Any]
    ) -> tuple[str, dict[str, str], str]:
        """The request for a token with the proof that we are the client: in a header, or in the form."""
        try:
            secret = self.entry.client_secret.reveal() if self.entry.client_secret else ""
        except SecretError as error:
            raise ProviderError("provider.refused", str(error)) from None
        takes = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "none"
        if secret:
            method = "client_secret_basic" if "client_secret_basic" in takes else "client_secret_post"
        auth = ClientAuth(self.entry.client_id, secret, method)
        found = auth.prepare("POST", url, headers, content)
        return str(found[0]), dict(found[1]), str(found[2])


def _words(error: Exception) -> str:
    text = str(getattr(error, "description", "") or error or type(error).__name__)
    return f"{type(error).__name__}: {text}"[:200]


def role_of(entry: OidcEntry, claims: Mapping[str, Any]) -> str | None:
    """The role of somebody with these claims; None for nobody of ours. ``role_claim`` may be a path, as in
    ``realm_access.roles``.
    """
    found: Any = claims.get(entry.role_claim)
    if found is None:
        found = claims
        for part in entry.role_claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    told = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return (
        highest([entry.roles[name] for name in told if isinstance(name, str) and name in entry.roles]) or entry.default
    )


def name_of(entry: OidcEntry, claims: Mapping[str, Any]) -> str:
    """How somebody with these claims is called here."""
    for key in (entry.name_claim, "name", "email", "sub"):
        text = " ".join(str(claims.get(key) or "").split())
        if text and text.isprintable():
            return text[:64]
    return "?"
