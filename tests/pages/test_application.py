"""The application without a browser: addresses, first HTML, policy, callbacks, and facts of awkward spaces."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from dash import no_update

from datasources.runner import SourceState
from pages import check
from pages._parts import details, findings, space_table, twin_view
from pages._parts.context import Context
from pages.application import create_app, find_page
from server.app import create_server
from server.runtime import Configuration, Runtime, runtime_of
from tests.pages.campus import small_campus
from twin.domains import channels
from twin.mistake import Mistake
from twin.space import Building


@pytest.fixture(scope="module")
def app_and_client(small: Runtime) -> tuple[Any, Client]:
    server = create_server(small)
    app = create_app(server, small)
    return app, Client(server)


class Client:
    """Asks the application in this process."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.server)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(ask())


def text_of(parts: object) -> str:
    """Components as JSON text, to look for words in."""
    return json.dumps(parts, default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "page", "variables"),
    [
        ("/", "console", {}),
        ("/check", "check", {}),
        ("/feeds", "feeds", {}),
        ("/building/A", "building", {"building": "A"}),
        ("/building/%E4%B8%80", "building", {"building": "一"}),
        ("/nowhere", "not_found", {}),
        ("/building/", "not_found", {}),
    ],
)
def test_an_address_leads_to_its_page(path: str, page: str, variables: dict[str, str]) -> None:
    found, values = find_page(path)
    assert (found.__name__.rsplit(".", 1)[-1], values) == (page, variables)


def test_the_first_answer_of_any_page_has_every_script(app_and_client: tuple[Any, Client]) -> None:
    _, client = app_and_client
    html = client.get("/building/A?lang=zh&theme=dark").text
    for name in ("campus", "callbacks", "view", "tree", "model", "table", "keys", "check", "clock", "feeds"):
        assert f"/assets/{name}.js" in html
    assert '<html lang="zh-CN" data-theme="dark">' in html
    assert "<title>实验楼 · 小园区</title>" in html


def test_no_script_stands_inline(app_and_client: tuple[Any, Client]) -> None:
    _, client = app_and_client
    html = client.get("/").text
    inline = [
        head for head in re.findall(r"<script([^>]*)>", html) if "src=" not in head and "application/json" not in head
    ]
    assert inline == []
    assert not re.search(r"\son\w+=", html)


def test_addresses_answer_with_their_status(app_and_client: tuple[Any, Client]) -> None:
    _, client = app_and_client
    assert client.get("/check").status_code == 200
    lost = client.get("/nowhere", headers={"accept-language": "zh"})
    assert lost.status_code == 404
    assert "没有这个页面" in lost.text
    assert client.get("/api/v1/nowhere").headers["content-type"].startswith("application/problem+json")
    sheet = re.search(r"/style/tokens-\w+\.css", client.get("/").text)
    assert sheet is not None
    assert "immutable" in client.get(sheet.group()).headers["cache-control"]


