"""Signing in and out: links, passwords, sessions, and that what is taken away is gone at once."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.accounts import people, tokens
from server.accounts.passwords import Passwords, weakness
from server.accounts.streams import CLOSED
from server.accounts.throttle import ADDRESS, NAME, Throttle
from tests.server.accounts.signing import (
    CHEAP,
    PASSWORD,
    accounts_of,
    add_user,
    client,
    guarded,
    opened,
    post,
    proof,
    sign_in,
)
from tests.server.serving import Served
from twin.config_accounts import AccountsEntry, SessionEntry

OTHER = "nine slow white boats"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with guarded(tmp_path_factory.mktemp("cache")) as running:
        yield running


def session_of(browser: httpx.Client) -> str:
    return browser.cookies["campus-session"]


def test_the_first_link_makes_the_first_admin_once(site: Served) -> None:
    path = people.invite(accounts_of(site), "set-up", "", "admin").path
    browser = client(site)
    assert browser.get(path).headers["cache-control"] == "no-store"
    assert post(browser, path, name="root", password="short", again="short").status_code == 422
    assert post(browser, path, name="root", password=OTHER, again=OTHER + "x").status_code == 422
    assert post(browser, path, name="<b>", password=OTHER, again=OTHER).status_code == 422
    assert post(browser, path, name="admin", password=OTHER, again=OTHER).status_code == 422, "that name is taken"
    done = post(browser, path, name="root", password=OTHER, again=OTHER)
    assert (done.status_code, done.headers["location"]) == (303, "/admin")
    assert browser.get("/api/v1/me").json()["role"] == "admin"
    assert client(site).get(path).status_code == 404, "it works once"
    assert client(site).get("/set-up/" + tokens.new_token()).status_code == 404
    assert sign_in(site, "ROOT", OTHER).get("/api/v1/me").json()["name"] == "root"
    token = path.rpartition("/")[2]
    assert token.encode() not in accounts_of(site).store.path.read_bytes()


def test_an_invitation_ends_with_its_time(tmp_path: Path) -> None:
    now = [1_000_000.0]
    accounts = opened(tmp_path, clock=lambda: now[0])
    token = people.invite(accounts, "set-up", "", "admin").path.rpartition("/")[2]
    now[0] += 3599
    assert people.link_of(accounts, token)
    now[0] += 2
    assert people.link_of(accounts, token) is None
    assert people.link_of(accounts, "x") is None


def test_a_wrong_name_and_a_wrong_password_look_the_same(site: Served) -> None:
    names = ("viewer", "nobody-at-all")
    answers = [post(client(site), "/sign-in?lang=en", name=name, password="wrong wrong wrong") for name in names]
    texts = [a.text.replace("nobody-at-all", "viewer") for a in answers]
    assert [a.status_code for a in answers] == [401, 401]
    first, second = (text.replace(proof(text), "") for text in texts)
    assert first == second
    assert "campus-session" not in answers[0].cookies


def test_as_much_is_computed_for_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    passwords = Passwords(CHEAP)
    known = passwords.hash(PASSWORD)
    real = CHEAP.verify

    def verify(_: object, hash_: str, text: str) -> bool:
        checked.append(hash_)
        return real(hash_, text)

    monkeypatch.setattr(type(CHEAP), "verify", verify)
    assert passwords.fits(PASSWORD, known)
    assert not passwords.fits("x", known)
    assert not passwords.fits(PASSWORD, None)
    assert not passwords.fits("a name that nobody has", None)
    assert len(checked) == 4, "argon2 ran each time"


def test_sign_in_gives_a_new_session_each_time(site: Served) -> None:
    attacker = sign_in(site, "viewer")
    victim = client(site)
    victim.cookies.set("campus-session", session_of(attacker))
    shown = victim.get("/sign-in")
    assert shown.status_code == 303, "that session is somebody's: it goes on to the first page"
    form = client(site).get("/sign-in")
    form_cookie = form.cookies["campus-form"]
    victim.cookies.set("campus-form", form_cookie)
    done = victim.post("/sign-in", data={"proof": proof(form.text), "name": "operator", "password": PASSWORD})
    assert done.status_code == 303
    fresh = done.cookies["campus-session"]
    assert fresh != session_of(attacker)
    assert attacker.get("/api/v1/me").status_code == 401, "the session that the browser came with has ended"


def test_a_form_that_is_not_ours_is_not_taken(site: Served) -> None:
    browser = client(site)
    assert browser.post("/sign-in", data={"name": "viewer", "password": PASSWORD}).status_code == 400
    shown = browser.get("/sign-in")
    stranger = client(site)
    fields = {"proof": proof(shown.text), "name": "viewer", "password": PASSWORD}
    assert stranger.post("/sign-in", data=fields).status_code == 400, "the hidden field of another browser"
    assert browser.post("/sign-in", json=fields).status_code == 400
    assert browser.post("/sign-in", data={**fields, "pad": "x" * 9000}).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/building/1?sel=1/01", "/building/1?sel=1/01"), ("//evil.example", "/"), ("https://evil.example/", "/"),
        ("/\\evil.example", "/"), ("/a\r\nSet-Cookie: x=1", "/"), ("/sign-in", "/"), ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)  # fmt: skip
def test_after_it_one_is_where_one_wanted_to_go_and_never_elsewhere(site: Served, wanted: str, where: str) -> None:
    browser = client(site)
    shown = browser.get("/sign-in", params={"next": wanted})
    fields = {"proof": proof(shown.text), "name": "viewer", "password": PASSWORD}
    done = browser.post("/sign-in", params={"next": wanted}, data=fields)
    assert (done.status_code, done.headers["location"]) == (303, where)


def test_cookies_cannot_be_read_by_scripts_nor_sent_by_others(site: Served) -> None:
    browser = client(site)
    shown = browser.get("/sign-in")
    fields = {"proof": proof(shown.text), "name": "viewer", "password": PASSWORD}
    plain = browser.post("/sign-in", data=fields)
    given = next(h for h in plain.headers.get_list("set-cookie") if h.startswith("campus-session="))
    assert "HttpOnly" in given
    assert "SameSite=lax" in given
    assert "Secure" not in given
    secured = browser.post(
        "/sign-in", data={**fields, "proof": fields["proof"]}, headers={"X-Forwarded-Proto": "https"}
    )
    assert secured.status_code in (303, 400)
    over = {"X-Forwarded-Proto": "https"}
    tls = client(site)
    shown = tls.get("/sign-in", headers=over)
    cookie = {"Cookie": f"campus-form={shown.cookies['campus-form']}"}
    done = tls.post("/sign-in", data={**fields, "proof": proof(shown.text)}, headers={**over, **cookie})
    given = next(h for h in done.headers.get_list("set-cookie") if "campus-session=" in h)
    assert given.startswith("__Host-campus-session=")
    assert "Secure" in given


def test_many_tries_have_to_wait_ever_longer() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(NAME.free):
        assert throttle.wait_s("zhang", "10.0.0.1") == 0
    waits = []
    for _ in range(8):
        waits.append(throttle.wait_s("zhang", "10.0.0.1"))
        now[0] += waits[-1]
        assert throttle.wait_s("zhang", f"10.0.0.{len(waits)}") == 0
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.wait_s("li", "10.0.0.1") == 0, "somebody else from there may"
    throttle.succeeded("zhang", "10.0.0.1")
    assert throttle.wait_s("zhang", "10.0.0.1") == 0
    for number in range(ADDRESS.free + 1):
        throttle.wait_s(f"name-{number}", "10.9.9.9")
    assert throttle.wait_s("any", "10.9.9.9") > 0, "names tried one after the other from one address"
    now[0] += 3700
    assert throttle.wait_s("any", "10.9.9.9") == 0


def test_too_many_tries_are_put_off_whoever_it_is(tmp_path: Path) -> None:
    with guarded(tmp_path) as served:
        for name in ("nobody", "viewer"):
            answers = [
                post(client(served), "/sign-in", name=name, password="wrong wrong") for _ in range(NAME.free + 2)
            ]
            assert [a.status_code for a in answers[: NAME.free]] == [401] * NAME.free
            assert answers[-1].status_code == 429
            assert int(answers[-1].headers["retry-after"]) >= 1
        # asked at once: on a busy machine the first wait may otherwise be over
        assert post(client(served), "/sign-in", name="viewer", password=PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("kurz", "short"), ("viewer's secret 1", "name"), ("password1234", "common"), ("abcdefghijkl", "common"),
        ("aaaaaaaaaaaaaaa", "common"), ("123456789012", "common"), ("abcde fghij " * 50, "long"), (PASSWORD, ""),
        ("科教板块的灰鹭在水边", "short"), ("科教板块的灰鹭站在水边上看书", ""),
    ],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str, why: str) -> None:
    assert weakness(password, "viewer") == (f"password.{why}" if why else "")


def test_sign_out_here_and_everywhere(site: Served) -> None:
    accounts = accounts_of(site)
    add_user(accounts, "traveller", "viewer")
    one, two = sign_in(site, "traveller"), sign_in(site, "traveller")
    assert one.post("/sign-out").status_code == 403, "without the field of its form"
    page = one.get("/account")
    assert one.post("/sign-out", data={"proof": proof(page.text)}).headers["location"] == "/sign-in?why=out"
    assert one.get("/api/v1/me").status_code == 401
    assert two.get("/api/v1/me").status_code == 200
    three = sign_in(site, "traveller")
    page = three.get("/account")
    three.post("/sign-out", data={"proof": proof(page.text), "everywhere": "1"})
    assert two.get("/api/v1/me").status_code == 401


def test_the_own_password(site: Served) -> None:
    add_user(accounts_of(site), "li", "viewer")
    here, elsewhere = sign_in(site, "li"), sign_in(site, "li")
    fields = {"password": OTHER, "again": OTHER}
    assert post(here, "/account", old="wrong", **fields).status_code == 422
    assert post(here, "/account", old=PASSWORD, password=OTHER, again="x").status_code == 422
    assert post(here, "/account", old=PASSWORD, **fields).headers["location"] == "/account?saved=1"
    assert here.get("/api/v1/me").status_code == 200
    assert elsewhere.get("/api/v1/me").status_code == 401, "whoever knew the old one is out"
    assert post(client(site), "/sign-in", name="li", password=PASSWORD).status_code == 401
    sign_in(site, "li", OTHER)


async def _closed_within(ws: ClientConnection, seconds: float) -> int:
    """The code that it is closed with."""

    async def listen() -> None:
        async with asyncio.timeout(seconds):
            while True:
                await ws.recv()

    with pytest.raises(ConnectionClosed) as closed:
        await listen()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.mark.parametrize("how", ["sign-out", "disable", "role", "elsewhere"])
def test_open_sockets_end_with_their_session(site: Served, how: str) -> None:
    accounts = accounts_of(site)
    user = add_user(accounts, f"socket-{how}", "operator")
    browser = sign_in(site, user.name)

    def act() -> None:
        if how == "sign-out":
            browser.post("/sign-out", data={"proof": proof(browser.get("/account").text)})
        elif how == "disable":
            people.change_user(accounts, user.id, None, True)
        elif how == "role":
            people.change_user(accounts, user.id, "viewer", None)
        else:  # another process, as ``app.py users`` is
            with sqlite3.connect(accounts.store.path) as db:
                db.execute("UPDATE user SET disabled = 1 WHERE id = ?", (user.id,))
            db.close()

    async def run() -> int:
        cookie = f"campus-session={session_of(browser)}"
        async with connect(f"{site.ws}/ws/live", additional_headers={"Cookie": cookie}, max_size=None) as ws:
            await ws.recv()
            await asyncio.to_thread(act)
            return await _closed_within(ws, 2.0)

    assert asyncio.run(run()) == CLOSED
    assert browser.get("/api/v1/me").status_code == (200 if how == "role" else 401)


def test_server_sent_events_end_with_their_session(site: Served) -> None:
    accounts = accounts_of(site)
    user = add_user(accounts, "events", "viewer")
    browser = sign_in(site, user.name)
    with browser.stream("GET", "/sse/live") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        people.delete_user(accounts, user.id)
        start = time.monotonic()
        for _ in lines:
            assert time.monotonic() - start < 2.0
    assert time.monotonic() - start < 2.0
    assert len(accounts.streams) == 0


def test_sessions_end_by_themselves(tmp_path: Path) -> None:
    now = [1_000_000.0]
    settings = AccountsEntry(session=SessionEntry(idle_h=1, longest_h=3))
    accounts = opened(tmp_path, settings, clock=lambda: now[0])
    user = add_user(accounts, "zhang", "viewer")
    used, idle = accounts.begin(user=user.id), accounts.begin(user=user.id)
    for _ in range(5):
        now[0] += 1800
        assert accounts.of_cookie(used).who is not None
    assert accounts.of_cookie(idle).who is None
    now[0] += 1801
    assert accounts.of_cookie(used).who is None, "at most three hours, however much it is used"
    accounts.flush()
    assert accounts.known.sessions == {}


def test_a_restart_signs_nobody_out(tmp_path: Path) -> None:
    accounts = opened(tmp_path)
    user = add_user(accounts, "zhang", "viewer")
    value = accounts.begin(user=user.id)
    accounts.store.close()
    again = opened(tmp_path)
    assert again.of_cookie(value).who is not None
    assert (tmp_path / "accounts.sqlite").stat().st_mode & 0o777 == 0o600
    assert value.encode() not in (tmp_path / "accounts.sqlite").read_bytes()
