"""Sign-in through a real OpenID Connect provider (node-oidc-provider), as a browser does it, on this machine."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.access.node import HERE, node, package
from tests.server.accounts.signing import client, guarded, log_of, proof
from tests.server.serving import Served
from twin.config_accounts import AccountsEntry

ROLES = {"noc": "operator", "noc-lead": "admin"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Product:
    """The provider, and under which address people come to us: a proxy of a few lines stands there."""

    def __init__(self, issuer: str, process: subprocess.Popen[str]) -> None:
        self.issuer = issuer
        self.process = process


@pytest.fixture(scope="module")
def provider() -> Iterator[Product]:
    package("oidc-provider")
    process = subprocess.Popen(
        [node(), "provider.mjs", "http://127.0.0.1:1/oidc/callback"], cwd=HERE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), "the provider did not start"
        yield Product(issuer, process)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def settings(issuer: str, **more: Any) -> AccountsEntry:
    oidc = {"issuer": issuer, "client_id": "campus-twin", "client_secret": {"env": "OIDC_SECRET"},
            "scope": "openid profile roles", "roles": ROLES, **more}  # fmt: skip
    # the address that the provider sends people back to; the tests' browser goes to the server instead
    return AccountsEntry.model_validate({"url": "http://127.0.0.1:1", "oidc": oidc})


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "a secret of the tests")


@pytest.fixture
def site(tmp_path: Path, provider: Product) -> Iterator[Served]:
    with guarded(tmp_path, settings(provider.issuer)) as served:
        yield served


def here(served: Served, address: str) -> str:
    """An address of ours as people's browsers have it, at the server of the test."""
    return address.replace("http://127.0.0.1:1/", f"{served.url}/")


def sign_in(served: Served, name: str, browser: httpx.Client, start: str = "/oidc/start") -> httpx.Response:
    """Through the provider's forms and back; our answer to the code that it gave."""
    answer = browser.get(start)
    assert answer.status_code in (302, 303, 307), answer.text
    address = answer.headers["location"]
    for _ in range(12):
        if address.startswith("http://127.0.0.1:1/"):
            return browser.get(here(served, address))
        answer = browser.get(address)
        if answer.status_code == 200:  # a form: who one is, then whether we may know it
            action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None, answer.text
            assert prompt is not None, answer.text
            fields = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = browser.post(action[1], data=fields)
        address = str(httpx.URL(address).join(answer.headers["location"]))
    raise AssertionError(f"it goes round in circles: {address}")


def test_somebody_signs_in_with_the_role_of_the_claim(site: Served) -> None:
    browser = client(site)
    shown = browser.get("/sign-in?lang=en&next=/feeds", headers={"Accept": "text/html"})
    assert "/oidc/start?next=%2Ffeeds" in shown.text
    done = sign_in(site, "li", browser, "/oidc/start?next=%2Ffeeds")
    assert (done.status_code, done.headers["location"]) == (303, "/feeds")
    me = browser.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["kind"]) == ("li", "operator", "oidc")
    other = client(site)
    sign_in(site, "wang", other)
    assert other.get("/api/v1/me").json()["role"] == "admin", "the highest of several"
    rows = [(row["who"], row["action"], row["outcome"]) for row in log_of(site)]
    assert ("li", "sign-in", "ok") in rows
    page = browser.get("/account")
    assert browser.post("/sign-out", data={"proof": proof(page.text)}).status_code == 303
    assert browser.get("/api/v1/me").status_code == 401


def test_signing_out_signs_out_at_the_provider_too(site: Served, provider: Product) -> None:
    browser = client(site)
    sign_in(site, "li", browser)
    again = browser.get(browser.get("/oidc/start").headers["location"]).headers["location"]
    assert "/oidc/callback" in again or "/auth/" in again, "whoever is signed in there is asked nothing"
    sign_in(site, "li", browser)
    page = browser.get("/account")
    left = browser.post("/sign-out", data={"proof": proof(page.text)}).headers["location"]
    assert left.startswith("/oidc/leave?of=")
    assert browser.get("/api/v1/me").status_code == 401
    shown = browser.get(left, headers={"Accept": "text/html"})
    there = shown.headers["refresh"].removeprefix("0; url=")
    query = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert there.startswith(f"{provider.issuer}/session/end?")
    assert (query["client_id"], query["post_logout_redirect_uri"]) == ("campus-twin", "http://127.0.0.1:1/sign-in")
    assert query["id_token_hint"].count(".") == 2, "the provider knows who it is and need not ask whether one means it"
    asked = browser.get(there)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.text)) | {"logout": "yes"}
    action = re.search(r'action="([^"]+)"', asked.text)
    assert action is not None, asked.text
    back = browser.post(action[1], data=fields).headers["location"]
    assert back == "http://127.0.0.1:1/sign-in?state=out"
    assert "signed out" in browser.get(here(site, f"{back}&lang=en"), headers={"Accept": "text/html"}).text
    begun = browser.get(browser.get("/oidc/start").headers["location"])
    form = browser.get(str(httpx.URL(provider.issuer).join(begun.headers["location"])))
    assert 'name="prompt" value="login"' in form.text, "who comes next has to say who it is"
    assert browser.get("/oidc/leave?of=made-up").headers["location"] == "/sign-in?why=out", "no way to other hosts"


