"""The register of visits: bookings by hand and by calendar, a tour led for one, taps of phones, counters, files."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.runtime import Runtime
from server.visit_store import CONTACT_DAYS, Visit, VisitStore
from tests.server.accounts.signing import client, guarded, sign_in
from tests.server.test_tours import act, begun, tours

GROUP = {
    "begins": "2026-06-17T14:30:00+08:00", "minutes": 20, "name": "咸阳中学教师研修班", "kind": "school", "people": 28,
    "lang": "zh", "guide": "operator", "tour": "trial", "contact": "王老师 029-1234", "note": "两位轮椅使用者",
}  # fmt: skip
SAME = {"Sec-Fetch-Site": "same-origin"}
CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:a/1
DTSTART;TZID=Asia/Shanghai:20260618T090000
DURATION:PT45M
SUMMARY:=Visiting engineers\\, Delft
END:VEVENT
END:VCALENDAR
"""


def test_a_visit_from_booking_to_feedback(tmp_path: Path) -> None:
    def prepare(_app: Any, runtime: Runtime) -> None:
        runtime.config = tours(tmp_path)

    with guarded(tmp_path, prepare=prepare) as site:
        ann, viewer, phone = sign_in(site, "operator"), sign_in(site, "viewer"), client(site)
        begins = datetime.now(UTC).isoformat()
        made = ann.post("/api/v1/visits", json={**GROUP, "begins": begins})
        assert made.status_code == 201, made.text
        id_ = made.json()["id"]
        assert viewer.get("/api/v1/visits").status_code == 403, "whom to call is for who works with it"
        telling = begun(ann, lead=True, visit=id_)
        tap = f"/api/v1/follow/{telling['code']}/feedback"
        assert [phone.post(tap, json={"stars": stars}).status_code for stars in (5, 4, 6)] == [204, 204, 422]
        act(ann, telling, "end")
        assert phone.post(tap, json={"stars": 5}).status_code == 204, "also just after it has ended"
        assert phone.post("/api/v1/follow/ZZZZZZ/feedback", json={"stars": 5}).status_code == 409
        end = time.monotonic() + 5
        while (row := ann.get("/api/v1/visits").json()["items"][0])["state"] != "given":
            assert time.monotonic() < end
        assert (row["stars"], row["lasted_min"], row["tour"]) == ({"4": 1, "5": 2}, 0.0, "trial")
        counts = ann.get("/api/v1/visits").json()["counts"]
        assert (counts["groups"], counts["people"], counts["taps"], counts["stars"]) == (1, 28, 3, 4.67)
        assert (counts["groups_before"], counts["booked"]) == (0, 0)
        own = begun(ann, lead=True)
        assert phone.post(f"/api/v1/follow/{own['code']}/feedback", json={"stars": 5}).status_code == 409
        changed = ann.put(f"/api/v1/visits/{id_}", json={**GROUP, "begins": begins, "people": 30})
        assert (changed.json()["people"], changed.json()["stars"]) == (30, {"4": 1, "5": 2})
        taken = [ann.post("/api/v1/visits/calendar", json={"calendar": CALENDAR}).json() for _ in range(2)]
        assert taken == [{"new": 1, "changed": 0}, {"new": 0, "changed": 0}]
        later = CALENDAR.replace("T090000", "T100000")
        assert ann.post("/api/v1/visits/calendar", json={"calendar": later}).json() == {"new": 0, "changed": 1}
        table = ann.get("/api/v1/visits?from=2026-01-01T00:00:00Z&format=csv").text
        assert "'=Visiting engineers, Delft" in table, "no spreadsheet works it out"
        assert "029" not in table
        calendar = ann.get("/api/v1/visits?from=2026-01-01T00:00:00Z&format=ics").text
        assert "DTSTART:20260618T020000Z" in calendar
        assert "王老师" not in calendar
        for bad, said in (
            ({**GROUP, "tour": "none"}, "there are trial, watch"),
            ({**GROUP, "name": "a\u202eb"}, "U+202E"),
            ({**GROUP, "people": 0}, "people"),
            ({**GROUP, "begins": "2026-06-17 14:30"}, "begins"),
        ):
            answer = ann.post("/api/v1/visits", json=bad)
            assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
        wrong = ann.post("/api/v1/visits/calendar", json={"calendar": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT"})
        assert (wrong.status_code, "no DTSTART" in wrong.json()["detail"]) == (422, True)
        assert ann.delete(f"/api/v1/visits/{id_}", headers=SAME).status_code == 204
        assert ann.delete(f"/api/v1/visits/{id_}", headers=SAME).status_code == 404
    assert (tmp_path / "state/visits.sqlite").stat().st_mode & 0o777 == 0o600


def test_whom_to_call_is_forgotten_and_the_rest_stays(tmp_path: Path) -> None:
    store = VisitStore(tmp_path / "visits.sqlite")
    visit = Visit("a", 1000.0, 30, "A", "school", 9, "zh", "", "", "Li", "", "given", 60.0, 0.0, "ann")
    store.put(visit)
    assert store.forget(1000.0 + 1800 + CONTACT_DAYS * 86_400) == 0
    assert store.forget(1001.0 + 1800 + CONTACT_DAYS * 86_400) == 1
    (found,) = store.between(0, 1e9)
    assert (found.contact, found.people, found.lasted_s) == ("", 9, 60.0)
    store.close()
