"""The sandbox: whatever a file does to its reader becomes one sentence, and the server lives on."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from models3d.model import Model, ModelError, Options
from models3d.sandbox import load_all, load_isolated

hostile = partial(load_isolated, loader="tests.models3d.hostile_loader", seconds=120.0, memory_mb=1000)


def make(folder: Path, word: str) -> Path:
    path = folder / f"{word}.ifc"
    path.write_text(word)
    return path


def test_a_model_comes_back_whole(tmp_path: Path) -> None:
    path = make(tmp_path, "fine")
    model = hostile(path, Options(threads=3))
    assert model.path == str(path)
    assert model.schema == "fine"
    assert model.buildings[0].storeys[0].spaces[0].names == {"": "threads 3"}
    assert 10 < model.peak_mb < 1000


def test_the_memory_of_a_reading_is_its_own_and_not_that_of_who_asked(tmp_path: Path) -> None:
    ballast = bytearray(b"x") * 600_000_000
    model = hostile(make(tmp_path, "fine"), Options(threads=1))
    assert 10 < model.peak_mb < len(ballast) / 2e6


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("refuse", "empty", "是空的"),
        ("abort", "crashed", "SIGABRT"),
        ("segfault", "crashed", "SIGSEGV"),
        ("killed", "out-of-memory", "1000 MB"),
        ("raise", "crashed", "ZeroDivisionError: a defect of the loader"),
        ("exit", "crashed", "exit code 7"),
        ("hog", "out-of-memory", "1000 MB"),
        ("terminate", "out-of-memory", "1000 MB"),
        ("recurse", "nested-too-deep", "nests deeper"),
    ],
)
def test_what_goes_wrong_is_one_sentence_that_names_the_file(tmp_path: Path, word: str, code: str, says: str) -> None:
    with pytest.raises(ModelError) as error:
        hostile(make(tmp_path, word), Options())
    assert error.value.code == code
    assert says in error.value.message
    assert f"'{word}.ifc'" in error.value.message
    assert "\n" not in error.value.message


def test_a_reader_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    path = make(tmp_path, "sleep")
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"within 3 s") as error:
        hostile(path, Options(), seconds=3.0)
    assert error.value.code == "timeout"
    assert time.monotonic() - start < 10
    pid = int(path.with_suffix(".pid").read_text())
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or ") Z " in state.read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"the grandchild {pid} outlives its reader")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_isolated(tmp_path / "gone.ifc", Options())


def test_several_files_come_in_order_and_share_the_cores(tmp_path: Path) -> None:
    words = ["fine", "refuse", "good"]
    found = list(load_all([make(tmp_path, word) for word in words], Options(threads=2), hostile))
    assert isinstance(found[0], Model)
    assert isinstance(found[1], ModelError)
    assert isinstance(found[2], Model)
    assert [found[0].schema, found[2].schema] == ["fine", "good"]
    threads = max(1, 2 // min(3, os.cpu_count() or 1))
    assert found[0].buildings[0].storeys[0].spaces[0].names == {"": f"threads {threads}"}
