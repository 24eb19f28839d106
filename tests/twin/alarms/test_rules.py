"""``alarms/*.yaml``: what is read, and every mistake with its place and what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from twin.alarms.rule_file import default_rules, read_rules
from twin.config import load_campus_config, read_campus_config
from twin.quality.finding import CHECKS

BOTH = "{zh: 文, en: text}"
REST = (
    f"texts: {BOTH}, cause: {BOTH}, consequence: {BOTH}, action: {BOTH}, owner: {BOTH}, respond: 10min, priority: low"
)


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_rules_that_come_with_the_product_are_whole() -> None:
    rules = default_rules().rules
    assert len(rules) >= 15
    for each in rules.values():
        for texts in (each.texts, each.cause, each.consequence, each.action, each.owner):
            assert set(texts) == {"zh", "en"}
            assert any("\u4e00" <= sign <= "\u9fff" for sign in texts["zh"]), each.id
            assert not any("\u4e00" <= sign <= "\u9fff" for sign in texts["en"]), each.id
        assert each.respond_s > 0
        assert each.condition.kind in ("finding", "source") or each.on_delay_s > 0, each.id
        assert each.off_delay_s > 0, each.id
        assert each.condition.kind != "outside" or each.condition.deadband > 0 or "link_state" in each.select.quantities
    critical = [each for each in rules.values() if each.priority == 1]
    assert 0 < len(critical) <= 0.1 * len(rules)


def test_a_campus_adds_changes_and_switches_off(tmp_path: Path) -> None:
    text = f"""
rules:
  room-air: off
  room-hot: {{when: {{above: 28, deadband: 0.5}}, respond: 1h}}
  boiler:
    of: {{quantity: [temperature], building: [05, 14], tags: {{use: boiler*}}, without: "*/spare/*", at: space}}
    when: {{rises: 20}}
    on_delay: 30s
    k: 3
    n: 5
    latch: true
    during: {{days: mon-fri, hours: "08:00-12:00, 22:00-06:00", vacation: never, occupied: true}}
    escalate: [{{after: 5min, priority: critical}}, {{after: 1h, acknowledged: true}}]
    at_most: {{calls: 5, per: 2h}}
    {REST.replace(", ", chr(10) + "    ").replace("zh: 文" + chr(10) + "    ", "zh: 文, ")}
windows:
  roof:
    reason: {BOTH}
    places: 14
    rules: [room-*]
    from: 2026-12-01T08:00+08:00
    to: 2026-12-01T12:00+08:00
  sunday: {{reason: {BOTH}, weekly: {{days: 日, hours: "00:00-06:00"}}}}
vacations:
  winter: {{from: 2027-01-20, to: 2027-02-20}}
