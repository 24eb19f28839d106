"""Names on the picture: few, in one draw, and where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from models3d.demo import demo_campus
from models3d.tiles import write_scene
from tests.viewer.conftest import Scene, Show, showing

pytestmark = pytest.mark.browser


def test_labels_are_at_most_two_hundred_in_one_draw(show: Show) -> None:
    view = show(quality="c")
    view.ready()
    view.settle()
    # draws of a picture at rest: ground and trees are one from then on
    view.kept()
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
