"""The log of the shift, the hand-over sheet and saved views over HTTP; and that they are kept."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.accounts.who import Who
from server.shift_log import book_of
from server.shift_store import VERSION, ShiftLog, ShiftLogError
from server.views import Views, ViewsError, may_share
from tests.pdf_text import Pdf
from tests.server.incident_campus import desk_of, down, incidental, until
from tests.server.serving import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with incidental(tmp_path) as running:
        yield running


def ask(served: Served, method: str, path: str, status: int = 200, body: Any = None) -> Any:
    answer = served.http.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def write(served: Served, text: str, **more: Any) -> int:
    return int(ask(served, "POST", "log", 201, {"text": text, **more})["id"])


def test_a_shift_has_what_was_written_and_what_happened(served: Served) -> None:
    first = write(served, "巡检完成", place="1", tags=["巡检", "巡检", "A"])
    second = write(served, "100% of pump_2 is back", pinned=True)
    down(served, ["1/01/SW"])
    until(served, lambda: desk_of(served).board.rows)
    log = ask(served, "GET", "log")
    assert log["shift"]["id"] in ("day", "evening", "night")
    assert [row["kind"] for row in log["items"]] == ["note", "note", "incident"]
    assert log["items"][0]["tags"] == ["巡检", "A"]
    assert (log["items"][0]["place_names"]["en"], log["items"][0]["actor"]) == ("House 1", "demo")
    assert log["items"][2]["words"]["zh"] == "事件 1 开始：1/01/SW 中断"
    assert (log["items"][2]["incident"], log["kept"], log["next"]) == ("I1", True, None)
    assert ask(served, "GET", f"log?shift={log['previous']}")["items"] == []

    assert [row["id"] for row in ask(served, "GET", "log?q=pump_2")["items"]] == [second]
    assert ask(served, "GET", "log?q=pumpX2")["items"] == [], "an underscore is an underscore"
    assert [row["id"] for row in ask(served, "GET", "log?q=巡检")["items"]] == [first]
    assert ask(served, "POST", f"log/{first}/pin", body={"pinned": True})["pinned"] is True
    ask(served, "DELETE", f"log/{first}", 204)
    assert [row["id"] for row in ask(served, "GET", "log")["items"] if row["id"]] == [second]
    for method, path, status, body in (
        ("DELETE", f"log/{first}", 404, None), ("POST", "log/99/pin", 404, {"pinned": True}),
        ("POST", "log", 422, {"text": "  "}), ("POST", "log", 404, {"text": "x", "place": "nowhere"}),
        ("POST", "log", 422, {"text": "a\u202eb"}), ("POST", "log", 422, {"text": "x", "tags": ["t"] * 11}),
        ("GET", "log?shift=soon", 422, None), ("GET", "handover?shift=2999-01-01T00:00Z", 422, None),
        ("GET", "handover?format=doc", 422, None),
    ):  # fmt: skip
        ask(served, method, path, status, body)


def test_the_next_shift_finds_what_was_pinned(served: Served) -> None:
    book = ask(served, "GET", "log")
    before = datetime.fromisoformat(book["shift"]["start"]).timestamp() - 60
    store = book_of(served.runtime).store
    store.write(before, "li", "water pump 2 is out", "1", ["泵"], pinned=True)
    store.write(before, "li", "nothing of note", "", [], pinned=False)
    log = ask(served, "GET", "log")
    assert [row["text"] for row in log["pinned"]] == ["water pump 2 is out"]


def test_the_sheet_says_what_is_left_in_both_languages(
    served: Served, chromium: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(served, "<b>泵房</b> 漏水已处理", pinned=True)
    write(served, "一切正常")
    down(served, ["1/01/SW", *(f"1/01/10{n}/AP" for n in range(1, 4))])
    down(served, ["2/02/206/AP"], priority=4)
    until(served, lambda: desk_of(served).board.rows)
    until(served, lambda: len(desk_of(served).board.rows[0].alarms) == 4)
    ask(served, "POST", "incidents/I1/assign", body={"to": "李工"})
    ask(served, "POST", "alarms/nms:2/02/206/AP/shelve", body={"reason": "检修", "minutes": 60})
    page = served.http.get("/api/v1/handover?lang=zh")
    assert page.status_code == 200
    for text in (
        "交接单",
        "1/01/SW 中断",
        "李工",
        "1 个事件，3 个后果",
        "到现场检查电源",
        "检修",
        "搁置",
        "一切正常",
        "接班人",
    ):
        assert text in page.text, text
    assert "&lt;b&gt;泵房&lt;/b&gt; 漏水已处理" in page.text
    assert page.text.index("漏水已处理") < page.text.index("李工"), "what the next shift must know comes first"
    english = served.http.get("/api/v1/handover?lang=en").text
    for text in ("Hand-over sheet", "1/01/SW is down", "1 incident, 3 consequences", "Shelved and out of service",
                 "Taken over", "For the next shift"):  # fmt: skip
        assert text in english, text
    monkeypatch.setenv("CAMPUS_CHROMIUM", chromium)
    answer = served.http.get("/api/v1/handover?lang=zh&format=pdf", timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="handover-')
    pdf = Pdf(answer.content)
    assert len(pdf.pages) == 1, "a usual shift is one page"
    assert "李工" in pdf.pages[0]
    quiet = served.http.get("/api/v1/handover?lang=en&shift=previous").text
    assert "Nothing was written in this shift" in quiet


def test_a_view_is_an_address_of_ours_with_a_name(served: Served) -> None:
    told = ask(served, "POST", "views", 201, {"name": "机房", "address": "/?sel=1/01&ch=energy.power&cam=1,2,3"})
    assert (told["items"][0]["name"], told["items"][0]["mine"], told["may_share"], told["kept"]) == (
        "机房",
        True,
        True,
        True,
    )
    ask(served, "POST", "views", 201, {"name": "机房", "address": "/incidents?state=all", "shared": True})
    (row,) = ask(served, "GET", "views")["items"]
    assert (row["address"], row["shared"]) == ("/incidents?state=all", True), "one of the same name is replaced"
    for bad in (
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\\evil",
        "/api/v1/users",
        "",
        "/ x",
    ):
        assert "no address" in ask(served, "POST", "views", 422, {"name": "x", "address": bad})["detail"], bad
    assert [may_share(Who("x", role, "local")) for role in ("viewer", "operator")] == [False, True]
    ask(served, "DELETE", f"views/{row['id']}", 204)
    ask(served, "DELETE", f"views/{row['id']}", 404)
    assert ask(served, "GET", "views")["items"] == []


def test_what_is_kept_is_the_owners_alone_and_a_newer_file_is_refused(tmp_path: Path) -> None:
    for make, error in ((ShiftLog, ShiftLogError), (Views, ViewsError)):
        path = tmp_path / make.__name__ / "kept.sqlite"
        kept = make(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        kept._db.execute(f"PRAGMA user_version = {VERSION + 1}")
        with pytest.raises(error, match="newer"):
            make(path)
    store = ShiftLog(tmp_path / "again.sqlite")
    entry = store.write(5.0, "li", "text", "", ["t"], pinned=True)
    assert ShiftLog(tmp_path / "again.sqlite").find(entry.id) == entry
