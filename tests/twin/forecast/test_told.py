"""Anomalies become findings that open, go on and end; each once."""

from __future__ import annotations

import dataclasses

import pytest

from twin.forecast.anomaly import Anomaly
from twin.forecast.causes import Cause
from twin.forecast.told import Told, hit_of, settle
from twin.point import Point
from twin.quality.finding import Finding
from twin.quality.ledger import Ledger

HOUR = 3600.0
NAMES = {"zh": "楼", "en": "House"}
CAUSES = tuple(Cause(name, 0.9, "because") for name in ("base-load", "off-hours", "temperature"))
LOAD = Anomaly(10 * HOUR, None, 20 * HOUR, 15.0, 300.0, 200.0, 150.0, 0.5, 9.0, False, CAUSES)


def ledger() -> Ledger:
    return Ledger([Point("p", "A", "power", "kW", source="s"), Point("q", "A/1", "power", "kW", source="s")])


def told(*anomalies: Anomaly, entity: str = "A") -> Told:
    return Told(entity, (0, 1), NAMES, anomalies)


def over(anomaly: Anomaly, ends: float, **other: float) -> Anomaly:
    return dataclasses.replace(anomaly, ends=ends, **other)  # type: ignore[arg-type]


def energy(of: Ledger) -> list[tuple[float, float | None]]:
    return [(finding.since, finding.until) for finding in of.findings()]


def test_figures_are_without_their_sign_which_the_variant_says() -> None:
    less = dataclasses.replace(LOAD, size=-15.0, energy=-300.0, beyond=-200.0, cost=None, share=-0.2, causes=())
    hit = hit_of(told(less), less, "", 34 * HOUR)
    assert (hit.variant, hit.severity, hit.entity, hit.since) == ("less", "info", "A", 10 * HOUR)
    assert hit.figures == {
        "size": 15.0, "energy_kwh": 300.0, "beyond_kwh": 200.0, "length_s": 24 * HOUR,
        "share_percent": pytest.approx(20.0), "accepted": 0, "name_zh": "楼", "name_en": "House",
    }  # fmt: skip
    hit = hit_of(told(LOAD), over(LOAD, 20 * HOUR), "CNY", 34 * HOUR)
    assert (hit.variant, hit.severity) == ("more", "warning")
    figures = {name: hit.figures[name] for name in ("cost", "currency", "length_s", "cause_1", "cause_2")}
    assert figures == {
        "cost": 150.0, "currency": "CNY", "length_s": 10 * HOUR, "cause_1": "base-load", "cause_2": "off-hours",
    }  # fmt: skip
    assert "cause_3" not in hit.figures


def test_it_opens_goes_on_under_one_id_and_ends_when_the_anomaly_did() -> None:
    book = ledger()
    assert settle(book, [told(LOAD)], "CNY", 20 * HOUR) == []
    (first,) = book.findings()
    assert (first.check, first.entities, first.points, first.until) == ("energy", ("A",), ("p", "q"), None)
    later = dataclasses.replace(LOAD, begins=9 * HOUR, energy=400.0)
    assert settle(book, [told(later)], "CNY", 25 * HOUR) == []
    (finding,) = book.findings()
    assert (finding.id, finding.since, finding.figures["energy_kwh"]) == (first.id, 10 * HOUR, 400.0)
    assert settle(book, [told(over(later, 26 * HOUR, energy=410.0))], "CNY", 30 * HOUR) == []
    (finding,) = book.findings()
    assert (finding.id, finding.until, finding.figures["energy_kwh"]) == (first.id, 26 * HOUR, 410.0)
    assert settle(book, [told(over(later, 26 * HOUR))], "CNY", 31 * HOUR) == [], "the same is not told again"
    assert len(book.findings()) == 1


def test_what_was_over_when_it_was_seen_is_there_once_and_handed_back() -> None:
    book = ledger()
    short = over(LOAD, 22 * HOUR)
    (late,) = settle(book, [told(short)], "CNY", 30 * HOUR)
    assert (late.since, late.until, late.entities) == (10 * HOUR, 22 * HOUR, ("A",))
    assert settle(book, [told(over(short, 23 * HOUR))], "CNY", 31 * HOUR) == []
    assert energy(book) == [(10 * HOUR, 22 * HOUR)]
    assert book.tally["energy"].opened == 1


def test_one_that_ends_and_one_that_begins_at_one_look_are_two() -> None:
    book = ledger()
    settle(book, [told(LOAD)], "CNY", 20 * HOUR)
    new = dataclasses.replace(LOAD, begins=60 * HOUR)
    assert settle(book, [told(over(LOAD, 30 * HOUR), new)], "CNY", 70 * HOUR) == []
    assert energy(book) == [(60 * HOUR, None), (10 * HOUR, 30 * HOUR)]


def test_others_are_left_alone_and_what_has_no_model_any_more_has_ended() -> None:
    book = ledger()
    book.update("flat", {"p": hit_of(told(LOAD), LOAD, "", 0.0)}, 1.0)
    settle(book, [told(LOAD), told(LOAD, entity="B")], "CNY", 20 * HOUR)
    assert len(book.findings()) == 3
    settle(book, [told(LOAD)], "CNY", 21 * HOUR)
    ended: list[Finding] = [finding for finding in book.findings() if finding.until is not None]
    assert [(finding.entities, finding.until) for finding in ended] == [(("B",), 21 * HOUR)]
    assert book.open_by_check()["flat"] == 1
