"""The view in a real browser with software WebGL: what is drawn, picked, recoloured, and what it costs."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import viewer
from tests.conftest import require
from tests.viewer.conftest import VIEW, Scene, Show, Shown
from viewer import DIST

pytestmark = pytest.mark.browser


def pixels(shown: Shown, points: list[tuple[int, int]]) -> list[list[int]]:
    """Colours of the canvas at places [CSS px], read in the frame that drew them."""
    script = f"""points => {{
        const view = {VIEW};
        view.stage.drawNow();
        const gl = view.stage.renderer.getContext();
        const ratio = view.stage.renderer.getPixelRatio();
        const out = [];
        const pixel = new Uint8Array(4);
        for (const [x, y] of points) {{
            gl.readPixels(x * ratio, gl.drawingBufferHeight - 1 - y * ratio, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
            out.push([...pixel.slice(0, 3)]);
        }}
        return out;
    }}"""
    got: list[list[int]] = shown.page.evaluate(script, points)
    return got


def test_a_page_shows_the_campus_and_asks_nobody_else(campus: Shown, demo_scene: Scene) -> None:
    shown = campus
    assert shown.data("buildings") == "48"
    assert shown.data("spaces") == str(demo_scene.spaces)
    assert shown.data("mode") == "3d"
    assert shown.data("time") == "live"
    shown.settle()
    grid = [(x, y) for x in range(20, 1000, 40) for y in range(20, 700, 40)]
    assert len({tuple(colour) for colour in pixels(shown, grid)}) > 20
    host = shown.page.url.split("/")[2]
    assert all(url.split("/")[2] == host for url in shown.requests)
    assert shown.props()["status"]["state"] == "ready"


def test_an_idle_view_draws_nothing(campus: Shown) -> None:
    campus.reset()
    # what is gathered at rest comes to an end, however long a sample takes on a busy machine
    campus.still()
    quiet = 0
    for _ in range(80):
        before = campus.counter("frames")
        campus.page.wait_for_timeout(1000)
        quiet = quiet + 1 if campus.counter("frames") == before else 0
        if quiet == 4:
            break
    campus.page.wait_for_timeout(1500)
    assert campus.counter("frames") == before


@pytest.mark.parametrize(
    "state",
    [
        {"rooms": True},
        {"mode": "2d"},
        {"mode": "2d", "storey": "3/03", "flyTo": "3#plan"},
        {"explode": 1, "selection": "3", "flyTo": "3#exploded"},
        {"storey": "3/03", "flyTo": "3#isolated"},
        {"storey": "3/03", "section": {"axis": "y", "at": 380, "flip": False}, "flyTo": "3#section"},
        {},
    ],
    ids=["rooms", "map", "plan", "exploded", "isolated", "section", "closed"],
)
def test_picking_agrees_with_the_id_buffer(campus: Shown, state: dict[str, Any]) -> None:
    shown = campus
    shown.reset(**{key: value for key, value in state.items() if key != "rooms"})
    if state.get("rooms"):
        shown.page.evaluate(f"{VIEW}.showRooms(true)")
        shown.settle()
    draw = random.Random(20_260_415)
    places = [[draw.uniform(2, 998), draw.uniform(2, 698)] for _ in range(1500)]
    script = f"""async places => {{
        const view = {VIEW};
        const centred = places.map(([x, y]) => [Math.floor(x) + 0.5, Math.floor(y) + 0.5]);
        const drawn = await window.campusTwin.idsAt(view, centred);
        const result = [];
        for (let i = 0; i < centred.length; i++) {{
            const hit = view.navigator.pickAt(...centred[i]);
            const closed = hit.building >= 0 && view.scene.storeys.rooms(hit.storey) === 0;
            const picked = closed ? view.scene.index.storeySlot(hit.storey) : hit.slot;
            if (drawn[i][0] >= 0 || picked >= 0) result.push([centred[i], drawn[i], picked]);
        }}
        return result;
    }}"""
    rows: list[Any] = shown.page.evaluate(script, places)[:200]
    assert len(rows) == 200, f"only {len(rows)} of the rays meet the campus"
    # On an edge, rasterising may take the neighbour: its colour then stands within one pixel.
    assert [row for row in rows if row[2] not in row[1]] == []
    assert sum(row[2] != row[1][0] for row in rows) <= 10


@pytest.mark.parametrize("state", [{}, {"mode": "2d"}, {"explode": 1}, {"xray": True}], ids=str)
def test_draw_calls_stay_below_the_buildings_in_view_and_ten(campus: Shown, state: dict[str, Any]) -> None:
    campus.reset(**state)
    campus.page.evaluate(f"{VIEW}.stage.drawNow()")
    assert 0 < campus.counter("drawCalls") <= 48 + 10


def test_the_engine_is_small() -> None:
    require(viewer.is_built(), "the viewer is not built: run node viewer/build.mjs (scripts/setup does)")
    manifest = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    assert sum(manifest["gzipped"][name] for name in manifest["engine"]) <= 160_000


def test_a_click_selects_what_is_under_it(campus: Shown) -> None:
    shown = campus
    shown.reset(storey="3/03", flyTo="3#click")
    x, y, room = shown.page.evaluate(
        f"""() => {{
            const view = {VIEW};
            for (let x = 20; x < 980; x += 6) for (let y = 20; y < 680; y += 6) {{
                const hit = view.navigator.pickAt(x, y);
                if (hit.building === 2 && view.scene.storeys.rooms(hit.storey) === 1)
                    return [x, y, view.scene.index.id(hit.slot)];
            }}
        }}"""
    )
    shown.page.mouse.click(x, y)
    assert shown.props()["selection"] == room
    assert room.startswith("3/03/")
    assert room.split("/")[-1] in (shown.page.locator("#view [aria-live]").first.text_content() or "")
    shown.page.keyboard.press("Escape")
    assert shown.props()["selection"] == "3/03"
    shown.page.keyboard.press("Escape")
    assert shown.props()["selection"] == "3"
    shown.page.mouse.move(x, y)
    shown.page.wait_for_function(f"{VIEW}.props.hover === '{room}'")


def test_the_camera_moves_by_mouse_wheel_and_keys_and_tells_where_it_stands(campus: Shown) -> None:
    shown = campus
    shown.reset()
    poses = [shown.page.evaluate(f"{VIEW}.pose")]

    def moved() -> None:
        pose = shown.page.evaluate(f"{VIEW}.pose")
        assert pose not in poses
        poses.append(pose)

    mouse = shown.page.mouse
    mouse.move(500, 350)
    mouse.down()
    mouse.move(600, 380, steps=4)
    mouse.up()
    moved()
    mouse.wheel(0, -240)
    shown.settle()
    moved()
    mouse.down(button="right")
    mouse.move(500, 300, steps=4)
    mouse.up(button="right")
    moved()
    assert shown.props().get("selection", "") == ""
    shown.page.locator("#view canvas").focus()
    for key in ("ArrowLeft", "Shift+ArrowUp", "+"):
        shown.page.keyboard.press(key)
        moved()
    shown.page.wait_for_function(f"{VIEW}.props.camera === {VIEW}.pose")
    shown.set(camera="45,30,500,10,20,5")
    shown.settle()
    assert shown.page.evaluate(f"{VIEW}.pose") == "45,30,500,10,20,5"


def test_to_the_map_and_back_is_one_flight_that_input_stops(show: Show) -> None:
    shown = show(context={"reduced_motion": "no-preference"})
    shown.ready()
    shown.settle()
    before = shown.page.evaluate(f"{VIEW}.pose")
    frames = shown.counter("frames")
    shown.set(mode="2d")
    shown.page.wait_for_function(f"{VIEW}.stage.rig.isFlat", timeout=60_000)
    assert shown.counter("frames") > frames + 2, "it flies, it does not cut"
    assert shown.data("mode") == "2d"
    shown.set(mode="3d")
    shown.page.wait_for_function(f"{VIEW}.stage.rig.pose.flat === 0", timeout=60_000)
    assert shown.page.evaluate(f"{VIEW}.pose").split(",")[:3] == before.split(",")[:3]
    shown.set(flyTo="3")
    shown.page.wait_for_function(f"{VIEW}.stage.flight.active")
    shown.page.mouse.move(500, 350)
    shown.page.mouse.wheel(0, 10)
    assert shown.page.evaluate(f"{VIEW}.stage.flight.active") is False


def test_a_link_shows_its_place_from_the_first_frame_on(show: Show) -> None:
    """Not the whole campus until names have come: on a slow line that is what one looked at."""
    shown = show(flyTo="3/02", context={"reduced_motion": "no-preference"})
    shown.page.wait_for_function(
        "window.campusTwin?.views.at(-1)?.scene && window.campusTwin.views.at(-1).stage.counters.frames > 0",
        timeout=60_000,
    )
    distance, active = shown.page.evaluate(f"[{VIEW}.stage.rig.pose.distance, {VIEW}.stage.flight.active]")
    assert (distance < 1000, active) == (True, False)


def test_a_link_to_a_room_finds_it_however_late_its_storey_comes(show: Show, demo_scene: Scene) -> None:
    (labels,) = demo_scene.folder.glob("labels-*.json")
    late = show(flyTo=json.loads(labels.read_text())["id"][40])
    late.ready()
    late.page.wait_for_function(f"{VIEW}.stage.rig.pose.distance < 400", timeout=60_000)


def test_a_lost_context_comes_back(show: Show) -> None:
    shown = show()
    shown.ready()
    shown.settle()
    shown.page.evaluate(
        f"""async () => {{
            const loss = {VIEW}.stage.renderer.getContext().getExtension('WEBGL_lose_context');
            loss.loseContext();
            await new Promise(done => setTimeout(done, 200));
            loss.restoreContext();
        }}"""
    )
    shown.page.wait_for_function(f"{VIEW}.stage.renderer.getContext().isContextLost() === false")
    shown.ready()
    shown.settle()
    grid = [(x, y) for x in range(20, 1000, 40) for y in range(20, 700, 40)]
    assert len({tuple(colour) for colour in pixels(shown, grid)}) > 20
    # three.js says that the context was lost: that is not an error of ours.
    shown.problems[:] = [text for text in shown.problems if "Context Lost" not in text]


def test_without_webgl_the_same_campus_is_an_svg_plan(show: Show) -> None:
    shown = show()
    shown.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    shown.page.reload()
    shown.page.wait_for_selector("#view[data-mode=plan] svg path")
    shown.problems[:] = [text for text in shown.problems if "WebGL" not in text]


def test_a_missing_scene_is_an_error_that_says_which(show: Show) -> None:
    shown = show(sceneUrl="/models/scene-nowhere.json")
    shown.ready("error")
    assert "scene-nowhere.json: HTTP 404" in (shown.data("error") or "")
    shown.problems[:] = [text for text in shown.problems if "404" not in text and "scene-nowhere" not in text]
