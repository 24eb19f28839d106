"""Building what is served: the demo once, a folder's mistakes in words, no listening beyond this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server import built
from server.campus_folder import StartError
from server.runtime import build_runtime, runtime_of
from server.security import BindingError, check_binding
from tests.server.serving import small_campus


def test_the_demo_is_generated_and_written_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_runtime(cache=cache, spaces=300)
    assert first.sources()[0].type == "simulator"
    assert len(first.live.points) > 100
    assert (first.live.slot >= 0).all()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("models3d.demo.demo_campus", never)
    monkeypatch.setattr("models3d.tiles.write_scene", never)
    second = build_runtime(cache=cache, spaces=300)
    assert second.scene == first.scene
    assert second.live.tree.ids == first.live.tree.ids


def test_the_demo_brings_the_timetable_of_its_classrooms(cache: Path) -> None:
    runtime = build_runtime(cache=cache, spaces=1_500)
    rooms = {lesson.space for lesson in runtime.assembled.timetable}
    addresses = [p.address for p in runtime.live.points if p.address.startswith("people/room/classroom/")]
    assert rooms
    assert rooms == {address.split("/", 4)[4] for address in addresses}


def test_a_damaged_cache_is_made_again(cache: Path) -> None:
    first = build_runtime(cache=cache, spaces=300)
    for path in (cache / "demo").glob("*.pickle"):
        path.write_bytes(b"\x80\x05broken")
    first.scene.files[0].path.unlink()
    second = build_runtime(cache=cache, spaces=300)
    assert second.scene == first.scene
    assert all(file.path.is_file() for file in second.scene.files)


def test_a_changed_campus_gets_a_new_scene(cache: Path) -> None:
    one = built.scene_of(small_campus(), cache / "models")
    two = built.scene_of(small_campus(rooms=7), cache / "models")
    assert one.scene_url != two.scene_url


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "campus.yaml"),
        ("campus: {id: x, timezone: Mars/Olympus}\nmodles: []\n", "Mars/Olympus"),
        ("campus: {id: x}\nmodels: [{file: missing.ifc}]\n", "missing.ifc"),
        ("campus: {id: x}\nsources: {m: {type: mqtt, hots: localhost}}\n", "hots"),
        ("campus: {id: x}\nsources: {m: {type: telepathy}}\n", "telepathy"),
    ],
)
def test_a_broken_folder_says_what_is_wrong(tmp_path: Path, cache: Path, text: str | None, says: str) -> None:
    folder = tmp_path / "campus"
    folder.mkdir()
    if text is not None:
        (folder / "campus.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StartError, match=says) as error:
        build_runtime(folder, cache)
    assert "campus" in str(error.value)


def test_a_role_that_does_not_exist_yet_is_refused(cache: Path) -> None:
    with pytest.raises(StartError, match="--role web"):
        build_runtime(cache=cache, role="web")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback_needs_no_users(host: str) -> None:
    check_binding(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "twin.example", "", "127.0.0.1.evil.example"])
def test_listening_elsewhere_needs_users(host: str) -> None:
    with pytest.raises(BindingError, match="nobody has to sign in"):
        check_binding(host)
    check_binding(host, users=True)


@pytest.mark.asyncio
async def test_it_starts_and_stops_again(cache: Path) -> None:
    runtime = runtime_of(small_campus(), [], cache)
    for _ in range(2):
        await runtime.start()
        await asyncio.sleep(0.05)
        assert runtime.ready
        await runtime.stop()
        assert not runtime.ready
