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


def at_rest(shown: Shown) -> None:
    """Wait until one picture stands for the scene: until then draws and geometries come and go with the light."""
    shown.settle()
    shown.kept()
    shown.page.evaluate(f"{VIEW}.stage.drawNow()")


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


NAMES = f"""() => {{
    const view = {VIEW};
    const {{ section }} = view.state;
    const labels = [...view.scene.layers.find(layer => layer.name === 'labels').shown];
    const away = labels.filter(a => section && a.kind !== 'ground' &&
        (section.axis === 'z' ? a.low > section.at : (a[section.axis] - section.at) * (section.flip ? -1 : 1) > 0.05));
    return {{ labels: labels.length, spaces: labels.filter(a => a.kind === 'space').length, away: away.length }};
}}"""


@pytest.mark.parametrize(
    ("section", "state"),
    [
        ({"axis": "y", "at": 385, "flip": True}, {"storey": "3/04", "camera": "10,32,190,-200,385,18"}),
        ({"axis": "x", "at": -200, "flip": False}, {"mode": "2d", "camera": "0,90,190,-200,385,0"}),
        ({"axis": "y", "at": 40, "flip": True}, {}),
    ],
    ids=["storey", "map", "campus"],
)
def test_names_in_the_part_that_is_cut_away_go_with_it(
    campus: Shown, section: dict[str, Any], state: dict[str, Any]
) -> None:
    campus.reset(**state)
    before = campus.page.evaluate(NAMES)
    cut(campus, section, **state)
    campus.page.wait_for_timeout(300)
    after = campus.page.evaluate(NAMES)
    assert after["away"] == 0
    assert 0 < after["labels"] < before["labels"]


def test_a_level_cut_keeps_the_names_of_what_it_cuts(campus: Shown) -> None:
    cut(campus, {"axis": "z", "at": 1.5, "flip": False}, mode="2d", camera="0,90,190,-200,385,0")
    campus.page.wait_for_timeout(300)
    names = campus.page.evaluate(NAMES)
    assert names["spaces"] > 5
    assert names["away"] == 0


def seen(shown: Shown) -> list[str]:
    """Ids of the markers that can be seen."""
    found: list[str] = shown.page.evaluate(
        """() => [...document.querySelectorAll('.campus-marker')]
            .filter(pin => getComputedStyle(pin).visibility === 'visible').map(pin => pin.dataset.id).sort()"""
    )
    return found


def test_markers_of_what_is_cut_away_and_of_hidden_storeys_are_not_seen(campus: Shown) -> None:
    low, high, top = "3/02/2001", "3/04/4001", "3/09"
    markers = [
        {"id": "low", "entity": low, "position": None, "kind": "warning", "label": "low"},
        {"id": "high", "entity": high, "position": None, "kind": "error", "label": "high"},
        {"id": "top", "entity": top, "position": None, "kind": "error", "label": "top"},
        {"id": "north", "entity": "", "position": [-200, 430, 5], "kind": "error", "label": "north"},
        {"id": "south", "entity": "", "position": [-200, 340, 5], "kind": "error", "label": "south"},
    ]
    plain = {"camera": "10,50,400,-200,385,18"}
    campus.reset(markers=markers, **plain)
    assert seen(campus) == ["high", "low", "north", "south", "top"]
    cut(campus, {"axis": "y", "at": 385, "flip": True}, markers=markers, **plain)
    assert "south" not in seen(campus)
    assert "north" in seen(campus)
    cut(campus, {"axis": "y", "at": 385, "flip": False}, markers=markers, **plain)
    assert "south" in seen(campus)
    assert "north" not in seen(campus)
    cut(campus, {"axis": "z", "at": 16, "flip": False}, markers=markers, **plain)
    assert seen(campus) == ["high", "low", "north", "south"], "a room that is cut keeps its marker, on its cut"
    campus.reset(markers=markers, storey="3/04", **plain)
    assert "top" not in seen(campus), "storeys above the isolated one are out of sight"
    assert "high" in seen(campus)
    campus.reset(markers=markers, mode="2d", storey="3/04", camera="0,90,400,-200,385,0")
    assert "low" not in seen(campus)
    assert "high" in seen(campus)
    campus.set(markers=[])


def test_a_measure_goes_with_a_place_that_is_cut_away(campus: Shown) -> None:
    campus.reset(measure=True, camera="10,50,400,-200,385,18")
    layer = f"{VIEW}.scene.layers.find(layer => layer.name === 'measure')"
    campus.page.evaluate(f"{layer}.add(-200, 340, 1); {layer}.add(-200, 430, 1)")
    label = campus.page.locator(".campus-measure")
    assert label.is_visible()
    campus.set(section={"axis": "y", "at": 385, "flip": True})
    campus.settle()
    assert not label.is_visible()
    campus.set(section=None)
    campus.settle()
    assert label.is_visible()
    campus.set(measure=False)


def test_a_drag_costs_one_draw_and_little_time_and_the_caps_are_freed(campus: Shown) -> None:
    campus.reset(camera="18,40,900,-200,385,18")
    memory = f"{VIEW}.stage.renderer.info.memory.geometries"
    at_rest(campus)
    before = campus.page.evaluate(memory)
    cut(campus, {"axis": "z", "at": 12, "flip": False}, camera="18,40,900,-200,385,18")
    at_rest(campus)
    # what is at rest costs no draw of its own
    campus.page.evaluate(f"{VIEW}.scene.layers.find((layer) => layer.name === 'rest').restart()")
    calls = []
    for visible in ("true", "false"):
        campus.page.evaluate(f"{LAYER}.caps.mesh.visible = {visible}; {VIEW}.stage.drawNow()")
        calls.append(campus.counter("drawCalls"))
    assert calls[0] - calls[1] == 1
    spent = campus.page.evaluate(
        f"""() => {{
            const view = {VIEW};
            const {{ caps }} = {LAYER};
            const times = [];
            for (let i = 0; i < 60; i++) {{
                view.state.section = {{ axis: 'z', at: 0.5 + i * 0.7, flip: false }};
                const started = performance.now();
                caps.update(16384);
                times.push(performance.now() - started);
            }}
            return times.sort((a, b) => a - b)[30];
        }}"""
    )
    assert spent < 25, f"caps of 21,000 spaces take {spent:.1f} ms a step"
    campus.set(section=None)
    at_rest(campus)
    assert campus.page.evaluate(memory) == before
    assert campus.page.evaluate(f"{LAYER}.caps") is None
