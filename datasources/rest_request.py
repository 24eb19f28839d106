"""What a REST interface is asked: method, headers, query and body, page after page, and only what is new.

Secrets stand by reference in headers and query. A parameter that begins with a slash is a place in the JSON body, any
other a name in the query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from datasources.contract import MisconfiguredError, SourceError
from datasources.http_get import Access, ask
from datasources.payload import ZoneName, epoch, tokens
from datasources.rest_path import Path, find, place
from twin.secret import SecretError, SecretRef

_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTED = re.compile(r"[\t\x20-\x7e]*")


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name) or name.lower() in _OURS:
        raise ValueError(f"'{name}' is no header that can be set: leave it out")
    return name


HeaderName = Annotated[str, AfterValidator(_header)]
Value = SecretRef | str | int | float | bool


class Paging(BaseModel):
    """Pages by number, or by a cursor that each page gives for the next.

    ``parameter`` carries it. ``cursor`` is the path of the next page's cursor in the answer; without it pages are
    numbered ``first``, ``first + step`` ... (an offset where ``step`` is the page's size) until the list at ``items``
    is empty.
    """

    model_config = ConfigDict(extra="forbid")
    parameter: Annotated[str, Field(min_length=1)]
    cursor: Path = ""
    items: Path = ""
    first: Annotated[int, Field(ge=0)] = 1
    step: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @model_validator(mode="after")
    def _ends(self) -> Paging:
        if bool(self.cursor) == bool(self.items):
            raise ValueError("give either 'cursor', or 'items', whose empty list is the end of numbered pages")
        return self


class Since(BaseModel):
    """Ask only for what is new: ``parameter`` carries the last device time that was seen.

    Written as ``form``: iso (UTC), local (``2026-03-01 12:00:00`` of the target's time zone), or s or ms since 1970.
    ``start`` is the first; without it the first poll asks for everything.
    """

    model_config = ConfigDict(extra="forbid")
    parameter: Annotated[str, Field(min_length=1)]
    form: Literal["iso", "local", "s", "ms"] = "iso"
    start: str | int | float | None = None

    def first(self, zone: ZoneInfo) -> float | None:
        """``start`` in s since the epoch."""
        return epoch(self.start, zone)

    def written(self, moment: float, zone: ZoneInfo) -> str | int:
        """A moment [s since epoch] as the parameter wants it; never later than it is, so that nothing is missed."""
        if self.form in ("s", "ms"):
            return int(moment // 1 if self.form == "s" else moment * 1000 // 1)
        if self.form == "local":
            return datetime.fromtimestamp(moment // 1, zone).strftime("%Y-%m-%d %H:%M:%S")
        text = datetime.fromtimestamp(moment * 1000 // 1 / 1000, UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


class Span(BaseModel):
    """How a span of the past is asked for: the parameters that carry its begin and end, written as in ``Since``;
    without ``until`` the answer may reach to now. ``query`` is merged over the target's own, as for an interface that
    wants to be told that it is the history that is asked."""

    model_config = ConfigDict(extra="forbid")
    since: Since
    until: Since | None = None
    query: dict[str, Value] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """One page that is asked for."""

    url: str
    body: bytes | None
    number: int = 0


class Request(Access):
    """What is asked for, and how its pages follow.

    ``next`` is the path of the next page's address in the answer; ``paging`` counts pages or carries a cursor.
    """

    method: Literal["GET", "POST"] = "GET"
    headers: dict[HeaderName, SecretRef | str] = Field(default_factory=dict)
    query: dict[str, Value] = Field(default_factory=dict)
    body: dict[str, Any] | list[Any] | None = None
    next: Path = ""
    paging: Paging | None = None
    max_pages: Annotated[int, Field(ge=1, le=1000)] = 20
    timezone: ZoneName = "UTC"
    since: Since | None = None
    past: Span | None = None

    @model_validator(mode="after")
    def _fits(self) -> Request:
        if self.next and self.paging:
            raise ValueError("give either 'next' or 'paging'")
        if self.body is not None and self.method == "GET":
            raise ValueError("a GET has no 'body': set method: POST")
        if self.since and self.since.start is not None and self.since.first(ZoneInfo(self.timezone)) is None:
            raise ValueError(f"since.start '{self.since.start}' is no time: write it as 2026-03-01T00:00:00Z")
        span = () if self.past is None else (self.past.since, self.past.until)
        carried = [part.parameter for part in (self.paging, self.since, *span) if part]
        if any(name.startswith("/") for name in carried) and not isinstance(self.body, dict):
            raise ValueError("a parameter that begins with a slash stands in 'body': give one, {} at least")
        return self

    def client(self) -> httpx.AsyncClient:
        """A client that signs in and sends the headers; MisconfiguredError names what is missing."""
        headers = {name: _plain(value) for name, value in self.headers.items()}
        for name, value in headers.items():
            if not _PRINTED.fullmatch(value):
                raise MisconfiguredError(f"the header '{name}' cannot be sent: its value is not one line of ASCII")
        client = super().client()
        client.headers.update(headers)
        return client

    def first(self, newest: float | None) -> Asked:
        """The first page; ``newest`` is the last device time seen [s since epoch]."""
        carried: dict[str, Any] = {}
        if self.paging and self.paging.items:
            carried[self.paging.parameter] = self.paging.first
        if self.since and newest is not None:
            carried[self.since.parameter] = self.since.written(newest, ZoneInfo(self.timezone))
        query = {name: _plain(value) for name, value in self.query.items()}
        body = None if self.body is None else json.dumps(self.body).encode()
        start = Asked(_with(self.url, query), body, self.paging.first if self.paging else 0)
        return _carrying(start, carried)

    def between(self, since: float, until: float) -> Asked | None:
        """The first page of a span [s since epoch]; None where the target keeps no past."""
        if self.past is None and self.since is None:
            return None
        zone, span = ZoneInfo(self.timezone), self.past or Span(since=self.since)  # type: ignore[arg-type]
        told = {span.since.parameter: span.since.written(since, zone)}
        if span.until is not None:
            told[span.until.parameter] = span.until.written(until, zone)
        start = self.first(None)
        extra = {name: _plain(value) for name, value in span.query.items()}
        return _carrying(Asked(_with(start.url, extra), start.body, start.number), told)

    def following(self, document: Any, asked: Asked) -> Asked | None:
        """The page after ``asked``, whose answer is ``document``; None at the end."""
        if self.next:
            return self._linked(document, asked)
        if self.paging is None:
            return None
        told = find(document, place(self.paging.cursor or self.paging.items))
        value = told[0].value if len(told) == 1 else None
        if self.paging.items:
            number = asked.number + self.paging.step
            rest = isinstance(value, list) and value
            return _carrying(Asked(asked.url, asked.body, number), {self.paging.parameter: number}) if rest else None
        if value in (None, "", False) or isinstance(value, dict | list):
            return None
        return _carrying(asked, {self.paging.parameter: value})

    def _linked(self, document: Any, asked: Asked) -> Asked | None:
        told = find(document, place(self.next))
        if not told or not isinstance(told[0].value, str) or not told[0].value:
            return None
        try:
            here, there = httpx.URL(asked.url), httpx.URL(asked.url).join(told[0].value)
        except httpx.InvalidURL:
            raise SourceError("the next page's address cannot be read") from None
        if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
            raise SourceError("the next page is on another host, which is not followed")
        secrets = {name: _plain(value) for name, value in self.query.items() if isinstance(value, SecretRef)}
        return Asked(_with(str(there), secrets), asked.body)

    async def document(self, client: httpx.AsyncClient, asked: Asked) -> Any:
        """The JSON of one page."""
        headers = {"Accept": "application/json"}
        if asked.body is not None:
            headers["Content-Type"] = "application/json"
        answer = await ask(client, self, asked.url, headers, method=self.method, body=asked.body)
        for charset in ("utf-8-sig", "gb18030"):
            try:
                return json.loads(answer.body.decode(charset))
            except UnicodeDecodeError:
                continue
            except (ValueError, RecursionError):
                break
        raise SourceError("the answer is not JSON: check 'url'")


def _plain(value: Value) -> str:
    if isinstance(value, SecretRef):
        try:
            return value.reveal()
        except SecretError as error:
            raise MisconfiguredError(str(error)) from None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with(url: str, query: Mapping[str, str]) -> str:
    return str(httpx.URL(url).copy_merge_params(dict(query))) if query else url


def _carrying(asked: Asked, parameters: Mapping[str, Any]) -> Asked:
    """The page with parameters set in its query or body."""
    query = {name: str(value) for name, value in parameters.items() if not name.startswith("/")}
    inside = {name: value for name, value in parameters.items() if name.startswith("/")}
    body = asked.body
    if inside and body is not None:
        document = json.loads(body)
        for name, value in inside.items():
            _set(document, tokens(name), value)
        body = json.dumps(document).encode()
    return Asked(_with(asked.url, query), body, asked.number)


def _set(document: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    for step in steps[:-1]:
        inner = document.get(step)
        if not isinstance(inner, dict):
            inner = document[step] = {}
        document = inner
    document[steps[-1]] = value
