"""A viewer and an operator at once, each in a browser: what each may, what one sees of the other's work; who is let in
no more is out while the page stands open.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.access.conftest import Walk
from tests.pages.browser import READY_MS
from tests.server.accounts.signing import PASSWORD
from tests.twin.hooks.payloads import alert, grafana

pytestmark = pytest.mark.browser
POST = """async ([path, body]) => (await fetch(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
})).status"""


def invited(walk: Walk, name: str, role: str) -> tuple[Page, int]:
    """Somebody who has just come by the link of an invitation, on the page of alarms; and their number."""
    made = walk.admin.request.post(f"{walk.product.url}/api/v1/users", data={"name": name, "role": role}).json()
    browser = walk.admin.browser
    assert browser is not None
    page = browser.new_context(viewport={"width": 1440, "height": 800}, reduced_motion="reduce").new_page()
    page.goto(made["link"])
    for field in ("password", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/set-up/" not in address)
    page.goto(f"{walk.product.url}/alarms?lang=en&theme=dark")
    expect(page.locator("[data-page=alarms]")).to_have_attribute("data-state", "ready", timeout=READY_MS)
    expect(page.locator(".who-name")).to_have_text(name)
    users = walk.admin.request.get(f"{walk.product.url}/api/v1/users").json()
    return page, next(int(user["id"]) for user in users if user["name"] == name)


def test_two_people_at_once(walk: Walk) -> None:
    alerts = [alert(f"disk {n}", fingerprint=f"f{n}") for n in range(3)]
    told = walk.nobody.request.post(
        f"{walk.product.url}/api/v1/hooks/grafana", data=grafana(*alerts),
        headers={"Authorization": "Bearer 0123456789abcdef"},
    )  # fmt: skip
    assert told.ok, told.text()
    (sees, viewer), (acts, _) = invited(walk, "chen", "viewer"), invited(walk, "li", "operator")
    needs = sees.locator("[data-count=needs]")
    expect(sees.locator(".alarms-row[data-alarm]", has_text="disk")).to_have_count(3)
    total = int(needs.inner_text())
    expect(sees.locator("[data-bulk]:visible")).to_have_count(0)
    assert sees.evaluate(POST, ["/api/v1/alarms/ack", {"ids": ["noc:1"]}]) == 403, "nor by the console of the browser"
    menu = [link.get_attribute("href") for link in acts.locator(".more-screen").all()]
    assert "/walls" in menu
    assert not {"/admin", "/drills"} & set(menu), "what an operator may not see is no link"

    # one comment for all, and the other one sees who has them
    acts.locator("#alarms-list").focus()
    for key in ("Control+a", "a"):
        acts.keyboard.press(key)
    acts.get_by_role("dialog", name=f"Acknowledge {total} alarms").locator("textarea").fill("known, ticket 77")
    acts.keyboard.press("Enter")
    expect(acts.locator("#alarms-says")).to_have_text(f"{total} acknowledged")
    expect(needs).to_have_text("0")
    sees.locator(".alarms-row[data-alarm]").first.click()
    expect(sees.locator("#alarm-side")).to_contain_text(re.compile("li · .* · known, ticket 77"))

    # no word of the server for as long as that: what stands there is marked as old, and comes back by itself
    acts.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() + 20_000; }")
    frame = acts.locator("[data-page=alarms]")
    expect(frame).to_have_attribute("data-state", "stale", timeout=4_000)
    expect(acts.locator("#alarms-as-of[data-old]")).to_be_visible()
    expect(frame).to_have_attribute("data-state", "ready", timeout=10_000)

    # let in no more: the stream ends, and the page says who may sign in
    users = f"{walk.product.url}/api/v1/users/{viewer}"
    assert walk.admin.request.patch(users, data={"disabled": True}).status == 200
    sees.wait_for_url(re.compile("/sign-in"), timeout=15_000)
    for page in (sees, acts):
        page.context.close()
    walk.product.check()
