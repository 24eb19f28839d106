"""What is drawn: colours of the legend, the page round the campus, a picture at rest, labels in one draw."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser

from models3d.demo import demo_campus
from models3d.tiles import write_scene
from tests.colour import ciede2000, lab, srgb
from tests.conftest import ROOT
from tests.viewer.conftest import Scene, Show, Shown, showing

pytestmark = pytest.mark.browser

THEMES = json.loads((ROOT / "assets" / "tokens.json").read_text("utf-8"))["themes"]
MORNING = "2026-06-11T09:30:00+08:00"
"""For pictures that are compared: the sun stands still."""
FILL = """([step, flags]) => {
    const view = window.campusTwin.views.at(-1);
    const { state, index } = view.scene;
    state.raw.fill(Math.round(65534 * (step + 0.5) / 7));
    state.wireFlags.fill(flags);
    view.change(2);
}"""


SHOW = """([step, flags, lens]) => {
    const view = window.campusTwin.views.at(-1);
    const { state } = view.scene;
    state.raw.fill((flags & 3) === 3 ? 65535 : Math.round(65534 * (step + 0.5) / 7));
    state.wireFlags.fill(flags);
    view.set({ lens });
    view.change(2);
}"""
KEPT = "window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rest').keeps"
"""One picture stands for what is at rest."""

READ = """() => {
    const view = window.campusTwin.views.at(-1);
    view.stage.drawNow();
    const gl = view.stage.renderer.getContext();
    const [w, h] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const all = new Uint8Array(w * h * 4);
    gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, all);
    let text = '';
    for (let i = 0; i < all.length; i += 8192) text += String.fromCharCode(...all.subarray(i, i + 8192));
    return [w, h, btoa(text)];
}"""


def picture(shown: Shown) -> npt.NDArray[np.float64]:
    """The canvas as sRGB (rows from the top, columns, 3), 0..1, read in the frame that drew it."""
    width, height, text = shown.page.evaluate(READ)
    raw = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    return raw[::-1, :, :3] / 255


def over_first(scene: Scene, elevation: int, distance: int) -> str:
    """A camera over the first building."""
    index = json.loads((scene.folder / Path(scene.files.scene_url).name).read_text())
    x0, y0, _, x1, y1, _ = index["buildings"][0]["bounds"]
    return f"0,{elevation},{distance},{(x0 + x1) / 2},{(y0 + y1) / 2},0"


def share_near(image: npt.NDArray[np.float64], token: str, within: float) -> float:
    """Share of the pixels that lie within this CIEDE2000 of the token."""
    near: npt.NDArray[np.bool_] = ciede2000(lab(image), lab(srgb(token))) <= within
    return float(near.mean())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_storey_shows_the_colours_of_the_legend(show: Show, demo_scene: Scene, theme: str) -> None:
    camera = over_first(demo_scene, 90, 260)
    view = show(theme=theme, channel="energy.power", labels=False, mode="2d", quality="c", camera=camera)
    view.ready()
    ramp = THEMES[theme]["ramp"]
    for step in (0, 3, 6):
        view.page.evaluate(FILL, [step, 0])
        view.settle()
        image = picture(view)[50:650, 150:850]
        share = share_near(image, ramp[step], 3.0)
        assert share > 0.1, f"step {step}"
        assert all(share_near(image, c, 3.0) < share for k, c in enumerate(ramp) if abs(k - step) > 1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_closed_building_wears_its_rooms_colours_within_a_step(show: Show, demo_scene: Scene, theme: str) -> None:
    camera = over_first(demo_scene, 25, 260)
    view = show(theme=theme, channel="energy.power", labels=False, quality="c", camera=camera)
    view.ready()
    view.page.evaluate(FILL, [4, 0])
    # trees are sage like the light ramp: they would be counted as data
    view.page.evaluate(
        "() => { window.campusTwin.views.at(-1).scene.layers.find(l => l.name === 'trees').mesh.visible = false; }"
    )
    view.settle()
    ramp = THEMES[theme]["ramp"]

    def worn(light: str) -> None:
        image = lab(picture(view))
        nearest = np.argmin([ciede2000(image, lab(srgb(c))) for c in ramp], axis=0)
        close = ciede2000(image, lab(srgb(ramp[4]))) <= 5.0
        assert close.mean() > 0.02, f"the bands of the facades carry the colour in {light} light"
        assert (nearest[close] == 4).mean() > 0.85, f"and are read as their own step in {light} light"

    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    worn("gathered")
    view.page.evaluate(
        """() => {
            const { stage } = window.campusTwin.views.at(-1);
            stage.lean = true;
            stage.prepareWhole = () => {};
            stage.drawNow();
        }"""
    )
    worn("plain")


def test_a_map_has_trees_and_paler_shadows_and_the_plan_of_a_storey_none(show: Show) -> None:
    """Shadows tell heights on a map; round one storey's rooms they would hide the ground."""
    view = show(theme="light", labels=False, quality="c", time=MORNING, mode="2d")
    view.ready()
    read = """() => {
        const { uniforms, layers } = window.campusTwin.views.at(-1).scene;
        return [uniforms.uShadow.value.x, layers.find((layer) => layer.name === 'trees').mesh.visible];
    }"""

    def dark(**props: Any) -> float:
        view.set(**props)
        view.settle()
        view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
        strength, trees = view.page.evaluate(read)
        assert trees
        return float(strength)

    on_the_map, of_a_storey, in_space = dark(), dark(storey="3/02"), dark(storey="", mode="3d")
    assert of_a_storey == 0 < on_the_map < in_space == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_plain_dissolves_into_the_page(show: Show, theme: str) -> None:
    view = show(theme=theme, labels=False, quality="c")
    view.ready()
    view.settle()
    image = picture(view)
    for corner in (image[:20, :20], image[:20, -20:]):
        assert np.abs(corner - srgb(THEMES[theme]["bg"])).max() <= 2.5 / 255


