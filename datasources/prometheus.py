"""Prometheus text 0.0.4 and OpenMetrics 1.0 over HTTP: many exporters, each scraped at its own pace.

An address is ``target#metric{label="x"}``. The order of labels does not matter, and labels may be left out as long as
one series remains. Labels that carry persons are taken off before anything leaves this module.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from datasources.backfill import REACH_H, Reach
from datasources.contract import Found, SourceError, TargetReport
from datasources.fieldbus import AddressError, Pace, Session, Stream, TargetName, Wanted, quantity_of, run, sort_points
from datasources.http_get import Access, Answer, BusyError, ask
from datasources.prometheus_past import PastServer, samples
from datasources.prometheus_pick import Picker, Place
from datasources.prometheus_text import (
    CutShortError,
    Labels,
    Sample,
    Scrape,
    is_openmetrics,
    labels_of,
    parse,
    selector,
    written,
)
from twin.point import Point
from twin.reading import RawReading

log = logging.getLogger(__name__)

ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
SMALL_BYTES = 128 * 1024
PERSONS = (
    "username", "user", "user_name", "userid", "user_id", "uid", "login", "owner", "person", "name_of_user",
    "full_name", "display_name", "email", "mail", "phone", "student", "student_id", "employee", "card", "card_id",
    "client", "client_ip", "clientip", "client_mac", "client_name", "station", "station_mac", "sta", "mac",
    "mac_address", "remote_ip", "remote_addr", "remote_address", "peer_ip", "src_ip", "source_ip", "ip_address",
    "calling_station_id", "common_name", "real_ip", "real_addr", "real_address", "virtual_address", "vpn_ip",
    "vpn_addr", "vpn_ipv4", "vpn_ipv6",
)  # fmt: skip
"""Labels that name a person or their device."""

ONE_PERSON_EACH = ("vpn_user_*", "openvpn_*client_*", "slurm_user_*")
"""Metrics with a series a person (ocserv, OpenVPN, Slurm): while only one is there, even what is left of such a series
without its labels tells of that person."""

Result = TypeVar("Result")


class Target(Access):
    """An exporter. ``interval_s`` [s] is how often it is scraped, by default the shortest that its points ask; ``past``
    is the Prometheus server that is asked for what was missed in an outage."""

    interval_s: Annotated[float, Field(ge=0.1, le=86400)] | None = None
    past: PastServer | None = None


class Settings(BaseModel):
    """The exporters by name.

    ``deny_labels`` are taken off every series (whatever their case, and with ``exported_`` before them), and metrics
    that match ``deny_metrics`` (``*`` stands for anything) are not read; a list of your own replaces the default.
    ``batch_ms`` [ms] is how long readings are gathered; ``backfill_h`` [h] is how far back a target's ``past`` is asked
    after an outage.
    """

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    deny_labels: list[str] = list(PERSONS)
    deny_metrics: list[str] = list(ONE_PERSON_EACH)
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50
    backfill_h: Reach = REACH_H


class Persons:
    """Which labels and metrics carry persons."""

    def __init__(self, names: Iterable[str], metrics: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in names}
        parts = [".*".join(re.escape(part) for part in pattern.split("*")) for pattern in metrics]
        self._metrics = re.compile("|".join(parts) or r"(?!)")

    def denied(self, label: str) -> bool:
        """Whether a label must not leave the source."""
        return label.lower().removeprefix("exported_") in self._names

    def withheld(self, metric: str) -> bool:
        """Whether a whole metric must not leave the source."""
        return self._metrics.fullmatch(metric) is not None

    def place(self, text: str) -> Place:
        """The series that an address names."""
        try:
            name, labels = selector(text)
        except ValueError as error:
            raise AddressError(str(error)) from None
        if self.withheld(name):
            raise AddressError(f"the metric '{name}' tells of one person each and is withheld: use a total")
        if named := sorted(label for label, _ in labels if self.denied(label)):
            raise AddressError(f"the label '{named[0]}' carries persons and is withheld: leave it out")
        return name, labels

    def strip(self, labels: Labels) -> Labels:
        """The labels that may leave."""
        return frozenset(pair for pair in labels if not self.denied(pair[0]))


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Scrape every target that has points, until closed."""
    persons = Persons(settings.deny_labels, settings.deny_metrics)
    wanted, mistakes = sort_points(points, settings.targets, persons.place)
    stream = Stream(settings.batch_ms / 1000)
    sessions: dict[str, Session] = {
        name: _Exporter(name, settings.targets[name], row, stream).poll for name, row in wanted.items()
    }
    async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
        async for item in merged:
            yield item


