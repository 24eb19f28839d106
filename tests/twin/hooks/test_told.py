"""Payloads of other systems: what is in them, and what cannot be taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.hooks.payloads import alert, alertmanager, grafana, librenms
from twin.hooks.episodes import Episodes
from twin.hooks.told import MOST_ALARMS, PayloadError, Told, read


def test_alertmanager_and_grafana_tell_alarms_with_labels_and_begin() -> None:
    for kind, body in (("alertmanager", alertmanager), ("grafana", grafana)):
        told, refused = read(kind, body(alert(), alert("Disk", "resolved", fingerprint="ff")))
        assert refused == []
        assert [(each.key, each.active) for each in told] == [("LinkDown/00aa11bb22cc33dd", True), ("Disk/ff", False)]
        assert told[0].labels["severity"] == "critical"
        assert told[0].labels["summary"] == "LinkDown happened"
        assert told[0].started == pytest.approx(1_795_834_800.123456)


def test_librenms_tells_states_and_writes_entities() -> None:
    (told,), _ = read("librenms", librenms())
    assert (told.key, told.active, told.started) == ("17", True, None)
    assert told.labels["title"] == "Alert for device sw-1 - Port & link"
    for state, active in ((0, False), (1, True), (2, True), (3, True), (4, True)):
        (told,), _ = read("librenms", librenms(state))
        assert told.active is active
    (told,), _ = read("librenms", librenms(alert_id=""))
    assert told.key == "4/Port > 80 %", "older ones have no number of the alarm"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("alertmanager", [], "no JSON object"), ("alertmanager", None, "no JSON object"),
        ("alertmanager", {"version": "3", "alerts": []}, "version 4"), ("alertmanager", {"version": "4"}, "no list"),
        ("alertmanager", {"version": "4", "alerts": [{}] * (MOST_ALARMS + 1)}, "max_alerts"),
        ("grafana", {"alerts": []}, "orgId"), ("grafana", {"orgId": 1, "alerts": {}}, "no list"),
        ("librenms", {}, "'state' is no number"), ("librenms", {"state": "down", "alert_id": "1"}, "'state'"),
        ("librenms", {"state": 1}, "which alarm"),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_used_say_why(kind: str, body: Any, said: str) -> None:
    with pytest.raises(PayloadError, match=said):
        read(kind, body)


def test_one_broken_alarm_does_not_take_the_others_along() -> None:
    rows: list[Any] = [alert(), "x", {"status": "firing"}, {**alert(), "status": "burning"}, {**alert(), "labels": []}]
    told, refused = read("alertmanager", alertmanager(*rows))
    assert len(told) == 1
    assert [(row.number, row.why.split(":")[0]) for row in refused] == [
        (2, "it is no object"), (3, "it has no labels"), (4, "its status is 'burning'"), (5, "it has no labels"),
    ]  # fmt: skip


def test_what_cannot_be_seen_is_no_part_of_a_text() -> None:
    row = alert(labels={"room": "a\u202eb\x00\nc", "long": "x" * 9000}, summary="  two\n lines ")
    (told,), _ = read("alertmanager", alertmanager({**row, "fingerprint": None}))
    assert told.labels["room"] == "a b c"
    assert told.labels["summary"] == "two lines"
    assert len(told.labels["long"]) == 1000
    assert told.key.startswith("LinkDown/")
    assert len(told.key) == len("LinkDown/") + 16, "a fingerprint of its labels"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["firing", "4", "1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["alerts", "status", "labels", "version", "orgId", "state", "startsAt"]), inner
        )
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(["alertmanager", "grafana", "librenms"]), body=JSON)
def test_anything_else_is_refused_and_breaks_nothing(kind: str, body: Any) -> None:
    try:
        told, _ = read(kind, body)
    except PayloadError:
        return
    assert all(each.key and each.labels for each in told)


def test_what_comes_late_or_twice_is_no_news() -> None:
    episodes = Episodes()

    def say(active: bool, started: float | None, there: bool, key: str = "a") -> str:
        return episodes.judge(Told(key, active, {}, started), there)

    assert say(True, 100.0, False) == "raise"
    assert say(True, 100.0, True) == "raise", "told again: the book knows that it is active"
    assert say(False, 100.0, True) == "end"
    assert say(True, 100.0, False) == "late", "the first message once more, after that of the end"
    assert say(True, 200.0, False) == "raise"
    assert say(False, 100.0, True) == "late", "the end of the time before"
    assert say(True, 300.0, True) == "again", "it ended and began again, and nobody said that it ended"
    assert say(True, None, False, "b") == "raise"
    assert say(False, None, True, "b") == "end"
    assert say(True, 50.0, True, "after-a-restart") == "raise"