def test_a_stale_value_is_hatched_and_a_missing_one_is_clay(show: Show, demo_scene: Scene) -> None:
    camera = over_first(demo_scene, 90, 260)
    view = show(theme="light", channel="energy.power", labels=False, mode="2d", quality="c", camera=camera)
    view.ready()
    token = THEMES["light"]["ramp"][5]
    shares = []
    for flags in (0, 4):
        view.page.evaluate(FILL, [5, flags])
        view.settle()
        shares.append(share_near(picture(view)[50:650, 150:850], token, 3.0))
    assert 0.4 * shares[0] < shares[1] < 0.9 * shares[0], "hatching takes a part of the colour away"
    view.page.evaluate(FILL, [5, 3])
    view.page.evaluate("() => { window.campusTwin.views.at(-1).scene.state.raw.fill(65535); }")
    view.page.evaluate("() => window.campusTwin.views.at(-1).change(2)")
    view.settle()
    assert share_near(picture(view)[50:650, 150:850], token, 3.0) < 0.02


def test_labels_are_at_most_two_hundred_in_one_draw(show: Show) -> None:
    view = show(quality="c")
    view.ready()
    view.settle()
    # draws of a picture at rest: ground and trees are one from then on
    view.page.wait_for_function(KEPT, timeout=60_000)
    view.page.evaluate("window.campusTwin.views.at(-1).stage.drawNow()")
    with_labels = view.counter("drawCalls")
    count = view.page.evaluate(
        """() => {
            const layer = window.campusTwin.views.at(-1).scene.layers.find(l => l.name === 'labels');
            return layer.shown.size;
        }"""
    )
    assert 4 <= count <= 200
    view.set(labels=False)
    drawn = "window.campusTwin.views.at(-1).stage.counters.drawCalls"
    view.page.wait_for_function(f"{drawn} === {int(with_labels) - 1}", timeout=30_000)


def test_without_sites_every_building_carries_its_own_name(browser: Browser, tmp_path: Path) -> None:
    """From afar sites stand for their buildings; a handful of models in one folder has no sites."""
    assembled = demo_campus(seed=1)
    for building in assembled.campus.buildings:
        building.site = ""
    assembled.campus.sites = []
    scene = Scene(tmp_path, write_scene(assembled, tmp_path), 0)
    with showing(browser, scene) as start:
        view = start(quality="c")
        view.ready()
        view.settle()
        view.page.wait_for_function(
            """() => {
                const layer = window.campusTwin.views.at(-1).scene.layers.find((l) => l.name === 'labels');
                return [...layer.shown].filter((anchor) => anchor.kind === 'building').length >= 20;
            }""",
            timeout=30_000,
        )


