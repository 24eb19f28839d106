"""The time bar's parts: what it says without a history, its controls, one table of speeds for page and view."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pages._parts import time_bar
from pages._parts.context import Context

ROOT = Path(__file__).resolve().parents[2]


def told(part: Any) -> str:
    return json.dumps(part.to_plotly_json(), default=lambda child: child.to_plotly_json(), ensure_ascii=False)


def kept(context: Context) -> Context:
    """The same page of a campus that remembers."""
    return Context(cast(Any, SimpleNamespace(past=object())), context.lang)


def test_without_a_history_the_bar_is_one_sentence(context: Context) -> None:
    words = told(time_bar.time_bar(context))
    assert context.text("time.none") in words
    assert "time-axis" not in words
    assert "button" not in words.lower()


def test_where_a_history_cannot_be_kept_it_says_why(context: Context) -> None:
    runtime = SimpleNamespace(past=None, history_trouble="another process has the store")
    words = told(time_bar.time_bar(Context(cast(Any, runtime), context.lang)))
    assert context.text("time.none") in words
    assert "another process has the store" in words


def test_with_a_history_it_is_a_line_that_opens_an_axis(context: Context) -> None:
    words = told(time_bar.time_bar(kept(context)))
    assert context.text("time.open") in words
    assert '"aria-keyshortcuts": "B"' in words
    assert '"role": "slider"' in words
    assert context.text("time.none") not in words
    for seconds in time_bar.WINDOWS.values():
        assert f'"data-window": "{seconds}"' in words


def test_the_frame_says_replay_and_leads_back(context: Context) -> None:
    words = told(time_bar.frame(kept(context)))
    assert context.text("time.replay") in words
    assert context.text("time.live") in words
    assert {"zh": "回放", "en": "Replay"}[context.lang] == context.text("time.replay")


def test_page_and_view_know_the_same_speeds() -> None:
    source = (ROOT / "viewer" / "src" / "past" / "clock.ts").read_text("utf-8")
    listed = re.search(r"SPEEDS = \[([^\]]+)\]", source)
    assert listed is not None
    assert tuple(int(speed) for speed in listed[1].split(",")) == time_bar.SPEEDS
