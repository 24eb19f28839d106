"""Drills: a mishap now, at one place, in what is reported only; ended when asked, there again after a restart."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from datasources.simulator import Settings, Simulation
from datasources.simulator_drills import MOST, DrillError, Drills
from datasources.simulator_mishaps import AIR_PPM
from twin.point import Point

NOW = 1_776_218_400.0  # a Wednesday of term, 2026-04-15T10:00+08:00


def points() -> list[Point]:
    told = [
        (f"{room}/co2", "co2", "ppm", room, f"co2/room/office/40/{room}")
        for room in ("14/05/5036", "14/05/5037", "15/01/1001")
    ]
    told += [
        ("link", "link_state", "1", "14/05/SW1", "link/storey/14/05/SW1>14/SW0"),
        ("used", "utilisation", "%", "14/05/SW1", "utilisation/storey/1000/14/05/SW1>14/SW0"),
    ]
    return [Point(name, entity, quantity, unit, address=address) for name, quantity, unit, entity, address in told]


def simulated(drills: Drills) -> Simulation:
    return Simulation(Settings.model_validate({"seed": 1}, context={"drills": drills}), points())


def test_a_drill_spoils_what_is_reported_and_ends_when_asked() -> None:
    drills = Drills()
    simulation = simulated(drills)
    quiet = simulation.values_at([NOW + 600]).values[:, 0]
    drill = drills.begin("air", "14/05", 0.99, NOW, 1200, "trainer")
    assert (drill.place, drill.by, drill.end) == ("14/05/5037", "trainer", NOW + 1200)
    spoiled = simulation.values_at([NOW + 600]).values[:, 0]
    assert spoiled[1] == pytest.approx(AIR_PPM)
    assert np.array_equal(np.delete(spoiled, 1), np.delete(quiet, 1)), "nothing else is touched"
    assert drills.stop(drill.id, NOW + 120) is not None
    assert np.array_equal(simulation.values_at([NOW + 600]).values[:, 0], quiet)
    assert drills.stop(drill.id, NOW + 120) is None, "it is over"


def test_a_switch_takes_its_link_down_at_once_and_none_happens_twice_to_a_thing() -> None:
    drills = Drills()
    simulation = simulated(drills)
    drills.begin("switch", "", 0.5, NOW, 600, "trainer")
    assert simulation.values_at([NOW + 1]).values[3, 0] == 0.0
    assert simulation.values_at([NOW + 1]).missing[4, 0]
    with pytest.raises(DrillError, match="nothing that 'switch' could happen to is left in 'the campus'"):
        drills.begin("switch", "", 0.5, NOW + 60, 600, "trainer")
    drills.begin("switch", "", 0.5, NOW + 601, 600, "trainer")
    for _ in range(3):
        drills.begin("air", "", 0.0, NOW, 600, "trainer")
    with pytest.raises(DrillError, match="in '99'"):
        drills.begin("full", "99", 0.5, NOW, 600, "trainer")
    for kind, seconds in (("flood", 600), ("air", 30), ("air", 1e6)):
        with pytest.raises(DrillError):
            drills.begin(kind, "", 0.5, NOW, seconds, "trainer")
    assert len(drills.rows) < MOST


def test_a_drill_goes_on_after_a_restart_and_a_broken_file_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "state" / "drills.json"
    before = Drills()
    simulated(before)
    before.keep(path, NOW)
    drill = before.begin("air", "15", 0.5, NOW, 1200, "trainer")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    after = Drills()
    after.keep(path, NOW + 60)
    assert after.rows == (drill,)
    assert simulated(after).values_at([NOW + 600]).values[2, 0] == pytest.approx(AIR_PPM)
    later = Drills()
    later.keep(path, NOW + 1200 + 90_000)
    assert later.rows == (), "what was over yesterday is forgotten"
    path.write_text('[{"id": "x"', "utf-8")
    broken = Drills()
    broken.keep(path, NOW)
    assert broken.rows == ()