def test_the_name_of_a_building_stands_on_the_storey_that_stands_alone(show: Show) -> None:
    view = show(quality="c", storey="3/02")
    view.ready()
    view.settle()
    tops = view.page.evaluate(
        """() => {
            const { index, layers } = window.campusTwin.views.at(-1).scene;
            const labels = layers.find((layer) => layer.name === 'labels');
            const slot = index.slot('3/02'), j = index.storeyOf(slot), { elevation, height } = index.file.storeys;
            const of = (id) => labels.top({ kind: 'building', slot: index.slot(id) }) - elevation[j] - height[j];
            return [of('3'), of('4')];
        }"""
    )
    assert tops == [0, float("inf")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "props",
    [
        {},
        {"xray": True},
        {"mode": "2d"},
        {"section": {"axis": "z", "at": 9.0, "flip": False}},
        {"explode": 1, "selection": "3"},
    ],
)
def test_a_slow_machine_at_rest_shows_the_same_picture_from_what_it_kept(show: Show, theme: str, props: Any) -> None:
    """Without a GPU one picture stands for everything, and a recolour is one pass over it: nobody sees it."""
    view = show(theme=theme, channel="energy.power", labels=False, quality="c", time=MORNING, **props)
    view.ready()
    # areas come with the labels, and colours go by them
    view.page.wait_for_function("window.campusTwin.views.at(-1).scene.index.labels !== null", timeout=30_000)
    looks: list[tuple[str, Any]] = [
        ("values", [3, 0]), ("stale", [6, 4]), ("missing", [3, 3]), ("simulated under the trust lens", [3, 8]),
    ]  # fmt: skip
    kept = []
    view.page.wait_for_function(KEPT, timeout=60_000)
    for name, state in looks:
        view.page.evaluate(SHOW, [*state, "trust" if "trust" in name else "data"])
        kept.append(picture(view))
        assert view.page.evaluate(KEPT), name
    away = "window.campusTwin.views.at(-1).stage.world.children.filter((c) => c.layers.mask === 2).length"
    assert view.page.evaluate(away) > 0
    view.page.evaluate("""() => {
        const view = window.campusTwin.views.at(-1);
        view.scene.layers.find((layer) => layer.name === 'rest').kept.drop();
    }""")
    assert view.page.evaluate(away) == 0
    for (name, state), at_rest in zip(looks, kept, strict=True):
        view.page.evaluate(SHOW, [*state, "trust" if "trust" in name else "data"])
        different = np.abs(picture(view) - at_rest).max(axis=2)
        assert different.max() <= 2.5 / 255, (name, different.max() * 255, np.argwhere(different > 2.5 / 255)[:3])
    assert all(np.abs(kept[0] - other).max() > 0.05 for other in kept[1:]), "and every look is another"


def test_a_few_new_values_paint_the_tiles_in_which_they_are_seen(show: Show) -> None:
    """What changes where little changes is right everywhere, and it is little that is painted."""
    view = show(theme="light", channel="energy.power", labels=False, quality="c", time=MORNING)
    view.ready()
    view.page.wait_for_function("window.campusTwin.views.at(-1).scene.index.labels !== null", timeout=30_000)
    view.page.evaluate(SHOW, [1, 0, "data"])
    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    picture(view)
    few = """(hovered) => {
        const view = window.campusTwin.views.at(-1), { state, index } = view.scene;
        const tiles = view.scene.layers.find((layer) => layer.name === 'rest').kept.tiles;
        for (let k = 0; k < 40; k++) {
            const slot = index.firstSpace + (k * 7919) % index.spaces;
            state.raw[slot] = 60000;
            if (k % 4 === 0) state.wireFlags[slot] = 4;
        }
        if (hovered) view.scene.uniforms.uHovered.value = index.slot(hovered);
        view.change(2);
        const flush = tiles.flush.bind(tiles);
        let painted = 0;
        tiles.flush = () => { painted = tiles.count; flush(); };
        view.stage.drawNow();
        tiles.flush = flush;
        return painted / (tiles.columns * tiles.rows);
    }"""
    before = picture(view)
    shares = [view.page.evaluate(few, ""), view.page.evaluate(few, "3/02")]
    at_rest = picture(view)
    assert view.page.evaluate(KEPT)
    assert all(0 < share < 0.5 for share in shares), f"{shares} of the tiles of the screen"
    view.page.evaluate("window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rest').kept.drop()")
    assert (np.abs(at_rest - before).max(axis=2) > 20 / 255).sum() > 50, "they are seen"
    assert np.abs(picture(view) - at_rest).max() <= 2.5 / 255