shelve_at_most: 12h
keep_days: 800
"""
    found, mistakes = read_rules(written(tmp_path / "alarms", text), "alarms")
    assert mistakes == []
    assert "room-air" not in found.rules
    hot, default = found.rules["room-hot"], default_rules().rules["room-hot"]
    assert (hot.condition.high, hot.condition.deadband, hot.respond_s) == (28.0, 0.5, 3600.0)
    assert (hot.texts, hot.priority, hot.during) == (default.texts, default.priority, default.during)
    boiler = found.rules["boiler"]
    assert (boiler.select.buildings, boiler.select.tags) == (("05", "14"), (("use", "boiler*"),))
    assert (boiler.condition.kind, boiler.condition.high, boiler.k, boiler.n, boiler.latch) == (
        "rate",
        20.0,
        3,
        5,
        True,
    )
    assert (boiler.during.days, boiler.during.spans) == (frozenset(range(1, 6)), ((480, 720), (1320, 360)))
    assert [(step.after_s, step.priority, step.acknowledged) for step in boiler.escalate] == [
        (300.0, 1, False), (3600.0, None, True),
    ]  # fmt: skip
    assert (boiler.most, boiler.most_s, boiler.file, boiler.line) == (5, 7200.0, "alarms/own.yaml", 6)
    assert found.windows["roof"].end - found.windows["roof"].start == 4 * 3600
    assert found.windows["sunday"].weekly.days == {7}
    assert found.vacations == {"winter": (date(2027, 1, 20), date(2027, 2, 20))}
    assert (found.max_shelve_s, found.keep_days) == (12 * 3600.0, 800)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("rules:\n x: {of: {quantity: co2}, when: {above: high}, " + REST + "}", 2, "rules.x.when.above"),
        ("rules:\n x: {of: {quantity: co3}, when: {above: 5}, " + REST + "}", 2, "did you mean 'co2'"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5, below: 2}, " + REST + "}", 2, "give one of above"),
        ("rules:\n x: {of: {quantity: co2}, when: {over: 5}, " + REST + "}", 2, "not a known key"),
        ("rules:\n x: {when: {above: 5}, " + REST + "}", 2, "name a quantity, or points"),
        ("rules:\n x: {of: {quantity: co2}, when: {finding: flat}, " + REST + "}", 2, "selects no quantity"),
        ("rules:\n x: {when: {finding: flatt}, " + REST + "}", 2, "did you mean 'flat'"),
        ("rules:\n x: {when: {source: dead}, " + REST + "}", 2, "is not known"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5}, k: 3, n: 2, " + REST + "}", 2, "k cannot be more"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5}, on_delay: soon, " + REST + "}", 2, "no duration"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5}, during: {days: someday}, " + REST + "}", 2, "no weekday"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5}, during: {hours: 8-9}, " + REST + "}", 2, "span of hours"),
        ("rules:\n x: {of: {quantity: co2}, when: {above: 5}}", 2, "'rules.x.texts' is missing"),
        (
            "rules:\n x: {of: {quantity: co2}, when: {above: 5}, " + REST.replace("text}", "'{room}'}", 1) + "}",
            2,
            "placeholder",
        ),
        (
            "rules:\n x: {of: {quantity: co2}, when: {above: 5}, " + REST.replace("low", "urgent") + "}",
            2,
            "no priority",
        ),
        ("rules:\n\n room-aire: off", 3, "did you mean 'room-air'"),
        ("rules:\n Big Name: off", 2, "is no name"),
        ("rule:\n x: off", 2, "did you mean 'rules'"),
        ("windows:\n w: {reason: " + BOTH + "}", 2, "say when"),
        ("windows:\n w: {reason: " + BOTH + ", from: 2026-01-01T00:00}", 2, "does not say its zone"),
        ("vacations:\n v: {from: 2027-02-01, to: 2027-01-01}", 2, "must not be before"),
        ("shelve_at_most: 90d", 1, "between 1min and 30d"),
        ("keep_days: few", 1, "number of days"),
        ("- a list", 1, "begin with 'rules:'"),
        ("rules: [", 1, "not valid YAML"),
    ],
)
def test_mistakes_say_where_and_what(tmp_path: Path, text: str, line: int, words: str) -> None:
    _, mistakes = read_rules(written(tmp_path / "alarms", text + "\n"), "alarms")
    told = [mistake for mistake in mistakes if words in mistake.message]
    assert told, [str(mistake) for mistake in mistakes]
    assert (told[0].file, told[0].line) == ("alarms/own.yaml", line) or words == "not valid YAML"


def test_the_campus_folder_names_them(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n", encoding="utf-8")
    assert load_campus_config(tmp_path).alarms == default_rules()
    written(tmp_path / "alarms", "rules: {room-air: off}\n")
    assert "room-air" not in load_campus_config(tmp_path).alarms.rules
    written(tmp_path / "alarms", "rules: {room-air: {when: {above: x}}}\n")
    _, mistakes = read_campus_config(tmp_path)
    assert [(m.file, m.line, m.severity) for m in mistakes] == [("alarms/own.yaml", 1, "error")]
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\nalarms: rules\n", encoding="utf-8")
    _, mistakes = read_campus_config(tmp_path)
    assert [(m.code, m.line) for m in mistakes] == [("no-file", 2)]


def test_findings_that_rules_name_exist() -> None:
    named = {
        state for each in default_rules().rules.values() if each.kind == "finding" for state in each.condition.states
    }
    assert named <= set(CHECKS)
