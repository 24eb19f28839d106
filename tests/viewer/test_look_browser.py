"""What is drawn: colours of the legend, the page round the campus, a picture at rest, labels in one draw."""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest

from tests.colour import ciede2000, lab, srgb
from tests.conftest import ROOT
from tests.viewer.conftest import Show, Shown

pytestmark = pytest.mark.browser

THEMES = json.loads((ROOT / "assets" / "tokens.json").read_text("utf-8"))["themes"]
LEGEND = {"low": 0, "high": 7, "breaks": [1, 2, 3, 4, 5, 6], "unit": "kW", "zh": "功率", "en": "Power", "decimals": 1}
FILL = """([step, flags]) => {
    const view = window.campusTwin.views.at(-1);
    const { state, index } = view.scene;
    state.raw.fill(Math.round(65534 * (step + 0.5) / 7));
    state.wireFlags.fill(flags);
    view.change(2);
}"""


def picture(shown: Shown) -> npt.NDArray[np.float64]:
    """The canvas as sRGB (rows, columns, 3), 0..1."""
    data = shown.page.locator("#view").screenshot(timeout=60_000)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, width, height, channels = 8, b"", 0, 0, 3
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            assert depth == 8
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    rows = np.zeros((height + 1, width * channels), np.uint8)
    for y in range(height):
        rows[y + 1] = unfiltered(int(raw[y, 0]), raw[y, 1:], rows[y], channels)
    return rows[1:].reshape(height, width, channels)[:, :, :3] / 255


def unfiltered(kind: int, line: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], n: int) -> npt.NDArray[np.uint8]:
    """One line of a PNG (RFC 2083, section 6)."""
    if kind == 0:
        return line
    if kind == 2:
        return (line + above).astype(np.uint8)
    out = line.astype(np.int64)
    up = above.astype(np.int64)
    for i in range(len(out)):
        left = int(out[i - n]) if i >= n else 0
        corner = int(up[i - n]) if i >= n else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + int(up[i])) // 2
        else:
            p = left + int(up[i]) - corner
            guess = min((left, int(up[i]), corner), key=lambda v: abs(p - v))
        out[i] = (out[i] + guess) % 256
    return out.astype(np.uint8)


def share_near(image: npt.NDArray[np.float64], token: str, within: float) -> float:
    """Share of the pixels that lie within this CIEDE2000 of the token."""
    near: npt.NDArray[np.bool_] = ciede2000(lab(image), lab(srgb(token))) <= within
    return float(near.mean())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("step", [0, 3, 6])
def test_an_open_storey_shows_the_colour_of_the_legend(show: Show, theme: str, step: int) -> None:
    view = show(theme=theme, channel="energy.power", legend=LEGEND, labels=False, mode="2d", quality="c", flyTo="1")
    view.ready()
    view.page.evaluate(FILL, [step, 0])
    view.settle()
    middle = picture(view)[150:550, 250:750]
    assert share_near(middle, THEMES[theme]["ramp"][step], 3.0) > 0.15
    others = [c for k, c in enumerate(THEMES[theme]["ramp"]) if abs(k - step) > 1]
    assert all(share_near(middle, c, 3.0) < share_near(middle, THEMES[theme]["ramp"][step], 3.0) for c in others)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_closed_building_wears_its_rooms_colours_within_a_step(show: Show, theme: str) -> None:
    view = show(theme=theme, channel="energy.power", legend=LEGEND, labels=False, quality="c", flyTo="1")
    view.ready()
    view.page.evaluate(FILL, [4, 0])
    view.settle()
    ramp = THEMES[theme]["ramp"]
    image = lab(picture(view))
    nearest = np.argmin([ciede2000(image, lab(srgb(c))) for c in ramp], axis=0)
    close = ciede2000(image, lab(srgb(ramp[4]))) <= 5.0
    assert close.mean() > 0.02, "the bands of the facades carry the colour"
    assert (nearest[close] == 4).mean() > 0.9, "and are read as their own step"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_plain_dissolves_into_the_page(show: Show, theme: str) -> None:
    view = show(theme=theme, labels=False, quality="c")
    view.ready()
    view.settle()
    image = picture(view)
    for corner in (image[:20, :20], image[:20, -20:]):
        assert np.abs(corner - srgb(THEMES[theme]["bg"])).max() <= 2.5 / 255


def test_a_stale_value_is_hatched_and_a_missing_one_is_clay(show: Show) -> None:
    view = show(theme="light", channel="energy.power", legend=LEGEND, labels=False, mode="2d", quality="c", flyTo="1")
    view.ready()
    token = THEMES["light"]["ramp"][5]
    shares = []
    for flags in (0, 4):
        view.page.evaluate(FILL, [5, flags])
        view.settle()
        shares.append(share_near(picture(view)[150:550, 250:750], token, 3.0))
    assert 0.4 * shares[0] < shares[1] < 0.9 * shares[0], "hatching takes a part of the colour away"
    view.page.evaluate(FILL, [5, 3])
    view.page.evaluate("() => { window.campusTwin.views.at(-1).scene.state.raw.fill(65535); }")
    view.page.evaluate("() => window.campusTwin.views.at(-1).change(2)")
    view.settle()
    assert share_near(picture(view)[150:550, 250:750], token, 3.0) < 0.02


def test_labels_are_at_most_two_hundred_in_one_draw(show: Show) -> None:
    view = show(quality="c")
    view.ready()
    view.settle()
    with_labels = view.counter("drawCalls")
    count = view.page.evaluate(
        """() => {
            const layer = window.campusTwin.views.at(-1).scene.layers.find(l => l.name === 'labels');
            return layer.shown.size;
        }"""
    )
    assert 4 <= count <= 200
    view.set(labels=False)
    view.settle()
    assert view.counter("drawCalls") == with_labels - 1
