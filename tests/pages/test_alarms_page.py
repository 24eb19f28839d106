"""The page of alarms and the strip, as the server makes them: who may act gets buttons, who may not is told so."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pages import alarms, console
from pages._parts import alarm_strip
from pages._parts.context import Context
from server.accounts.who import Who, say_who, unsay
from server.alarms import open_desk
from server.runtime import runtime_of
from tests.pages.campus import small_campus
from twin.alarms.rule import AlarmRules


def drawn(layout: object) -> str:
    """A page as the browser gets it."""
    return json.dumps(layout, default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def watched(tmp_path: Path) -> Context:
    """A request to a campus with alarms."""
    runtime = runtime_of(small_campus(), [], tmp_path)
    open_desk(runtime, AlarmRules(), None)
    return Context(runtime, "en")


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (None, "act"), (Who("demo", "admin", "demo"), "act"), (Who("li", "operator", "local"), "act"),
        (Who("wang", "viewer", "local"), "see"), (Who("wall", "kiosk", "kiosk"), "see"),
    ],
)  # fmt: skip
def test_only_who_may_act_is_offered_to(who: Who | None, told: str, watched: Context) -> None:
    token = say_who(who)
    try:
        assert alarm_strip.permission() == {"data-alarms-may": told}
        page = drawn(asyncio.run(alarms.layout(watched)))
        assert f'"data-alarms-may": "{told}"' in page
    finally:
        unsay(token)


def test_the_console_has_the_strip_only_where_alarms_are_judged(watched: Context, context: Context) -> None:
    for with_alarms, of in ((True, watched), (False, context)):
        page = drawn(asyncio.run(console.layout(of)))
        assert ("alarm-strip" in page, "alarm-card" in page) == (with_alarms, with_alarms)


def test_a_campus_without_alarms_says_why(context: Context) -> None:
    page = drawn(asyncio.run(alarms.layout(context)))
    assert context.text("alarms.none-here.text") in page
    assert "alarms-list" not in page
