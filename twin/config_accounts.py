"""``accounts`` of campus.yaml: who may sign in, and how."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from twin.secret import SecretRef

StaffRole = Literal["viewer", "operator", "planner", "admin"]


def _address(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no address: write 127.0.0.1, ::1 or a network as 10.0.0.0/24") from None
    return text


def _header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", text, re.ASCII):
        raise ValueError(f"'{text}' is no name of a header: write it as X-Remote-User")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise ValueError(f"'{text}' is no address: write it as https://twin.example.edu")
    if parts.scheme != "https" and not loopback:
        raise ValueError(f"'{text}' must begin with https://: passwords and tokens pass through it")
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
HeaderName = Annotated[str, AfterValidator(_header)]
Roles = dict[str, StaffRole]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionEntry(_Strict):
    """How long a sign-in lasts [h]: without being used, and at most."""

    idle_h: Annotated[float, Field(gt=0, le=24 * 90)] = 12.0
    longest_h: Annotated[float, Field(gt=0, le=24 * 365)] = 24.0 * 7


class OidcEntry(_Strict):
    """An OpenID Connect provider. ``roles``: value of the claim ``role_claim`` -> role; the highest that fits counts,
    ``default`` where none does (without one such people are not let in). ``sign_out``: who signs out here is signed out
    there, too.
    """

    issuer: Url
    client_id: Annotated[str, Field(min_length=1, max_length=400)]
    client_secret: SecretRef | None = None
    scope: str = "openid profile email"
    name_claim: Annotated[str, Field(min_length=1)] = "preferred_username"
    role_claim: Annotated[str, Field(min_length=1)] = "roles"
    roles: Roles = Field(default_factory=dict)
    default: StaffRole | None = None
    label: dict[str, str] = Field(default_factory=dict)
    sign_out: bool = True

    @field_validator("scope")
    @classmethod
    def _openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("scope must have the word openid")
        return value


class ProxyEntry(_Strict):
    """A reverse proxy that signs people in and says who they are in headers. Believed only ``from`` these addresses;
    ``role`` names a header with a role or what ``roles`` maps to one, ``default`` is without it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    addresses: Annotated[list[Annotated[str, AfterValidator(_address)]], Field(min_length=1, alias="from")]
    user: HeaderName = "X-Remote-User"
    role: HeaderName = "X-Remote-Role"
    roles: Roles = Field(default_factory=dict)
    default: StaffRole | None = None


class AccountsEntry(_Strict):
    """``accounts`` of campus.yaml; without it the product answers this machine only, and nobody signs in.

    ``local``: users with passwords. ``url``: under which address people come here; links and the provider need it.
    ``visitors``: pages for visitors are there for anybody.
    """

    local: bool = True
    url: Url | None = None
    session: SessionEntry = Field(default_factory=SessionEntry)
    oidc: OidcEntry | None = None
    proxy: ProxyEntry | None = None
    visitors: bool = False

    @field_validator("oidc")
    @classmethod
    def _where(cls, value: OidcEntry | None, info: Any) -> OidcEntry | None:
        if value is not None and info.data.get("url") is None:
            raise ValueError(
                "the provider sends people back to accounts.url: write it above, as https://twin.example.edu"
            )
        return value
