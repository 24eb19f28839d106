"""The section in a real browser: what is cut is filled and can be picked, what is cut away is gone, a drag is fluid."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.viewer.conftest import VIEW, Shown

pytestmark = pytest.mark.browser

LAYER = f"{VIEW}.scene.layers.find(layer => layer.name === 'section')"
"""The layer that holds the caps."""

PICK = f"""async places => {{
    const view = {VIEW};
    const {{ section }} = view.state;
    const centred = places.map(([x, y]) => [Math.floor(x) + 0.5, Math.floor(y) + 0.5]);
    const drawn = await window.campusTwin.idsAt(view, centred);
    const result = [];
    let away = 0;
    let caps = 0;
    for (let i = 0; i < centred.length; i++) {{
        const hit = view.navigator.pickAt(...centred[i]);
        const off = (hit[section.axis] - section.at) * (section.flip ? -1 : 1);
        if (hit.building >= 0 && off > 0.01) away++;
        const onCap = hit.building >= 0 && Math.abs(off) < 1e-6;
        if (onCap) caps++;
        const closed = hit.building >= 0 && !onCap && view.scene.storeys.rooms(hit.storey) === 0;
        const picked = closed ? view.scene.index.storeySlot(hit.storey) : hit.slot;
        if (drawn[i][0] >= 0 || picked >= 0) result.push([centred[i], drawn[i], picked]);
    }}
    return {{ rows: result, away, caps }};
}}"""


def cut(shown: Shown, section: dict[str, Any], **props: Any) -> None:
    """Show a section, with its caps."""
    shown.reset(section=section, **props)
    shown.page.wait_for_function(f"{LAYER}.caps !== null")
    shown.settle()


def sections(n: int) -> list[Any]:
    """Seeded planes near building 3, each with a state of the view and a camera that looks at what is cut."""
    draw = random.Random(20_260_611)
    states: list[dict[str, Any]] = [
        {},
        {"storey": "3/04"},
        {"explode": 1, "selection": "3"},
        {"xray": True},
        {"mode": "2d"},
    ]
    found = []
    for i in range(n):
        axis = "xyz"[i % 3]
        at = {"x": draw.uniform(-260, -142), "y": draw.uniform(338, 434), "z": draw.uniform(0.5, 42)}[axis]
        section = {"axis": axis, "at": round(at, 2), "flip": draw.random() < 0.5 and axis != "z"}
        state = states[i % len(states)]
        away = {"x": 270, "y": 180, "z": draw.uniform(-180, 180)}[axis] + draw.uniform(-50, 50)
        bearing = away + 180 if section["flip"] or axis == "z" else away
        camera = f"{bearing:.1f},{draw.uniform(12, 60):.1f},{draw.uniform(140, 420):.0f},-200,386,15"
        found.append(pytest.param(section, {**state, "camera": camera}, id=f"{i}-{axis}-{next(iter(state), 'closed')}"))
    return found


@pytest.mark.parametrize(("section", "state"), sections(15))
def test_picking_agrees_with_the_id_buffer_and_never_hits_what_is_cut_away(
    campus: Shown, section: dict[str, Any], state: dict[str, Any]
) -> None:
    cut(campus, section, **state)
    draw = random.Random(str(section))
    places = [[draw.uniform(2, 998), draw.uniform(2, 698)] for _ in range(1200)]
    got = campus.page.evaluate(PICK, places)
    rows = got["rows"]
    assert got["caps"] > 0, "no ray meets a cap"
    assert got["away"] == 0, "picked beyond the plane"
    if state.get("mode") != "2d":
        assert len(rows) >= 150, f"only {len(rows)} of the rays meet the campus"
    # On an edge, rasterising may take the neighbour: its colour then stands within one pixel.
    assert [row for row in rows if row[2] not in row[1]] == []
    assert sum(row[2] != row[1][0] for row in rows) <= 0.05 * len(rows) + 2
