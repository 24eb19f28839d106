"""The settings of the SNMP source: how devices are asked, and which there are."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from datasources.snmp_mib import profiles
from twin.secret import SecretRef

Version = Annotated[Literal["2c", "3"], BeforeValidator(lambda value: str(value).removeprefix("v"))]
Auth = Literal["sha", "sha224", "sha256", "sha384", "sha512"]
Priv = Literal["aes", "aes192", "aes256", "aes192-cisco", "aes256-cisco"]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0.1, le=60)]
Interval = Annotated[float, Field(ge=0.5, le=86_400)]
Lldp = Annotated[float, Field(ge=0, le=604_800)]
Retries = Annotated[int, Field(ge=0, le=10)]
Count = Annotated[int, Field(ge=1, le=200)]

_TARGET = re.compile(r"[^#\s\x00][^#\x00-\x1f]*")


def _target_name(name: str) -> str:
    if not _TARGET.fullmatch(name):
        raise ValueError(f"'{name}': the name of a target has no # and does not begin with a blank")
    return name


class Target(BaseModel):
    """One device: ``host`` and whatever differs from the source's own settings.

    ``profile`` names a profile (docs/reference/snmp.md) where the device's sysObjectID does not lead to the right one.
    """

    model_config = ConfigDict(extra="forbid")
    host: Annotated[str, Field(min_length=1, max_length=253)]
    profile: str = ""
    port: Port | None = None
    version: Version | None = None
    community: SecretRef | None = None
    user: str | None = None
    auth: Auth | None = None
    auth_key: SecretRef | None = None
    priv: Priv | None = None
    priv_key: SecretRef | None = None
    timeout_s: Seconds | None = None
    retries: Retries | None = None
    interval_s: Interval | None = None
    lldp_interval_s: Lldp | None = None
    max_repetitions: Count | None = None
    max_varbinds: Count | None = None


class Settings(BaseModel):
    """How devices are asked, unless a target says otherwise, and the ``targets`` by name.

    Each request waits ``timeout_s`` [s] and is sent again ``retries`` times. A device is polled every ``interval_s``
    [s], at most ``max_concurrency`` devices at once, its LLDP neighbours every ``lldp_interval_s`` [s] (0: never).
    ``community`` is 'public' where none is given.
    """

    model_config = ConfigDict(extra="forbid")
    targets: dict[Annotated[str, AfterValidator(_target_name)], Target]
    port: Port = 161
    version: Version = "2c"
    community: SecretRef | None = None
    user: Annotated[str, Field(max_length=32)] = ""
    auth: Auth = "sha"
    auth_key: SecretRef | None = None
    priv: Priv = "aes"
    priv_key: SecretRef | None = None
    timeout_s: Seconds = 2.0
    retries: Retries = 1
    interval_s: Interval = 60.0
    lldp_interval_s: Lldp = 3600.0
    max_repetitions: Count = 25
    max_varbinds: Count = 40
    max_concurrency: Annotated[int, Field(ge=1, le=1000)] = 64
    batch_ms: Annotated[int, Field(ge=10, le=1000)] = 50

    @model_validator(mode="after")
    def _users(self) -> Settings:
        for name in self.targets:
            access = self.access(name)
            if access.profile and access.profile not in profiles():
                raise ValueError(
                    f"target '{name}': there is no profile '{access.profile}': use {', '.join(profiles())}"
                )
            if access.version == "3" and not access.user:
                raise ValueError(f"target '{name}': version 3 needs a user")
            if access.priv_key and not access.auth_key:
                raise ValueError(f"target '{name}': SNMPv3 does not encrypt without authentication: give auth_key too")
        return self

    def access(self, name: str) -> Access:
        """How the target ``name`` is asked: its own settings over the source's."""
        target = self.targets[name]
        fields: dict[str, Any] = {}
        for field in Access.model_fields:
            own = getattr(target, field, None)
            fields[field] = own if own is not None else getattr(self, field, None)
        return Access.model_construct(**{**fields, "name": name, "host": target.host, "profile": target.profile})


class Access(BaseModel):
    """The settings of one target, defaults filled in."""

    name: str
    host: str
    profile: str
    port: int
    version: Literal["2c", "3"]
    community: SecretRef | None
    user: str
    auth: Auth
    auth_key: SecretRef | None
    priv: Priv
    priv_key: SecretRef | None
    timeout_s: float
    retries: int
    interval_s: float
    lldp_interval_s: float
    max_repetitions: int
    max_varbinds: int
