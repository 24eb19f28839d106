"""Faults put into a stream: what each does, that the labels say exactly that, that the same seed gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from datasources.contract import MisconfiguredError
from datasources.recording import Batch
from datasources.replay_faults import GARBAGE, KINDS, FaultFile, Injected, Injector, read_faults
from twin.reading import RawReading

BEGIN = 1_700_000_000.0
MINUTES = 10


def stream(value: str | None = None, boot: float | None = None, wrap: int = 0) -> list[Batch]:
    """One reading a minute of ``a/1`` and ``a/2``: 100, 101 ... and 200, 201 ..."""
    return [
        Batch(
            "m",
            BEGIN + 60 * n,
            [
                RawReading(f"a/{k}", value if value is not None else 100 * k + n, BEGIN + 60 * n, BEGIN + 60 * n,
                           boot=boot, wrap=wrap)
                for k in (1, 2)
            ],
        )
        for n in range(MINUTES)
    ]  # fmt: skip


def spoil(
    batches: Sequence[Batch], *faults: dict[str, object], seed: int = 1
) -> tuple[list[RawReading], list[Injected]]:
    plan = FaultFile.model_validate({"seed": seed, "faults": [{"addresses": ["a/1"], **fault} for fault in faults]})
    labels: list[Injected] = []
    injector = Injector(plan, BEGIN, {"a/1": ["first-point"]}, labels.append)
    return [r for batch in injector.through(iter(batches)) for r in batch.readings], labels


def values(readings: Sequence[RawReading], address: str = "a/1") -> list[object]:
    return [reading.value for reading in readings if reading.address == address]


WINDOW = {"from": 120.0, "to": 300.0}  # minutes 2, 3, 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "silent", **WINDOW}, [100, 101, 105, 106, 107, 108, 109]),
        ({"kind": "duplicate", "from": 480}, [100, 101, 102, 103, 104, 105, 106, 107, 108, 108, 109, 109]),
        ({"kind": "burst", "copies": 2, "from": 540}, [*range(100, 109), 109, 109, 109]),
        ({"kind": "sentinel", **WINDOW}, [100, 101, -9999, -9999, -9999, *range(105, 110)]),
        ({"kind": "sentinel", "value": "null", "from": 540}, [*range(100, 109), "null"]),
        ({"kind": "flat", **WINDOW}, [100, 101, 102, 102, 102, *range(105, 110)]),
        ({"kind": "unit", "factor": 0.001, "from": 540}, [*range(100, 109), pytest.approx(0.109)]),
        ({"kind": "unit", "factor": 1, "offset": -5, **WINDOW}, [100, 101, 97, 98, 99, *range(105, 110)]),
        ({"kind": "spike", "from": 540}, [*range(100, 109), 21 * 109]),
        ({"kind": "zero", **WINDOW}, [100, 101, 0, 0, 0, *range(105, 110)]),
        ({"kind": "reset", "from": 120}, [100, 101, 0, 1, 2, 3, 4, 5, 6, 7]),
        ({"kind": "wrap", "from": 120}, [100, 101, 2**32 - 1, 0, 1, 2, 3, 4, 5, 6]),
        ({"kind": "wrap", "modulus": 65536, "from": 540}, [*range(100, 109), 65535]),
    ],
)
def test_what_a_fault_does_and_that_others_are_left_alone(fault: dict[str, object], expected: list[object]) -> None:
    readings, labels = spoil(stream(), fault)
    assert values(readings) == expected
    assert values(readings, "a/2") == list(range(200, 210))
    (label,) = labels
    assert (label.fault, label.kind, label.address) == (1, fault["kind"], "a/1")
    assert label.start == BEGIN + float(str(fault["from"]))
    assert label.end == BEGIN + (240 if "to" in fault else 540)
    assert label.readings == (3 if "to" in fault else 10 - float(str(fault["from"])) / 60)


def test_every_kind_is_tried_here() -> None:
    tried = {"silent", "duplicate", "burst", "sentinel", "flat", "unit", "spike", "zero", "reset", "wrap"}
    assert set(KINDS) - tried == {"late", "clock", "garbage"}, "and these below"


def test_what_is_late_keeps_its_time_and_comes_after_newer_readings() -> None:
    readings, labels = spoil(stream(), {"kind": "late", "delay_s": 150.0, "from": 60.0, "to": 120.0})
    assert values(readings) == [100, 102, 103, 101, *range(104, 110)]
    late = next(reading for reading in readings if reading.value == 101)
    assert (late.time, late.received) == (BEGIN + 60, BEGIN + 210)
    assert [(label.start, label.readings) for label in labels] == [(BEGIN + 60, 1)]
    everything, _ = spoil(stream(), {"kind": "late", "delay_s": 80_000.0})
    assert values(everything)[-1] == 109
    assert len(values(everything)) == MINUTES, "nothing is lost at the end"


def test_a_wrong_clock_moves_the_devices_time_only() -> None:
    readings, _ = spoil(stream(), {"kind": "clock", "offset_s": -7200.0, **WINDOW})
    off = [r.time - r.received for r in readings if r.address == "a/1" and r.time is not None]
    assert off == [0, 0, -7200, -7200, -7200, 0, 0, 0, 0, 0]


def test_a_device_that_says_when_it_began_says_so_after_a_reset_and_a_wrap_says_where() -> None:
    readings, _ = spoil(stream(boot=5.0), {"kind": "reset", "from": 300.0})
    assert [r.boot for r in readings if r.address == "a/1"] == [5.0] * 5 + [BEGIN + 300] * 5
    readings, _ = spoil(stream(wrap=2**64), {"kind": "wrap", "from": 300.0})
    assert [r.wrap for r in readings if r.address == "a/1"] == [2**64] * 5 + [2**32] * 5


def test_garbage_is_what_no_meter_says_and_numbers_in_texts_are_numbers() -> None:
    readings, _ = spoil(stream(), {"kind": "garbage"})
    assert set(values(readings)) <= set(GARBAGE)
    assert len(set(values(readings))) > 2
    readings, _ = spoil(stream(value="1500"), {"kind": "unit"})
    assert values(readings) == [1_500_000.0] * MINUTES


def test_what_has_no_number_cannot_be_scaled_and_is_not_labelled() -> None:
    readings, labels = spoil(stream(value="offline"), {"kind": "spike"})
    assert values(readings) == ["offline"] * MINUTES
    assert labels == []


def test_chance_is_the_same_for_a_seed_and_labels_are_the_readings_that_were_hit() -> None:
    batches = [Batch("m", BEGIN + n, [RawReading("a/1", 100.0 + n, BEGIN + n, BEGIN + n)]) for n in range(2000)]
    fault = {"kind": "sentinel", "chance": 0.1}
    first, labels = spoil(batches, fault)
    again, _ = spoil(batches, fault)
    other, _ = spoil(batches, fault, seed=2)
    assert first == again
    assert first != other
    hit = {reading.time for reading in first if reading.value == -9999}
    assert 140 < len(hit) < 260
    labelled = {BEGIN + n for n in range(2000) for label in labels if label.start <= BEGIN + n <= label.end}
    assert labelled == hit
    assert sum(label.readings for label in labels) == len(hit)


def test_faults_add_up_in_their_order_and_a_point_is_known_by_its_id_too() -> None:
    zero = {"kind": "zero", "addresses": ["first-*"], **WINDOW}
    readings, labels = spoil(stream(), zero, {"kind": "unit", "factor": 2, "offset": 1})
    assert values(readings) == [201, 203, 1, 1, 1, 211, 213, 215, 217, 219]
    assert {(label.fault, label.kind) for label in labels} == {(1, "zero"), (2, "unit")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("faults: [{kind: gremlin, addresses: [a]}]", "faults.yaml:1:"),
        ("faults:\n  - {kind: flat, addresses: [a], delay_s: 5}", "'delay_s' says nothing of a fault 'flat'"),
        ("faults:\n  - {kind: flat, addresses: []}", "faults.yaml:2:"),
        ("faults:\n  - {kind: flat, addresses: [a], from: 2026-04-15T10:00:00}", "needs its zone"),
        ("faults:\n  - {kind: reset, addresses: [a], to: 50}", "leave 'to' and 'chance' out"),
        ("faults:\n  - {kind: flat, addresses: [a], chance: 2}", "'faults[0].chance'"),
        ("fault: []", "'fault'"),
        ("faults: [", "not valid YAML"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(MisconfiguredError) as error:
        read_faults(path)
    assert says in str(error.value)
    assert "faults.yaml" in str(error.value)


def test_times_with_a_zone_and_seconds_mean_the_same(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "faults:\n  - {kind: zero, addresses: [a/1], from: 2023-11-14T22:15:20Z, to: '2023-11-15T06:18:20+08:00'}"
    )
    labels: list[Injected] = []
    list(Injector(read_faults(path), BEGIN, {}, labels.append).through(iter(stream())))
    assert [(label.start - BEGIN, label.readings) for label in labels] == [(120, 3)]
    with pytest.raises(MisconfiguredError, match="ends before it begins"):
        spoil(stream(), {"kind": "zero", "from": 50.0, "to": 20.0})
