"""``app.py users`` and ``app.py audit``, while it is served: links, who is let in, whether the log was changed."""

from __future__ import annotations

import re
import sqlite3
import string
import time
from contextlib import closing
from pathlib import Path

import pytest

import app
from server.accounts.words import words
from tests.server.accounts.signing import PASSWORD, client, guarded, post, sign_in


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n", "utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = app.main(list(words))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_person_who_cannot_sign_in_gets_a_link(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--campus", str(campus))
    with guarded(campus) as served:
        code, text = run(capsys, "users", "list", *where)
        assert code == 0
        assert re.search(r"^viewer +viewer +local$", text, re.MULTILINE)
        code, text = run(capsys, "users", "reset", "viewer", *where, "--url", served.url)
        assert code == 0
        link = re.search(rf"{served.url}(/set-up/\S+)", text)
        assert link is not None
        browser = client(served)
        end = time.monotonic() + 60
        while browser.get(link[1]).status_code == 404:  # the server looks every half a second
            assert time.monotonic() < end
            time.sleep(0.05)
        fresh = "seven green umbrellas"
        assert post(browser, link[1], password=fresh, again=fresh).status_code == 303
        assert sign_in(served, "viewer", fresh).get("/api/v1/me").json()["role"] == "viewer"
        assert post(client(served), "/sign-in", name="viewer", password=PASSWORD).status_code == 401
        code, text = run(capsys, "users", "invite", "chen", "--role", "planner", *where, "--url", served.url)
        assert (code, "/set-up/" in text) == (0, True)
        code, text = run(capsys, "audit", "verify", *where)
        assert (code, "each as it was written" in text) == (0, True)


def test_who_is_let_in_no_more_is_out_at_once(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with guarded(campus) as served:
        browser = sign_in(served, "operator")
        with browser.stream("GET", "/sse/live") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry")
            code, _ = run(capsys, "users", "disable", "operator", "--campus", str(campus))
            begun = time.monotonic()
            assert code == 0
            for _ in lines:
                assert time.monotonic() - begun < 2.0
        assert time.monotonic() - begun < 2.0, "its streams end"
        assert browser.get("/api/v1/me").status_code == 401
        assert post(client(served), "/sign-in", name="operator", password=PASSWORD).status_code == 401


def test_mistakes_say_what_to_do(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--campus", str(campus))
    assert run(capsys, "users", "list", *where)[0] == 2, "there are no accounts yet"
    code, text = run(capsys, "users", "list", "--campus", str(campus / "nowhere"))
    assert (code, "no campus.yaml" in text) == (2, True)
    with guarded(campus):
        for words_, said in ((("reset", "nobody"), "there is no user 'nobody'"), (("disable", "nobody"), "no user"),
                             (("invite", "viewer"), "already"), (("reset",), "say whose")):  # fmt: skip
            code, text = run(capsys, "users", *words_, *where)
            assert (code, said in text) == (2, True), words_


def test_a_changed_log_is_found(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with guarded(campus) as served:
        for name in ("viewer", "operator", "planner"):
            sign_in(served, name)
    path = campus / "state" / "accounts.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM audit WHERE seq = (SELECT min(seq) + 1 FROM audit)")
    code, text = run(capsys, "audit", "verify", "--campus", str(campus))
    assert (code, "was changed" in text) == (1, True)


def test_the_texts_of_both_languages_have_the_same_keys_and_figures() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key in zh:
        names = [{name for _, name, _, _ in string.Formatter().parse(table[key]) if name} for table in (zh, en)]
        assert names[0] == names[1], key
        assert zh[key].strip(), key
        assert en[key].strip(), key
