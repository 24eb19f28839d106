"""What tests of the picture share: how it is set, read and compared."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.colour import ciede2000, lab, srgb
from tests.viewer.conftest import Scene, Shown

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
