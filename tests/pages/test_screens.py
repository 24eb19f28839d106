"""The links to the other screens: nobody loses one, the one that is shown is said in the bar."""

from __future__ import annotations

import json

import pytest
from plotly.io.json import to_json_plotly

from pages._parts.context import Context
from pages._parts.screens import screens


def hrefs(context: Context, here: str) -> tuple[list[str], list[str], list[str]]:
    """Addresses that stand in the bar, that open under 'More', that are said to be shown."""
    bar: list[str] = []
    more: list[str] = []
    shown: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, list):
            for each in part:
                walk(each)
        elif isinstance(part, dict):
            props = part.get("props", {})
            if part.get("type") == "A" and props.get("id") != "displays-lamp":
                (more if props["className"] == "more-screen" else bar).append(props["href"])
                if props.get("aria-current") == "page":
                    shown.append(props["href"])
            walk(props.get("children"))

    walk(json.loads(to_json_plotly(screens(context, here))))
    return bar, more, shown


@pytest.mark.parametrize("here", ["/", "/alarms", "/reports", "/feeds", "/building/x"])
def test_every_screen_is_in_the_bar_or_under_more(context: Context, here: str) -> None:
    bar, more, shown = hrefs(context, here)
    first = ["/", "/alarms", "/incidents", "/trends"]
    assert more == ["/reports", "/feeds", "/check"], "nobody is known here: walls and accounts are not for nobody"
    assert bar == first + ([here] if here in more else []), "the bar says where one is, whatever is under 'More'"
    assert shown == [each for each in (here, here) if each in more] + [here] * (here in first)