SMOOTH = "[data-smooth=yes]"


def test_edges_at_rest_are_those_of_a_much_finer_picture(show: Show, demo_scene: Scene) -> None:
    """Without a GPU nothing is antialiased; what stands still is, also in the colours that come later."""
    size, fine = (400, 280), 4
    camera = over_first(demo_scene, 25, 260)
    given: dict[str, Any] = {
        "theme": "light",
        "channel": "energy.power",
        "labels": False,
        "camera": camera,
        "time": MORNING,
    }

    def looks(scale: int, *, smooth: bool) -> list[npt.NDArray[np.float64]]:
        context = {"viewport": {"width": size[0], "height": size[1]}, "device_scale_factor": scale}
        view = show(context=context, **given)
        view.ready(smooth=smooth)
        view.page.wait_for_function("window.campusTwin.views.at(-1).scene.index.labels !== null", timeout=30_000)
        view.page.wait_for_selector(SMOOTH if smooth else "[data-still=yes]", timeout=90_000)
        pictures = []
        for state in ([6, 0], [0, 0], [6, 3]):
            view.page.evaluate(SHOW, [*state, "data"])
            pictures.append(picture(view))
        return pictures

    truth = [p.reshape(size[1], fine, size[0], fine, 3).mean(axis=(1, 3)) for p in looks(fine, smooth=False)]
    steps, smooth = looks(1, smooth=False), looks(1, smooth=True)
    for true, rough, picture_ in zip(truth, steps, smooth, strict=True):
        edges = np.abs(rough - true).max(axis=2) > 0.08
        assert edges.mean() > 0.02, "there are steps"
        before, after = (np.sqrt(np.mean((p - true)[edges] ** 2)) for p in (rough, picture_))
        assert after < 0.55 * before, (before, after)


def test_a_few_new_values_are_smooth_too(show: Show, demo_scene: Scene) -> None:
    camera = over_first(demo_scene, 25, 260)
    view = show(theme="light", channel="energy.power", labels=False, camera=camera, time=MORNING)
    view.ready(smooth=True)
    view.page.wait_for_function("window.campusTwin.views.at(-1).scene.index.labels !== null", timeout=30_000)
    view.page.evaluate(SHOW, [1, 0, "data"])
    view.page.wait_for_selector(SMOOTH, timeout=90_000)
    before = picture(view)
    view.page.evaluate("""() => {
        const view = window.campusTwin.views.at(-1), { state, index } = view.scene;
        for (let slot = index.firstSpace; slot < index.firstSpace + 300; slot += 10) state.raw[slot] = 60000;
        view.change(2);
    }""")
    few = picture(view)
    kept = "window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rest').kept"
    view.page.evaluate(f"{kept}.painted = null")
    assert (np.abs(few - before).max(axis=2) > 20 / 255).sum() > 200, "they are seen"
    assert np.abs(picture(view) - few).max() <= 0.5 / 255, "and what is painted beside them is what all would be"


def test_light_that_is_begun_anew_is_never_none(show: Show) -> None:
    """A sample that was under way when something moved must not end the next gathering before it has any light."""
    view = show(theme="light", labels=False, quality="c", time=MORNING)
    view.ready()
    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    at_rest = picture(view)
    interrupted = """async () => {
        const view = window.campusTwin.views.at(-1);
        const rest = view.scene.layers.find((layer) => layer.name === 'rest');
        rest.restart();
        while (rest.fence === null) await new Promise((done) => setTimeout(done, 1));
        rest.restart();
        const began = performance.now();
        while (performance.now() - began < 1500);
    }"""
    view.page.evaluate(interrupted)
    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    # shadows' edges may differ by the number of samples that a busy machine took
    different = np.abs(picture(view) - at_rest).max(axis=2)
    assert (different > 10 / 255).mean() < 0.02