def test_facts_in_the_html_cannot_end_their_script(app_and_client: tuple[Any, Client], small: Runtime) -> None:
    _, client = app_and_client
    names = small.assembled.campus.names
    names["en"] = "</script><b>Small"
    try:
        html = client.get("/?lang=en").text
    finally:
        names["en"] = "Small campus"
    assert "</script><b>" not in html
    facts = re.search(r'<script id="facts"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert facts is not None
    assert json.loads(facts.group(1))["campus"]["name"] == "</script><b>Small"


def test_every_server_callback_is_async(app_and_client: tuple[Any, Client]) -> None:
    app, _ = app_and_client
    functions = [row["callback"] for row in app.callback_map.values() if "callback" in row]
    assert len(functions) >= 5
    assert all(inspect.iscoroutinefunction(inspect.unwrap(f)) for f in functions)


def test_the_strip_of_sources_is_drawn_again_only_when_it_says_something_else(
    app_and_client: tuple[Any, Client], small: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = app_and_client
    (ask,) = (
        inspect.unwrap(row["callback"]) for key, row in app.callback_map.items() if "sources.children" in str(key)
    )
    states = [SourceState("plant", "mqtt", "live", "", 0.0, 3)]
    monkeypatch.setattr(small.supervisor, "states", lambda: list(states))
    route = {"path": "/", "search": "", "lang": "en", "theme": "light"}
    strip, told = asyncio.run(ask(1, None, None, route))
    assert "plant" in text_of(strip)
    assert asyncio.run(ask(2, None, told, route)) == (no_update, no_update)
    states[0] = replace(states[0], state="down", reason="connection refused")
    strip, again = asyncio.run(ask(3, None, told, route))
    assert again != told
    assert "connection refused" in text_of(strip)


def test_details_of_an_authored_area_that_is_off(context: Context) -> None:
    words = text_of(details.details(context, "A/01/101", "energy.power"))
    assert "48\u202f000\u202fm²" in words
    assert ("1\u202f000 ×" if context.lang == "en" else "1\u202f000 倍") in words
    assert "site/A/101/power#/kW" in words
    assert "2O2Fr$t4X7Zf8NOew3FNr2" in words


@pytest.mark.parametrize("entity", ["", "A", "A/01", "A/01/102", "A/01/103", "A/02", "B", "east", "meter-A"])
def test_every_kind_of_entity_has_details(context: Context, entity: str) -> None:
    words = text_of(details.details(context, entity, "energy.power"))
    assert "None" not in words
    assert context.text("facts") in words or context.text("fact.buildings") in words


def test_an_unknown_entity_and_an_unknown_channel_are_told(context: Context) -> None:
    assert context.text("unknown.title") in text_of(details.details(context, "Z/9", "energy.power"))
    assert "hero" not in text_of(details.details(context, "A", "no.such.channel"))


def test_the_table_sorts_as_people_count_and_filters(context: Context) -> None:
    building = context.runtime.index.get("A")
    assert isinstance(building, Building)
    numbers = [space.number for _, space in space_table.chosen(building, space_table.Wish(), context)]
    assert numbers == ["101", "102", "103", "2-9", "2-10"]
    found = space_table.chosen(building, space_table.Wish(words="会议" if context.lang == "zh" else "meeting"), context)
    assert [space.id for _, space in found] == ["A/01/101"]
    _, rows = space_table.table(context, "A", space_table.Wish(by="area", down=True))
    assert [row["off"] for row in rows if row["id"] == "A/01/101"] == ["off"]
    head, rows = space_table.table(context, "A", space_table.Wish(words="nothing such"))
    assert rows == []
    assert context.text("table.none") in text_of(head)


def test_findings_are_grouped_worst_first_and_say_what_they_mean(context: Context) -> None:
    groups = findings.groups(context)
    words = [text_of(group) for group in groups]
    assert ["truncated" in words[0], len(groups)] == [True, 4]
    area = next(group for group in words if "area-mismatch" in group)
    assert '"data-place": "3.00,4.00,0.00"' in area
    assert ("面积" if context.lang == "zh" else "48,000 m2") in area
    assert any("never-heard-of" in group for group in words)


def test_the_check_says_when_the_changed_folder_is_not_what_runs(small: Runtime) -> None:
    mistake = Mistake("points.csv", "'powr' is no quantity; did you mean 'power'?", "unknown-quantity", 5)
    try:
        for state, mistakes, words in (
            ("applied", (), ()),
            ("refused", (mistake,) * 60, ("仍按原来的配置运行", "points.csv:5", "did you mean", "10")),
            ("restart", (), ("重新启动程序", "models of campus.yaml changed")),
        ):
            message = "models of campus.yaml changed"
            small.configuration = Configuration(state, message, 0.0, mistakes)  # type: ignore[arg-type]
            page = text_of(asyncio.run(check.layout(Context(small, "zh"))))
            assert all(word in page for word in words)
            assert ("的文件" in page) == bool(words)
    finally:
        small.configuration = None


def test_a_campus_without_points_shows_what_it_holds_and_waits_for_no_number(tmp_path: Path) -> None:
    """Models come first: until a point is mapped, nothing on the page stands empty in wait for a value."""
    assembled = small_campus()
    with_points = Context(runtime_of(assembled, [], tmp_path / "with"), "en")
    bare = Context(runtime_of(replace(assembled, points=[]), [], tmp_path / "bare"), "en")
    for place, told in (("", "2 buildings"), ("A", "5 spaces"), ("A/01/101", "5 spaces")):
        heading = text_of(twin_view.heading(bare, place, ""))
        assert told in heading
        assert "data-live" not in heading
        assert "data-live" in text_of(twin_view.heading(with_points, place, ""))
    assert "3 spaces · 96.0\u202fm²" in text_of(twin_view.heading(bare, "A", "A/01"))
    channel = next(iter(channels()))
    assert "hero" in text_of(details.details(with_points, "A", channel))
    panel = text_of(details.details(bare, "A", channel))
    assert "hero" not in panel
    assert bare.text("sources.none") in panel
    assert "data-legend" not in text_of(twin_view.twin_view(bare))
