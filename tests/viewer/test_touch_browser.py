"""Fingers and keys in a real browser: real touch points by the DevTools protocol, in space and on the map."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession

from tests.viewer.conftest import VIEW, Scene, Shown, showing

pytestmark = pytest.mark.browser

Spot = tuple[float, float]
MAP = {"mode": "2d", "camera": "0,90,700,-100,100,0"}
SPACE = {"camera": "18,50,700,-100,100,10"}


class Hand:
    """Fingers on the page."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.session: CDPSession = shown.page.context.new_cdp_session(shown.page)
        self.down: dict[int, Spot] = {}

    def _send(self, kind: str, points: dict[int, Spot], at: float | None = None) -> None:
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in points.items()]
        when = {} if at is None else {"timestamp": at}
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches, **when})

    def put(self, **fingers: Spot) -> None:
        """Put fingers ``a``, ``b`` ... down."""
        for name, spot in fingers.items():
            self.down[ord(name)] = spot
            self._send("touchStart", self.down)

    def slide(self, steps: int = 8, **fingers: Spot) -> None:
        """Move fingers to where they are to be."""
        start = dict(self.down)
        for step in range(1, steps + 1):
            for name, (x, y) in fingers.items():
                x0, y0 = start[ord(name)]
                self.down[ord(name)] = (x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
            self._send("touchMove", self.down)

    def lift(self, *names: str) -> None:
        """Lift fingers one after another; all that are down when none is named."""
        for finger in [ord(name) for name in names] or list(self.down):
            self._send("touchEnd", {finger: self.down.pop(finger)})
        pose(self.shown)

    def tap(self, *spots: Spot) -> None:
        """Short taps, a fifth of a second apart, however long the page takes to draw in between."""
        now = time.time()
        for i, spot in enumerate(spots):
            self._send("touchStart", {ord("t"): spot}, now + 0.2 * i)
            self._send("touchEnd", {ord("t"): spot}, now + 0.2 * i + 0.05)
        pose(self.shown)


@pytest.fixture(scope="module")
def touched(browser: Browser, demo_scene: Scene) -> Iterator[Shown]:
    """A page on a touch screen."""
    with showing(browser, demo_scene) as start:
        shown = start(context={"has_touch": True})
        shown.ready()
        yield shown


def pose(shown: Shown) -> dict[str, float]:
    """Where the camera stands, once the browser has handed over what the fingers did: it does so once a frame."""
    got: dict[str, float] = shown.page.evaluate(
        f"""async () => {{
            for (let i = 0; i < 3; i++) await new Promise(done => requestAnimationFrame(done));
            return {{...{VIEW}.stage.rig.pose}};
        }}"""
    )
    return got


def ground(shown: Shown, x: float, y: float) -> Spot:
    """The place of the target's plane under a place of the screen [m]."""
    got: list[float] = shown.page.evaluate(
        f"""([x, y]) => {{
            const {{ rig }} = {VIEW}.stage;
            const out = new Float64Array(3);
            rig.onPlane(x, y, rig.pose.z, out);
            return [...out];
        }}""",
        [x, y],
    )
    return got[0], got[1]


def screen(shown: Shown, place: Spot) -> Spot:
    """Where a place of the target's plane is on the screen [CSS px]."""
    got: list[float] = shown.page.evaluate(
        f"""([x, y]) => {{
            const {{ rig }} = {VIEW}.stage;
            const out = new Float64Array(3);
            rig.toScreen(x, y, rig.pose.z, out);
            return [...out];
        }}""",
        list(place),
    )
    return got[0], got[1]


def moved(before: dict[str, float], after: dict[str, float]) -> set[str]:
    """Which numbers of the pose changed."""
    return {key for key in before if not math.isclose(before[key], after[key], rel_tol=1e-6, abs_tol=1e-6)}


def near(a: Spot, b: Spot, slack: float = 2.0) -> bool:
    return math.dist(a, b) <= slack


def test_one_finger_turns_the_view_in_space_and_moves_the_map(touched: Shown) -> None:
    hand = Hand(touched)
    touched.reset(**SPACE)
    before = pose(touched)
    hand.put(a=(400, 300))
    hand.slide(a=(560, 340))
    hand.lift()
    after = pose(touched)
    assert moved(before, after) == {"azimuth", "elevation"}
    assert after["azimuth"] > before["azimuth"]
    touched.reset(**MAP)
    before, under = pose(touched), ground(touched, 412, 300)
    hand.put(a=(400, 300))
    hand.slide(a=(560, 340), steps=40)
    hand.lift()
    assert moved(before, pose(touched)) == {"x", "y"}
    # the first pixels of a drag only tell that it is one
    assert near(screen(touched, under), (560, 340), 14)


@pytest.mark.parametrize("view", [SPACE, MAP], ids=["space", "map"])
@pytest.mark.parametrize("factor", [1.8, 0.5], ids=["apart", "together"])
def test_a_pinch_zooms_to_the_middle_of_the_fingers(touched: Shown, view: dict[str, Any], factor: float) -> None:
    hand = Hand(touched)
    touched.reset(**view)
    before, middle = pose(touched), (380.0, 420.0)
    under = ground(touched, *middle)
    gap = 90.0
    hand.put(a=(middle[0] - gap, middle[1]), b=(middle[0] + gap, middle[1]))
    hand.slide(12, a=(middle[0] - gap * factor, middle[1]), b=(middle[0] + gap * factor, middle[1]))
    hand.lift()
    after = pose(touched)
    assert after["distance"] == pytest.approx(before["distance"] / factor, rel=0.12)
    assert after["azimuth"] == pytest.approx(before["azimuth"]), "a pinch does not turn"
    assert near(screen(touched, under), middle, 12), "what lies between the fingers stays there"


@pytest.mark.parametrize("view", [SPACE, MAP], ids=["space", "map"])
def test_two_fingers_side_by_side_move_the_ground(touched: Shown, view: dict[str, Any]) -> None:
    hand = Hand(touched)
    touched.reset(**view)
    before, under = pose(touched), ground(touched, 500, 450)
    hand.put(a=(440, 450), b=(560, 450))
    hand.slide(24, a=(500, 400), b=(620, 400))
    hand.lift()
    after = pose(touched)
    assert {"x", "y"} <= moved(before, after)
    assert after["azimuth"] == pytest.approx(before["azimuth"])
    assert after["distance"] == pytest.approx(before["distance"], rel=0.03)
    assert near(screen(touched, under), (560, 400), 14)


@pytest.mark.parametrize("view", [SPACE, MAP], ids=["space", "map"])
def test_two_fingers_turn_the_ground_between_them(touched: Shown, view: dict[str, Any]) -> None:
    hand = Hand(touched)
    touched.reset(**view)
    before, under = pose(touched), ground(touched, 400, 400)
    spots = [(400 + 120 * math.cos(a), 400 + 120 * math.sin(a)) for a in [math.radians(d) for d in range(0, 61, 3)]]
    hand.put(a=(520, 400), b=(280, 400))
    for x, y in spots:
        hand.slide(1, a=(x, y), b=(800 - x, 800 - y))
    hand.lift()
    after = pose(touched)
    turned = math.degrees(before["azimuth"] - after["azimuth"])
    assert 40 < turned < 61, "clockwise fingers turn the ground clockwise"
    assert after["distance"] == pytest.approx(before["distance"], rel=0.03)
    assert near(screen(touched, under), (400, 400), 12)


@pytest.mark.parametrize("view", [SPACE, MAP], ids=["space", "map"])
def test_a_finger_that_lifts_in_the_middle_of_it_does_not_make_the_view_jump(
    touched: Shown, view: dict[str, Any]
) -> None:
    hand = Hand(touched)
    touched.reset(**view)
    hand.put(a=(300, 300), b=(700, 420))
    hand.slide(a=(340, 320), b=(640, 400))
    still = pose(touched)
    hand.lift("b")
    assert moved(still, pose(touched)) == set()
    hand.slide(2, a=(344, 323))
    assert moved(still, pose(touched)) == set(), "the finger that stays shakes when the other lifts"
    hand.slide(10, a=(400, 320))
    one = pose(touched)
    assert moved(still, one) <= ({"x", "y"} if view is MAP else {"azimuth", "elevation"})
    hand.put(c=(700, 500))
    assert moved(one, pose(touched)) == set(), "one that comes back does not either"
    hand.slide(1, a=(401, 320))
    assert abs(pose(touched)["distance"] / one["distance"] - 1) < 0.02
    hand.lift("a")
    hand.lift("c")
    assert touched.props().get("selection", "") == ""


def test_a_tap_selects_a_double_tap_flies_and_a_long_press_does_nothing(touched: Shown) -> None:
    hand = Hand(touched)
    touched.reset(storey="3/03", flyTo="3#tap")
    x, y, room = touched.page.evaluate(
        f"""() => {{
            const view = {VIEW};
            for (let x = 20; x < 980; x += 6) for (let y = 20; y < 680; y += 6) {{
                const hit = view.navigator.pickAt(x, y);
                if (hit.building === 2 && view.scene.storeys.rooms(hit.storey) === 1)
                    return [x, y, view.scene.index.id(hit.slot)];
            }}
        }}"""
    )
    hand.put(a=(x, y))
    touched.page.wait_for_timeout(800)
    hand.lift()
    assert touched.props()["selection"] == "", "a long press"
    hand.put(a=(x, y), b=(x + 60, y))
    hand.lift()
    assert touched.props()["selection"] == "", "two fingers"
    hand.tap((x, y))
    assert touched.props()["selection"] == room
    touched.page.wait_for_timeout(600)
    before = pose(touched)
    hand.tap((x, y), (x + 4, y))
    touched.settle()
    assert touched.props()["selection"] == room
    assert pose(touched)["distance"] < 0.8 * before["distance"], "it flew to the room"


def test_a_tap_selects_on_the_map_too(touched: Shown) -> None:
    hand = Hand(touched)
    touched.reset(mode="2d", camera="0,90,190,-200,385,0")
    x, y, room = touched.page.evaluate(
        f"""() => {{
            const view = {VIEW};
            for (let x = 20; x < 980; x += 6) for (let y = 20; y < 680; y += 6) {{
                const hit = view.navigator.pickAt(x, y);
                if (hit.building >= 0) return [x, y, view.scene.index.id(hit.slot)];
            }}
        }}"""
    )
    hand.tap((x, y))
    assert touched.props()["selection"] == room


def test_a_finger_stops_a_flight(touched: Shown) -> None:
    hand = Hand(touched)
    touched.reset(**SPACE)
    touched.page.evaluate(
        f"{VIEW}.stage.flight.fly({{...{VIEW}.stage.rig.pose, x: 300}}, 4000); {VIEW}.stage.requestDraw()"
    )
    assert touched.page.evaluate(f"{VIEW}.stage.flight.active")
    hand.put(a=(500, 300))
    assert not touched.page.evaluate(f"{VIEW}.stage.flight.active")
    hand.lift()


def test_keys_turn_move_and_zoom(campus: Shown) -> None:
    campus.reset(**SPACE)
    campus.page.locator("#view canvas").focus()

    def key(name: str) -> tuple[dict[str, float], dict[str, float]]:
        before = pose(campus)
        campus.page.keyboard.press(name)
        return before, pose(campus)

    for name, sign in (("ArrowLeft", -1), ("ArrowRight", 1)):
        before, after = key(name)
        assert moved(before, after) == {"azimuth"}
        assert sign * (after["azimuth"] - before["azimuth"]) > 0
    for name, sign in (("ArrowUp", 1), ("ArrowDown", -1)):
        before, after = key(name)
        assert moved(before, after) == {"elevation"}
        assert sign * (after["elevation"] - before["elevation"]) > 0
    before, after = key("Shift+ArrowUp")
    assert moved(before, after) == {"x", "y"}
    for name, factor in (("+", 0.8), ("=", 0.8), ("-", 1.25)):
        before, after = key(name)
        assert after["distance"] / before["distance"] == pytest.approx(factor)
    campus.reset(**MAP)
    for name, axis, sign in (
        ("ArrowLeft", "x", -1), ("ArrowRight", "x", 1), ("ArrowUp", "y", 1), ("ArrowDown", "y", -1),
    ):  # fmt: skip
        before, after = key(name)
        assert moved(before, after) == {axis}
        assert sign * (after[axis] - before[axis]) > 0
    for name, factor in (("+", 0.8), ("-", 1.25)):
        before, after = key(name)
        assert after["distance"] / before["distance"] == pytest.approx(factor)
    before, after = key("Control++")
    assert moved(before, after) == set(), "the browser's own keys are left to it"
