"""The Python class, the TypeScript properties and the documentation say the same; the golden files are current."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import viewer
from tests.viewer import make_frames
from twin.frame import FrameError, FrameKind, decode, encode
from viewer import CampusView
from viewer.component import PROPERTIES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def typescript_properties() -> list[str]:
    source = (ROOT / "viewer/src/props.ts").read_text(encoding="utf-8")
    body = re.search(r"export interface Props \{(.*?)\n\}", source, re.DOTALL)
    assert body
    return re.findall(r"^  (\w+)\?:", body[1], re.MULTILINE)


def documented_properties() -> list[str]:
    table = (ROOT / "docs/reference/campus-view.md").read_text(encoding="utf-8").split("Root element:")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_python_typescript_and_documentation_list_the_same_properties() -> None:
    assert list(PROPERTIES) == typescript_properties() == documented_properties()


def test_the_component_takes_every_property_and_keeps_only_what_was_given() -> None:
    view = CampusView(id="view", sceneUrl="/models/scene-1.json", explode=0.5)
    assert view.to_plotly_json() == {
        "props": {"id": "view", "sceneUrl": "/models/scene-1.json", "explode": 0.5},
        "type": "CampusView",
        "namespace": "campus_twin",
    }
    assert set(CampusView(**dict.fromkeys(PROPERTIES, "x")).to_plotly_json()["props"]) == set(PROPERTIES)
    with pytest.raises(TypeError, match="nonsense"):
        CampusView(nonsense=1)


def test_every_built_file_can_be_served_by_dash() -> None:
    names = {row["relative_package_path"] for row in viewer._js_dist}
    assert names == {f"dist/{name}" for name in viewer._built["files"]}
    assert [row for row in viewer._js_dist if not row.get("dynamic")] == (
        [{"relative_package_path": "dist/campus_view.js", "namespace": "viewer"}] if viewer.is_built() else []
    )


def test_the_golden_files_are_what_the_code_writes_today(tmp_path: Path) -> None:
    make_frames.write(tmp_path)
    for path in sorted(tmp_path.rglob("*.*")):
        golden = HERE / path.relative_to(tmp_path)
        assert golden.read_bytes() == path.read_bytes(), f"{golden}: run python -m tests.viewer.make_frames"


@pytest.mark.parametrize("name", ["keyframe", "delta", "heartbeat", "event"])
def test_a_golden_frame_reads_as_it_was_written(name: str) -> None:
    expected = json.loads((HERE / "frames/expected.json").read_text(encoding="utf-8"))[name]
    data = (HERE / "frames" / f"{name}.bin").read_bytes()
    frame = decode(data)
    assert make_frames.described(frame) == expected
    assert encode(frame) == data


def test_a_frame_cut_short_is_refused() -> None:
    data = (HERE / "frames/keyframe.bin").read_bytes()
    assert decode(data).kind is FrameKind.KEYFRAME
    for size in (0, 39, 60, len(data) - 4):
        with pytest.raises(FrameError):
            decode(data[:size])
