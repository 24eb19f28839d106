"""Live values in the view: colours of the legend, recolouring, staleness, what they cost in memory."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

import numpy as np
import pytest

from tests.viewer.conftest import VIEW, Scene, Show, Shown
from tests.viewer.page import Live
from twin.frame import Frame, FrameKind, Leaves, Totals, encode, no_totals

pytestmark = pytest.mark.browser

LEGEND = {
    "low": 0,
    "high": 70,
    "breaks": [10, 20, 30, 40, 50, 60],
    "unit": "kW",
    "zh": "功率",
    "en": "Power",
    "decimals": 1,
}


SMALL = {"viewport": {"width": 160, "height": 120}}
"""Memory and main-thread time do not depend on pixels; a software GPU's time does."""
CORNER = "225,20,20,-560,-560,5"
"""Looking away from the campus: as above."""


def slots_of(scene: Scene) -> tuple[int, int]:
    """Slots of the scene and the first of its spaces."""
    index = json.loads((scene.folder / scene.files.scene_url.rsplit("/", 1)[-1]).read_text(encoding="utf-8"))
    first = 1 + len(index["buildings"]) + len(index["storeys"]["id"])
    return first + int(index["counts"]["spaces"]), first


def keyframe(scene: Scene, seq: int, value: int, flags: int = 0) -> bytes:
    """Every space at one value [wire steps]."""
    slots, first = slots_of(scene)
    n = slots - first
    leaves = Leaves(np.arange(first, slots, dtype=np.uint32), np.full(n, value, np.uint16), np.full(n, flags, np.uint8))
    totals = Totals(
        np.zeros(1, np.uint32), np.array([2116.25], np.float32), np.array([36], np.uint16), np.array([38], np.uint16),
        np.array([4], np.uint16), np.zeros(1, np.uint8),
    )  # fmt: skip
    return encode(Frame(FrameKind.KEYFRAME, seq, time.time() * 1000, 0.0, 70.0, 0, slots, leaves, totals))


def delta(scene: Scene, seq: int, slot: int, value: int) -> bytes:
    """One space changes."""
    leaves = Leaves(np.array([slot], np.uint32), np.array([value], np.uint16), np.zeros(1, np.uint8))
    slots, _ = slots_of(scene)
    return encode(Frame(FrameKind.DELTA, seq, time.time() * 1000, 0.0, 70.0, 0, slots, leaves, no_totals()))


def start(show: Show, live: Live, **props: Any) -> Shown:
    shown = show(live=live, channel="energy.power", legend=LEGEND, lang="en", **props)
    shown.ready()
    shown.settle()
    return shown


def send(shown: Shown, live: Live, frame: bytes) -> None:
    """Send to every client that is connected now."""
    assert live.loop is not None
    for socket in list(live.sockets):
        asyncio.run_coroutine_threadsafe(socket.send_bytes(frame), live.loop).result(5)


def test_values_arrive_are_drawn_and_fill_the_page(show: Show, demo_scene: Scene) -> None:
    live = Live()
    live.frames = [keyframe(demo_scene, 7, 40_000)]
    shown = start(show, live)
    shown.page.wait_for_selector("#view[data-seq='7']")
    campus = shown.page.evaluate(f"{VIEW}.scene.index.id(0)")
    shown.page.evaluate("id => document.getElementById('live-value').dataset.live = id + '|coverage'", campus)
    shown.page.wait_for_function("document.getElementById('live-value').textContent === '36 / 38'")
    shown.page.evaluate("id => document.getElementById('live-value').dataset.live = id + '|value'", campus)
    shown.page.wait_for_function("document.getElementById('live-value').textContent.startsWith('2\\u202f116')")
    before = shown.counter("frames")
    _, first = slots_of(demo_scene)
    send(shown, live, delta(demo_scene, 8, first, 100))
    shown.page.wait_for_selector("#view[data-seq='8']")
    shown.settle()
    assert shown.counter("frames") - before <= 2, "one message, one frame"


def test_a_dead_server_makes_the_view_stale_and_a_new_one_revives_it(show: Show, demo_scene: Scene) -> None:
    live = Live()
    live.frames = [keyframe(demo_scene, 1, 30_000)]
    shown = start(show, live)
    shown.page.wait_for_selector("#view[data-seq='1']")
    live.frames = [keyframe(demo_scene, 2, 30_000)]
    live.refuse = True
    assert live.loop is not None
    for socket in list(live.sockets):
        asyncio.run_coroutine_threadsafe(socket.close(), live.loop).result(5)
    shown.ready("stale")
    flags = shown.page.evaluate(f"{VIEW}.scene.state.wireFlags.at(-1)")
    assert flags & 4, "its values are marked stale, not frozen"
    live.refuse = False
    shown.ready("ready")
    shown.page.wait_for_selector("#view[data-seq='2']")
    shown.problems[:] = [text for text in shown.problems if "WebSocket" not in text]


def heap(shown: Shown) -> float:
    """Used JavaScript heap after a collection [MB]."""
    session = shown.page.context.new_cdp_session(shown.page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return used


def test_five_hundred_recolours_leave_no_trace_in_memory(show: Show, demo_scene: Scene) -> None:
    live = Live()
    live.frames = [keyframe(demo_scene, 1, 100)]
    shown = start(show, live, camera=CORNER, context=SMALL)
    frames = [keyframe(demo_scene, 2 + i, 60_000 - 100 * i) for i in range(20)]

    def recolour(times: int) -> float:
        return float(
            shown.page.evaluate(
                f"""async ([frames, times]) => {{
                    const view = {VIEW};
                    const data = frames.map(text => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
                    let longest = 0;
                    for (let i = 0; i < times; i++) {{
                        view.feed.receive(data[i % data.length]);
                        view.stage.drawNow();
                        longest = Math.max(longest, view.stage.counters.recolourMs);
                    }}
                    return longest;
                }}""",
                [[base64.b64encode(f).decode() for f in frames], times],
            )
        )

    shown.page.wait_for_function(f"{VIEW}.scene.index.labels !== null", timeout=30_000)  # the last that is fetched
    shown.settle()
    recolour(20)
    before = heap(shown)
    recolour(500)
    assert heap(shown) - before <= 1.0
    assert shown.counter("recolourMs") < 10, "a full recolour costs the main thread little"


def test_twenty_mounts_leave_no_trace_in_memory(show: Show, demo_scene: Scene) -> None:
    live = Live()
    live.frames = [keyframe(demo_scene, 1, 100)]
    shown = start(show, live, camera=CORNER, context=SMALL)
    engine = shown.page.evaluate("performance.getEntriesByType('resource').find(r => r.name.includes('engine-')).name")
    mount = """async ([engine, url, times, camera]) => {
        const { mount } = await import(engine);
        for (let i = 0; i < times; i++) {
            const root = document.createElement('div');
            root.style.cssText = 'position:fixed;inset:0;width:120px;height:90px';
            document.body.append(root);
            const mounted = mount(root, { sceneUrl: url, quality: 'c', camera }, () => undefined);
            while (root.dataset.state !== 'ready') await new Promise(done => setTimeout(done, 20));
            mounted.unmount();
            root.remove();
        }
    }"""
    shown.page.evaluate(mount, [engine, demo_scene.files.scene_url, 2, CORNER])
    before = heap(shown)
    shown.page.evaluate(mount, [engine, demo_scene.files.scene_url, 20, CORNER])
    assert heap(shown) - before <= 2.0
    assert shown.page.evaluate("window.campusTwin.views.length") == 1