def test_light_is_gathered_only_by_shaders_that_know_of_surfaces(show: Show) -> None:
    """Values that come while the whole light is being compiled draw plain frames; their shaders gather nothing."""
    view = show(theme="light", labels=False, quality="c", time=MORNING)
    view.ready()
    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    at_rest = picture(view)
    slow = """async () => {
        const { stage } = window.campusTwin.views.at(-1);
        const begun = performance.now();
        const compiled = stage.prepareWhole.bind(stage);
        stage.prepareWhole = () => {};
        stage.moving();
        stage.flight.fly({ ...stage.flight.goal, azimuth: stage.flight.goal.azimuth + 0.02 }, 0);
        stage.flight.fly({ ...stage.flight.goal, azimuth: stage.flight.goal.azimuth - 0.02 }, 0);
        while (performance.now() - begun < 1500) {
            stage.drawNow();
            await new Promise((done) => setTimeout(done, 20));
        }
        const still = document.querySelector('[data-still]').dataset.still;
        stage.prepareWhole = compiled;
        compiled();
        return still;
    }"""
    assert view.page.evaluate(slow) == "no"
    view.page.wait_for_selector("[data-still=yes]", timeout=60_000)
    different = np.abs(picture(view) - at_rest).max(axis=2)
    assert (different > 10 / 255).mean() < 0.02


DRAWN = "window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rooms').drawn"
"""Indices of rooms in the last frame."""


def test_what_is_left_out_of_far_buildings_is_not_missed(show: Show) -> None:
    view = show(theme="light", channel="energy.power", labels=False, quality="c", time=MORNING)
    view.ready()
    # areas come with the labels, and colours go by them
    view.page.wait_for_function("window.campusTwin.views.at(-1).scene.index.labels !== null", timeout=30_000)
    view.page.evaluate(FILL, [3, 0])
    view.page.evaluate("window.campusTwin.views.at(-1).showRooms(true)")
    view.settle()
    # until the gathered light is all there, whatever may have begun it anew: both pictures then have the same
    view.page.wait_for_function(KEPT, timeout=60_000)
    far, few = picture(view), view.page.evaluate(DRAWN)
    view.page.evaluate("window.campusTwin.views.at(-1).stage.rig.metresPerPixelAt = () => 0.01")
    view.page.wait_for_timeout(1000)
    restart = "window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rest').restart()"
    view.page.evaluate(restart)
    view.page.wait_for_function(KEPT, timeout=60_000)
    near, all_of_them = picture(view), view.page.evaluate(DRAWN)
    assert all_of_them > 3 * few > 0
    # gaps below a pixel are specks of single pixels: what the eye sees is the mean of a few
    means = [image.reshape(70, 10, 100, 10, 3).mean(axis=(1, 3)) for image in (far, near)]
    different = np.abs(means[0] - means[1]).max(axis=2)
    assert np.percentile(different, 99) < 6 / 255


QUEUE = """async () => {
    const { stage } = window.campusTwin.views.at(-1);
    const gl = stage.renderer.getContext(), status = gl.getSyncParameter;
    const frames = async (count) => {
        for (let k = 0; k < count; k++) { stage.requestDraw(); await new Promise(requestAnimationFrame); }
        return stage.counters.frames;
    };
    stage.drawNow();
    gl.getSyncParameter = () => gl.UNSIGNALED;
    const before = stage.counters.frames;
    const waiting = await frames(10) - before;
    gl.getSyncParameter = status;
    const end = performance.now() + 10000;
    while (await frames(1) <= before + waiting && performance.now() < end);
    return [stage.slow, waiting, stage.counters.frames - before - waiting];
}"""


def test_a_slow_machine_draws_no_frame_before_the_last_one_is_done(show: Show, demo_scene: Scene) -> None:
    view = show(channel="energy.power", labels=False, quality="c")
    view.ready()
    slow, waiting, after = view.page.evaluate(QUEUE)
    assert slow
    assert waiting == 0, "a queue of frames shows what was true a second ago"
    assert after > 0
