"""The page of the editor without a browser: what it offers, who sees the way to it, and that its texts are whole."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from pages import wall_edit, walls
from pages._parts.context import Context
from pages.application import find_page
from server.accounts import policy
from server.accounts.who import Who
from server.runtime import Runtime
from server.wall_edit_words import edit_words
from tests.conftest import ROOT
from twin.domains import channels, domains
from twin.walls.wall_form import BlockForm, CameraForm, HeadForm, NightForm, SceneForm, ScreenForm, TakeoverForm

SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "assets").glob("wall-edit*.js")))
PAGES = "\n".join((ROOT / f"pages/{name}.py").read_text("utf-8") for name in ("wall_edit", "walls"))


def text_of(part: object) -> str:
    return json.dumps(part, default=lambda each: each.to_plotly_json(), ensure_ascii=False)


def told(context: Context, wall: str) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(text_of(asyncio.run(wall_edit.layout(context, wall))))
    found: dict[str, Any] = json.loads(page["props"]["children"][1]["props"]["data-edit"])
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_offers_all_figures_channels_and_places(small: Runtime, lang: Any) -> None:
    context = Context(small, lang, "light")
    page = told(context, "lobby")
    assert {key for row in page["domains"] for key, _ in row["kpis"]} == {
        kpi.key for row in domains().values() for kpi in row.kpis
    }
    assert {key for row in page["domains"] for key, _ in row["channels"]} == set(channels())
    places = {key for key, _ in page["places"]}
    campus = small.assembled.campus
    assert places == {b.id for b in campus.buildings} | {s.id for b in campus.buildings for s in b.storeys}
    assert (page["wall"], page["most"], page["lang"]) == ("lobby", 12, lang)
    assert wall_edit.title(context, "lobby").startswith({"zh": "编辑", "en": "Edit"}[lang])


def test_an_unknown_wall_says_which_there_are(small: Runtime) -> None:
    page = text_of(asyncio.run(wall_edit.layout(Context(small, "en", "light"), "nothing")))
    assert "lobby, operations" in page


def test_the_address_is_the_editor_s_and_for_planners() -> None:
    assert find_page("/wall/lobby/edit") == (wall_edit, {"wall": "lobby"})
    may = [role for role in ("viewer", "operator", "planner", "admin", "kiosk", "visitor")
           if policy.may_show(Who("x", role, "user", wall="lobby"), "/wall/lobby/edit")]  # type: ignore[arg-type]  # fmt: skip
    assert may == ["planner", "admin"]


def test_the_list_of_walls_leads_to_it(small: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context(small, "en", "light")

    def page() -> str:
        return text_of(asyncio.run(walls.layout(context)))

    monkeypatch.setattr("pages._parts.account.may_open", lambda path: True)
    assert "/wall/lobby/edit" in page()
    assert "walls-new-from" in page()
    monkeypatch.setattr("pages._parts.account.may_open", lambda path: False)
    assert "/wall/lobby/edit" not in page()
    assert "walls-new-from" not in page()


def test_both_languages_have_the_same_texts_and_all_are_used() -> None:
    zh, en = edit_words("zh"), edit_words("en")
    assert zh.keys() == en.keys()
    figures = re.compile(r"\{\w+\}")
    for key, line in zh.items():
        assert re.search(r"[一-鿿]", line), key
        assert sorted(figures.findall(line)) == sorted(figures.findall(en[key])), key
    code = SCRIPTS + PAGES
    assert set(re.findall(r'"(edit\.[\w.-]+[\w])"', code)) - en.keys() == set()
    families = set(re.findall(r"`(edit\.[\w-]+\.)\$\{", code))
    assert {"edit.wrong.", "edit.lens.", "edit.range."} <= families
    # the few whose last part is a key of the file, and stands alone in the script
    keys = {"edit.hold", "edit.longest", "edit.every", "edit.flood", "edit.id-bad", "edit.failed"}
    left = {key for key in en if f'"{key}"' not in code and not key.startswith(tuple(families))}
    assert left - keys == set()


def test_every_key_of_the_file_has_a_field() -> None:
    forms = (HeadForm, ScreenForm, SceneForm, BlockForm, CameraForm, NightForm, TakeoverForm)
    keys = {"from" if name == "start" else name for form in forms for name in form.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf'"{key}"|\b{key}\b\.', SCRIPTS)] == []
