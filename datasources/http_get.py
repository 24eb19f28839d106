"""One request over httpx for sources that poll: sign-in by reference, a cap on the body, errors in an operator's words.

Redirects are never followed (a password must not travel to another host), proxies of the environment are not used, and
the body is asked for uncompressed, so that the cap holds for what arrives.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from datasources.contract import MisconfiguredError, SourceError
from datasources.folder_file import KeyFile
from twin.secret import SecretError, SecretRef

logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every request

_USELESS_AGAIN = {
    401: "it refuses the sign-in (401): check 'token' or 'username' and 'password'",
    403: "it forbids access (403): check the rights of the token or user",
    404: "it has nothing at this address (404): check 'url'",
    407: "a proxy asks for a sign-in (407)",
}


LONGEST_WAIT_S = 3600.0


class BusyError(SourceError):
    """It asks to be left alone for ``wait_s`` [s] (429 or 503 with Retry-After)."""

    def __init__(self, status: int, wait_s: float) -> None:
        super().__init__(f"it answers with status {status} and asks to wait {wait_s:.0f} s")
        self.wait_s = wait_s


def _http_url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"not an address of the web: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("write it whole, as in http://10.20.0.7:9100/metrics")
    if url.userinfo:
        raise ValueError("no user or password in the address: use 'username' and 'password'")
    return text


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Access(BaseModel):
    """Where to ask and how to sign in; ``timeout_s`` [s] is for the whole answer, ``max_bytes`` [bytes] for its body.

    ``ca`` is a file of authorities, by default the system's.
    """

    model_config = ConfigDict(extra="forbid")
    url: HttpUrl
    timeout_s: Annotated[float, Field(ge=0.1, le=120)] = 10.0
    token: SecretRef | None = None
    username: str = ""
    password: SecretRef | None = None
    ca: KeyFile = ""
    max_bytes: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 16 * 1024 * 1024

    @model_validator(mode="after")
    def _one_sign_in(self) -> Access:
        if self.token and (self.username or self.password):
            raise ValueError("give either 'token' or 'username' and 'password'")
        return self

    def client(self) -> httpx.AsyncClient:
        """A client that signs in; MisconfiguredError names the secret or file that is missing."""
        try:
            headers = {"Authorization": f"Bearer {self.token.reveal()}"} if self.token else {}
            password = self.password.reveal() if self.password else ""
        except SecretError as error:
            raise MisconfiguredError(str(error)) from None
        auth = httpx.BasicAuth(self.username, password) if self.username else None
        verify: ssl.SSLContext | bool = False
        if httpx.URL(self.url).scheme == "https":
            try:
                verify = ssl.create_default_context(cafile=self.ca or None)
            except (OSError, ssl.SSLError) as error:
                raise MisconfiguredError(f"the file {self.ca} cannot be used as 'ca': {error}") from None
        return httpx.AsyncClient(
            headers={**headers, "Accept-Encoding": "identity", "User-Agent": "campus-twin"},
            auth=auth, verify=verify, trust_env=False, follow_redirects=False, timeout=self.timeout_s,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and what its Content-Type says."""

    body: bytes
    content_type: str


async def ask(
    client: httpx.AsyncClient,
    access: Access,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """The answer to one request; MisconfiguredError, SourceError or OSError say why there is none."""
    try:
        async with (
            asyncio.timeout(access.timeout_s),
            client.stream(method, url, headers=headers, content=body) as response,
        ):
            _judge(response)
            return Answer(await _body(response, access.max_bytes), response.headers.get("content-type", ""))
    except (TimeoutError, httpx.TimeoutException):
        raise SourceError(f"no whole answer within {access.timeout_s:g} s") from None
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise MisconfiguredError(f"its certificate is not accepted: {error}") from None
        raise OSError(f"it cannot be reached: {error}") from None
    except httpx.HTTPError as error:
        raise SourceError(f"the answer broke off: {error or type(error).__name__}") from None


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status in _USELESS_AGAIN:
        raise MisconfiguredError(_USELESS_AGAIN[status])
    if response.has_redirect_location:
        where = _place(response)
        raise MisconfiguredError(f"it points elsewhere ({status}), to {where}, which is not followed: give that 'url'")
    if status in (429, 503) and (wait_s := _retry_after(response.headers.get("retry-after", ""))):
        raise BusyError(status, wait_s)
    if status != 200:
        raise SourceError(f"it answers with status {status}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise SourceError("it sends a compressed body though none was asked for")


def _place(response: httpx.Response) -> str:
    """Where a redirect leads, without what it asks there: that may hold a secret."""
    try:
        there = response.url.join(response.headers["location"])
    except httpx.InvalidURL:
        return "an address that cannot be read"
    return f"{there.scheme}://{there.netloc.decode('ascii', 'replace').rpartition('@')[2]}{there.path}"[:200]


def _retry_after(text: str) -> float:
    """The wait [s] that Retry-After asks for, as seconds or as a date; 0 where it asks for none."""
    try:
        wait_s = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


async def _body(response: httpx.Response, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > most:
            raise SourceError(f"the answer is larger than {most} bytes: raise 'max_bytes', or ask for less")
        parts.append(part)
    return b"".join(parts)
