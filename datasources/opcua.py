"""OPC UA through asyncua (optional: ``campus-twin[opcua]``): changes are subscribed to; what is quiet is read.

An address is ``target#ns=2;s=AHU3.Supply`` or, safer, ``target#nsu=http://example.org/plant;s=AHU3.Supply``: the
number of a namespace may change when the server is set up anew, its URI does not. The source's time stamp is the
device's time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datasources.contract import Found, MisconfiguredError, TargetReport
from datasources.fieldbus import Session, Stream, TargetName, run, sort_points
from datasources.folder_file import KeyFile
from twin.point import Point
from twin.reading import RawReading
from twin.secret import SecretRef


class Target(BaseModel):
    """A server.

    With ``security`` the connection is signed or also encrypted with our ``certificate`` and ``key`` (files, PEM or
    DER); ``server_certificate`` is the server's own (a file): without it anybody could be the server, which
    ``check_server: false`` accepts. ``publish_ms`` [ms] is how often the server may send changes. ``interval_s`` [s] is
    the longest that a value may be quiet before it is read; by default the shortest interval that its points ask.
    """

    model_config = ConfigDict(extra="forbid")
    url: str
    username: str = ""
    password: SecretRef | None = None
    security: Literal["none", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"] = "none"
    mode: Literal["Sign", "SignAndEncrypt"] = "SignAndEncrypt"
    certificate: KeyFile = ""
    key: KeyFile = ""
    key_password: SecretRef | None = None
    server_certificate: KeyFile = ""
    check_server: bool = True
    application_uri: str = "urn:campus-twin:client"
    publish_ms: Annotated[int, Field(ge=50, le=60_000)] = 500
    interval_s: Annotated[float, Field(ge=0.1, le=86400)] | None = None
    timeout_s: Annotated[float, Field(ge=0.2, le=60)] = 4.0

    @model_validator(mode="after")
    def _complete(self) -> Target:
        parts = urlsplit(self.url)
        if parts.scheme != "opc.tcp" or not parts.hostname:
            raise ValueError(
                f"'{parts._replace(netloc=parts.hostname or '').geturl()}': write opc.tcp://host:port/path"
            )
        if parts.username is not None:
            raise ValueError("a name in the url: give 'username' and 'password: {env: NAME}' instead")
        if self.security == "none":
            if self.certificate or self.key or self.server_certificate:
                raise ValueError("certificates without 'security': name a policy, as Basic256Sha256")
        elif not (self.certificate and self.key):
            raise ValueError(f"security {self.security} needs our 'certificate' and 'key' (files)")
        elif self.check_server and not self.server_certificate:
            raise ValueError("give 'server_certificate' (a file), or 'check_server: false' to accept any server")
        return self


class Settings(BaseModel):
    """The servers by name. ``batch_ms`` [ms] is how long readings are gathered."""

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50


MISSING = "install campus-twin[opcua]: the library asyncua is not there"


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Subscribe at every target that has points, until closed."""
    try:
        from datasources.opcua_session import Server
        from datasources.opcua_values import parse
    except ModuleNotFoundError:
        raise MisconfiguredError(MISSING) from None

    wanted, mistakes = sort_points(points, settings.targets, parse)
    stream = Stream(settings.batch_ms / 1000)
    sessions: dict[str, Session] = {
        name: Server(name, settings.targets[name], wanted[name], stream).run for name in wanted
    }
    async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
        async for item in merged:
            yield item


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """The variables below the Objects folder of every target: name, unit, value."""
    try:
        from datasources.opcua_discover import browse
    except ModuleNotFoundError:
        raise MisconfiguredError(MISSING) from None
    return await browse(settings, seconds)
