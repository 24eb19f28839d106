"""What is drawn: colours of the legend, maps, the page round the campus."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.colour import ciede2000, lab, srgb
from tests.conftest import ROOT
from tests.viewer.conftest import Scene, Show
from tests.viewer.looks import FILL, MORNING, over_first, picture, share_near

pytestmark = pytest.mark.browser

THEMES = json.loads((ROOT / "assets" / "tokens.json").read_text("utf-8"))["themes"]


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


@pytest.mark.parametrize("mode", ["2d", "3d"])
def test_the_selection_changes_no_colour_that_is_read_as_a_value(show: Show, mode: str) -> None:
    """Not in the lean picture of a moving camera, nor in that at rest, nor in what was kept."""
    room = "3/02/2001"
    view = show(theme="dark", channel="energy.power", labels=False, quality="c", mode=mode, storey="3/02", time=MORNING)
    view.ready()
    view.page.evaluate("(room) => window.campusTwin.views.at(-1).set({ flyTo: `${room}#1` })", room)
    view.settle()
    view.page.evaluate(
        "() => { const { flight } = window.campusTwin.views.at(-1).stage;"
        " flight.fly({ ...flight.goal, distance: flight.goal.distance / 4 }, 0); }"
    )
    view.settle()
    view.page.evaluate(FILL, [0, 0])
    view.kept()

    def step(image: npt.NDArray[np.float64]) -> float:
        return share_near(image, THEMES["dark"]["ramp"][0], 4.0)

    plain = picture(view)
    view.page.evaluate("(room) => window.campusTwin.views.at(-1).set({ selection: room })", room)
    view.settle()
    for look in ("kept", "drawn", "lean"):
        if look == "drawn":
            view.page.evaluate(
                "window.campusTwin.views.at(-1).scene.layers.find((layer) => layer.name === 'rest').kept.drop()"
            )
        if look == "lean":
            view.page.evaluate("window.campusTwin.views.at(-1).stage.lean = true")
        image = picture(view)
        changed = (np.abs(image - plain).max(axis=2) > 20 / 255).mean()
        assert changed > 0.001, "its outline is seen"
        if look != "lean":  # plain light is another light
            assert changed < 0.02, f"{look}: {changed:.3f} of the picture"
            assert step(image) > 0.9 * step(plain) > 0.05, look
        else:
            view.page.evaluate("window.campusTwin.views.at(-1).set({ selection: '' })")
            view.page.evaluate("window.campusTwin.views.at(-1).stage.lean = true")
            assert (np.abs(image - picture(view)).max(axis=2) > 20 / 255).mean() < 0.03, look


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

    view.still()
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
        const trees = layers.find((layer) => layer.name === 'trees').mesh.visible;
        return [uniforms.uShadow.value.x, trees, uniforms.uHeightScale.value.z];
    }"""

    def dark(**props: Any) -> tuple[float, float]:
        view.set(**props)
        view.settle()
        view.still()
        strength, trees, maps = view.page.evaluate(read)
        assert trees
        return float(strength), float(maps)

    on_the_map, of_a_storey, in_space = dark(), dark(storey="3/02"), dark(storey="", mode="3d")
    assert of_a_storey[0] == 0 < on_the_map[0] < in_space[0] == 1
    # nor what the baked maps tell of the building whose other storeys are away: darkness in steps of their pixels
    assert (on_the_map[1], of_a_storey[1], in_space[1]) == (1, 0, 1)


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