async def backfill(
    settings: Settings, points: Sequence[Point], since: float, until: float
) -> AsyncIterator[list[RawReading]]:
    """What the Prometheus servers of targets with ``past`` kept from ``since`` to before ``until`` [s since epoch]."""
    persons = Persons(settings.deny_labels, settings.deny_metrics)
    wanted, _ = sort_points(points, settings.targets, persons.place)
    for name, row in wanted.items():
        server = settings.targets[name].past
        if server is not None:
            async with aclosing(samples(server, row.places, name, since, until)) as found:  # type: ignore[type-var]
                async for readings in found:
                    yield readings


class _Exporter:
    """One target, and how its scrapes went so far."""

    def __init__(self, name: str, target: Target, wanted: Wanted[Place], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._stream = stream
        self._interval = target.interval_s or wanted.interval_s
        self._pick = Picker(wanted.places)
        self._scrapes = 0
        self._cut_short = 0
        self._unreadable = 0

    async def poll(self) -> None:
        """Scrape at the target's pace for as long as all is well."""
        pace = Pace(self._interval)
        async with self._target.client() as client:
            while True:
                await pace.tick()
                try:
                    readings = await self._scrape(client)
                except BusyError as busy:
                    self._stream.unwell(self._name, "down", str(busy))
                    await asyncio.sleep(busy.wait_s)
                    continue
                self._stream.live(self._name)
                self._stream.put(readings)

    async def _scrape(self, client: httpx.AsyncClient) -> list[RawReading]:
        answer = await ask(client, self._target, self._target.url, {"Accept": ACCEPT})
        received = time.time()
        self._scrapes += 1
        pick = self._pick.readings
        try:
            readings, unreadable = await _beside(answer, lambda text, new: pick(text, new, received))
        except CutShortError as error:
            self._cut_short += 1
            raise SourceError(f"{error} ({self._cut_short} of {self._scrapes} scrapes)") from None
        if unreadable != self._unreadable:
            self._unreadable = unreadable
            log.warning("%s: %d lines of the scrape cannot be read", self._name, unreadable)
        return readings


async def _beside(answer: Answer, work: Callable[[str, bool], Result]) -> Result:
    """``work`` on a body, and whether it is OpenMetrics; with a large one beside the event loop."""
    openmetrics = is_openmetrics(answer.content_type)

    def read() -> Result:
        return work(answer.body.decode("utf-8", "replace"), openmetrics)

    return read() if len(answer.body) < SMALL_BYTES else await asyncio.to_thread(read)


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """Every series of every target, without the labels that carry persons; series that only those tell apart are left
    out. SourceError: no target answers."""
    persons = Persons(settings.deny_labels, settings.deny_metrics)
    names = list(settings.targets)
    rows = await asyncio.gather(*(_browse(name, settings.targets[name], persons, seconds) for name in names),
                                return_exceptions=True)  # fmt: skip
    failed = [f"{name}: {row}" for name, row in zip(names, rows, strict=True) if isinstance(row, BaseException)]
    for row in rows:
        if isinstance(row, BaseException) and not isinstance(row, SourceError | OSError | ValueError):
            raise row
    if len(failed) == len(names):
        raise SourceError(f"no target answers: {'; '.join(failed[:3])}")
    for failure in failed:
        log.warning("%s", failure)
    return [found for row in rows if not isinstance(row, BaseException) for found in row]


async def _browse(name: str, target: Target, persons: Persons, seconds: float) -> list[Found]:
    asked = target.model_copy(update={"timeout_s": min(target.timeout_s, seconds)})
    async with asked.client() as client:
        scrape = await _beside(await ask(client, asked, asked.url, {"Accept": ACCEPT}), parse)
    seen: dict[str, list[Sample]] = {}
    for sample in scrape.samples:
        labels = labels_of(sample.labels)
        if labels is not None and not sample.name.endswith("_created") and not persons.withheld(sample.name):
            seen.setdefault(written(sample.name, persons.strip(labels)), []).append(sample)
    return [_found(name, series, samples[0], scrape) for series, samples in seen.items() if len(samples) == 1]


def _found(target: str, series: str, sample: Sample, scrape: Scrape) -> Found:
    family = sample.name.removesuffix("_total")
    unit = _UNITS.get(scrape.units.get(family, "") or family.rpartition("_")[2], "")
    told = scrape.kind(sample.name)
    counts = told == "counter" or (
        told in ("histogram", "summary") and sample.name.endswith(("_count", "_sum", "_bucket"))
    )
    kind = "counter" if counts else "gauge" if told == "gauge" else ""
    note = scrape.helps.get(family, "") or scrape.helps.get(sample.name, "")
    return Found(f"{target}#{series}", sample.value, target, sample.name, unit, quantity_of(unit), kind, note=note)


_UNITS = {"celsius": "°C", "watts": "W", "joules": "J", "volts": "V", "amperes": "A", "seconds": "s", "bytes": "B",
          "percent": "%", "ratio": "1", "hertz": "Hz", "meters": "m", "grams": "g"}  # fmt: skip
"""Base units as metric names write them."""