def test_it_stays_signed_in_there_where_that_is_wished(tmp_path: Path, provider: Product) -> None:
    with guarded(tmp_path, settings(provider.issuer, sign_out=False)) as served:
        browser = client(served)
        sign_in(served, "li", browser)
        page = browser.get("/account")
        left = browser.post("/sign-out", data={"proof": proof(page.text)})
        assert left.headers["location"] == "/sign-in?why=out"


def test_what_is_sent_to_the_provider(site: Served, provider: Product) -> None:
    address = client(site).get("/oidc/start").headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.issuer}/auth?")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["redirect_uri"] == "http://127.0.0.1:1/oidc/callback"
    assert len(query["state"]) >= 43
    assert len(query["nonce"]) >= 43
    assert len(query["code_challenge"]) == 43


def test_somebody_without_a_role_is_not_let_in(site: Served) -> None:
    browser = client(site)
    refused = sign_in(site, "guest", browser)
    assert refused.status_code == 403
    assert browser.get("/api/v1/me").status_code == 401
    assert ("guest", "refused") in [
        (row["target"], row["outcome"]) for row in log_of(site) if row["action"] == "sign-in"
    ]


def test_a_public_client_and_another_signature(tmp_path: Path, provider: Product) -> None:
    entry = settings(provider.issuer, client_id="public", client_secret=None, default="viewer")
    with guarded(tmp_path, entry) as served:
        browser = client(served)
        assert sign_in(served, "guest", browser).status_code == 303
        assert browser.get("/api/v1/me").json()["role"] == "viewer"


def test_a_code_works_once_and_in_the_browser_that_began_only(site: Served) -> None:
    browser = client(site)
    begun = browser.get("/oidc/start").headers["location"]
    state = parse_qs(urlsplit(begun).query)["state"][0]
    for stranger, query in ((client(site), f"state={state}&code=x"), (browser, "state=y&code=x"), (browser, "code=x")):
        answer = stranger.get(f"/oidc/callback?{query}", headers={"Accept": "text/html"})
        assert answer.status_code == 400, query
    wrong = browser.get(f"/oidc/callback?state={state}&code=made-up")
    assert wrong.status_code == 502
    assert browser.get(f"/oidc/callback?state={state}&code=made-up").status_code == 400, "that state is used up"
    again = browser.get("/oidc/start").headers["location"]
    state = parse_qs(urlsplit(again).query)["state"][0]
    told = browser.get(f"/oidc/callback?state={state}&error=access_denied&error_description=no+<b>thanks")
    assert told.status_code == 403
    assert "no &lt;b&gt;thanks" in told.text
    assert browser.get("/api/v1/me").status_code == 401


def test_a_wrong_secret_is_said_without_showing_it(
    tmp_path: Path, provider: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_SECRET", "not the secret")
    with guarded(tmp_path, settings(provider.issuer)) as served:
        answer = sign_in(served, "li", client(served))
        assert answer.status_code == 502
        assert "client authentication failed" in answer.text
        assert "not the secret" not in answer.text


@contextmanager
def nobody_there() -> Iterator[str]:
    yield f"http://127.0.0.1:{free_port()}"


def test_a_provider_that_is_down_is_a_page_and_no_loop(tmp_path: Path) -> None:
    with nobody_there() as issuer, guarded(tmp_path, settings(issuer)) as served:
        answer = client(served).get("/oidc/start?lang=en", headers={"Accept": "text/html"})
        assert answer.status_code == 502
        assert "location" not in answer.headers
        assert 'href="/sign-in?lang=' in answer.text
        with suppress(KeyError):
            assert "campus-session" not in answer.headers["set-cookie"]
