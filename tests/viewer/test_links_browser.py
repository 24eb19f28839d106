"""Links in a real browser: colour follows the class, one that is down is broken, a click selects, the plan lists."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ROOT
from tests.viewer.conftest import VIEW, Scene, Shown, showing
from tests.viewer.page import Live
from twin.frame import Frame, FrameKind, encode, no_leaves, no_totals

pytestmark = pytest.mark.browser

LIGHT = json.loads((ROOT / "assets" / "tokens.json").read_text(encoding="utf-8"))["themes"]["light"]
LAYER = f"{VIEW}.scene.layers.find((layer) => layer.name === 'links').drawing"
BREAKS = [10, 25, 50, 70, 80, 90]
NONE = 3
CAMERA = "18,50,1700,-100,300,20"
"""Over the north of the campus, steep enough to see between the lines."""


def end(building: str) -> dict[str, Any]:
    names = {"en": f"House {building}", "zh": f"{building}号楼"}
    where = {"place": building, "storey": "", "building": building, "position": [0, 0, 0], "schematic": True}
    return {"id": building, "kind": "building", "names": names, **where, "outside": False, "role": ""}


def answer() -> dict[str, Any]:
    """Lines from buildings 1, 2 and 3 to 20."""
    more = {"upper": end("20"), "capacity_mbit_s": 1000, "links": 1, "reasons": []}
    lines = [{"id": f"{b}>20", "number": n, "lower": end(b), **more} for n, b in enumerate(("1", "2", "3"))]
    return {"layout": "one", "breaks": BREAKS, "lines": lines, "items": [], "next_offset": None}


def event(scene: Scene, *rows: list[float | None], full: bool = False) -> bytes:
    """An event of links as the server sends it."""
    index = json.loads((scene.folder / scene.files.scene_url.rsplit("/", 1)[-1]).read_text(encoding="utf-8"))
    slots = 1 + len(index["buildings"]) + len(index["storeys"]["id"]) + int(index["counts"]["spaces"])
    said = {"kind": "links", "layout": "one", "time": time.time(), "full": full, "lines": list(rows), "links": []}
    text = json.dumps(said, separators=(",", ":")).encode()
    head = (FrameKind.EVENT, 1, time.time() * 1000, 0.0, 100.0, 0, slots)
    return encode(Frame(*head, no_leaves(), no_totals(), text))


def row(number: int, used: float | None, status: int = 0, flags: int = 0) -> list[float | None]:
    return [number, status, used, 20_000, 5, time.time(), flags, 1, int(status == 1)]


class Net:
    """A page with lines, and what sends to it."""

    def __init__(self, shown: Shown, live: Live, scene: Scene) -> None:
        self.shown, self.live, self.scene = shown, live, scene

    def say(self, *rows: list[float | None], full: bool = False) -> None:
        """Send values, and wait until they are drawn."""
        assert self.live.loop is not None
        data = event(self.scene, *rows, full=full)
        for socket in list(self.live.sockets):
            asyncio.run_coroutine_threadsafe(socket.send_bytes(data), self.live.loop).result(5)
        want = json.dumps([[r[0], r[1], r[2]] for r in rows])
        self.shown.page.wait_for_function(
            f"""{want}.every(([n, status, used]) => {{
                const value = {VIEW}.links.model.lineValues.get(n);
                return value.status === status && Object.is(value.used, used ?? NaN);
            }})"""
        )
        self.shown.settle()

    def along(self, number: int) -> list[tuple[str, float, float]]:
        """Colour ('#RRGGBB') and place [CSS px] at many points along a line, read in the frame that drew them."""
        script = f"""number => {{
            const view = {VIEW};
            const arc = {LAYER}.arcs.arcs.find((a) => a.line.number === number);
            view.stage.drawNow();
            const gl = view.stage.renderer.getContext();
            const ratio = view.stage.renderer.getPixelRatio();
            const [pixel, at, out] = [new Uint8Array(4), new Float64Array(3), []];
            const c = arc.curve;
            for (let t = 0.1; t < 0.4; t += 0.002) {{
                const u = 1 - t;
                const [a, b, d, e] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
                const p = [0, 1, 2].map((i) => a * c[i] + b * c[3 + i] + d * c[6 + i] + e * c[9 + i]);
                view.stage.rig.toScreen(...p, at);
                gl.readPixels(Math.floor(at[0] * ratio), Math.floor(gl.drawingBufferHeight - at[1] * ratio), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
                out.push(['#' + [...pixel.slice(0, 3)].map((v) => v.toString(16).padStart(2, '0')).join('').toUpperCase(), at[0], at[1]]);
            }}
            return out;
        }}"""  # noqa: E501
        got: list[tuple[str, float, float]] = self.shown.page.evaluate(script, number)
        return got

    def share(self, number: int, colour: str) -> float:
        """Which share of a line has a colour."""
        points = self.along(number)
        return sum(_near(found, colour) for found, _, _ in points) / len(points)


def _near(a: str, b: str) -> bool:
    return all(abs(int(a[i : i + 2], 16) - int(b[i : i + 2], 16)) <= 2 for i in (1, 3, 5))


@pytest.fixture(scope="module")
def net(browser: Browser, demo_scene: Scene) -> Iterator[Net]:
    with showing(browser, demo_scene) as start:
        live = Live()
        live.links = answer()
        live.frames = [event(demo_scene, row(0, 5), row(1, 5), row(2, 5), full=True)]
        shown = start(live=live, channel="network.utilisation", lang="en", labels=False, camera=CAMERA)
        shown.ready()
        shown.page.wait_for_selector("#view[data-links='3']", timeout=20_000)
        shown.settle()
        yield Net(shown, live, demo_scene)


def test_a_links_colour_is_that_of_its_class_and_changes_when_it_crosses_a_border(net: Net) -> None:
    for used, step in ((5, 0), (9.9, 0), (10, 1), (69, 3), (70, 4), (95, 6)):
        net.say(row(0, used))
        assert net.share(0, LIGHT["ramp"][step]) > 0.9, f"{used} %"
    assert net.share(1, LIGHT["ramp"][0]) > 0.9, "its neighbour stays"


def test_down_is_broken_and_crossed_stale_is_hatched_and_nothing_is_dashed(net: Net) -> None:
    net.say(row(0, 95))
    assert net.shown.page.locator(".campus-link-cross").count() == 0
    net.say(row(0, None, status=1), row(1, 50, flags=4), row(2, None, status=NONE))
    expect(net.shown.page.locator(".campus-link-cross")).to_have_count(1)
    ink = net.share(0, LIGHT["text-1"])
    assert 0.35 < ink < 0.8, "dashes of ink with gaps between"
    grey = net.share(1, LIGHT["text-3"])
    assert 0.2 < grey < 0.8, "grey with gaps, and not its class"
    assert net.share(1, LIGHT["ramp"][3]) == 0
    assert 0.2 < net.share(2, LIGHT["text-3"]) < 0.8, "dashed"
    net.say(row(0, 5), row(1, 5), row(2, 5))


def test_pointing_says_what_is_known_and_a_click_selects_the_lower_end(net: Net) -> None:
    shown = net.shown
    net.say(row(0, 42))
    _, x, y = net.along(0)[60]
    shown.page.mouse.move(x, y)
    expect(shown.page.locator(".campus-link-note")).to_contain_text("House 1 → House 20")
    expect(shown.page.locator(".campus-link-note")).to_contain_text("42 % / 1\u202fGbit/s")
    shown.page.mouse.click(x, y)
    shown.page.wait_for_function(f"{VIEW}.props.selection === '1'")
    shown.page.mouse.move(5, 5)
    expect(shown.page.locator(".campus-link-note")).to_be_hidden()
    shown.set(selection="")
    shown.settle()


def test_texts_of_the_page_follow_a_link_and_show_nothing_of_another_layout(net: Net) -> None:
    net.say(row(0, 64))
    fill = "([field, layout]) => Object.assign(document.getElementById('live-value').dataset, {link: field, layout})"
    text = net.shown.page.locator("#live-value")
    for field, told in (("used", "64 %"), ("in", "20\u202fGbit/s"), ("state", "up"), ("quality", "up")):
        net.shown.page.evaluate(fill, [f"line|0|{field}", "one"])
        expect(text).to_have_text(told)
    net.shown.page.evaluate(fill, ["line|0|used", "one"])
    net.say(row(0, None, status=1))
    expect(text).to_have_attribute("data-quality", "down")
    net.shown.page.evaluate(fill, ["line|0|used", "another"])
    expect(text).to_have_text("–")
    net.shown.page.evaluate("() => { delete document.getElementById('live-value').dataset.link; }")


def test_what_stands_before_a_link_hides_it_from_the_pointer(net: Net) -> None:
    found = net.shown.page.evaluate(
        f"""() => {{
            const view = {VIEW};
            const place = new Float64Array(3);
            const [x, y, z] = {LAYER}.drawn[0].curves[0].curve;
            view.stage.rig.toScreen(x, y, z, place);
            const eye = view.stage.eye;
            const near = (a, b) => 0.2 * a + 0.8 * b;
            const before = {{ building: 0, x: near(eye.x, x), y: near(eye.y, y), z: near(eye.z, z) }};
            return [{{ building: -1 }}, before].map((hit) => {LAYER}.at(place[0], place[1], hit) !== null);
        }}"""
    )
    assert found == [True, False]


def test_nothing_is_drawn_while_nothing_changes_and_none_with_another_channel(net: Net) -> None:
    shown = net.shown
    net.say(row(0, 30))
    shown.still()
    shown.page.wait_for_timeout(1500)
    before = shown.counter("frames")
    shown.page.wait_for_timeout(1500)
    assert shown.counter("frames") == before
    shown.set(channel="network.clients")
    shown.page.wait_for_selector("#view[data-links='0']")
    shown.set(channel="network.utilisation")
    shown.page.wait_for_selector("#view[data-links='3']")


def test_the_plan_draws_links_and_lists_the_worst_first(net: Net) -> None:
    shown = net.shown
    net.say(row(0, 30), row(1, 85), row(2, None, status=1))
    shown.set(mode="plan")
    items = shown.page.locator(".plan-links li")
    expect(items).to_have_count(3, timeout=20_000)
    texts = items.all_text_contents()
    assert [text.split(" →")[0] for text in texts] == ["House 3", "House 2", "House 1"]
    assert "down" in texts[0]
    assert "85 %" in texts[1]
    strokes = shown.page.locator(".plan-link").evaluate_all(
        "all => all.map((p) => [p.dataset.linkId, p.getAttribute('stroke')])"
    )
    assert dict(strokes)["2>20"].upper() == LIGHT["ramp"][5].upper()
    items.first.locator("button").evaluate("button => button.click()")
    shown.page.wait_for_function(f"{VIEW}.props.selection === '3'")
    shown.set(mode="3d", selection="")
